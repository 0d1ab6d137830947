#@ Context context
#@ String (label="Learn from", description="Selections in the ROI Manager, on the overlays of all open images, or a label image", choices={"ROI Manager", "Overlays of all open images", "Label image"}, value="ROI Manager", persistKey="electrodej.learn.from") from
#@ ImagePlus (label="Grey image", description="The image that was drawn on", required=false, persist=false) grey
#@ File (label="or grey file", description="Instead of an open image", required=false, persist=false) greyFile
#@ ImagePlus (label="Label image", description="For a label image: one number for each particle, or for each phase", required=false, persist=false) labels
#@ File (label="or label file", description="A TIFF, or what Labkit saved: .labeling, or .tif with .labels beside", required=false, persist=false) labelFile
#@ String (label="To find", choices={"Particles (StarDist)", "Cracks, or one other thing (U-Net)", "Phases (LRCS-Net)", "Phases, in seconds (forest)"}, value="Particles (StarDist)", persistKey="electrodej.learn.network") network
#@ String (label="Names of the phases", description="For phases, of the ROI groups 1, 2, ... or the numbers in the label image: pore,binder,particle", required=false, persistKey="electrodej.learn.names") names
#@ String (label="Start from", choices={"The bundled model", "Nothing"}, value="The bundled model", persistKey="electrodej.learn.start") start
#@ File (label="or another model", description="A model's folder", style="directory", required=false, persist=false) init
#@ Integer (label="Epochs", description="At most so many epochs; Escape ends the training and keeps the best network", value=30, min=1, persistKey="electrodej.learn.epochs") epochs
#@ String (label="Name of the model", description="What the list of models will call it", value="my-model", persistKey="electrodej.learn.name") name
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ Integer (label="Steps", description="Steps in an epoch", value=50, min=1, persistKey="electrodej.learn.steps") steps
#@ Integer (label="Patch", description="Edge of a patch in pixels", value=128, min=16, persistKey="electrodej.learn.patch") patch
#@ Integer (label="Patience", description="Stop after so many epochs without a better validation loss; 0: never", value=15, min=0, persistKey="electrodej.learn.patience") patience

import electrodej.Library

// Trains a network from what is drawn on open images, and puts it into the lists of models.
def door = Library.door(context)
door.guard {
	door.tell(door.lessons.learn([
		from: from, grey: door.images.orNull(grey), greyFile: greyFile, labels: door.images.orNull(labels), labelFile: labelFile,
		network: network, names: names, start: start, init: init, epochs: epochs, name: name, voxelSize: voxelSize,
		replace: replace, steps: steps, patch: patch, patience: patience,
	]))
}
null
