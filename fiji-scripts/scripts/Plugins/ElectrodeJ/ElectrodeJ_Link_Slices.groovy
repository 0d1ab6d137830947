#@ Context context
#@ ImagePlus (label="Slice labels", description="Labels that mean nothing from slice to slice", required=false, persist=false) slices
#@ File (label="or file of slice labels", description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr", style="both", required=false, persist=false) slicesFile
#@ String (label="View", description="The plane of the slices, in a volume in ZYX order", choices={"xy", "xz", "yz"}, value="xy", persistKey="electrodej.link.view") view
#@ String (label="Link by", description="Link sections that overlap most, or whose centres are nearest", choices={"overlap", "distance"}, value="overlap", persistKey="electrodej.link.by") by
#@ Integer (label="Longest gap (slices)", description="How many slices in a row a particle may be missing from", value=4, min=0, persistKey="electrodej.link.gap") gap
#@ Boolean (label="Draw missing sections", description="Draw missing sections by interpolation", value=false, persistKey="electrodej.link.fill") fill
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save labels as", description="A .tif file; empty to see it only", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ String (label="Max jump", description="How far a section's centre may move from one slice to the next, in micrometres; over missed slices so much further", required=false, persistKey="electrodej.link.max_jump") maxJump
#@ Double (label="Neck", description="Part a particle where its section narrows below this share of the largest ones on both sides; 0 parts nothing", value=0.5, min=0, max=1, persistKey="electrodej.link.neck") neck
#@ Double (label="Min volume (um^3)", description="Drop smaller particles", value=0, min=0, persistKey="electrodej.link.min_volume") minVolume
#@output ImagePlus labels

import electrodej.Library

// Link the labels of single slices to 3D labels. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.images.written(out, replace, door.images.named(slices, slicesFile, "particles")) { File target, boolean overwrite ->
		def found = door.call("link", [
			slices: door.sliceImage(slices, slicesFile, "slice labels"),
			view: view,
			by: by,
			gap: gap,
			fill: fill,
			maxJump: maxJump,
			neck: neck,
			minVolume: minVolume,
			voxelSize: door.voxelSize(voxelSize),
			out: target.path, replace: overwrite,
		])
		labels = door.shown(target, found)
	}
}
null
