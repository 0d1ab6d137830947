// Runs Fiji's own StarDist plugin with an ElectrodeJ model on every slice of a stack, in Fiji, also headless.
//
// Needs Fiji with the update sites CSBDeep and StarDist, and ElectrodeJ in it (electrodej fiji install); no Python.
// Thresholds and percentiles come from the model's NAME.json beside NAME.zip. Labels are numbered on from slice to
// slice and mean something within their slice only: Plugins > ElectrodeJ > Link Slices joins them. The argument's
// lines are the image, the model's zip and the file to write; an existing file is kept.
//
//     runMacro("StarDist_Stack.ijm", "/data/grey.tif\n/models/nmc-particles.zip\n/data/slices.tif");

arguments = split(getArgument(), "\n");
if (arguments.length < 3) exit("StarDist Stack: give the image, the model's zip and the file to write, each on a line");
for (i = 0; i < 2; i++) if (!File.exists(arguments[i])) exit("StarDist Stack: there is no file " + arguments[i]);
if (File.exists(arguments[2])) exit("StarDist Stack: " + arguments[2] + " exists already; choose another name");
for (i = 0; i < 3; i++)
	if (indexOf(arguments[i], "]") >= 0) exit("StarDist Stack: a Fiji command cannot take a name with ] in it: " + arguments[i]);
run("ElectrodeJ Segment Particles", "greyfile=[" + arguments[0] + "] model=[" + arguments[1] +
	"] engine=[Fiji's StarDist plugin] view=xy out=[" + arguments[2] + "]");
if (!File.exists(arguments[2])) exit("StarDist Stack: " + arguments[2] + " was not written");
return arguments[2];
