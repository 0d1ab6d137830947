#@ Context context
#@ File (label="Image, or a folder of them", description="Grey images, or projections in HDF5: files, folders, patterns such as 'scans/*.tif'", style="both", required=false, persist=false) imagesFile
#@ String (label="Model", description="The particles: a StarDist model, of volumes or of sections, or watershed; the one below where that is given", choices={"automatic", "nmc-particles-3d", "nmc-particles", "watershed"}, value="automatic", persistKey="electrodej.run.model") model
#@ File (label="or another model", description="A model's folder, or a zip made by electrodej export", style="both", required=false, persist=false) modelFile
#@ String (label="Leave out stages", description="All stages but these", required=false, persistKey="electrodej.run.without") without
#@ Boolean (label="Slices are unrelated", description="The slices of a stack have nothing to do with one another: measure each as 2D", value=false, persistKey="electrodej.run.flat") flat
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Folder for everything", description="The folder for everything (required)", style="directory", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ String (label="Only these stages", description="Only these stages, of particles, phases, cracks, table, morphology, damage, report; what they need is taken from Folder for everything", required=false, persistKey="electrodej.run.only") only
#@ String (label="Filter first", description="Filter the image first, as electrodej filter --steps does", required=false, persistKey="electrodej.run.filter") filter
#@ File (label="Settings file", description="Take settings from here, also those of single stages; what the command says counts more", style="open", required=false, persist=false) config
#@ File (label="Table of groups", description="A table with the column image and others, sample or cycles, by which images are compared; the columns labels, phases and cracks name an image's own", style="open", required=false, persist=false) groups
#@ String (label="Compare by", description="Which column of Table of groups", required=false, persistKey="electrodej.run.by") by
#@ Boolean (label="Keep finished stages", description="Keep the stages that are finished, and do those whose inputs or settings changed", value=false, persist=false) resume

import electrodej.Library

// Take your own image from grey values to the page, or many at once. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("run", [
		images: imagesFile?.path,
		model: door.model(model, modelFile),
		without: without,
		flat: flat,
		only: only,
		filter: filter,
		config: config?.path,
		groups: groups?.path,
		by: by,
		resume: resume,
		voxelSize: door.voxelSize(voxelSize),
		out: out?.path,
		replace: replace,
	]))
}
null
