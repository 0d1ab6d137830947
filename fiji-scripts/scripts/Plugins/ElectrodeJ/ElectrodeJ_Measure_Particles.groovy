#@ Context context
#@ ImagePlus (label="Grey image", description="The grey volume", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr", style="both", required=false, persist=false) greyFile
#@ ImagePlus (label="Labels", description="Its particles, 0 is background", required=false, persist=false) labels
#@ File (label="or label file", description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr", style="both", required=false, persist=false) labelFile
#@ Double (label="Radius (um)", description="Radius of the ball that closes cracks, and of the shell for contacts", value=0.7, min=0, persistKey="electrodej.measure.radius") radius
#@ String (label="Attributes", description="Only these: names, or the groups basic, damage, extras, own", required=false, persistKey="electrodej.measure.attributes") attributes
#@ Boolean (label="Leave out particles at the border", description="Leave out the rows of particles that touch a face", value=false, persistKey="electrodej.measure.exclude_border") excludeBorder
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save table as", description="A .csv or .parquet file; empty to see it only", style="save", required=false, persist=false) table
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ Integer (label="Crop", description="Leave out N voxels at each face", value=0, min=0, persistKey="electrodej.measure.crop") crop
#@ File (label="Phases", description="Also measure how well each particle is wired: the share of its surface at each of these phases", style="open", required=false, persist=false) phasesFile
#@ String (label="Names of the phases", description="With Phases: names of the classes 0, 1, ..., e.g. pore,binder,particle", required=false, persistKey="electrodej.measure.phase_names") phaseNames

import electrodej.Library

// Measure every particle: 21 attributes, damage and more. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tables.written(table, replace) { File target, boolean overwrite ->
		door.call("measure", [
			grey: door.image(grey, greyFile, "grey image"),
			labels: door.image(labels, labelFile, "labels"),
			radius: radius,
			attributes: attributes,
			excludeBorder: excludeBorder,
			crop: crop,
			phases: phasesFile?.path,
			phaseNames: phaseNames,
			voxelSize: door.voxelSize(voxelSize),
			out: target.path, replace: overwrite,
		])
		door.tables.show(target, "Particles", door.used(labels))
	}
}
null
