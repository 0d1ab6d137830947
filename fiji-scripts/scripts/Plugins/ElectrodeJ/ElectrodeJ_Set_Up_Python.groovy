#@ Context context
#@ String (label="Python", choices={"Use one that has ElectrodeJ", "Build one (needs the network)"}, value="Use one that has ElectrodeJ", persist=false) how
#@ File (label="Its program or folder", description="Such as .venv/bin/python, or the environment's folder", required=false, persist=false) place
#@ Boolean (label="With training", description="For one that is built: also what trains networks, three times as large; running them needs none of it", value=false, persist=false) training
#@ File (label="Folder with packages", description="For one that is built without the network: a folder with all wheels", style="directory", required=false, persist=false) wheels

import electrodej.Library

// Finds or builds the Python that works for ElectrodeJ, tries it, and remembers it.
def door = Library.door(context)
door.guard {
	def program = how.startsWith("Build") ? door.built(training, wheels) : door.pythons.given(place)
	def found = door.tried(program)
	def note = door.pythons.remember(program)
	door.say("ElectrodeJ " + found.electrodej + " works in Python " + found.python + "; written down in " + note)
}
null
