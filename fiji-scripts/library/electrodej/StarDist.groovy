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
import java.util.concurrent.Future
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import org.scijava.Context

/**
 * Fiji's own StarDist plugin, section by section, with the thresholds of a model's sidecar.
 *
 * The plugin's dialog calls two commands, CSBDeep's network and its own choice of outlines, and fixes what they are
 * told of borders and tiles: sides in multiples of 64, tiles that overlap by 64, outlines from 2 pixels off the border.
 * StarDist in Python does otherwise. Here the same two commands are told what Python does, so that both find the same.
 */
class StarDist {

	private static final String NETWORK = "de.csbdresden.csbdeep.commands.GenericNetwork"
	private static final String OUTLINES = "de.csbdresden.stardist.StarDist2DNMS"
	private static final String NORMALIZER = "de.csbdresden.csbdeep.normalize.PercentileNormalizer"
	private static final String REMEDY = "tick the update sites CSBDeep, StarDist and TensorFlow in Help > Update... and restart Fiji, " +
		"or let Python do it"
	private static final String NOT_INTEL = "Fiji's StarDist plugin needs TensorFlow 1.15, which exists for Intel processors only; " +
		"choose Python in the field Works in"
	// Models in the list, and kinds of models, that are no networks for the plugin.
	private static final List<String> PYTHON_ALONE = ["nmc-particles-3d", "nmc-regions", "watershed", "maskrcnn", "stardist3d"]
	// Pixels that go through the network at once.
	private static final long TILE = 1L << 22
	// Numbers that the network gives at once, 128 MiB: as many sections as that holds.
	private static final long AT_ONCE = 1L << 25
	private static final long LOOK_MS = 50
	// Cells of the network's grid at the border of what the network sees in which no outline starts.
	private static final int RIM = 2
	private static final double SAME_SIZE = 0.25

	private final Context context
	private final Door door

	StarDist(Context context, Door door) {
		this.context = context
		this.door = door
	}

	/** Stops at what the plugin cannot run, whoever exports it. */
	private static void checkKind(String model) {
		File note = new File(model ?: "", "electrodej.json")
		def kind = note.file ? note.getText("UTF-8") =~ /"kind"\s*:\s*"(\w+)"/ : null
		if (model?.trim() in PYTHON_ALONE || (kind && kind[0][1] in PYTHON_ALONE)) {
			throw new Problem(model + " runs in Python alone; choose Python in the field Works in")
		}
	}

	/** What the menu command asks for: an image or its file in, labels out, saved if wanted. */
	ImagePlus segmented(ImagePlus grey, File greyFile, String model, String view, String voxelSize, File out, boolean replace, Map<String, Object> further) {
		checkKind(model)
		if (view != "xy") throw new Problem("Fiji's StarDist plugin sees xy sections only; let Python do the others")
		if (further.scale?.trim()) throw new Problem("Fiji's StarDist plugin takes sections as large as they are; let Python enlarge them")
		if (further.intact) throw new Problem("Fiji's StarDist plugin leaves no cracks out of its outlines; let Python do it")
		if (further.refine?.trim()) throw new Problem("Fiji's StarDist plugin moves no borders to the edges in the grey volume; let Python refine them")
		Map<String, Object> changed = [probability: share(further.probabilityThreshold), overlap: share(further.overlapThreshold)]
		boolean saved = Images.isGiven(out)
		if (saved) Images.checkTarget(out, replace)
		ImagePlus image = Images.meant(grey, greyFile, "grey image")
		ImagePlus labels = sections(image, model, changed)
		Images.calibrate(labels, voxelSize)
		if (saved) Images.save(labels, out, replace)
		return labels
	}

	private static Double share(String typed) {
		if (!typed?.trim()) return null
		if (!typed.trim().isDouble() || !(typed.toDouble() >= 0 && typed.toDouble() <= 1)) {
			throw new Problem(typed + " is no threshold; give a number from 0 to 1")
		}
		return typed.toDouble()
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
		if (!(System.getProperty("os.arch") in Builder.INTEL)) throw new Problem(NOT_INTEL)
		if (!isHere()) throw new Problem("this Fiji has no StarDist plugin; " + REMEDY)
		File zip = zip(model)
		Map settings = settings(zip) + changed.findAll { it.value != null }
		warn(grey, settings)
		int depth = grey.stackSize
		List<ImageProcessor> planes = []
		long highest = 0
		try {
			int most = (int) Math.max(1L, AT_ONCE.intdiv((long) grey.width * grey.height * (settings.rays + 1)))
			for (int first = 1; first <= depth; first += most) {
				int last = Math.min(first + most - 1, depth)
				door.showProgress("StarDist in Fiji, section " + first + " of " + depth, first - 1, depth)
				ImagePlus both = predicted(grey, first, last, zip, settings)
				for (int z = first; z <= last; z++) {
					FloatProcessor found = labelled(both, z - first + 1, settings).convertToFloatProcessor()
					highest = numberedOn(found, highest)
					planes << found
				}
			}
		}
		finally {
			door.clearProgress()
		}
		return image(planes, highest, grey, zip)
	}

	/** Whether the plugin and CSBDeep are in this Fiji. */
	static boolean isHere() {
		try {
			return [NETWORK, OUTLINES].every { Class.forName(it) != null }
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
		if (!place.exists()) place = new File(Python.models(), named)
		File found = place.directory ? new File(place, "model.zip") : place
		if (found.file && found.name.toLowerCase().endsWith(".zip")) return found.absoluteFile
		throw new Problem("there is no model " + named + " for Fiji; give a zip made by electrodej export, or install ElectrodeJ's models " +
			"with: electrodej fiji install FIJI_FOLDER")
	}

	/** Thresholds, percentiles and sizes from the file NAME.json beside NAME.zip. */
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
			probability: (read.probability_threshold == null ? 0.5 : read.probability_threshold) as double,
			overlap: (read.overlap_threshold == null ? 0.4 : read.overlap_threshold) as double,
			percentiles: (read.percentiles ?: [1, 99.8])*.toDouble(), context: (read.context ?: 192) as int,
			divisor: (read.size_divisor ?: 64) as int, grid: (read.grid ?: [1, 1])*.toInteger(),
			spacing: read.spacing*.toDouble(), rays: (read.rays ?: 32) as int,
		]
	}

	private static void warn(ImagePlus grey, Map settings) {
		def trained = settings.spacing
		if (trained == null || !Images.isCalibrated(grey)) return
		double scale = Images.micrometres(grey.calibration.pixelWidth, grey.calibration.unit) / trained[2]
		if (Math.abs(scale - 1) > SAME_SIZE) {
			IJ.log("ElectrodeJ: the model was trained on pixels of " + trained[2] + " um and those of " + grey.title + " are " +
				String.format(Locale.ROOT, "%.2f", scale) + " times as large; Python brings them to the model's size, the plugin does not")
		}
	}

	/** The outlines of a section, of what the network gave for several: frame by frame the probability, and behind it the rays. */
	private ImageProcessor labelled(ImagePlus predicted, int frame, Map settings) {
		int channels = predicted.stackSize.intdiv(predicted.NFrames)
		int start = (frame - 1) * channels
		ImageStack rays = new ImageStack(predicted.width, predicted.height)
		for (int n = 2; n <= channels; n++) rays.addSlice(predicted.getStack().getProcessor(start + n))
		ImagePlus distances = new ImagePlus("distances", rays)
		distances.setDimensions(rays.size(), 1, 1)
		ImagePlus chances = new ImagePlus("probability", inside(predicted.getStack().getProcessor(start + 1), settings))
		return done(OUTLINES, "label", [
			prob: dataset(chances), dist: dataset(distances),
			probThresh: settings.probability, nmsThresh: settings.overlap,
			// Its other outputs want a screen, and empty the user's ROI Manager.
			outputType: "Label Image", excludeBoundary: 0, roiPosition: "Stack", verbose: false,
		]).getStack().getProcessor(1)
	}

	/** What the network gives for some sections, which it is set up once for: they are time points to it. */
	private ImagePlus predicted(ImagePlus grey, int first, int last, File zip, Map settings) {
		if (!Tables.isOpen(grey)) throw new Problem(grey.title + " was closed; open it and try again")
		ImageStack frames = new ImageStack(grey.width, grey.height)
		for (int z = first; z <= last; z++) frames.addSlice(normalised(grey.getStack().getProcessor(z), settings))
		ImagePlus sections = new ImagePlus("sections " + first + " to " + last, frames)
		sections.setDimensions(1, 1, frames.size())
		int step = settings.divisor
		ImagePlus found = done(NETWORK, "output", [
			input: dataset(sections), modelFile: zip, normalizeInput: false,
			nTiles: (int) Math.ceil(grey.width * (double) grey.height / TILE), blockMultiple: step,
			// A tile that sees as much of its neighbours as the network looks leaves no seam.
			overlap: step * (int) Math.ceil(settings.context / (double) step),
			batchSize: 1, showProgressDialog: false,
		])
		found.setDimensions(found.stackSize.intdiv(frames.size()), 1, frames.size())
		return found
	}

	/** A section as the network would make it for itself; of several, it would take them for one image. */
	private ImageProcessor normalised(ImageProcessor section, Map settings) {
		def scaler = Class.forName(NORMALIZER).getConstructor().newInstance()
		scaler.setup(settings.percentiles as float[], [0f, 1f] as float[], false)
		def made = scaler.normalize(dataset(new ImagePlus("section", section.duplicate())),
			context.service("net.imagej.ops.OpService"), context.service("net.imagej.DatasetService"))
		return asImage(made).getProcessor().convertToFloat()
	}

	/** The probability without the rim in which Python starts no outline either. */
	private static FloatProcessor inside(ImageProcessor chances, Map settings) {
		FloatProcessor kept = (FloatProcessor) chances.convertToFloat().duplicate()
		int step = settings.divisor
		int top = RIM * settings.grid[0]
		int left = RIM * settings.grid[1]
		// The network sees the section enlarged to whole steps, and the rim is that of the enlarged one.
		int bottom = step * (int) Math.ceil(kept.height / (double) step) - top
		int right = step * (int) Math.ceil(kept.width / (double) step) - left
		for (int y = 0; y < kept.height; y++) {
			boolean out = y < top || y >= bottom
			for (int x = 0; x < kept.width; x++) if (out || x < left || x >= right) kept.setf(x, y, 0f)
		}
		return kept
	}

	private Object dataset(ImagePlus image) {
		def made = context.service("org.scijava.convert.ConvertService").convert(image, Class.forName("net.imagej.Dataset"))
		if (made == null) throw new Problem("this ImageJ cannot hand images to StarDist; use a whole Fiji, or let Python do it")
		return made
	}

	/** Runs a command of the plugin's and returns one of its outputs as an image. */
	private ImagePlus done(String command, String output, Map<String, Object> values) {
		def found
		try {
			def commands = context.service("org.scijava.command.CommandService")
			found = waited(commands.run(Class.forName(command), false, values)).getOutput(output)
		}
		catch (ExecutionException error) {
			throw new Problem("Fiji's StarDist plugin failed (" + (error.cause ?: error) + "); " + REMEDY)
		}
		if (found == null) throw new Problem("Fiji's StarDist plugin gave no labels; its own message is in the log. You can " + REMEDY)
		return asImage(found)
	}

	private ImagePlus asImage(Object found) {
		return (ImagePlus) context.service("org.scijava.convert.ConvertService").convert(found, ImagePlus)
	}

	/** What a command of the plugin's made; Escape does not wait for it. */
	private static Object waited(Future<?> work) {
		while (true) {
			try {
				return work.get(LOOK_MS, TimeUnit.MILLISECONDS)
			}
			catch (TimeoutException ignored) {
				if (!IJ.escapePressed() && !Thread.currentThread().interrupted) continue
				work.cancel(true)
				throw new Problem("cancelled")
			}
		}
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
		ImagePlus made = new ImagePlus(Images.named(like, null, "particles"), stack)
		made.copyScale(like)
		made.setDimensions(1, planes.size(), 1)
		Images.paint(made, highest)
		made.setProperty("Info", "Outlined section by section in Fiji's StarDist plugin with " + zip.path)
		return made
	}
}
