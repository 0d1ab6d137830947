#@ Context context
#@ File (label="Folder", description="Where grey.tif and labels.tif go; empty for a folder that is gone afterwards", style="directory", required=false) folder
#@ Boolean (label="Replace existing files", value=false) replace
#@output ImagePlus grey
#@output ImagePlus labels

import electrodej.Library

// Makes a small synthetic electrode with known particles, to try the commands on.
def door = Library.door(context)
door.guard {
	door.images.written(folder, replace) { File target, boolean overwrite ->
		door.call("sample", [folder: target.path, replace: overwrite])
		grey = door.images.openLabels(new File(target, "grey.tif"))
		labels = door.images.openLabels(new File(target, "labels.tif"))
	}
}
null
