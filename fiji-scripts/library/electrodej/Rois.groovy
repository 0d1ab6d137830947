package electrodej

import ij.ImagePlus
import ij.ImageStack
import ij.gui.ImageRoi
import ij.gui.Overlay
import ij.gui.Roi
import ij.gui.TextRoi
import ij.io.RoiDecoder
import ij.io.RoiEncoder
import ij.plugin.filter.ThresholdToSelection
import ij.plugin.frame.RoiManager
import ij.process.ImageProcessor
import ij.process.ShortProcessor
import java.awt.GraphicsEnvironment
import java.awt.Rectangle
import java.util.zip.ZipEntry
import java.util.zip.ZipFile
import java.util.zip.ZipOutputStream

/** Particles as ImageJ's selections: one for each particle and slice, and back to labels. */
class Rois {

	private static final String LABEL = "electrodej.label"

	/** The outlines of all particles, slice by slice. They know their label and their slice. */
	static List<Roi> outlines(ImagePlus labels) {
		List<Roi> found = []
		ImageStack stack = labels.getStack()
		for (int slice = 1; slice <= stack.size(); slice++) {
			ImageProcessor plane = stack.getProcessor(slice)
			for (entry in boxes(plane)) found << traced(plane, entry.key, entry.value, slice)
		}
		return found
	}

	/** The outline of one particle in one slice, or null where it is not in it. */
	static Roi outline(ImagePlus labels, int label, int slice) {
		ImageProcessor plane = labels.getStack().getProcessor(slice)
		Rectangle box = boxes(plane)[label]
		return box == null ? null : traced(plane, label, box, slice)
	}

	private static Roi traced(ImageProcessor plane, int label, Rectangle box, int slice) {
		plane.setRoi(box)
		ImageProcessor part = plane.crop()
		plane.resetRoi()
		part.setThreshold(label, label, ImageProcessor.NO_LUT_UPDATE)
		Roi roi = new ThresholdToSelection().convert(part)
		roi.setLocation(box.x + roi.bounds.x as double, box.y + roi.bounds.y as double)
		roi.setPosition(slice)
		roi.setName("particle " + label + " slice " + slice)
		roi.setProperty(LABEL, label as String)
		return roi
	}

	/** Label to the rectangle around it. */
	private static Map<Integer, Rectangle> boxes(ImageProcessor plane) {
		int width = plane.width
		Map<Integer, int[]> edges = new TreeMap<>()
		int before = 0
		int[] edge = null
		for (int at = 0; at < width * plane.height; at++) {
			int label = (int) plane.getf(at)
			if (label == 0) continue
			if (label != before || edge == null) {
				edge = edges.computeIfAbsent(label) { [Integer.MAX_VALUE, Integer.MAX_VALUE, -1, -1] as int[] }
				before = label
			}
			int x = at % width
			int y = at.intdiv(width)
			if (x < edge[0]) edge[0] = x
			if (y < edge[1]) edge[1] = y
			if (x > edge[2]) edge[2] = x
			if (y > edge[3]) edge[3] = y
		}
		return edges.collectEntries { label, e -> [label, new Rectangle(e[0], e[1], e[2] - e[0] + 1, e[3] - e[1] + 1)] }
	}

	/** Draws outlines into 16-bit labels of another image's size and calibration. */
	static ImagePlus labels(List<Roi> rois, ImagePlus like) {
		ImageStack stack = new ImageStack(like.width, like.height)
		like.stackSize.times { stack.addSlice(new ShortProcessor(like.width, like.height)) }
		// Selections that were drawn by hand get the numbers after those of particles.
		int next = 1 + (rois.collect { (it.getProperty(LABEL) ?: "0") as int }.max() ?: 0)
		int highest = 0
		for (Roi roi in rois) {
			String known = roi.getProperty(LABEL)
			int label = known == null ? next++ : known as int
			if (label > 65535) throw new Problem("there are more than 65535 particles, too many for a 16-bit image")
			int slice = roi.position > 0 ? roi.position : Math.max(1, roi.ZPosition)
			if (slice > like.stackSize) throw new Problem("the selection " + roi.name + " lies on slice " + slice + ", and " + like.title + " has " + like.stackSize)
			ImageProcessor plane = stack.getProcessor(slice)
			highest = Math.max(highest, label)
			plane.setValue(label)
			plane.fill(roi)
		}
		def made = new ImagePlus("labels", stack)
		made.copyScale(like)
		made.setDimensions(1, like.stackSize, 1)
		Images.paint(made, highest)
		return made
	}

	/** Whether a selection has an area that can be filled. Pictures over an image, such as our own colours, are none. */
	static boolean isArea(Roi roi) {
		return roi.area && !(roi instanceof TextRoi) && !(roi instanceof ImageRoi)
	}

	/** The slice that a selection lies on; the one that is shown where it says none. */
	static int slice(Roi roi, ImagePlus image) {
		return roi.position > 0 ? roi.position : roi.ZPosition > 0 ? roi.ZPosition : image.stackSize == 1 ? 1 : image.currentSlice
	}

	static void overlay(ImagePlus labels, ImagePlus target) {
		Overlay overlay = new Overlay()
		outlines(labels).each { overlay.add(it) }
		target.setOverlay(overlay)
	}

	static void manager(ImagePlus labels) {
		if (GraphicsEnvironment.headless) throw new Problem("the ROI Manager needs a screen; choose ROI file")
		def manager = RoiManager.roiManager
		outlines(labels).each { manager.addRoi(it) }
	}

	/** The selections with an area in the ROI Manager. */
	static List<Roi> managed() {
		List<Roi> found = (RoiManager.instance?.roisAsArray ?: new Roi[0]).findAll { isArea(it) }
		if (found.isEmpty()) throw new Problem("there is no selection with an area in the ROI Manager; outline things, and add each with T")
		return found
	}

	/** Writes the zip that ImageJ's ROI Manager reads, or GeoJSON where the file's name ends so. */
	static void save(ImagePlus labels, File file, boolean replace) {
		if (!Images.isGiven(file)) throw new Problem("give a file for the selections, a .zip or a .geojson")
		if (file.exists() && !replace) throw new Problem(file.path + " exists already; tick Replace existing files to replace it")
		File part = File.createTempFile(".electrodej", ".partial", file.absoluteFile.parentFile)
		try {
			if (isGeoJson(file)) part.setText(GeoJson.written(outlines(labels)), "UTF-8")
			else new ZipOutputStream(part.newOutputStream()).withCloseable { zip ->
				for (Roi roi in outlines(labels)) {
					zip.putNextEntry(new ZipEntry(roi.name + ".roi"))
					zip.write(RoiEncoder.saveAsByteArray(roi))
					zip.closeEntry()
				}
			}
			if (replace) file.delete()
			if (!part.renameTo(file)) throw new Problem(file.path + " cannot be written")
		}
		finally {
			part.delete()
		}
	}

	private static boolean isGeoJson(File file) {
		return file.name.toLowerCase().matches(/.+\.(geo)?json/)
	}

	static List<Roi> open(File file) {
		if (file == null || !file.file) throw new Problem("there is no file " + file)
		if (isGeoJson(file)) return GeoJson.read(file)
		return new ZipFile(file).withCloseable { zip ->
			zip.entries().findAll { it.name.endsWith(".roi") }
				.collect { RoiDecoder.openFromByteArray(zip.getInputStream(it).bytes) }
		}
	}
}
