package electrodej

/** Which Python works for ElectrodeJ: the one in use, the one that was chosen, where that is written. */
class Python {

	static final String REMEDY = "run Plugins > ElectrodeJ > Set Up Python"
	private static final String NOTE = "electrodej/python.txt"

	/** The program to start, or a Problem that says what to do. */
	static File chosen() {
		String property = System.getProperty("electrodej.python")
		List<String> paths = property != null ? [property] : notes().findAll { it.file }*.getText("UTF-8")
		String path = paths.collect { it.trim() }.find { !it.isEmpty() }
		if (path == null) throw new Problem("no Python is set up for ElectrodeJ; " + REMEDY)
		File program = program(new File(path))
		if (program == null) throw new Problem("the Python set up for ElectrodeJ is not there any more (" + path + "); " + REMEDY)
		return program
	}

	/** The Python program that a file or an environment's folder means, or null. */
	static File program(File place) {
		if (place.file) return place.absoluteFile
		return ["bin/python", "Scripts/python.exe", "python.exe", ".venv/bin/python", ".venv/Scripts/python.exe"]
			.collect { new File(place, it) }.find { it.file }?.absoluteFile
	}

	/** Writes down a Python for the next time: in the Fiji folder, or in the user's where that is not allowed. */
	static File remember(File program) {
		for (File note : notes()) {
			try {
				note.parentFile.mkdirs()
				note.setText(program.path + "\n", "UTF-8")
				return note
			}
			catch (IOException ignored) {
				continue
			}
		}
		throw new Problem("the choice of Python could not be written to " + notes().join(" or "))
	}

	/** Where worker logs are kept. */
	static File logs() {
		return new File(System.getProperty("electrodej.logs") ?: System.getProperty("user.home") + "/.electrodej/logs")
	}

	/** The folder of this Fiji, or null in a bare ImageJ. */
	static File fiji() {
		String folder = System.getProperty("imagej.dir") ?: System.getProperty("ij.dir")
		return folder == null ? null : new File(folder)
	}

	private static List<File> notes() {
		List<File> folders = [fiji(), new File(System.getProperty("user.home"), ".electrodej")]
		return [fiji() == null ? null : new File(fiji(), NOTE), new File(folders[1], "python.txt")].findAll { it != null }
	}
}
