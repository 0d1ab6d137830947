#@ Context context
#@ File (label="Folder", description="The folder to make", style="directory", required=false, persist=false) folder
#@ String (label="Shape", description="Voxels", required=false, persistKey="electrodej.phantom.shape") shape
#@ String (label="Voxel size Z,Y,X (um)", description="Voxel size in micrometres", required=false, persist=false) voxelSize
#@ String (label="Seed", description="Seed of the random numbers", required=false, persistKey="electrodej.phantom.seed") seed
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ String (label="Solid", description="Share of the volume inside particles, 0 to 0.9", required=false, persistKey="electrodej.phantom.solid") solid
#@ String (label="Contrast", description="Absorption: binder hardly shows beside pores; phase: it does", choices={"", "absorption", "phase"}, required=false, persistKey="electrodej.phantom.contrast") contrast
#@ File (label="Config", description="Start from the phantom.json of another phantom", style="open", required=false, persist=false) config
#@ String (label="Format", description="TIFF or OME-Zarr", choices={"tif", "zarr"}, value="tif", persistKey="electrodej.phantom.format") format

import electrodej.Library

// Make a synthetic cathode with known truth. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("phantom", [
		folder: folder?.path,
		shape: shape,
		seed: seed,
		solid: solid,
		contrast: contrast,
		config: config?.path,
		format: format,
		voxelSize: door.voxelSize(voxelSize),
		replace: replace,
	]))
}
null
