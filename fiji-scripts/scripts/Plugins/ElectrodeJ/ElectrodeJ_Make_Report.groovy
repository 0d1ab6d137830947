#@ Context context
#@ File (label="Grey", description="The grey volume", style="open", required=false, persist=false) greyFile
#@ File (label="Labels", description="Its particles", style="open", required=false, persist=false) labelFile
#@ File (label="Table", description="The table of particles that measure wrote; the tables of cracks and contacts beside it are found", style="open", required=false, persist=false) table
#@ File (label="Phases", description="The phases", style="open", required=false, persist=false) phasesFile
#@ File (label="Morphology", description="The measures of the phases that morphology wrote", style="open", required=false, persist=false) morphology
#@ File (label="Damage", description="The folder that damage made", style="directory", required=false, persist=false) damage
#@ String (label="Title", description="Heading of the page", required=false, persistKey="electrodej.report.title") title
#@ String (label="Voxel size Z,Y,X (um)", description="Only if the image does not say it, or says it wrong", required=false, persist=false) voxelSize
#@ File (label="Save page as", description="The page to write (.html)", style="save", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ String (label="Names", description="Names of the phases 0, 1, ..., e.g. pore,binder,particle", required=false, persistKey="electrodej.report.names") names
#@ File (label="Cracks", description="The cracks, to draw over the phases", style="open", required=false, persist=false) cracksFile

import electrodej.Library

// Write the page about an electrode from the files that are there. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("report", [
		grey: greyFile?.path,
		labels: labelFile?.path,
		table: table?.path,
		phases: phasesFile?.path,
		morphology: morphology?.path,
		damage: damage?.path,
		title: title,
		names: names,
		cracks: cracksFile?.path,
		voxelSize: door.voxelSize(voxelSize),
		out: out?.path,
		replace: replace,
	]))
}
null
