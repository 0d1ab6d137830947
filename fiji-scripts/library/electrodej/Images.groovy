package electrodej

import ij.IJ
import ij.ImagePlus
import ij.ImageStack
import ij.measure.Calibration
import java.lang.reflect.InvocationTargetException
import java.nio.ByteOrder

/** Hands ImageJ's images to the worker: in shared memory, or by path where they are too large for it. */
class Images implements Closeable {

	private final List shared = []

	/**
	 * An image as the worker takes it: an open one, or else a file.
	 *
	 * Voxels go over in the order ZYX, in one copy, with the calibration as it stands.
	 */
	Map argument(ImagePlus image, File file, String role) {
		if (image == null) {
			if (file == null || file.path.trim().isEmpty()) throw new Problem("there is no " + role + "; open one, or give its file")
			if (!file.exists()) throw new Problem("there is no file " + file)
			return [file: file.absolutePath]
		}
		check(image)
		if (bytes(image) > limit()) return [file: savedFile(image)]
		Calibration size = image.calibration
		return [
			array: share(image),
			title: image.title,
			voxel: [size.pixelDepth, size.pixelHeight, size.pixelWidth],
			unit : size.scaled() ? size.unit : "pixel",
		]
	}

	/** Calls the body with the file to write: the user's, or one that is thrown away after it was opened. */
	static void written(File file, boolean replace, Closure body) {
		Files.written(file, replace, "labels.tif", body)
	}

	/** Opens a label image in memory: glasbey colours, display range from 0 to the highest label. */
	static ImagePlus openLabels(File file) {
		if (file == null || !file.file) throw new Problem("there is no image " + (file ?: "open"))
		ImagePlus labels = IJ.openImage(file.path)
		if (labels == null) throw new Problem("the labels in " + file + " cannot be opened")
		return labels
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
		if (image.type == ImagePlus.COLOR_RGB) {
			throw new Problem(title + " is a colour image; turn it into grey values with Image > Type > 8-bit")
		}
		if (image.NChannels > 1) {
			throw new Problem(title + " has " + image.NChannels + " channels; choose one with Image > Color > Split Channels")
		}
		if (image.NFrames > 1) {
			throw new Problem(title + " has " + image.NFrames + " time points and " + image.NSlices +
				" slices; if they are slices in depth, say so with Image > Properties")
		}
	}

	private share(ImagePlus image) {
		Class array = Door.apposeClass("NDArray")
		Class shape = Door.apposeClass('NDArray$Shape')
		Class order = Door.apposeClass('NDArray$Shape$Order')
		Class type = Door.apposeClass('NDArray$DType')
		String name = [8: "UINT8", 16: "UINT16", 32: "FLOAT32"][image.bitDepth]
		int[] lengths = [image.stackSize, image.height, image.width]
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
		for (int z = 1; z <= image.stackSize; z++) voxels.put(stack.getPixels(z))
		return made
	}

	private static String savedFile(ImagePlus image) {
		def info = image.originalFileInfo
		File file = info?.directory && info?.fileName ? new File(info.directory, info.fileName) : null
		if (file == null || !file.file || image.changes) {
			throw new Problem(image.title + " is larger than 2 GiB, and such images are read from their file; save it and try again")
		}
		return file.absolutePath
	}

	private static long bytes(ImagePlus image) {
		return (long) image.width * image.height * image.stackSize * (image.bitDepth.intdiv(8))
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
