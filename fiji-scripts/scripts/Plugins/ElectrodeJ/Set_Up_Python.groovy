#@ Context context
#@ String (label="Python", choices={"Use one that has ElectrodeJ", "Build one (needs the network)"}, value="Use one that has ElectrodeJ", persist=false) how
#@ File (label="Its program or folder", description="Such as .venv/bin/python, or the environment's folder", required=false, persist=false) place

import electrodej.Library

// Finds or builds the Python that works for ElectrodeJ, tries it, and remembers it.
def door = Library.door(context)
door.guard {
	def program = how.startsWith("Build") ? door.pythons.build(door) : door.pythons.given(place)
	def found = door.tried(program)
	def note = door.pythons.remember(program)
	door.say("ElectrodeJ " + found.electrodej + " works in Python " + found.python + "; written down in " + note)
}
null
