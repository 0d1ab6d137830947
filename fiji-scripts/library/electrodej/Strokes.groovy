package electrodej

import ij.ImagePlus
import ij.gui.Roi
import ij.plugin.frame.RoiManager
import ij.process.ImageProcessor

/** What a person drew on a grey image to teach a forest, slice by slice. */
abstract class Strokes {

	/** Those in a label image, by their numbers; where there is none, those in the ROI Manager, by their groups. */
	static Strokes of(ImagePlus grey, ImagePlus labels) {
		if (labels != null) return new StrokesInLabels(grey, labels)
		return new StrokesInManager(grey, { (RoiManager.instance?.roisAsArray ?: new Roi[0]) as List<Roi> })
	}

	/** Looks at all slices next time, not only at those that are shown. */
	void forget() {}

	/** What tells whether something changed since. */
	abstract Object state()

	/** The slices that something is drawn on: 0 where nothing is, else the number of a phase. */
	abstract Map<Integer, ImageProcessor> drawn()

	/** Makes an area of a slice part of a phase, from 1. */
	abstract void add(Roi area, int slice, int phase)

	/** The image besides the grey one that may be selected on; null for none. */
	ImagePlus getImage() {
		return null
	}

	/** What is to be known of how these count; empty where there is nothing. */
	String remark(List<String> names) {
		return ""
	}
}
