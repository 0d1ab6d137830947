// Runs Fiji's own StarDist plugin with an ElectrodeJ model on every slice of a stack.
//
// Needs Fiji with the update sites CSBDeep and StarDist; the plugin takes time points only, so slices are tagged as
// such and back. Thresholds and percentiles come from the model's NAME.json beside NAME.zip. Labels are numbered on
// from slice to slice and mean something within their slice only: Plugins > ElectrodeJ > Link Slices joins them.
// The argument's lines are the image, the model's zip and the file to write.
//
//     runMacro("StarDist_Stack.ijm", "/data/grey.tif\n/models/nmc-particles.zip\n/data/slices.tif");

// Functions see only what is declared so.
var said = "";

arguments = split(getArgument(), "\n");
if (arguments.length < 3) exit("StarDist Stack: give the image, the model's zip and the file to write, each on a line");
for (i = 0; i < 2; i++) if (!File.exists(arguments[i])) exit("StarDist Stack: there is no file " + arguments[i]);
model = replace(arguments[1], "\\", "/");
if (indexOf(model, "'") >= 0 || indexOf(model, "]") >= 0) exit("StarDist Stack: put the model into a folder without ' or ] in its name: " + model);
sidecar = substring(arguments[1], 0, lengthOf(arguments[1]) - 4) + ".json";
if (!File.exists(sidecar)) exit("StarDist Stack: " + sidecar + " is missing; it has the model's thresholds");
said = File.openAsString(sidecar);

open(arguments[0]);
title = getTitle();
rename("electrodej-input");
getDimensions(width, height, channels, slices, frames);
if (channels > 1) exit("StarDist Stack: " + title + " has " + channels + " channels; choose one");
Stack.setDimensions(1, 1, slices * frames);
run("Command From Macro", "command=[de.csbdresden.stardist.StarDist2D], args=['input':'electrodej-input', 'modelChoice':'Model (.zip) from File', 'modelFile':'" + model +
	"', 'normalizeInput':'true', 'percentileBottom':'" + number("percentiles", 0, 1) + "', 'percentileTop':'" + number("percentiles", 1, 99.8) +
	"', 'probThresh':'" + number("probability_threshold", 0, 0.5) + "', 'nmsThresh':'" + number("overlap_threshold", 0, 0.4) +
	"', 'outputType':'Label Image', 'nTiles':'1', 'excludeBoundary':'2', 'roiPosition':'Automatic', 'verbose':'false', 'showCsbdeepProgress':'false', 'showProbAndDist':'false'], process=[false]");
Stack.setDimensions(1, slices * frames, 1);
saveAs("Tiff", arguments[2]);
return arguments[2];

// A number of the sidecar, the nth where it has several, or another where it has none.
function number(name, nth, otherwise) {
	at = indexOf(said, "\"" + name + "\"");
	if (at < 0) return otherwise;
	rest = substring(said, indexOf(said, ":", at) + 1);
	parts = split(replace(rest, "[\\[\\]{}\\s]", ","), ",");
	value = parseFloat(parts[nth]);
	if (isNaN(value)) return otherwise;
	return value;
}
