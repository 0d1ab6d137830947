#@ Context context
#@ ImagePlus (label="Labels", description="One number for each particle, 0 is background; changed in place", required=false, persist=false) labels
#@ File (label="or label file", description="Instead of an open image", required=false, persist=false) labelFile
#@ ImagePlus (label="Grey image", description="What is measured, for the window", required=false, persist=false) grey
#@ String (label="What", description="A window with a list of the particles, or one step", choices={"In a window", "Merge", "Delete"}, value="In a window", persistKey="electrodej.correct.what") what
#@ String (label="Particles", description="For one step: their numbers, 3,5", required=false, persist=false) particles
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save labels as", description="For one step: a .tif file; what the window changes is saved with File > Save As", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@output ImagePlus corrected

import electrodej.Library

// Merges, splits and deletes particles by hand, and measures them again.
def door = Library.door(context)
door.guard {
	if (door.images.isGiven(out)) door.images.checkTarget(out, replace)
	def image = door.images.meant(labels, labelFile, "label image")
	if (what == "In a window") door.workbench(image, door.images.orNull(grey), voxelSize, out)
	else {
		door.correct(image, what, particles)
		corrected = image
	}
	if (door.images.isGiven(out)) door.images.save(image, out, replace)
}
null
