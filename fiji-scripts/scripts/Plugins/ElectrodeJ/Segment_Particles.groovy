#@ Context context
#@ ImagePlus (label="Grey image", description="The image in which particles are sought", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image", required=false) greyFile
#@ String (label="Model", description="watershed (needs no training), a bundled model's name, a StarDist model's folder or a zip made by electrodej export", value="watershed") model
#@ String (label="Works in", description="Fiji's StarDist plugin needs the update sites CSBDeep and StarDist, and no Python; it takes xy sections as large as they are", choices={"Python", "Fiji's StarDist plugin"}, value="Python") engine
#@ String (label="View", description="Which sections a StarDist model sees: along z, y or x", choices={"xy", "xz", "yz"}, value="xy") view
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save labels as", description="A .tif file; empty to see them only", style="save", required=false) out
#@ Boolean (label="Replace existing files", value=false) replace
#@output ImagePlus labels

import electrodej.Library

// Finds the particles of a grey image. A StarDist model labels section by section: Link Slices joins them.
def door = Library.door(context)
door.guard {
	if (engine == "Python") {
		door.images.written(out, replace) { File target, boolean overwrite ->
			door.call("segment", [
				image: door.image(grey, greyFile, "grey image"),
				model: model, view: view,
				voxelSize: door.tables.askVoxelSize(voxelSize, grey),
				out: target.path, replace: overwrite,
			])
			labels = door.images.openLabels(target)
			labels.setProperty("Info", "Segmented in Python with " + model)
		}
	}
	else labels = door.starDist.segmented(grey, greyFile, model, view, voxelSize, out, replace)
	door.note(labels.getProperty("Info"))
}
null
