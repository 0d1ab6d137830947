// Segments and measures every electrode in a folder with ElectrodeJ's command line, and keeps a log.
//
// For each NAME_grey.tif writes NAME_labels.tif and NAME_particles.csv; Batch_log.txt says what was done and what
// went wrong, and one image that cannot be worked on does not stop the others. Labels that are there already, which
// somebody may have corrected, are kept and measured. Runs in Fiji and in plain ImageJ 1.54, also headless. The
// argument's lines are the folder, the model (watershed, a model's name, folder or zip; default: watershed),
// the program (default: electrodej, which must then be on the PATH) and "replace" to segment anew where there are
// labels. Returns how many failed.
//
//     runMacro("Batch.ijm", "/data/my electrodes/\nwatershed");

// Functions see only what is declared so.
var model = "watershed";
var program = "electrodej";
var anew = false;
var folder = "";
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

// 3D labels: those that are there, or what the model finds. Cracks are left out of them, or no damage could be measured.
function segment(grey, labels, name) {
	if (File.exists(labels) && !anew) {
		note("kept the labels of " + name);
		return true;
	}
	force = "--quiet";
	if (anew) force = "--force";
	of = kind();
	if (of == "stardist")
		return work(exec(program, "fuse", grey, "--model", model, "--intact", "--out", labels, force, "--json"), "fused " + name);
	if (of == "maskrcnn") return link(grey, labels, name, force);
	return work(exec(program, "segment", "particles", grey, "--model", model, "--intact", "--out", labels, force, "--json"), "segmented " + name);
}

// What outlines particles section by section needs them linked.
function link(grey, labels, name, force) {
	outlines = folder + name + "_outlines.tif";
	done = work(exec(program, "segment", "particles", grey, "--model", model, "--intact", "--out", outlines, "--force", "--json"), "segmented " + name);
	if (done) done = work(exec(program, "link", outlines, "--out", labels, force, "--json"), "linked " + name);
	if (File.exists(outlines)) deleted = File.delete(outlines);
	return done;
}

// stardist for models that see sections in three views, maskrcnn, stardist3d, or watershed.
function kind() {
	if (model == "watershed") return model;
	if (model == "nmc-particles-3d") return "stardist3d";
	if (model == "nmc-regions" || endsWith(model, ".h5")) return "maskrcnn";
	notes = newArray(model + "/electrodej.json", getDirectory("home") + ".electrodej/models/" + model + "/electrodej.json");
	for (n = 0; n < notes.length; n++) {
		if (!File.exists(notes[n])) continue;
		said = File.openAsString(notes[n]);
		if (indexOf(said, "\"stardist3d\"") >= 0) return "stardist3d";
		if (indexOf(said, "\"maskrcnn\"") >= 0) return "maskrcnn";
	}
	return "stardist";
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
