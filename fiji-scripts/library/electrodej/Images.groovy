package electrodej

import ij.IJ
import ij.ImagePlus
import ij.ImageStack
import ij.VirtualStack
import ij.io.FileSaver
import ij.measure.Calibration
import ij.process.ImageProcessor
import ij.process.LUT
import java.lang.reflect.InvocationTargetException
import java.nio.ByteOrder
import java.util.stream.IntStream

/** Hands ImageJ's images to the worker: in shared memory, or by path where they are too large for it. */
class Images implements Closeable {

	private static final int LONGEST_NAME = 100
	// What Python takes for a slice in a folder.
	private static final String SLICE = /(?i)[^.].*\.(tiff?|png|bmp|jpe?g)/

	// Python's; see is_print_resolution.
	private static final List<Integer> PRINT_DPI = [72, 75, 90, 96, 100, 120, 144, 150, 180, 200, 240, 300, 360, 400, 600, 720, 1200]

	private final List shared = []

	/**
	 * An image as the worker takes it: a file where one is given, for an open image is always chosen, or else that one.
	 *
	 * Voxels go over in the order ZYX, in one copy, with the calibration as it stands.
	 */
	Map argument(ImagePlus image, File file, String role) {
		if (isGiven(file) || orNull(image) == null) return [file: given(file, role).absolutePath]
		List<Integer> planes = Axes.planes(image)
		Calibration size = image.calibration
		Map known = [
			title: image.title, voxel: [size.pixelDepth, size.pixelHeight, size.pixelWidth],
			unit: size.scaled() ? [size.ZUnit, size.YUnit, size.XUnit] : "pixel", signed: size.isSigned16Bit(),
		]
		boolean whole = planes.size() == image.stackSize
		// Slices that ImageJ reads as they are needed stay where they are; Python reads them there.
		String place = whole && image.getStack().virtual ? storedAt(image) : null
		if (place != null) return [file: place] + known
		if (!fits(image, planes.size(), image.bitDepth)) return [file: savedFile(image, whole)] + known
		return [array: share(image, planes)] + known
	}

	/** An image, or null for none: for a field left out SciJava may make an empty one of what was chosen last. */
	static ImagePlus orNull(ImagePlus image) {
		return image == null || image.width == 0 ? null : image
	}

	/** The image that is meant: from the file where one is given, or else the open one. */
	static ImagePlus meant(ImagePlus image, File file, String role) {
		return isGiven(file) || orNull(image) == null ? open(file, role) : image
	}

	/** Whether a field for a file was filled in. */
	static boolean isGiven(File file) {
		return file != null && !file.path.trim().isEmpty()
	}

	/** A name for what is made of an image: NAME_particles.tif of NAME.tif. */
	static String named(ImagePlus image, File file, String what) {
		String title = isGiven(file) ? file.name : orNull(image)?.title ?: "electrode"
		String stem = title.replaceFirst(/(?i)\.(ome\.)?(tiff?|zarr|zip|png|gif)$/, "").replaceAll(/[\\\/:*?"<>|\p{Cntrl}]+/, "_").trim()
		return (stem.take(LONGEST_NAME) ?: "electrode") + "_" + what + ".tif"
	}

	/** An image of some slices. */
	static ImagePlus ofPlanes(String title, List<ImageProcessor> planes) {
		ImageStack stack = new ImageStack(planes[0].width, planes[0].height)
		planes.each { stack.addSlice(it) }
		return new ImagePlus(title, stack)
	}

	/** Whether so many slices of an image, with so many bits for a pixel, can be shared with Python. */
	static boolean fits(ImagePlus image, int slices, int bits) {
		return (long) image.width * image.height * slices * bits.intdiv(8) <= limit()
	}

	/** Opens the file that stands for an image. */
	static ImagePlus open(File file, String role) {
		ImagePlus image = IJ.openImage(given(file, role).path)
		if (image == null) throw new Problem(file.path + " is no image that ImageJ can open")
		return image
	}

	private static File given(File file, String role) {
		if (!isGiven(file)) throw new Problem("there is no " + role + "; open one, or give its file")
		if (!file.exists()) throw new Problem("there is no file " + file)
		return file
	}

	/** Calls the body with the file to write: the user's, or one that is thrown away after it was opened. */
	static void written(File file, boolean replace, String name, Closure body) {
		Files.written(file, replace, name, body)
	}

	/** Opens a label image in memory: glasbey colours, display range from 0 to the highest label. */
	static ImagePlus openLabels(File file) {
		if (file == null || !file.file) throw new Problem("there is no image " + (file ?: "open"))
		ImagePlus labels = IJ.openImage(file.path)
		if (labels == null) throw new Problem("the labels in " + file + " cannot be opened")
		return labels
	}

	/** Stops at a file that cannot be written, before the work. */
	static void checkTarget(File file, boolean replace) {
		if (!file.name.toLowerCase().matches(/.+\.tiff?/)) throw new Problem(file.path + " is no name for labels; end it with .tif")
		if (file.exists() && !replace) throw new Problem(file.path + " exists already; tick Replace existing files to replace it")
		if (!file.absoluteFile.parentFile.directory) throw new Problem("there is no folder " + file.absoluteFile.parent)
	}

	/** Writes labels beside their place and renames the file when it is whole. */
	static void save(ImagePlus labels, File file, boolean replace) {
		checkTarget(file, replace)
		File part = File.createTempFile(".electrodej", ".tif", file.absoluteFile.parentFile)
		try {
			// Not IJ.saveAsTiff, which gives the image the name of the file.
			def saver = new FileSaver(labels)
			boolean whole = labels.stackSize > 1 ? saver.saveAsTiffStack(part.path) : saver.saveAsTiff(part.path)
			if (!whole) throw new Problem(file.path + " cannot be written")
			if (replace) file.delete()
			if (!part.renameTo(file)) throw new Problem(file.path + " cannot be written")
		}
		finally {
			part.delete()
		}
	}

	/** Sets the voxel size that a user typed, Z,Y,X in micrometres, if there is any. */
	static void calibrate(ImagePlus image, String voxelSize) {
		if (!voxelSize?.trim()) return
		List<String> sizes = voxelSize.split(",")*.trim()
		if (sizes.size() != 3 || !sizes.every { it.isDouble() && it.toDouble() > 0 }) {
			throw new Problem(voxelSize + " is no voxel size; give three lengths Z,Y,X in micrometres, for example 0.07,0.07,0.07")
		}
		Calibration size = image.calibration
		size.pixelDepth = sizes[0].toDouble()
		size.pixelHeight = sizes[1].toDouble()
		size.pixelWidth = sizes[2].toDouble()
		size.unit = "micron"
		// Or else they keep units of their own.
		size.YUnit = null
		size.ZUnit = null
	}

	/** Gives labels their colours, and shows them from 0 to the highest. */
	static void paint(ImagePlus labels, double highest) {
		byte[] colours = Images.getResourceAsStream("/electrodej/labels.lut").withCloseable { it.bytes }
		labels.setLut(new LUT(colours[0..255] as byte[], colours[256..511] as byte[], colours[512..767] as byte[]))
		labels.setDisplayRange(0, Math.max(1, highest))
	}

	/** Whether an image says its voxel size; ImageJ takes the print resolution of a plain TIFF for one. */
	static boolean isCalibrated(ImagePlus image) {
		Calibration size = image.calibration
		Double inches = [inch: 1d, inches: 1d, in: 1d, cm: 2.54d][size.unit?.toLowerCase()]
		return size.scaled() && !(inches && [size.pixelHeight, size.pixelWidth].every { isPrint(1 / it, inches) })
	}

	private static boolean isPrint(double density, double perInch) {
		return density == 1 || PRINT_DPI.any { Math.abs(density * perInch - it) < 0.02 * perInch }
	}

	/** A length in micrometres; what it is not known to be counts as micrometres. */
	static double micrometres(double length, String unit) {
		return length * ([nm: 0.001d, nanometer: 0.001d, mm: 1000d, cm: 10000d, m: 1000000d, inch: 25400d][unit?.toLowerCase()] ?: 1d)
	}

	/** The same voxels with their time points as slices. */
	static ImagePlus timeAsDepth(ImagePlus image) {
		ImagePlus same = new ImagePlus(image.title, image.getStack())
		same.setCalibration(image.calibration)
		same.setDimensions(1, image.NFrames, 1)
		return same
	}

	/** Stops at colours, channels and times, which are no axes of a volume. */
	static void check(ImagePlus image) {
		String title = image.title
		checkGrey(image)
		if (image.NChannels > 1) {
			throw new Problem(title + " has " + image.NChannels + " channels; choose one with Image > Color > Split Channels")
		}
		if (image.NFrames > 1) {
			throw new Problem(title + " has " + image.NFrames + " time points and " + image.NSlices +
				" slices; if they are slices in depth, say so with Image > Properties")
		}
	}

	/** Stops at a colour image. */
	static void checkGrey(ImagePlus image) {
		if (image.type != ImagePlus.COLOR_RGB) return
		throw new Problem(image.title + " is a colour image; turn it into grey values with Image > Type > 8-bit")
	}

	private share(ImagePlus image, List<Integer> planes) {
		Class array = Door.apposeClass("NDArray")
		Class shape = Door.apposeClass('NDArray$Shape')
		Class order = Door.apposeClass('NDArray$Shape$Order')
		Class type = Door.apposeClass('NDArray$DType')
		String name = [8: "UINT8", 16: "UINT16", 32: "FLOAT32"][image.bitDepth]
		int[] lengths = [planes.size(), image.height, image.width]
		def extent = shape.getConstructor(order, int[]).newInstance(Enum.valueOf(order, "C_ORDER"), lengths)
		def made
		try {
			made = array.getConstructor(type, shape).newInstance(Enum.valueOf(type, name), extent)
		}
		catch (InvocationTargetException error) {
			throw new Problem(image.title + " could not be shared with Python (" + error.cause?.message + "); save it and give its file")
		}
		shared << made
		def buffer = made.buffer().order(ByteOrder.nativeOrder())
		def voxels = image.bitDepth == 8 ? buffer : image.bitDepth == 16 ? buffer.asShortBuffer() : buffer.asFloatBuffer()
		// Not image.stack: Groovy would take that for isStack().
		ImageStack stack = image.getStack()
		int plane = image.width * image.height
		// Most of the time goes into pages of memory that nobody had yet, which all cores may ask for.
		IntStream slices = IntStream.range(0, planes.size())
		(stack.virtual ? slices : slices.parallel()).forEach { z ->
			voxels.duplicate().position(z * plane).put(stack.getPixels(planes[z]))
		}
		return made
	}

	private static String savedFile(ImagePlus image, boolean whole) {
		String place = whole ? storedAt(image) : null
		if (place == null) {
			throw new Problem(image.title + " is larger than 2 GiB, and such images are read from their file; save it " +
				(whole ? "" : "as an image of one channel and one time point ") + "and try again")
		}
		return place
	}

	/** Where the very voxels of an open image lie: its file, or the folder that it is a sequence of; null where nowhere. */
	static String storedAt(ImagePlus image) {
		if (image.changes) return null
		def stack = image.getStack()
		def info = image.originalFileInfo
		File file = info?.directory && info?.fileName ? new File(info.directory, info.fileName) : null
		// A sequence of files: all of a folder's images, in their order, or else Python would see others.
		if (stack.getClass() == VirtualStack) {
			File folder = stack.directory ? new File(stack.directory) : null
			List<String> shown = (1..stack.size()).collect { stack.getFileName(it) }
			Set<String> there = folder?.list()?.findAll { it ==~ SLICE } as Set
			boolean all = there == shown as Set && shown.every { it?.toLowerCase() ==~ /.+\.tiff?/ }
			return all && inOrder(shown) ? folder.absolutePath : null
		}
		boolean same = file?.file && file.name.toLowerCase() ==~ /.+\.tiff?/ && info.nImages in [1, image.stackSize]
		return same ? file.absolutePath : null
	}

	/** Whether Python, too, reads files in this order: numbers in names by their size, and no two that it takes for the same. */
	private static boolean inOrder(List<String> names) {
		List<List> keys = names.collect { name ->
			List parts = name.toLowerCase(Locale.ROOT).findAll(/\d+|\D+/)
			if (parts[0] ==~ /\d+/) parts.add(0, "")
			// From here on each second part is a number.
			parts.withIndex().collect { part, n -> n % 2 ? part.toBigInteger() : part }
		}
		return (1..<keys.size()).every { before(keys[it - 1], keys[it]) }
	}

	private static boolean before(List one, List other) {
		int at = (0..<Math.min(one.size(), other.size())).findIndexOf { one[it] != other[it] }
		return at < 0 ? one.size() < other.size() : one[at] < other[at]
	}

	private static long limit() {
		return Long.getLong("electrodej.shared.limit", Integer.MAX_VALUE)
	}

	@Override
	void close() {
		shared*.close()
		shared.clear()
	}
}
