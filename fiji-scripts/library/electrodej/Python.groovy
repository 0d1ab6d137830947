package electrodej

/** Which Python works for ElectrodeJ: the one in use, the one that was chosen, where that is written. */
class Python {

	static final String REMEDY = "run Plugins > ElectrodeJ > Set Up Python"
	static final String PROPERTY = "electrodej.python"
	private static final String NOTE = "electrodej/python.txt"
	private static final int LONGEST_REASON = 300

	/** The program to start, or a Problem that says what to do. */
	static File chosen() {
		String property = System.getProperty(PROPERTY)
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

	/** The program that a user named. */
	static File given(File place) {
		if (place == null || !place.exists()) throw new Problem("there is no Python " + (place ?: "chosen") + "; choose its program or its folder")
		File found = program(place)
		if (found == null) throw new Problem("there is no Python in " + place + "; choose the folder with bin or Scripts in it")
		return found
	}

	/** What stands behind an error of the builder, on one line. */
	static String reason(Throwable error) {
		Throwable cause = error
		while (cause.cause != null) cause = cause.cause
		if (cause instanceof UnknownHostException) return cause.message + " cannot be reached"
		List<String> lines = cause.message?.readLines()*.trim()?.findAll { !it.isEmpty() }
		if (!lines) return cause.class.simpleName
		// uv's own words come behind those of the command, drawn as a tree and broken into lines.
		int said = lines.findIndexOf { it.startsWith("error:") || it.startsWith("\u00d7") }
		if (said < 0) return lines.first()
		String whole = lines.drop(said).takeWhile { !it.startsWith("hint:") }.join(" ").replaceAll(/error: |[\u00d7\u2500-\u257f\u25b6] ?/, "")
		return whole.length() > LONGEST_REASON ? whole.take(LONGEST_REASON) + "..." : whole
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
		if (folder != null) return new File(folder)
		// A program that started this Fiji, as pyimagej does, names its plugins only.
		File plugins = new File(System.getProperty("plugins.dir") ?: ".").absoluteFile
		return plugins.name == "plugins" && new File(plugins.parentFile, "jars").directory ? plugins.parentFile : null
	}

	/** Where models are that were trained here. */
	static File models() {
		return new File(System.getenv("ELECTRODEJ_MODELS") ?: System.getProperty("user.home") + "/.electrodej/models")
	}

	private static List<File> notes() {
		List<File> folders = [fiji(), new File(System.getProperty("user.home"), ".electrodej")]
		return [fiji() == null ? null : new File(fiji(), NOTE), new File(folders[1], "python.txt")].findAll { it != null }
	}
}
