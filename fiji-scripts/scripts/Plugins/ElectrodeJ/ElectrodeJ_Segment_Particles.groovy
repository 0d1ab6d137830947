#@ Context context
#@ ImagePlus (label="Grey image", description="The grey volume, or a single section", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr", style="both", required=false, persist=false) greyFile
#@ String (label="Model", description="A bundled model, a StarDist model folder (of sections or volumes), a zip made by electrodej export, a Mask R-CNN (a folder or LIBNet's .h5), or watershed; the one below where that is given", choices={"nmc-particles", "nmc-particles-3d", "nmc-regions", "watershed"}, value="nmc-particles", persistKey="electrodej.segment.particles.model") model
#@ File (label="or another model", description="A model's folder, or a zip made by electrodej export", style="both", required=false, persist=false) modelFile
#@ String (label="Works in", description="Fiji's StarDist plugin needs the update sites CSBDeep and StarDist, and no Python; it takes xy sections as large as they are", choices={"Python", "Fiji's StarDist plugin"}, value="Python", persistKey="electrodej.segment.particles.engine") engine
#@ String (label="View", description="Which sections: along z, y or x", choices={"xy", "xz", "yz"}, value="xy", persistKey="electrodej.segment.particles.view") view
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save labels as", description="A .tif file; empty to see it only", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ Boolean (label="Intact", description="Leave cracks and dark cores out of the labels, as measure needs it for the damage", value=false, persistKey="electrodej.segment.particles.intact") intact
#@ String (label="Probability threshold", description="Least probability of a particle", required=false, persistKey="electrodej.segment.particles.probability_threshold") probabilityThreshold
#@ String (label="Overlap threshold", description="Outlines that overlap by more are one particle", required=false, persistKey="electrodej.segment.particles.overlap_threshold") overlapThreshold
#@ String (label="Scale", description="Enlarge sections by this for the network, below 1 reduce them", required=false, persistKey="electrodej.segment.particles.scale") scale
#@ String (label="Refine", description="With a model of volumes: move borders by up to N voxels to the edges in the grey volume", required=false, persistKey="electrodej.segment.particles.refine") refine
#@output ImagePlus labels

import electrodej.Library

// Outlines of particles. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	if (engine == "Python") {
		door.images.written(out, replace, door.images.named(grey, greyFile, "particles")) { File target, boolean overwrite ->
			def found = door.call("segment particles", [
				image: door.image(grey, greyFile, "grey image"),
				model: door.model(model, modelFile),
				view: view,
				intact: intact,
				probabilityThreshold: probabilityThreshold,
				overlapThreshold: overlapThreshold,
				scale: scale,
				refine: refine,
				voxelSize: door.voxelSize(voxelSize),
				out: target.path, replace: overwrite,
			])
			labels = door.shown(target, found)
		}
	}
	else labels = door.starDist.segmented(grey, greyFile, door.model(model, modelFile), view, voxelSize, out, replace, [intact: intact, probabilityThreshold: probabilityThreshold, overlapThreshold: overlapThreshold, scale: scale, refine: refine])
}
null
