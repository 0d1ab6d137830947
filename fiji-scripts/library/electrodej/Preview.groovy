package electrodej

import ij.IJ
import ij.ImagePlus
import ij.gui.ImageRoi
import ij.gui.Overlay
import ij.process.ImageProcessor

/** What is found meanwhile, in colours over the image that was drawn on. What else lies over it stays. */
class Preview implements Closeable {

	private static final String NAME = "ElectrodeJ preview"
	private static final double OPACITY = 0.4

	/** Where Python writes IMAGE-SLICE.tif: the number of an image, from 0, and of the slice of what it has, from 1. */
	final File folder = File.createTempDir("electrodej", "preview")
	private final List<ImagePlus> images
	private final List<List<Integer>> slices
	private String seen

	/** Takes the images in their order, null for one that is not open, and which slices Python has of each, null for all. */
	Preview(List<ImagePlus> images, List<List<Integer>> slices) {
		this.images = images
		this.slices = slices
	}

	/** Shows what Python wrote since. */
	void look() {
		File newest = folder.listFiles()?.findAll { it.name ==~ /\d+-\d+\.tif/ }?.max { it.lastModified() }
		String now = newest == null ? null : newest.name + newest.lastModified()
		if (now == null || now == seen) return
		boolean first = seen == null
		seen = now
		List<Integer> which = newest.name.replace(".tif", "").split("-")*.toInteger()
		ImagePlus image = which[0] < images.size() ? images[which[0]] : null
		ImagePlus found = IJ.openImage(newest.path)
		if (image == null || found == null || !Tables.isOpen(image)) return
		List<Integer> sent = slices[which[0]]
		int slice = sent == null ? which[1] : sent[which[1] - 1]
		if (first && image.window != null) image.setSlice(slice)
		lay(image, found.getProcessor(), slice)
	}

	/** Lays numbers over a slice of an image, each in its colour; where there is 0 the image shows. */
	static void lay(ImagePlus image, ImageProcessor found, int slice) {
		ImagePlus painted = new ImagePlus("", found)
		Images.paint(painted, 255)
		// Neighbours with numbers that follow on one another still differ: the colours come round.
		ImageProcessor colours = found.duplicate()
		for (int at = 0; at < colours.pixelCount; at++) {
			int label = (int) found.getf(at)
			colours.setf(at, label == 0 ? 0 : 1 + (label - 1) % 255)
		}
		painted.setProcessor(colours)
		painted.setDisplayRange(0, 255)
		ImageRoi roi = new ImageRoi(0, 0, painted.getProcessor().convertToRGB())
		roi.setZeroTransparent(true)
		roi.setOpacity(OPACITY)
		roi.setName(NAME)
		roi.setPosition(image.stackSize > 1 ? slice : 0)
		Overlay overlay = image.overlay ?: new Overlay()
		overlay.remove(NAME)
		overlay.add(roi)
		image.setOverlay(overlay)
	}

	/** Takes it away from an image. */
	static void clear(ImagePlus image) {
		if (image?.overlay == null) return
		image.overlay.remove(NAME)
		image.updateAndDraw()
	}

	@Override
	void close() {
		images.each { clear(it) }
		folder.deleteDir()
	}
}
