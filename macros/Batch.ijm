// Segments and measures every electrode in a folder with ElectrodeJ's command line, and keeps a log.
//
// For each NAME_grey.tif writes NAME_labels.tif and NAME_particles.csv; Batch_log.txt says what was done and what
// went wrong, and one image that cannot be worked on does not stop the others. Labels that are there already, which
// somebody may have corrected, are kept and measured. Runs in Fiji and in plain ImageJ 1.54, also headless. The
// argument's lines are the folder, the model (watershed, a bundled name, a model's folder or zip; default: watershed),
// the program (default: electrodej, which must then be on the PATH) and "replace" to segment anew where there are
// labels. Returns how many failed.
//
//     runMacro("Batch.ijm", "/data/my electrodes/\nwatershed");

// Functions see only what is declared so.
var model = "watershed";
var program = "electrodej";
var anew = false;
var logFile = "";

arguments = split(getArgument(), "\n");
if (arguments.length == 0) folder = getDirectory("Folder with NAME_grey.tif");
else folder = arguments[0];
if (arguments.length > 1) model = arguments[1];
if (arguments.length > 2) program = arguments[2];
if (arguments.length > 3) {
	if (arguments[3] != "replace") exit("Batch: the fourth line is replace or nothing, and not " + arguments[3]);
	anew = true;
}
if (!endsWith(folder, File.separator) && !endsWith(folder, "/")) folder = folder + File.separator;
if (!File.isDirectory(folder)) exit("Batch: there is no folder " + folder);

logFile = folder + "Batch_log.txt";
failed = 0;
files = getFileList(folder);
for (i = 0; i < files.length; i++) {
	if (!endsWith(files[i], "_grey.tif")) continue;
	name = substring(files[i], 0, lengthOf(files[i]) - lengthOf("_grey.tif"));
	grey = folder + files[i];
	labels = folder + name + "_labels.tif";
	table = folder + name + "_particles.csv";
	done = segment(grey, labels, name);
	if (done) done = work(exec(program, "measure", grey, labels, "--out", table, "--force", "--json"), "measured " + name);
	if (!done) failed++;
}
note(d2s(failed, 0) + " failed");
return d2s(failed, 0);

// 3D labels: those that are there, from the watershed, or from a StarDist model in three views, fused.
function segment(grey, labels, name) {
	if (File.exists(labels) && !anew) {
		note("kept the labels of " + name);
		return true;
	}
	force = "--quiet";
	if (anew) force = "--force";
	if (model == "watershed")
		return work(exec(program, "segment", "particles", grey, "--model", model, "--out", labels, force, "--json"), "segmented " + name);
	return work(exec(program, "fuse", grey, "--model", model, "--out", labels, force, "--json"), "fused " + name);
}

// Whether the program did it; what it said goes to the log.
function work(said, what) {
	good = startsWith(said, "{") && indexOf(said, "\"error\"") < 0;
	if (good) note(what);
	else note("NOT " + what + ": " + replace(said, "\n", " "));
	return good;
}

function note(text) {
	print("Batch: " + text);
	File.append(text, logFile);
}
