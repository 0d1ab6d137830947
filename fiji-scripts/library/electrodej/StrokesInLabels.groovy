package electrodej

import ij.ImagePlus
import ij.Undo
import ij.gui.Roi
import ij.process.ImageProcessor

import java.util.concurrent.ConcurrentSkipListSet

/** Strokes in a label image, by the button of a phase or by ImageJ's brushes. */
class StrokesInLabels extends Strokes {

	private final ImagePlus grey
	private final ImagePlus labels
	private final Set<Integer> drawnOn = new ConcurrentSkipListSet<>()
	private volatile boolean unknown = true

	StrokesInLabels(ImagePlus grey, ImagePlus labels) {
		if ([labels.width, labels.height, labels.stackSize] != [grey.width, grey.height, grey.stackSize]) {
			throw new Problem(labels.title + " and " + grey.title + " differ in size; draw on a label image of the grey image's size")
		}
		Images.check(labels)
		if (labels.getStack().virtual) {
			throw new Problem(labels.title + " is a virtual stack, which keeps nothing that is drawn; draw on a copy (Image > Duplicate...)")
		}
		this.grey = grey
		this.labels = labels
	}

	@Override
	void forget() {
		unknown = true
	}

	@Override
	ImagePlus getImage() {
		return labels
	}

	/** Of the slices that one of the images shows, and at first of all: others cannot be drawn on by hand. */
	@Override
	Object state() {
		// Somebody may have turned it into colours meanwhile.
		Images.check(labels)
		Set<Integer> shown = [grey.currentSlice, labels.currentSlice] as Set
		if (unknown) {
			unknown = false
			drawnOn.addAll(Lessons.labelled(labels).keySet())
		}
		return shown.collect { z ->
			ImageProcessor plane = plane(z)
			if (Lessons.isMarked(plane)) drawnOn << z
			else drawnOn.remove(z)
			[z, sum(plane)]
		}
	}

	@Override
	Map<Integer, ImageProcessor> drawn() {
		return drawnOn.collectEntries { [it, plane(it)] }
	}

	/** Edit > Undo takes it back, and ImageJ asks before it closes the image. */
	@Override
	void add(Roi area, int slice, int phase) {
		if (labels.currentSlice != slice) labels.setSlice(slice)
		ImageProcessor plane = labels.getProcessor()
		plane.snapshot()
		Undo.setup(Undo.FILTER, labels)
		plane.setValue(phase)
		plane.fill(area)
		drawnOn << slice
		labels.changes = true
		labels.updateAndDraw()
	}

	private ImageProcessor plane(int slice) {
		return labels.getStack().getProcessor(slice)
	}

	private static int sum(ImageProcessor plane) {
		Object pixels = plane.pixels
		return pixels instanceof byte[] ? Arrays.hashCode((byte[]) pixels)
			: pixels instanceof short[] ? Arrays.hashCode((short[]) pixels) : Arrays.hashCode((float[]) pixels)
	}
}
