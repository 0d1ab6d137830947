#@ Context context
#@ File (label="Table of particles", description="Table of particles, .csv or .parquet, one per electrode", required=false, persist=false) tables
#@ Boolean (label="Leave out particles at the border", description="Leave out particles that touch a face of the volume (column TouchesBorder)", value=false, persistKey="electrodej.damage.exclude_border") excludeBorder
#@ File (label="Contacts", description="The table of touching particles that measure wrote beside it", required=false, persist=false) contacts
#@ File (label="Folder to make", description="A folder", style="directory", required=false, persist=false) out
#@ Boolean (label="Replace existing files", value=false, persist=false) replace

import electrodej.Library

// Explain the damage of the particles, and compare electrodes. Written from the verb; see docs/fiji.md.
def door = Library.door(context)
door.guard {
	door.tell(door.call("damage", [
		tables: tables,
		excludeBorder: excludeBorder,
		contacts: contacts,
		out: out?.path, replace: replace,
	]))
}
null
