package electrodej

import ij.ImagePlus
import ij.gui.Roi
import ij.io.RoiEncoder
import ij.plugin.frame.RoiManager
import ij.process.ImageProcessor

/** Strokes that are selections in the ROI Manager, each with its phase as its group. */
class StrokesInManager extends Strokes {

	private final ImagePlus grey
	private final Closure<List<Roi>> all

	/** Takes what gives the selections that there are now. */
	StrokesInManager(ImagePlus grey, Closure<List<Roi>> all) {
		this.grey = grey
		this.all = all
	}

	@Override
	Object state() {
		return areas().collect { Arrays.hashCode(RoiEncoder.saveAsByteArray(it)) * 31 + it.group }
	}

	@Override
	Map<Integer, ImageProcessor> drawn() {
		return Lessons.planes(areas().findAll { isOn(it) }, grey, true)
	}

	@Override
	void add(Roi area, int slice, int phase) {
		area.setPosition(grey.stackSize > 1 ? slice : 0)
		area.group = phase
		RoiManager.roiManager.addRoi(area)
	}

	@Override
	String remark(List<String> names) {
		List<Roi> areas = areas()
		int beyond = areas.count { !isOn(it) }
		int bare = areas.count { isOn(it) && it.group == 0 }
		String first = names ? names[0] : "phase 1"
		return [
			beyond ? counted(beyond, "lies", "lie") + " on no slice of " + grey.title + " and " + (beyond == 1 ? "is" : "are") + " left out" : null,
			bare ? counted(bare, "has", "have") + " no group and " + (bare == 1 ? "counts" : "count") + " as " + first : null,
		].findAll().join("; ")
	}

	private static String counted(int number, String one, String several) {
		return number + (number == 1 ? " selection " + one : " selections " + several)
	}

	private boolean isOn(Roi roi) {
		return Rois.slice(roi, grey) <= grey.stackSize
	}

	private List<Roi> areas() {
		return all.call().findAll { Rois.isArea(it) }
	}
}
