// Measures every electrode in a folder with ElectrodeJ's command line.
//
// For each NAME_grey.tif that has a NAME_labels.tif beside it, writes NAME_particles.csv. Runs in Fiji and in plain
// ImageJ 1.54, also headless. The argument is the folder, optionally followed by a line break and the program
// to call (default: electrodej, which must then be on the PATH):
//
//     runMacro("Measure_Folder.ijm", "/data/my electrodes/");

arguments = split(getArgument(), "\n");
if (arguments.length == 0) folder = getDirectory("Folder with NAME_grey.tif and NAME_labels.tif");
else folder = arguments[0];
program = "electrodej";
if (arguments.length > 1) program = arguments[1];
if (!endsWith(folder, File.separator) && !endsWith(folder, "/")) folder = folder + File.separator;
if (!File.isDirectory(folder)) exit("Measure Folder: there is no folder " + folder);

measured = 0;
files = getFileList(folder);
for (i = 0; i < files.length; i++) {
	if (!endsWith(files[i], "_grey.tif")) continue;
	name = substring(files[i], 0, lengthOf(files[i]) - lengthOf("_grey.tif"));
	labels = folder + name + "_labels.tif";
	if (!File.exists(labels)) {
		print("Measure Folder: " + files[i] + " left out, it has no " + name + "_labels.tif");
		continue;
	}
	table = folder + name + "_particles.csv";
	// Each word is an argument of its own: blanks, quotes and brackets in names need no quoting.
	said = exec(program, "measure", folder + files[i], labels, "--out", table, "--force", "--json");
	// A table that is there may be one of before.
	if (!startsWith(said, "{") || indexOf(said, "\"error\"") >= 0) exit("Measure Folder: " + files[i] + ": " + said);
	print("Measure Folder: " + table);
	measured++;
}
print("Measure Folder: " + measured + " measured");
return d2s(measured, 0);
