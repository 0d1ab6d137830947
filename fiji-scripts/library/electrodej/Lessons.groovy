package electrodej

import ij.IJ
import ij.ImagePlus
import ij.ImageStack
import ij.WindowManager
import ij.gui.Roi
import ij.plugin.frame.RoiManager
import ij.process.ImageProcessor
import ij.process.ShortProcessor
import java.awt.GraphicsEnvironment

/** Training a network from what a person drew on open images. */
class Lessons {

	static final Map<String, String> NETWORKS = [
		"Particles (StarDist)": "stardist", "Cracks, or one other thing (U-Net)": "unet", "Phases (LRCS-Net)": "lrcs",
		"Phases, in seconds (forest)": "forest",
	]
	private static final Map<String, String> BUNDLED = [stardist: "nmc-particles", unet: "nmc-cracks", lrcs: "nmc-phases", forest: ""]

	private final Door door

	Lessons(Door door) {
		this.door = door
	}

	/** Trains, shows how it goes, and says how to use what was learnt. Escape ends it and keeps the best network. */
	Map learn(Map given) {
		String network = NETWORKS[given.network]
		if (network == null) throw new Problem(given.network + " is no network that learns here; there are: " + NETWORKS.keySet().join(", "))
		String init = Images.isGiven(given.init) ? given.init.path : given.start == "The bundled model" ? BUNDLED[network] : ""
		File enough = File.createTempFile("electrodej", ".enough")
		enough.delete()
		Curve curve = new Curve("Training of " + given.name)
		List<Map> images = lessons(given, network)
		Preview preview = new Preview(images*.remove("open") as List<ImagePlus>)
		try {
			Map found = door.call("learn", [
				network: network, images: images, name: given.name, folder: Python.models().path, init: init, names: given.names,
				voxelSize: door.voxelSize(given.voxelSize), epochs: given.epochs, steps: given.steps, patch: given.patch,
				patience: given.patience, enough: enough.path, preview: preview.folder.path, replace: given.replace,
			], [heard: { curve.hear(it); preview.look() }, enough: { enough.createNewFile() }])
			IJ.log("ElectrodeJ: " + found.command)
			return found
		}
		finally {
			enough.delete()
			preview.close()
		}
	}

	/** The images to learn from, each with what was drawn on it, and the open image that is meant. */
	private List<Map> lessons(Map given, String network) {
		if (given.from == "Label image") {
			return [[
				grey : door.image(given.grey, given.greyFile, "grey image"),
				drawn: door.image(given.labels, given.labelFile, "label image"),
				open : door.used(given.grey),
			]]
		}
		if (given.from == "ROI Manager") {
			ImagePlus image = Images.meant(given.grey, given.greyFile, "grey image")
			Roi[] rois = RoiManager.instance?.roisAsArray ?: new Roi[0]
			return [lesson(image, rois as List, network)]
		}
		List<ImagePlus> open = (WindowManager.IDList ?: new int[0]).collect { WindowManager.getImage(it) }
		List<ImagePlus> drawnOn = open.findAll { it.overlay != null && it.overlay.toArray().any { Rois.isArea(it) } }
		return drawnOn.collect { lesson(it, it.overlay.toArray() as List, network) }
	}

	private Map lesson(ImagePlus image, List<Roi> rois, String network) {
		List<Roi> areas = rois.findAll { Rois.isArea(it) }
		if (areas.isEmpty()) {
			throw new Problem("nothing is drawn on " + image.title + "; outline things, and add each to the ROI Manager with T")
		}
		Map sent = [grey: door.image(image, null, "grey image"), drawn: door.image(drawn(areas, image, network != "stardist"), null, "drawing")]
		return sent + [open: image]
	}

	/**
	 * What was drawn as numbers: each selection another one, or where classes are told apart the group of each
	 * (Edit > Selection > Properties), 1 where it has none.
	 */
	static ImagePlus drawn(List<Roi> rois, ImagePlus image, boolean classes) {
		Map<Integer, ImageProcessor> planes = planes(rois, image, classes)
		// Slices that nothing is drawn on share their pixels: a large volume has many.
		ImageProcessor empty = new ShortProcessor(image.width, image.height)
		ImageStack stack = new ImageStack(image.width, image.height)
		for (int slice = 1; slice <= image.stackSize; slice++) stack.addSlice(planes[slice] ?: empty)
		ImagePlus made = new ImagePlus("drawn on " + image.title, stack)
		made.copyScale(image)
		made.setDimensions(1, image.stackSize, 1)
		return made
	}

	/** The slices that something is drawn on, as `drawn` numbers it. */
	static Map<Integer, ImageProcessor> planes(List<Roi> rois, ImagePlus image, boolean classes) {
		if (rois.size() > 65535) throw new Problem("there are more than 65535 selections, too many for a 16-bit image")
		Map<Integer, ImageProcessor> planes = new TreeMap<>()
		rois.eachWithIndex { roi, at ->
			int slice = Rois.slice(roi, image)
			if (slice > image.stackSize) throw new Problem("the selection " + (roi.name ?: at + 1) + " lies on slice " + slice + ", and " + image.title + " has " + image.stackSize)
			ImageProcessor plane = planes.computeIfAbsent(slice) { new ShortProcessor(image.width, image.height) }
			plane.setValue(classes ? Math.max(1, roi.group) : at + 1)
			plane.fill(roi)
		}
		return planes
	}
}
