#@ Context context
#@ File (label="Folder with images", description="Folders with grey images and their phases", style="directory", required=false, persist=false) data
#@ String (label="Names", description="Names of the classes 0, 1, ..., e.g. pore,binder,particle", required=false, persistKey="electrodej.train.unet.names") names
#@ File (label="Init", description="Start from this model: a folder or a bundled name", style="both", required=false, persist=false) init
#@ Integer (label="Epochs", description="At most so many epochs", value=100, min=1, persistKey="electrodej.train.unet.epochs") epochs
#@ Boolean (label="Resume", description="Go on with a training that was stopped", value=false, persist=false) resume
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Folder of the model", description="The model's folder", style="directory", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ String (label="Foreground", description="Tell only this class from all the others", required=false, persistKey="electrodej.train.unet.foreground") foreground
#@ String (label="Views", description="Planes to learn from: xy, or xy,xz,yz", value="xy", required=false, persistKey="electrodej.train.unet.views") views
#@ String (label="Loss", description="Cross-entropy, Dice or both", choices={"ce", "dice", "both"}, value="both", persistKey="electrodej.train.unet.loss") loss
#@ String (label="Freeze", description="With Init: keep the encoder as it is", choices={"", "encoder"}, required=false, persistKey="electrodej.train.unet.freeze") freeze
#@ Integer (label="Steps", description="Batches in an epoch", value=50, min=1, persistKey="electrodej.train.unet.steps") steps
#@ Integer (label="Batch", description="Patches in a batch", value=8, min=1, persistKey="electrodej.train.unet.batch") batch
#@ Integer (label="Patch", description="Side of a patch in pixels; made a multiple of the network's step", value=128, min=1, persistKey="electrodej.train.unet.patch") patch
#@ Integer (label="Patience", description="End after so many epochs without gain; 0: never early", value=20, min=0, persistKey="electrodej.train.unet.patience") patience
#@ Integer (label="Seed", description="Seed of everything random", value=0, min=0, persistKey="electrodej.train.unet.seed") seed

import electrodej.Library

// Finds cracks, or phases. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("train unet", [
		data: data?.path,
		names: names,
		init: init?.path,
		epochs: epochs,
		resume: resume,
		foreground: foreground,
		views: views,
		loss: loss,
		freeze: freeze,
		steps: steps,
		batch: batch,
		patch: patch,
		patience: patience,
		seed: seed,
		voxelSize: door.voxelSize(voxelSize),
		out: out?.path,
		replace: replace,
	]))
}
null
