#@ Context context
#@ ImagePlus (label="Grey image", description="The grey volume", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr", style="both", required=false, persist=false) greyFile
#@ String (label="Model", description="A bundled model, a model folder or an exported zip; the one below where that is given", choices={"nmc-particles"}, value="nmc-particles", persistKey="electrodej.fuse.model") model
#@ File (label="or another model", description="A model's folder, or a zip made by electrodej export", style="both", required=false, persist=false) modelFile
#@ String (label="Method", description="How the views are fused", choices={"flow", "watershed", "kmeans"}, value="flow", persistKey="electrodej.fuse.method") method
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save labels as", description="A .tif file; empty to see it only", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ String (label="Scale", description="Enlarge sections by this for the network, below 1 reduce them", required=false, persistKey="electrodej.fuse.scale") scale
#@ Boolean (label="Intact", description="Leave cracks and dark cores out of the labels, as measure needs it for the damage", value=false, persistKey="electrodej.fuse.intact") intact
#@ Double (label="Min volume", description="Drop smaller pieces, in cubic micrometres; flow and watershed find hardly any below 5 voxels across, whatever is said here", value=0.686, min=0, persistKey="electrodej.fuse.min_volume") minVolume
#@ Integer (label="Rounds", description="First train the model further on what it found in the three views together, N times", value=0, min=0, max=9, persistKey="electrodej.fuse.rounds") rounds
#@output ImagePlus labels

import electrodej.Library

// Find 3D particles from the three views of a volume. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.images.written(out, replace, door.images.named(grey, greyFile, "particles")) { File target, boolean overwrite ->
		def found = door.call("fuse", [
			image: door.image(grey, greyFile, "grey image"),
			model: door.model(model, modelFile),
			method: method,
			scale: scale,
			intact: intact,
			minVolume: minVolume,
			rounds: rounds,
			voxelSize: door.voxelSize(voxelSize),
			out: target.path, replace: overwrite,
		])
		labels = door.shown(target, found)
	}
}
null
