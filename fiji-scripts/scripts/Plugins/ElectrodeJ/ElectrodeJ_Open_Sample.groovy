#@ Context context
#@ File (label="Folder", description="Where grey.tif and labels.tif go; empty for a folder that is gone afterwards", style="directory", required=false, persist=false) folder
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@output ImagePlus labels
#@output ImagePlus grey

import electrodej.Library

// Makes a small synthetic electrode with known particles, to try the commands on. The grey image is shown last, and
// so is the one that the next command takes.
def door = Library.door(context)
door.guard {
	door.images.written(folder, replace, "sample") { File target, boolean overwrite ->
		door.call("sample", [folder: target.path, replace: overwrite])
		grey = door.images.openLabels(new File(target, "grey.tif"))
		labels = door.images.openLabels(new File(target, "labels.tif"))
	}
}
null
