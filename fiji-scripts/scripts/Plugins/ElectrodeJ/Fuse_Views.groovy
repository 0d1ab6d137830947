#@ Context context
#@ ImagePlus (label="Grey image", description="The volume in which particles are sought", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image", required=false) greyFile
#@ String (label="Model", description="A bundled model's name, a StarDist model's folder or a zip made by electrodej export", value="nmc-particles") model
#@ String (label="Method", description="flow parts touching particles; kmeans is the reference method", choices={"flow", "watershed", "kmeans"}, value="flow") method
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save labels as", description="A .tif file; empty to see them only", style="save", required=false) out
#@ Boolean (label="Replace existing files", value=false) replace
#@output ImagePlus labels

import electrodej.Library

// Runs a StarDist model over all xy, xz and yz sections and fuses the three views to 3D particles.
def door = Library.door(context)
door.guard {
	door.images.written(out, replace) { File target, boolean overwrite ->
		door.call("fuse", [
			image: door.image(grey, greyFile, "grey image"),
			model: model, method: method,
			voxelSize: door.tables.askVoxelSize(voxelSize, grey),
			out: target.path, replace: overwrite,
		])
		labels = door.images.openLabels(target)
	}
}
null
