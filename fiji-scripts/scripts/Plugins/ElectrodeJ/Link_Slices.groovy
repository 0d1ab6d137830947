#@ Context context
#@ ImagePlus (label="Slice labels", description="A stack in which a label means something within its slice only, as StarDist writes it", required=false, persist=false) slices
#@ File (label="or their file", description="Instead of an open image", required=false) slicesFile
#@ String (label="View", description="The plane of the slices", choices={"xy", "xz", "yz"}, value="xy") view
#@ String (label="Link by", choices={"overlap", "distance"}, value="overlap") by
#@ Integer (label="Longest gap (slices)", description="How many slices in a row a particle may be missing from", value=4, min=0) gap
#@ Boolean (label="Draw missing sections", value=false) fill
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save labels as", description="A .tif file; empty to see them only", style="save", required=false) out
#@ Boolean (label="Replace existing files", value=false) replace
#@output ImagePlus labels

import electrodej.Library

// Joins the labels of single slices to particles in 3D.
def door = Library.door(context)
door.guard {
	door.images.written(out, replace) { File target, boolean overwrite ->
		door.call("link", [
			slices: door.sliceImage(slices, slicesFile, "image of slice labels"),
			view: view, by: by, gap: gap, fill: fill,
			voxelSize: door.tables.askVoxelSize(voxelSize, slices),
			out: target.path, replace: overwrite,
		])
		labels = door.images.openLabels(target)
	}
}
null
