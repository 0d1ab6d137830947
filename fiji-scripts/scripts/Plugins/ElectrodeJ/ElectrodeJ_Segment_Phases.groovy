#@ Context context
#@ ImagePlus (label="Grey image", description="The grey volume, or a single image", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr", style="both", required=false, persist=false) greyFile
#@ String (label="Model", description="A model folder, a forest, a zip made by electrodej export, or a bundled model; networks given again are all asked and the mean is taken; the one below where that is given", choices={"nmc-phases", "nmc-cracks"}, value="nmc-phases", persistKey="electrodej.segment.phases.model") model
#@ File (label="or another model", description="A model's folder, or a zip made by electrodej export", style="both", required=false, persist=false) modelFile
#@ String (label="View", description="Planes the network sees; all: the mean over the three", choices={"xy", "xz", "yz", "all"}, value="xy", persistKey="electrodej.segment.phases.view") view
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save phases as", description="A .tif file; empty to see it only", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ File (label="Probability", description="Also write each class's probability: P.tif gives P_pore.tif, ... (.tif)", style="save", required=false, persist=false) probability
#@ File (label="Entropy", description="Also write how undecided the network is, 0 to 1 at each voxel (.tif)", style="save", required=false, persist=false) entropy
#@ Integer (label="Dropout", description="Ask each model N times with its dropout switched on (Monte-Carlo dropout)", value=0, min=0, persistKey="electrodej.segment.phases.dropout") dropout
#@ Integer (label="Tile", description="Largest tile in pixels", value=0, min=0, persistKey="electrodej.segment.phases.tile") tile
#@ Integer (label="Seed", description="Seed of the random numbers", value=0, min=0, persistKey="electrodej.segment.phases.seed") seed
#@output ImagePlus phases

import electrodej.Library

// Phases or cracks. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.images.written(out, replace, door.images.named(grey, greyFile, "phases")) { File target, boolean overwrite ->
		def found = door.call("segment phases", [
			image: door.image(grey, greyFile, "grey image"),
			model: door.model(model, modelFile),
			view: view,
			probability: probability?.path,
			entropy: entropy?.path,
			dropout: dropout,
			tile: tile,
			seed: seed,
			voxelSize: door.voxelSize(voxelSize),
			out: target.path, replace: overwrite,
		])
		phases = door.shown(target, found)
	}
}
null
