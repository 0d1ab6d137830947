package electrodej

import ij.IJ
import ij.ImagePlus
import ij.gui.GenericDialog
import ij.WindowManager
import ij.measure.ResultsTable
import ij.text.TextWindow
import java.awt.GraphicsEnvironment
import java.awt.event.MouseAdapter

/** Tables: where they are written, and how they are shown. */
class Tables {

	private static final int DIGITS = 9

	/** Calls the body with the file to write: the user's, or one that is thrown away after it was shown. */
	static void written(File file, boolean replace, Closure body) {
		if (!Images.isGiven(file) && GraphicsEnvironment.headless) {
			throw new Problem("without a screen a table can only be saved; give a file for it")
		}
		Files.written(file, replace, "particles.csv", body)
	}

	/** Shows a table that was written as CSV. */
	static void show(File file, String title, ImagePlus labels) {
		if (GraphicsEnvironment.headless || !file.name.toLowerCase().endsWith(".csv")) return
		ResultsTable table = ResultsTable.open(file.path)
		table.show(title)
		if (Images.orNull(labels) != null) selectOnClick(title, labels)
	}

	/** Writes a table, which keeps nine digits of each number from here on; ImageJ has three behind the point. */
	static void save(ResultsTable table, File file) {
		table.headings.findAll { it != "Label" && table.columnExists(it) }.each { table.setDecimalPlaces(table.getColumnIndex(it), -DIGITS) }
		table.save(file.path)
	}

	/** Lets a click on a row select its particle in the label image, and a click on a particle its row. */
	private static void selectOnClick(String title, ImagePlus labels) {
		def window = WindowManager.getWindow(title)
		if (!(window instanceof TextWindow)) return
		def panel = window.textPanel
		// The window's own table, which the user may sort; another one is shown in it when something else is measured.
		ResultsTable table = panel.resultsTable
		Closure matters = { panel.resultsTable.is(table) && isOpen(labels) }
		def onRow = [mouseReleased: { event ->
			int row = panel.selectionStart
			if (matters() && row >= 0 && row < table.size()) select(table, row, labels)
		}] as MouseAdapter
		panel.components.each { it.addMouseListener(onRow) }
		def canvas = labels.canvas
		if (canvas == null) return
		canvas.addMouseListener([mouseClicked: { event ->
			if (!matters() || !window.showing) return
			int row = rowAt(table, labels, canvas.offScreenX(event.x), canvas.offScreenY(event.y))
			if (row < 0 || panel.lineCount <= row) return
			panel.setSelection(row, row)
			select(table, row, labels, labels.currentSlice)
		}] as MouseAdapter)
	}

	/** Whether an image still has its pixels: one that a user closed has lost them. */
	static boolean isOpen(ImagePlus image) {
		return image.getProcessor() != null
	}

	/** The row of the particle at a place in the slice that is shown, or -1. */
	static int rowAt(ResultsTable table, ImagePlus labels, int x, int y) {
		if (x < 0 || y < 0 || x >= labels.width || y >= labels.height) return -1
		int label = (int) labels.getStack().getProcessor(labels.currentSlice).getf(x, y)
		if (label == 0) return -1
		for (int row = 0; row < table.size(); row++) if ((int) table.getValue("Label", row) == label) return row
		return -1
	}

	/** Outlines a particle in the slice that is given, or else in the one in its middle, and shows that slice. */
	static void select(ResultsTable table, int row, ImagePlus labels, int wanted = 0) {
		int label = (int) table.getValue("Label", row)
		def size = labels.calibration
		int slice = wanted > 0 ? wanted : table.columnExists("Z")
			? 1 + (int) Math.round(table.getValue("Z", row) / Images.micrometres(size.pixelDepth, size.ZUnit))
			: labels.currentSlice
		slice = Math.max(1, Math.min(labels.stackSize, slice))
		// A hollow or bent particle may not be where its centre is.
		def slices = (1..labels.stackSize).toSorted { Math.abs(it - slice) }
		for (int each in slices) {
			def roi = Rois.outline(labels, label, each)
			if (roi == null) continue
			labels.setSlice(each)
			labels.setRoi(roi)
			return
		}
		labels.deleteRoi()
	}

	/** The voxel size as the user gave it; asks for it where the open images have none and there is a screen. */
	static String askVoxelSize(String given, ImagePlus... images) {
		def open = images.findAll { Images.orNull(it) != null }
		boolean unknown = !open.isEmpty() && open.every { !Images.isCalibrated(it) }
		if (given?.trim() || !unknown || GraphicsEnvironment.headless) return given
		def dialog = new GenericDialog("Voxel size")
		dialog.addMessage(open*.title.join(" and ") + (open.size() == 1 ? " does" : " do") + " not say the voxel size.")
		// Nothing that Enter could accept: a guess would go into every number.
		["Z", "Y", "X"].each { dialog.addNumericField(it + " (um)", Double.NaN, 5) }
		dialog.showDialog()
		if (dialog.wasCanceled()) throw new Problem("cancelled")
		return voxelSize((1..3).collect { dialog.nextNumber })
	}

	/** Three lengths that were typed, as the worker takes them. */
	static String voxelSize(List<Double> lengths) {
		if (!lengths.every { it > 0 && Double.isFinite(it) }) {
			throw new Problem("the voxel size needs three lengths above 0, in micrometres; it stands in the scan's description")
		}
		return lengths.join(",")
	}
}
