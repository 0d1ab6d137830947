#@ Context context
#@ File (label="Folder with images", description="Images with their annotations", style="directory", required=false, persist=false) data
#@ File (label="Init", description="Start from this model: a bundled name or a StarDist folder", style="both", required=false, persist=false) init
#@ String (label="Dimensions", description="2: on sections; 3: on label volumes, for a model that finds 3D particles at once", choices={"2", "3"}, value="2", persistKey="electrodej.train.stardist.dimensions") dimensions
#@ Integer (label="Epochs", description="At most so many epochs", value=100, min=1, persistKey="electrodej.train.stardist.epochs") epochs
#@ Boolean (label="Resume", description="Go on with a training that was stopped, with the same options", value=false, persist=false) resume
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Folder of the model", description="The model's folder", style="directory", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ Integer (label="Steps", description="Steps in an epoch", value=100, min=1, persistKey="electrodej.train.stardist.steps") steps
#@ Integer (label="Batch", description="Patches in a step", value=4, min=1, persistKey="electrodej.train.stardist.batch") batch
#@ Integer (label="Patch", description="Edge of a patch in pixels", value=256, min=1, persistKey="electrodej.train.stardist.patch") patch
#@ Integer (label="Patience", description="Stop after so many epochs without a better validation loss; 0: never", value=30, min=0, persistKey="electrodej.train.stardist.patience") patience
#@ Double (label="Learning rate", description="At the start", value=0.0004, min=0, persistKey="electrodej.train.stardist.learning_rate") learningRate
#@ Integer (label="Rays", description="Directions of the outline", value=32, min=3, persistKey="electrodej.train.stardist.rays") rays
#@ Integer (label="Seed", description="Seed of the random numbers", value=0, min=0, persistKey="electrodej.train.stardist.seed") seed
#@ String (label="Description", description="A sentence for the model's card", required=false, persistKey="electrodej.train.stardist.description") description

import electrodej.Library

// Outlines particles on sections, or finds them in volumes. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("train stardist", [
		data: data?.path,
		init: init?.path,
		dimensions: dimensions,
		epochs: epochs,
		resume: resume,
		steps: steps,
		batch: batch,
		patch: patch,
		patience: patience,
		learningRate: learningRate,
		rays: rays,
		seed: seed,
		description: description,
		voxelSize: door.voxelSize(voxelSize),
		out: out?.path,
		replace: replace,
	]))
}
null
