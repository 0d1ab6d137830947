package electrodej

import ij.ImagePlus
import ij.Macro
import ij.gui.GenericDialog
import java.awt.GraphicsEnvironment

/** Of an image with channels or time points: which slices are meant. */
class Axes {

	/** Where the slices of a volume lie in the stack of an image, in the order of their depth, from 1. */
	static List<Integer> planes(ImagePlus image) {
		boolean series = image.NFrames > 1 && image.NSlices > 1
		if (image.NChannels == 1 && !series) {
			Images.check(image)
			return (1..image.stackSize) as List<Integer>
		}
		Images.checkGrey(image)
		int[] which = asked(image)
		return (1..image.NSlices).collect { image.getStackIndex(which[0], it, which[1]) }
	}

	/** The channel and the time point: of a macro's line, or asked for; without a screen they have to be given. */
	private static int[] asked(ImagePlus image) {
		Map<String, Integer> all = [channel: image.NChannels, frame: image.NFrames]
		String line = Macro.options ?: ""
		Map<String, String> typed = all.keySet().collectEntries { [it, Macro.getValue(line, it, "")] }
		List<String> open = all.findAll { name, count -> count > 1 && !typed[name] }.keySet() as List
		if (open && (line || GraphicsEnvironment.headless)) {
			throw new Problem(image.title + " has " + image.NChannels + " channels and " + image.NFrames + " time points; say which one in the macro, as " +
				open.collect { it + "=1" }.join(" ") + ", or choose it with Image > Duplicate")
		}
		if (open) {
			GenericDialog dialog = new GenericDialog("Which part of " + image.title)
			open.each { dialog.addSlider(it.capitalize(), 1, all[it], it == "channel" ? image.channel : image.frame) }
			dialog.showDialog()
			if (dialog.wasCanceled()) throw new Problem("cancelled")
			open.each { typed[it] = (dialog.nextNumber as int) as String }
		}
		return all.collect { name, count ->
			String number = typed[name] ?: "1"
			if (!number.isInteger() || !(number.toInteger() in 1..count)) throw new Problem(image.title + " has no " + name + " " + number + "; there are " + count)
			return number.toInteger()
		} as int[]
	}
}
