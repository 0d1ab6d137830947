#@ Context context
#@ File (label="Table of particles", description="Table of particles, .csv or .parquet, one per electrode", style="open", required=false, persist=false) tables
#@ Boolean (label="Leave out particles at the border", description="Leave out particles that touch a face of the volume (column TouchesBorder)", value=false, persistKey="electrodej.damage.exclude_border") excludeBorder
#@ File (label="Contacts", description="The table of touching particles that measure wrote beside it", style="open", required=false, persist=false) contacts
#@ File (label="Folder to make", description="The folder to make", style="directory", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace
#@ String (visibility="MESSAGE", value="Further options", required=false, persist=false) heading
#@ String (label="Leave out", description="Attributes that are not to explain, by name", required=false, persistKey="electrodej.damage.leave_out") leaveOut
#@ Integer (label="Trees", description="Trees of the forest", value=40, min=1, persistKey="electrodej.damage.trees") trees
#@ Integer (label="Leaves", description="Most leaves of a tree", value=30, min=2, persistKey="electrodej.damage.leaves") leaves
#@ Integer (label="Seed", description="Seed of the random numbers", value=0, min=0, persistKey="electrodej.damage.seed") seed

import electrodej.Library

// Explain the damage of the particles, and compare electrodes. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("damage", [
		tables: tables?.path,
		excludeBorder: excludeBorder,
		contacts: contacts?.path,
		leaveOut: leaveOut,
		trees: trees,
		leaves: leaves,
		seed: seed,
		out: out?.path,
		replace: replace,
	]))
}
null
