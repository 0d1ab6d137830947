#@ Context context
#@ String (label="Draw in", description="Selections in the ROI Manager, whose group is their phase, or a label image with one number for each phase", choices={"ROI Manager", "Label image"}, value="ROI Manager", persistKey="electrodej.glance.from") from
#@ ImagePlus (label="Grey image", description="The image that is drawn on", required=false, persist=false) grey
#@ ImagePlus (label="Label image", description="For a label image: of the same size, 0 where nothing is drawn", required=false, persist=false) labels
#@ String (label="Names of the phases", description="Of the ROI groups 1, 2, ... or the numbers in the label image", value="pore,binder,particle", required=false, persistKey="electrodej.glance.names") names
#@ String (label="Name of the model", description="What the list of models will call the forest, if it is kept", value="my-forest", persistKey="electrodej.glance.name") name
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ Boolean (label="Replace existing files", description="A model of that name, if the forest is kept", value=false, persist=false) replace

import electrodej.Library

// Shows over an image what a forest learnt of the phases drawn on it so far, anew with each stroke.
def door = Library.door(context)
door.guard {
	door.glancing(grey, labels, [from: from, names: names, name: name, voxelSize: voxelSize, replace: replace])
}
null
