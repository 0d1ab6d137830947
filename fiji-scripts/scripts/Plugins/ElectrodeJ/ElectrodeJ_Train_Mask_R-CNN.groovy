#@ Context context
#@ File (label="Folder with images", description="Images with their annotations", style="directory", required=false, persist=false) data
#@ File (label="Init", description="Start from published weights (coco or imagenet), a mask_rcnn_*.h5, or a Mask R-CNN (a bundled name or a folder)", style="both", required=false, persist=false) init
#@ Integer (label="Epochs", description="At most so many epochs", value=60, min=1, persistKey="electrodej.train.maskrcnn.epochs") epochs
#@ Boolean (label="Resume", description="Go on with a training that was stopped, with the same options", value=false, persist=false) resume
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Folder of the model", description="The model's folder", style="directory", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ Integer (label="Steps", description="Steps in an epoch", value=100, min=1, persistKey="electrodej.train.maskrcnn.steps") steps
#@ Integer (label="Batch", description="Patches in a step", value=2, min=1, persistKey="electrodej.train.maskrcnn.batch") batch
#@ Integer (label="Patch", description="Edge of a patch in pixels, a multiple of 64", value=256, min=1, persistKey="electrodej.train.maskrcnn.patch") patch
#@ String (label="Stages", description="Which layers learn, one stage after the other", required=false, persistKey="electrodej.train.maskrcnn.stages") stages
#@ Integer (label="Patience", description="In the last stage, stop after so many epochs without a better validation loss; 0: never", value=20, min=0, persistKey="electrodej.train.maskrcnn.patience") patience
#@ String (label="Learning rate", description="The highest", required=false, persistKey="electrodej.train.maskrcnn.learning_rate") learningRate
#@ Integer (label="Seed", description="Seed of the random numbers", value=0, min=0, persistKey="electrodej.train.maskrcnn.seed") seed
#@ String (label="Description", description="A sentence for the model's card", required=false, persistKey="electrodej.train.maskrcnn.description") description

import electrodej.Library

// Finds particles as boxes with a mask in each. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("train maskrcnn", [
		data: data?.path,
		init: init?.path,
		epochs: epochs,
		resume: resume,
		steps: steps,
		batch: batch,
		patch: patch,
		stages: stages,
		patience: patience,
		learningRate: learningRate,
		seed: seed,
		description: description,
		voxelSize: door.voxelSize(voxelSize),
		out: out?.path,
		replace: replace,
	]))
}
null
