#@ Context context
#@ ImagePlus (label="Labels to judge", description="The labels or phases to judge", required=false, persist=false) pred
#@ File (label="or file of labels to judge", description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr", style="both", required=false, persist=false) predFile
#@ ImagePlus (label="True labels", description="The labels or phases that are right", required=false, persist=false) truth
#@ File (label="or file of true labels", description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr", style="both", required=false, persist=false) truthFile
#@ Boolean (label="Compare phases", description="Compare phases, not particles", value=false, persistKey="electrodej.score.phases") comparePhases
#@ Boolean (label="Leave out particles at the border", description="Leave out particles cut by the border", value=false, persistKey="electrodej.score.exclude_border") excludeBorder
#@ Double (label="Smallest volume (um^3)", description="Leave out smaller particles, in cubic micrometres", value=0, min=0, persistKey="electrodej.score.min_volume") minVolume
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save scores as", description="Write the scores (.json), or the best partner of every true particle (.csv)", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ String (label="Particles match by", description="What two particles share, over their union (iou), over the true one (iot) or over the predicted one (iop)", choices={"iou", "iot", "iop"}, value="iou", persistKey="electrodej.score.criterion") criterion
#@ String (label="Number of what is not annotated", description="Value of True labels where nobody annotated; such voxels do not count", required=false, persistKey="electrodej.score.ignore") ignore
#@ String (label="Names of the phases", description="Names of the classes 0, 1, ..., e.g. pore,binder,particle,crack", required=false, persistKey="electrodej.score.names") names
#@ String (label="Only this phase", description="Judge this class of True labels against all others; in Labels to judge it may be the only number other than 0", required=false, persistKey="electrodej.score.only") only
#@ Boolean (label="COCO scores", description="COCO's average precision and recall instead", value=false, persistKey="electrodej.score.coco") coco
#@ File (label="Table of confidence", description="How sure the method is: a table with the columns Label, Confidence and, where slices are images of their own, Slice (from 0)", style="open", required=false, persist=false) confidence
#@ Boolean (label="Slices are unrelated", description="Every slice is an image of its own, not part of a body", value=false, persistKey="electrodej.score.slices") slices
#@ Integer (label="Most predictions in an image", description="So many predictions count in an image, the most confident ones; COCO's own limit is 100", value=100, min=1, persistKey="electrodej.score.most") most

import electrodej.Library

// Compare a segmentation with the truth. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("score", [
		pred: door.image(pred, predFile, "labels to judge"),
		truth: door.image(truth, truthFile, "true labels"),
		phases: comparePhases,
		excludeBorder: excludeBorder,
		minVolume: minVolume,
		criterion: criterion,
		ignore: ignore,
		names: names,
		only: only,
		coco: coco,
		confidence: confidence?.path,
		slices: slices,
		most: most,
		voxelSize: door.voxelSize(voxelSize),
		out: out?.path,
		replace: replace,
	]))
}
null
