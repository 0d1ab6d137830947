#@ Context context
#@ ImagePlus (label="Grey image", description="The image in which particles are measured", required=false, persist=false) grey
#@ ImagePlus (label="Labels", description="Its particles: one number for each, 0 is background", required=false, persist=false) labels
#@ File (label="or grey file", description="Instead of an open image", required=false) greyFile
#@ File (label="or label file", description="Instead of an open image", required=false) labelFile
#@ Double (label="Radius (um)", description="Of the ball that closes cracks, and of the shell for contacts", value=0.7, min=0) radius
#@ String (label="Attributes", description="Names or the groups basic, damage, extras, with commas; empty for all", required=false) attributes
#@ Boolean (label="Leave out particles at the border", value=false) excludeBorder
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the images do not say it, or say it wrong", required=false, persist=false) voxelSize
#@ File (label="Save table as", description="A .csv or .parquet file; empty to see it only", style="save", required=false) table
#@ Boolean (label="Replace existing files", value=false) replace

import electrodej.Library

// Measures every particle: 21 attributes, damage and more, one row for each.
def door = Library.door(context)
door.guard {
	door.tables.written(table, replace) { File target, boolean overwrite ->
		door.call("measure", [
			grey: door.image(grey, greyFile, "grey image"),
			labels: door.image(labels, labelFile, "label image"),
			radius: radius, attributes: attributes, excludeBorder: excludeBorder,
			voxelSize: door.tables.askVoxelSize(voxelSize, grey, labels),
			table: target.path, replace: overwrite,
		])
		door.tables.show(target, "Particles", labels)
	}
}
null
