#@ Context context
#@ ImagePlus (label="Grey image", description="The grey volume, or a single section", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image", required=false, persist=false) greyFile
#@ String (label="Model", description="A bundled model, a StarDist model folder, a zip made by electrodej export, or watershed", value="watershed", required=false, persistKey="electrodej.segment.particles.model") model
#@ String (label="Works in", description="Fiji's StarDist plugin needs the update sites CSBDeep and StarDist, and no Python; it takes xy sections as large as they are", choices={"Python", "Fiji's StarDist plugin"}, value="Python", persistKey="electrodej.segment.particles.engine") engine
#@ String (label="View", description="Which sections: along z, y or x", choices={"xy", "xz", "yz"}, value="xy", persistKey="electrodej.segment.particles.view") view
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save labels as", description="A .tif file; empty to see it only", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@output ImagePlus labels

import electrodej.Library

// Outlines of particles. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	if (engine == "Python") {
		door.images.written(out, replace) { File target, boolean overwrite ->
			def found = door.call("segment particles", [
				image: door.image(grey, greyFile, "grey image"),
				model: model,
				view: view,
				voxelSize: door.tables.askVoxelSize(voxelSize, grey),
				out: target.path, replace: overwrite,
			])
			labels = door.shown(target, found)
		}
	}
	else labels = door.starDist.segmented(grey, greyFile, model, view, voxelSize, out, replace)
}
null
