package electrodej

import ij.ImagePlus
import ij.ImageStack
import ij.gui.ImageRoi
import ij.gui.Overlay
import ij.gui.TextRoi
import ij.measure.ResultsTable
import ij.plugin.LutLoader
import ij.process.ByteProcessor
import ij.process.FloatProcessor
import ij.process.ImageProcessor
import ij.process.LUT
import java.awt.Color
import java.awt.Font

/** Particles in the colour of what was measured of them, with a legend. */
class Colours {

	/** A 32-bit image that has the value of a column in each particle, and no number elsewhere. */
	static ImagePlus by(ResultsTable table, String column, ImagePlus labels) {
		if (!table.columnExists(column)) throw new Problem("the table has no column " + column)
		Map<Integer, Double> values = [:]
		table.size().times { values[(int) table.getValue("Label", it)] = table.getValue(column, it) }
		List<Double> known = values.values().findAll { !Double.isNaN(it) }
		if (known.isEmpty()) throw new Problem("no particle has a number in " + column)
		ImageStack stack = new ImageStack(labels.width, labels.height)
		for (int z = 1; z <= labels.stackSize; z++) {
			ImageProcessor plane = labels.getStack().getProcessor(z)
			FloatProcessor painted = new FloatProcessor(labels.width, labels.height)
			for (int at = 0; at < plane.pixelCount; at++) {
				int label = (int) plane.getf(at)
				painted.setf(at, label == 0 ? Float.NaN : (float) values.getOrDefault(label, Double.NaN))
			}
			stack.addSlice(painted)
		}
		ImagePlus made = new ImagePlus(Images.named(labels, null, column), stack)
		made.copyScale(labels)
		made.setDimensions(1, labels.stackSize, 1)
		double least = known.min()
		double most = known.max()
		made.setLut(new LUT(LutLoader.getLut("fire"), least, most))
		made.setDisplayRange(least, most > least ? most : least + 1)
		made.setOverlay(legend(made, column))
		return made
	}

	/** A bar of the colours with the least and the highest number, in the upper right corner of every slice. */
	private static Overlay legend(ImagePlus image, String column) {
		int height = Math.max(20, image.height.intdiv(3))
		int width = Math.max(5, image.width.intdiv(40))
		ByteProcessor bar = new ByteProcessor(width, height)
		for (int y = 0; y < height; y++) for (int x = 0; x < width; x++) bar.set(x, y, 255 - (int) (255L * y / (height - 1)))
		bar.setColorModel(image.luts[0])
		int left = image.width - width - 2
		Overlay overlay = new Overlay(new ImageRoi(left, 2, bar.convertToRGB()))
		Font font = new Font(Font.SANS_SERIF, Font.PLAIN, Math.max(7, image.height.intdiv(30)))
		double size = font.size
		[[2d, image.displayRangeMax], [height + 2 - size, image.displayRangeMin]].each { y, value ->
			overlay.add(words(String.format(Locale.ROOT, "%.4g", value), left - 3, y as double, font))
		}
		overlay.add(words(column, image.width - 2, height + 4d, font))
		return overlay
	}

	private static TextRoi words(String text, double right, double top, Font font) {
		TextRoi roi = new TextRoi(right, top, text, font)
		roi.setJustification(TextRoi.RIGHT)
		roi.setStrokeColor(Color.WHITE)
		return roi
	}
}
