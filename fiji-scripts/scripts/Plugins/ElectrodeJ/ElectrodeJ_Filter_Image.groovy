#@ Context context
#@ ImagePlus (label="Grey image", description="The grey volume, or a single image", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr", style="both", required=false, persist=false) greyFile
#@ String (label="Filters", description="Filters with commas between them, each with its parameters", value="nlm", required=false, persistKey="electrodej.filter.steps") steps
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save image as", description="A .tif or .ome.tif or .zarr file; empty to see it only", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ Boolean (label="Slices", description="Filter each slice by itself, and not in three dimensions", value=false, persistKey="electrodej.filter.slices") slices
#@ String (label="Type", description="The kind of numbers that is written", choices={"same", "uint8", "uint16", "float32"}, value="same", persistKey="electrodej.filter.type") type
#@ File (label="Preview", description="A picture of the middle slice before and after, with a profile; without Save image as, that is all (.png)", style="save", required=false, persist=false) preview
#@output ImagePlus image

import electrodej.Library

// Take away noise, rings, stripes and backgrounds. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.images.written(out, replace, door.images.named(grey, greyFile, "filtered")) { File target, boolean overwrite ->
		def found = door.call("filter", [
			image: door.image(grey, greyFile, "grey image"),
			steps: steps,
			slices: slices,
			type: type,
			preview: preview?.path,
			voxelSize: door.voxelSize(voxelSize),
			out: target.path, replace: overwrite,
		])
		image = door.shown(target, found)
	}
}
null
