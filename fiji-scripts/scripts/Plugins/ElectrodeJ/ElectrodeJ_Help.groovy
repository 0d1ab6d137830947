#@ Context context

import electrodej.Library

// Shows the pages about all commands, and says which versions work here.
def door = Library.door(context)
door.guard {
	door.showHelp()
	def found = door.call("version", [:])
	door.say("ElectrodeJ " + found.electrodej + " in Python " + found.python + " (" + found.program + ")\n" +
		"Open Sample makes an electrode to try. Segment Particles, then Measure Particles.\n" +
		(found.missing ? "This Python lacks: " + found.missing.join(", ") + "\n" : "") +
		"What each field means is shown where the mouse rests on it. Logs: " + door.pythons.logs() + "\n" +
		"In a terminal: electrodej doctor, electrodej fiji doctor " + (door.pythons.fiji() ?: "FIJI_FOLDER"))
}
null
