#@ Context context
#@ ImagePlus (label="Grey image", description="The image in which phases or cracks are sought", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image", required=false) greyFile
#@ String (label="Model", description="A model's folder, a zip made by electrodej export, or a bundled model's name: nmc-phases, nmc-cracks", value="nmc-phases") model
#@ String (label="View", description="Planes that the network sees; all: the mean over the three", choices={"xy", "xz", "yz", "all"}, value="xy") view
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save phases as", description="A .tif file; empty to see them only", style="save", required=false) out
#@ Boolean (label="Replace existing files", value=false) replace
#@output ImagePlus phases

import electrodej.Library

// Finds the phases or the cracks of a grey image with a trained network: one number for each phase.
def door = Library.door(context)
door.guard {
	door.images.written(out, replace) { File target, boolean overwrite ->
		def found = door.call("phases", [
			image: door.image(grey, greyFile, "grey image"),
			model: model, view: view,
			voxelSize: door.tables.askVoxelSize(voxelSize, grey),
			out: target.path, replace: overwrite,
		])
		phases = door.images.openLabels(target)
		phases.setProperty("Info", found.classes.collect { it.value + " " + it.name }.join(", ") + "; segmented in Python with " + model)
		door.note(found.classes.collect { it.name + String.format(Locale.ROOT, " %.1f %%", 100 * it.share) }.join(", "))
	}
}
null
