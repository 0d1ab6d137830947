package electrodej

import ij.IJ
import ij.ImagePlus
import ij.gui.GenericDialog
import ij.measure.ResultsTable
import java.awt.GraphicsEnvironment

/** Tables: where they are written, and how they are shown. */
class Tables {

	/** Calls the body with the file to write: the user's, or one that is thrown away after it was shown. */
	static void written(File file, boolean replace, Closure body) {
		boolean given = file != null && !file.path.trim().isEmpty()
		if (!given && GraphicsEnvironment.headless) {
			throw new Problem("without a screen a table can only be saved; give a file for it")
		}
		Files.written(file, replace, "particles.csv", body)
	}

	/** Shows a table that was written as CSV. */
	static void show(File file, String title, ImagePlus labels) {
		if (GraphicsEnvironment.headless || !file.name.toLowerCase().endsWith(".csv")) return
		ResultsTable.open(file.path).show(title)
	}

	/** The voxel size as the user gave it; asks for it where the open images have none and there is a screen. */
	static String askVoxelSize(String given, ImagePlus... images) {
		boolean unknown = images.any { it != null } && images.every { it == null || !it.calibration.scaled() }
		if (given?.trim() || !unknown || GraphicsEnvironment.headless) return given
		def dialog = new GenericDialog("Voxel size")
		dialog.addMessage("The images do not say their voxel size.")
		["Z", "Y", "X"].each { dialog.addNumericField(it + " (um)", 0.07, 5) }
		dialog.showDialog()
		if (dialog.wasCanceled()) throw new Problem("cancelled")
		return (1..3).collect { dialog.nextNumber }.join(",")
	}
}
