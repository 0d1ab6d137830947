package electrodej

import ij.IJ
import ij.ImagePlus
import ij.ImageStack
import ij.gui.Roi
import ij.io.RoiEncoder
import ij.plugin.frame.RoiManager
import ij.process.ImageProcessor
import org.scijava.Context

/** What a forest finds in the slice that is shown, renewed whenever what is drawn changes: over the image, in colours. */
class Glances implements Closeable {

	private final Context context
	final ImagePlus grey
	/** What is drawn, by numbers; null where the ROI Manager has it, by groups. */
	final ImagePlus labels
	private static final String NOTHING = "draw something of two phases"

	/** What the last look found, or why there was none. */
	String told = NOTHING
	private final List<String> names
	private final Set<Integer> drawnOn = new TreeSet<>()
	private Object seen

	/** Takes the names of the phases 1, 2, ...; what has none is called by its number. */
	Glances(Context context, ImagePlus grey, ImagePlus labels, List<String> names) {
		if (labels != null && [labels.width, labels.height, labels.stackSize] != [grey.width, grey.height, grey.stackSize]) {
			throw new Problem(labels.title + " and " + grey.title + " differ in size; draw on a label image of the grey image's size")
		}
		Images.check(grey)
		this.context = context
		this.grey = grey
		this.labels = labels
		this.names = names
		if (labels != null) for (int z = 1; z <= labels.stackSize; z++) if (marked(labels.getStack().getProcessor(z))) drawnOn << z
	}

	/** Looks again where something changed since; whether it did. */
	boolean renew() {
		Object now = state()
		if (now == seen) return false
		seen = now
		Map<Integer, ImageProcessor> strokes = drawn()
		if (strokes.isEmpty()) {
			Preview.clear(grey)
			told = NOTHING
			return true
		}
		Door door = new Door(context)
		File folder = File.createTempDir("electrodej", "glance")
		try {
			int slice = grey.currentSlice
			File file = new File(folder, "found.tif")
			List<ImageProcessor> taught = strokes.keySet().collect { grey.getStack().getProcessor(it) }
			Map found = door.call("glance", [
				grey: sent(door, "grey", taught), drawn: sent(door, "drawn", strokes.values() as List),
				shown: sent(door, "shown", [grey.getStack().getProcessor(slice)]), out: file.path,
			])
			if (Tables.isOpen(grey) && grey.currentSlice == slice) Preview.lay(grey, IJ.openImage(file.path).getProcessor(), slice)
			told = found.x == null ? "" : "most in doubt at x = " + found.x + ", y = " + found.y + ": " + called(found.one) + " or " + called(found.other) + "?"
		}
		catch (Problem problem) {
			Preview.clear(grey)
			told = problem.message
		}
		finally {
			door.images.close()
			folder.deleteDir()
		}
		return true
	}

	private String called(Number phase) {
		return names[phase.intValue() - 1] ?: "phase " + phase
	}

	/** Looks again next time, whatever changed. */
	void forget() {
		seen = null
	}

	/** Makes the selection of the image part of a phase, from 1: in the ROI Manager or in the label image. */
	void mark(int phase) {
		ImagePlus on = [grey, labels].find { it?.roi != null }
		if (on == null) throw new Problem("select something on " + grey.title + " first, with any tool")
		Roi roi = (Roi) on.roi.clone()
		if (roi.line) roi = Roi.convertLineToArea(roi)
		if (!Rois.isArea(roi)) throw new Problem("the selection has no area; draw with another tool, such as the freehand line")
		int slice = on.currentSlice
		if (labels == null) {
			roi.setPosition(grey.stackSize > 1 ? slice : 0)
			roi.group = phase
			RoiManager.roiManager.addRoi(roi)
		}
		else {
			ImageProcessor plane = labels.getStack().getProcessor(slice)
			plane.setValue(phase)
			plane.fill(roi)
			if (labels.currentSlice == slice) labels.updateAndDraw()
		}
		on.deleteRoi()
	}

	/** What tells whether something changed: the slice that is shown, and what is drawn. */
	private Object state() {
		if (labels == null) return [grey.currentSlice, rois().collect { Arrays.hashCode(RoiEncoder.saveAsByteArray(it)) * 31 + it.group }]
		Set<Integer> looked = [grey.currentSlice, labels.currentSlice] as Set
		List<Integer> sums = looked.collect { z ->
			ImageProcessor plane = labels.getStack().getProcessor(z)
			if (marked(plane)) drawnOn << z
			else drawnOn.remove(z)
			sum(plane)
		}
		return [looked as List, sums]
	}

	/** The slices that something is drawn on, by their numbers. */
	private Map<Integer, ImageProcessor> drawn() {
		if (labels != null) return drawnOn.collectEntries { [it, labels.getStack().getProcessor(it)] }
		List<Roi> areas = rois()
		if (areas.isEmpty()) return [:]
		ImagePlus made = Lessons.drawn(areas, grey, true)
		Map<Integer, ImageProcessor> all = (1..made.stackSize).collectEntries { [it, made.getStack().getProcessor(it)] }
		return all.findAll { marked(it.value) }
	}

	private static List<Roi> rois() {
		return (RoiManager.instance?.roisAsArray ?: new Roi[0]).findAll { Rois.isArea(it) }
	}

	private static boolean marked(ImageProcessor plane) {
		return plane.statistics.max > 0
	}

	private static int sum(ImageProcessor plane) {
		Object pixels = plane.pixels
		return pixels instanceof byte[] ? Arrays.hashCode((byte[]) pixels)
			: pixels instanceof short[] ? Arrays.hashCode((short[]) pixels) : Arrays.hashCode((float[]) pixels)
	}

	private static Map sent(Door door, String name, List<ImageProcessor> planes) {
		ImageStack stack = new ImageStack(planes[0].width, planes[0].height)
		planes.each { stack.addSlice(it) }
		return door.images.argument(new ImagePlus(name, stack), null, name)
	}

	@Override
	void close() {
		Preview.clear(grey)
	}
}
