package electrodej

import ij.IJ
import ij.ImagePlus
import ij.gui.Roi
import ij.process.ImageProcessor
import org.scijava.Context

/** What a forest finds in the slice that is shown, renewed whenever what is drawn changes: over the image, in colours. */
class Glances implements Closeable {

	private static final String NOTHING = "draw something of two phases"

	final ImagePlus grey
	/** What the last look found, or why there was none. */
	volatile String told = NOTHING
	private final Context context
	private final Strokes strokes
	private final List<String> names
	// Whether somebody wants to see it; what a look finds too late is not shown.
	private volatile boolean wanted = true
	/** Whether Python had other work at the last look. */
	volatile boolean busy
	private volatile Object seen

	/** Takes the names of the phases 1, 2, ...; what has none is called by its number. */
	Glances(Context context, ImagePlus grey, Strokes strokes, List<String> names) {
		Images.check(grey)
		this.context = context
		this.grey = grey
		this.strokes = strokes
		this.names = names
	}

	/** Lets Python load what a look needs while somebody still draws; the first look tells what is wrong with it. */
	void prepare() {
		try {
			new Door(context).call("rehearse", [:], [wanted: { wanted && isOpen() }])
		}
		catch (Problem toldLater) {
			return
		}
	}

	/** Looks again where something changed since; whether it did. What goes wrong is told, whatever it is. */
	boolean renew() {
		boolean began = false
		try {
			Object now = [grey.currentSlice, strokes.state()]
			if (now == seen) return false
			seen = now
			began = true
			busy = false
			look()
		}
		catch (Throwable problem) {
			// Somebody asked for another look meanwhile: that one tells.
			if (began && seen == null) return false
			Preview.clear(grey)
			told = !isOpen() ? "an image was closed" : wanted ? reason(problem) : ""
		}
		return true
	}

	private void look() {
		Map<Integer, ImageProcessor> drawn = strokes.drawn()
		String remark = strokes.remark(names)
		if (drawn.isEmpty()) {
			Preview.clear(grey)
			told = [NOTHING, remark].findAll().join("; ")
			return
		}
		Lessons.checkSize(drawn.size(), [grey, strokes.image].findAll() as ImagePlus[])
		Door door = new Door(context)
		File folder = File.createTempDir("electrodej", "glance")
		try {
			int slice = grey.currentSlice
			File file = new File(folder, "found.tif")
			List<ImageProcessor> taught = drawn.keySet().collect { grey.getStack().getProcessor(it) }
			Map found = door.call("glance", [
				grey: sent(door, "grey", taught), drawn: sent(door, "drawn", drawn.values() as List),
				shown: sent(door, "shown", [grey.getStack().getProcessor(slice)]), out: file.path,
			], [wanted: { wanted }])
			if (found.busy) {
				// Again as soon as it can be.
				seen = null
				busy = true
				told = "Python is at work for something else; the colours come when that has ended"
				return
			}
			if (wanted && isOpen() && grey.currentSlice == slice) Preview.lay(grey, IJ.openImage(file.path).getProcessor(), slice)
			// Nobody wanted it any more while it was laid.
			if (!wanted) Preview.clear(grey)
			String doubt = found.x == null ? null
				: "most in doubt at x = " + found.x + ", y = " + found.y + ": " + called(found.one) + " or " + called(found.other) + "?"
			told = [doubt, remark].findAll().join("; ")
		}
		finally {
			door.images.close()
			folder.deleteDir()
		}
	}

	/** What a person is told of a failure. */
	static String reason(Throwable problem) {
		if (problem instanceof Problem) return problem.message
		if (problem instanceof OutOfMemoryError) return "there is not enough memory; give ImageJ more in Edit > Options > Memory & Threads"
		return "this failed (" + problem + ")"
	}

	private String called(Number phase) {
		return names[phase.intValue() - 1] ?: "phase " + phase
	}

	/** Looks again next time, whatever changed. */
	void forget() {
		seen = null
		strokes.forget()
	}

	boolean isWanted() {
		return wanted
	}

	/** Shows the colours from now on, or takes them away; a look that is under way is given up then. */
	void setWanted(boolean shown) {
		wanted = shown
		if (shown) forget()
		else Preview.clear(grey)
	}

	/** Whether the images still have their pixels. */
	boolean isOpen() {
		return Tables.isOpen(grey) && (strokes.image == null || Tables.isOpen(strokes.image))
	}

	/** Makes the selection of the image part of a phase, from 1: in the ROI Manager or in the label image. */
	void mark(int phase) {
		if (!isOpen()) throw new Problem("an image was closed; open it and start Label With Forest again")
		ImagePlus on = [grey, strokes.image].find { it?.roi != null }
		if (on == null) throw new Problem("select something on " + grey.title + " first, with any tool")
		Roi roi = (Roi) on.roi.clone()
		if (roi.line) roi = Roi.convertLineToArea(roi)
		if (!Rois.isArea(roi)) throw new Problem("the selection has no area; draw with another tool, such as the freehand line")
		strokes.add(roi, on.currentSlice, phase)
		on.deleteRoi()
	}

	private static Map sent(Door door, String name, List<ImageProcessor> planes) {
		return door.images.argument(Images.ofPlanes(name, planes), null, name)
	}

	@Override
	void close() {
		setWanted(false)
	}
}
