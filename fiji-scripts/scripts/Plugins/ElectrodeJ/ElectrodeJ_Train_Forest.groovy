#@ Context context
#@ File (label="Folder with images", description="Folders with grey images and their labels", style="directory", required=false, persist=false) data
#@ String (label="Names", description="Names of the classes 0, 1, ...", required=false, persistKey="electrodej.train.forest.names") names
#@ String (label="Dimensions", description="Measures of each xy slice on its own, or of the volume around each voxel", choices={"2", "3"}, value="2", persistKey="electrodej.train.forest.dimensions") dimensions
#@ File (label="Pictures", description="Draw where another label would help most, and list the places in where.csv", style="directory", required=false, persist=false) pictures
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Folder of the forest", description="The forest's folder", style="directory", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ Integer (label="Trees", description="How many trees are asked", value=50, min=1, max=1000, persistKey="electrodej.train.forest.trees") trees
#@ Integer (label="Samples (voxels)", description="Labelled voxels that it learns from, at most", value=30000, min=100, persistKey="electrodej.train.forest.samples") samples
#@ String (label="Sigmas (pixels)", description="Scales of the measures", value="0.7,1.4,2.8,5.6,11.2", required=false, persistKey="electrodej.train.forest.sigmas") sigmas
#@ Integer (label="Seed", description="Chooses the voxels and the trees", value=0, min=0, persistKey="electrodej.train.forest.seed") seed

import electrodej.Library

// Tells phases apart, from few labels and in seconds. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("train forest", [
		data: data?.path,
		names: names,
		dimensions: dimensions,
		pictures: pictures?.path,
		trees: trees,
		samples: samples,
		sigmas: sigmas,
		seed: seed,
		voxelSize: door.voxelSize(voxelSize),
		out: out?.path,
		replace: replace,
	]))
}
null
