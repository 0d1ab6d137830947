#@ Context context
#@ ImagePlus (label="Grey image", description="The grey volume, or a single image", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image", required=false, persist=false) greyFile
#@ String (label="Model", description="A model folder, a zip made by electrodej export, or a bundled model; given again, all are asked and the mean is taken", value="nmc-phases", required=false, persistKey="electrodej.segment.phases.model") model
#@ String (label="View", description="Planes the network sees; all: the mean over the three", choices={"xy", "xz", "yz", "all"}, value="xy", persistKey="electrodej.segment.phases.view") view
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save phases as", description="A .tif file; empty to see it only", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@output ImagePlus phases

import electrodej.Library

// Phases or cracks. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.images.written(out, replace) { File target, boolean overwrite ->
		def found = door.call("segment phases", [
			image: door.image(grey, greyFile, "grey image"),
			model: model,
			view: view,
			voxelSize: door.tables.askVoxelSize(voxelSize, grey),
			out: target.path, replace: overwrite,
		])
		phases = door.shown(target, found)
	}
}
null
