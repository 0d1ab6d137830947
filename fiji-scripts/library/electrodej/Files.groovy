package electrodej

/** Results are files first; one that nobody asked to keep lives as long as it takes to show it. */
class Files {

	/** Calls the body with the user's file, or with one that is gone afterwards. */
	static void written(File file, boolean replace, String name, Closure body) {
		if (Images.isGiven(file)) {
			body(file.absoluteFile, replace)
			return
		}
		File folder = File.createTempDir("electrodej", "")
		try {
			body(new File(folder, name), false)
		}
		finally {
			folder.deleteDir()
		}
	}
}
