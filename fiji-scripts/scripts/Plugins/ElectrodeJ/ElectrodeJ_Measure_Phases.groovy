#@ Context context
#@ ImagePlus (label="Phases", description="Phase images, versions of one image", required=false, persist=false) phases
#@ File (label="or phase file", description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr", style="both", required=false, persist=false) phasesFile
#@ String (label="Names", description="Names of the classes 0, 1, ..., e.g. pore,binder,particle", required=false, persistKey="electrodej.morphology.names") names
#@ String (label="Also", description="Measure these too, of each phase: connectivity, interfaces, sizes, statistics, transport, or all; the image is then held in memory", required=false, persistKey="electrodej.morphology.also") also
#@ File (label="Particles", description="Also the sizes of these particles, by number and by volume", style="open", required=false, persist=false) particlesFile
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save table as", description="A .csv or .parquet file; empty to see it only", style="save", required=false, persist=false) table
#@ Boolean (label="Replace existing files", value=false, persist=false) replace

import electrodej.Library

// Measure phases, and how far versions of their labels differ. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tables.written(table, replace) { File target, boolean overwrite ->
		door.call("morphology", [
			phases: door.image(phases, phasesFile, "phases"),
			names: names,
			also: also,
			particles: particlesFile?.path,
			voxelSize: door.voxelSize(voxelSize),
			out: target.path, replace: overwrite,
		])
		door.tables.show(target, "Phases", null)
		door.plots.show(target, ["sizes", "profiles", "correlations"])
	}
}
null
