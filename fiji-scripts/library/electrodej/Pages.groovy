package electrodej

import ij.ImagePlus
import ij.measure.ResultsTable
import ij.plugin.BrowserLauncher
import java.awt.GraphicsEnvironment

/** Pages that the web browser shows: particles in 3D, to turn, cut, filter and colour. They open without a network. */
class Pages {

	private static final int MOST_PAGES = 20
	private static final String IN_3D = "#solids"

	/** Writes the page of particles, shows it where there is a screen, and returns its file. */
	static File solid(Door door, ImagePlus labels, ImagePlus grey, ResultsTable table, String voxelSize) {
		File folder = new File(Python.logs().parentFile, "pages")
		folder.mkdirs()
		File page = new File(folder, Images.named(labels, null, "3d").replaceFirst(/\.tif$/, ".html"))
		File numbers = null
		try {
			if (table != null) {
				numbers = File.createTempFile("electrodej", ".csv")
				Tables.save(table, numbers)
			}
			Map given = [labels: door.image(labels, null, "labels"), table: numbers?.path, title: labels.title]
			if (grey != null && grey != labels) given.grey = door.image(grey, null, "grey image")
			door.call("report", given + [voxelSize: door.voxelSize(voxelSize), out: page.path, replace: true])
		}
		finally {
			numbers?.delete()
		}
		folder.listFiles().findAll { it.name.endsWith(".html") }.sort { -it.lastModified() }.drop(MOST_PAGES)*.delete()
		show(page)
		return page
	}

	/** Shows a page in the web browser; without a screen says where it is. */
	static void show(File page) {
		if (GraphicsEnvironment.headless) println page.path
		else BrowserLauncher.openURL(page.toURI().toString() + IN_3D)
	}
}
