#@ Context context
#@ ImagePlus (label="Grey image", description="The grey volume", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image", required=false, persist=false) greyFile
#@ String (label="Model", description="A bundled model, a model folder or an exported zip", value="nmc-particles", required=false, persistKey="electrodej.fuse.model") model
#@ String (label="Method", description="How the views are fused", choices={"flow", "watershed", "kmeans"}, value="flow", persistKey="electrodej.fuse.method") method
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save labels as", description="A .tif file; empty to see it only", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@output ImagePlus labels

import electrodej.Library

// Find 3D particles from the three views of a volume. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.images.written(out, replace) { File target, boolean overwrite ->
		def found = door.call("fuse", [
			image: door.image(grey, greyFile, "grey image"),
			model: model,
			method: method,
			voxelSize: door.tables.askVoxelSize(voxelSize, grey),
			out: target.path, replace: overwrite,
		])
		labels = door.shown(target, found)
	}
}
null
