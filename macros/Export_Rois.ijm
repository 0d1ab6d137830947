// Writes the outlines of all particles as a zip that ImageJ's ROI Manager reads, in Fiji, also headless.
//
// One selection for each particle and slice, named "particle 12 slice 3". Needs ElectrodeJ in this Fiji
// (electrodej fiji install). The argument's lines are the label image and the zip to write; an existing zip is kept.
//
//     runMacro("Export_Rois.ijm", "/data/labels.tif\n/data/particles.zip");

arguments = split(getArgument(), "\n");
if (arguments.length < 2) exit("Export Rois: give the label image and the zip, each on a line");
if (!File.exists(arguments[0])) exit("Export Rois: there is no file " + arguments[0]);
if (File.exists(arguments[1])) exit("Export Rois: " + arguments[1] + " exists already; choose another name");
for (i = 0; i < 2; i++)
	if (indexOf(arguments[i], "]") >= 0) exit("Export Rois: a Fiji command cannot take a name with ] in it: " + arguments[i]);
run("ElectrodeJ Show Particles", "labelfile=[" + arguments[0] + "] what=[ROI file] roifile=[" + arguments[1] + "]");
if (!File.exists(arguments[1])) exit("Export Rois: " + arguments[1] + " was not written");
return arguments[1];
