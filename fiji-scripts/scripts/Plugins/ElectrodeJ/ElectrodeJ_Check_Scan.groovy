#@ Context context
#@ ImagePlus (label="Grey image", description="The grey volume, or a single image", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr", style="both", required=false, persist=false) greyFile
#@ String (label="Model", description="The network that is to see it", value="nmc-particles", required=false, persistKey="electrodej.check.model") model
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize

import electrodej.Library

// Say what a scan is like, and whether to trust a network on it. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("check", [
		image: door.image(grey, greyFile, "grey image"),
		model: model,
		voxelSize: door.voxelSize(voxelSize),
	]))
}
null
