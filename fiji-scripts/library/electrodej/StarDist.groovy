package electrodej

import groovy.json.JsonException
import groovy.json.JsonSlurper
import ij.IJ
import ij.ImagePlus
import ij.ImageStack
import ij.process.FloatProcessor
import ij.process.ImageProcessor
import ij.process.ShortProcessor
import java.util.concurrent.ExecutionException
import org.scijava.Context

/** Fiji's own StarDist plugin, section by section, with the thresholds of a model's sidecar. */
class StarDist {

	private static final String PLUGIN = "de.csbdresden.stardist.StarDist2D"
	private static final String REMEDY = "tick the update sites CSBDeep, StarDist and TensorFlow in Help > Update... and restart Fiji, " +
		"or let Python do it"
	// Pixels that the plugin's tiles overlap; a network that looks farther shows seams in large images.
	private static final int OVERLAP = 64
	private static final double SAME_SIZE = 0.25

	private final Context context
	private final Door door

	StarDist(Context context, Door door) {
		this.context = context
		this.door = door
	}

	/** What the menu command asks for: an image or its file in, labels out, saved if wanted. */
	ImagePlus segmented(ImagePlus grey, File greyFile, String model, String view, String voxelSize, File out, boolean replace) {
		if (view != "xy") throw new Problem("Fiji's StarDist plugin sees xy sections only; let Python do the others")
		boolean saved = out != null && !out.path.trim().isEmpty()
		if (saved) Images.checkTarget(out, replace)
		ImagePlus image = grey ?: Images.open(greyFile, "grey image")
		ImagePlus labels = sections(image, model)
		Images.calibrate(labels, voxelSize)
		if (saved) Images.save(labels, out, replace)
		return labels
	}

	/**
	 * The outlines of all sections, numbered on from section to section.
	 *
	 * The plugin takes single images and series in time, and its own numbers wrap at 65535: so it gets one section
	 * after the other. More outlines than a 16-bit image can hold make a 32-bit one.
	 */
	ImagePlus sections(ImagePlus grey, String model, Map<String, Object> changed = [:]) {
		if (grey == null) throw new Problem("there is no grey image; open one, or give its file")
		Images.check(grey)
		Class plugin = plugin()
		File zip = zip(model)
		Map settings = settings(zip) + changed.findAll { it.value != null }
		warn(grey, settings)
		int depth = grey.stackSize
		List<ImageProcessor> planes = []
		long highest = 0
		IJ.resetEscape()
		try {
			for (int z = 1; z <= depth; z++) {
				if (IJ.escapePressed() || Thread.interrupted()) throw new Problem("cancelled")
				door.showProgress("StarDist in Fiji, section " + z + " of " + depth, z - 1, depth)
				FloatProcessor found = labelled(plugin, grey, z, zip, settings).convertToFloatProcessor()
				highest = numberedOn(found, highest)
				planes << found
			}
		}
		finally {
			door.clearProgress()
		}
		return image(planes, highest, grey, zip)
	}

	/** Whether the plugin is in this Fiji. */
	static boolean isHere() {
		try {
			return Class.forName(PLUGIN) != null
		}
		catch (ClassNotFoundException | LinkageError missing) {
			return false
		}
	}

	/** The zip that a user means: a file, a model's folder, or the name of a model that was installed into this Fiji. */
	static File zip(String model) {
		String named = model?.trim()
		if (!named) throw new Problem("no model was given; choose a zip made by electrodej export")
		File place = new File(named)
		if (!place.exists() && Python.fiji() != null) place = new File(Python.fiji(), "models/ElectrodeJ/" + named)
		File found = place.directory ? new File(place, "model.zip") : place
		if (found.file && found.name.toLowerCase().endsWith(".zip")) return found.absoluteFile
		throw new Problem("there is no model " + named + " for Fiji; give a zip made by electrodej export, or install ElectrodeJ's models " +
			"with: electrodej fiji install FIJI_FOLDER")
	}

	/** Thresholds and percentiles from the file NAME.json beside NAME.zip. */
	static Map<String, Object> settings(File zip) {
		File sidecar = new File(zip.path.replaceFirst(/(?i)\.zip$/, ".json"))
		if (!sidecar.file) throw new Problem(sidecar.path + " is missing; it has the model's thresholds, and electrodej export writes it")
		Map read
		try {
			read = (Map) new JsonSlurper().parse(sidecar, "UTF-8")
		}
		catch (JsonException | ClassCastException error) {
			throw new Problem(sidecar.path + " cannot be read; write it anew with electrodej export")
		}
		if (read.kind != "stardist") throw new Problem(zip.path + " is no StarDist model (" + read.kind + ")")
		return [
			probability: (read.probability_threshold ?: 0.5) as double, overlap: (read.overlap_threshold ?: 0.4) as double,
			percentiles: (read.percentiles ?: [1, 99.8])*.toDouble(), context: (read.context ?: 0) as int,
			spacing: read.spacing*.toDouble(),
		]
	}

	private static Class plugin() {
		if (!isHere()) throw new Problem("this Fiji has no StarDist plugin; " + REMEDY)
		return Class.forName(PLUGIN)
	}

	private static void warn(ImagePlus grey, Map settings) {
		if (settings.context > OVERLAP && Math.max(grey.width, grey.height) > 2048) {
			IJ.log("ElectrodeJ: the model looks " + settings.context + " pixels far and the plugin's tiles overlap by " + OVERLAP +
				"; if it cuts " + grey.title + " into tiles there may be seams, which Python does not leave")
		}
		def trained = settings.spacing
		if (trained == null || !grey.calibration.scaled()) return
		double scale = Images.micrometres(grey.calibration.pixelWidth, grey.calibration.unit) / trained[2]
		if (Math.abs(scale - 1) > SAME_SIZE) {
			IJ.log("ElectrodeJ: the model was trained on pixels of " + trained[2] + " um and those of " + grey.title + " are " +
				String.format(Locale.ROOT, "%.2f", scale) + " times as large; Python brings them to the model's size, the plugin does not")
		}
	}

	private ImageProcessor labelled(Class plugin, ImagePlus grey, int slice, File zip, Map settings) {
		def convert = context.service("org.scijava.convert.ConvertService")
		ImagePlus section = new ImagePlus("section " + slice, grey.getStack().getProcessor(slice).duplicate())
		def input = convert.convert(section, Class.forName("net.imagej.Dataset"))
		if (input == null) throw new Problem("this ImageJ cannot hand images to StarDist; use a whole Fiji, or let Python do it")
		Map<String, Object> values = [
			input: input, modelChoice: "Model (.zip) from File", modelFile: zip, normalizeInput: true,
			percentileBottom: settings.percentiles[0], percentileTop: settings.percentiles[1],
			probThresh: settings.probability, nmsThresh: settings.overlap,
			// Its other outputs want a screen, and empty the user's ROI Manager.
			outputType: "Label Image", nTiles: 1, excludeBoundary: 2, roiPosition: "Automatic",
			verbose: false, showCsbdeepProgress: false, showProbAndDist: false,
		]
		def found
		try {
			found = context.service("org.scijava.command.CommandService").run(plugin, false, values).get().getOutput("label")
		}
		catch (ExecutionException error) {
			throw new Problem("Fiji's StarDist plugin failed (" + (error.cause ?: error) + "); " + REMEDY)
		}
		if (found == null) throw new Problem("Fiji's StarDist plugin gave no labels; its own message is in the log. You can " + REMEDY)
		return convert.convert(found, ImagePlus).getStack().getProcessor(1)
	}

	/** Adds what was counted before to every label, and returns the highest. */
	private static long numberedOn(FloatProcessor found, long before) {
		float[] labels = (float[]) found.pixels
		float most = 0
		for (int at = 0; at < labels.length; at++) {
			if (labels[at] == 0f) continue
			if (labels[at] > most) most = labels[at]
			labels[at] = (float) (labels[at] + before)
		}
		return before + (long) most
	}

	private static ImagePlus image(List<ImageProcessor> planes, long highest, ImagePlus like, File zip) {
		ImageStack stack = new ImageStack(like.width, like.height)
		planes.each { plane ->
			// Not by ImageJ's own conversion, which may scale.
			stack.addSlice(highest > 65535 ? plane : new ShortProcessor(plane.width, plane.height).tap { whole ->
				short[] to = (short[]) whole.pixels
				float[] from = (float[]) plane.pixels
				for (int at = 0; at < to.length; at++) to[at] = (short) (int) from[at]
			})
		}
		ImagePlus made = new ImagePlus("labels of " + like.title, stack)
		made.copyScale(like)
		made.setDimensions(1, planes.size(), 1)
		Images.paint(made, highest)
		made.setProperty("Info", "Outlined section by section in Fiji's StarDist plugin with " + zip.path)
		return made
	}
}
