package electrodej

import ij.IJ
import ij.ImagePlus
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
		Preview preview = new Preview(images*.remove("open") as List<ImagePlus>, images*.remove("slices") as List<List<Integer>>)
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

	/**
	 * The images to learn from, each with what was drawn on it, the open image that is meant, and which of its slices are
	 * sent, null for all.
	 *
	 * Slices that nothing is drawn on teach nothing. They stay where they are: a volume may be too large to be sent.
	 */
	private List<Map> lessons(Map given, String network) {
		if (given.from == "Label image") {
			boolean open = !Images.isGiven(given.greyFile) && !Images.isGiven(given.labelFile)
			// Slices that ImageJ reads as they are needed are not looked through: all of them might not fit into memory.
			boolean looked = open && areAlike(given.grey, given.labels) && !given.labels.getStack().virtual
			Map<Integer, ImageProcessor> planes = looked ? labelled(given.labels) : [:]
			if (looked && planes.isEmpty()) throw new Problem("nothing is drawn on " + given.labels.title)
			if (planes.isEmpty() || !areSmall(planes.size(), given.grey, given.labels)) {
				return [[
					grey : door.image(given.grey, given.greyFile, "grey image"),
					drawn: door.image(given.labels, given.labelFile, "label image"),
					open : door.used(given.grey),
				]]
			}
			return [sent(given.grey, given.labels.title, planes, "label image")]
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
		Images.check(image)
		Map<Integer, ImageProcessor> planes = planes(areas, image, network != "stardist")
		checkSize(planes.size(), image)
		return sent(image, "drawn on " + image.title, planes, "drawing")
	}

	/** The slices that something is drawn on, as Python takes them. */
	private Map sent(ImagePlus image, String title, Map<Integer, ImageProcessor> planes, String role) {
		ImagePlus grey = Images.ofPlanes(image.title, planes.keySet().collect { image.getStack().getProcessor(it) })
		ImagePlus drawn = Images.ofPlanes(title, planes.values() as List)
		[grey, drawn].each { it.copyScale(image) }
		return [grey: door.image(grey, null, "grey image"), drawn: door.image(drawn, null, role), open: image, slices: planes.keySet() as List]
	}

	/** Whether two open images are volumes of one size. */
	private static boolean areAlike(ImagePlus grey, ImagePlus labels) {
		List<ImagePlus> both = [grey, labels]
		return both.every { Images.orNull(it) != null && it.NChannels == 1 && it.NFrames == 1 && it.type != ImagePlus.COLOR_RGB } &&
			both.collect { [it.width, it.height, it.stackSize] }.toSet().size() == 1 && grey != labels
	}

	/** Stops where so many slices of an image, and of the one that is drawn in, cannot be shared with Python. */
	static void checkSize(int slices, ImagePlus... images) {
		if (areSmall(slices, images)) return
		throw new Problem(slices + " slices of " + images[0].title + " are drawn on, which are too large to be sent (2 GiB); draw on fewer")
	}

	/** Whether so many slices of each image, and what is drawn on them with 16 bits, can be shared with Python. */
	private static boolean areSmall(int slices, ImagePlus... images) {
		return images.every { Images.fits(it, slices, Math.max(16, it.bitDepth)) }
	}

	/** The slices of a label image that have labels. */
	static Map<Integer, ImageProcessor> labelled(ImagePlus labels) {
		Map<Integer, ImageProcessor> planes = new TreeMap<>()
		for (int slice = 1; slice <= labels.stackSize; slice++) {
			ImageProcessor plane = labels.getStack().getProcessor(slice)
			if (isMarked(plane)) planes[slice] = plane
		}
		return planes
	}

	/** Whether a slice of a label image has labels. */
	static boolean isMarked(ImageProcessor plane) {
		return plane.statistics.max > 0
	}

	/**
	 * The slices that something is drawn on, with numbers: each selection another one, or where classes are told apart the
	 * group of each (Edit > Selection > Properties), 1 where it has none.
	 */
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
