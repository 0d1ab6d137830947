package electrodej;

import ij.ImagePlus;
import ij.WindowManager;
import java.awt.Component;
import java.awt.Container;
import java.awt.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import javax.swing.JComboBox;

/**
 * Chooses in a dialog the images that most likely are meant: grey values for grey values and labels for labels, the
 * active image before the others, none twice but for labels where there are no more. SciJava proposes the one that was
 * opened first for every field, and takes no other proposal before its dialog is there.
 */
final class Proposals {

	// Fields that want numbers, not grey values.
	private static final List<String> LABELS = Arrays.asList("labels", "pred", "truth", "slices", "phases", "cracks");

	private Proposals() {
	}

	/** Chooses in a dialog, for the fields in their order, what is best of the images that are open now. */
	static Consumer<Window> of(List<String> fields) {
		List<ImagePlus> images = images(fields);
		return window -> {
			Iterator<ImagePlus> next = images.iterator();
			for (JComboBox<?> list : lists(window)) if (next.hasNext()) choose(list, next.next());
		};
	}

	/** The image for each field; null for one that has none. */
	private static List<ImagePlus> images(List<String> fields) {
		List<ImagePlus> open = new ArrayList<>();
		ImagePlus active = WindowManager.getCurrentImage();
		if (active != null) open.add(active);
		int[] numbers = WindowManager.getIDList();
		for (int number : numbers == null ? new int[0] : numbers) {
			ImagePlus image = WindowManager.getImage(number);
			if (image != null && image != active) open.add(image);
		}
		List<ImagePlus> found = new ArrayList<>();
		ImagePlus lastLabels = null;
		for (String field : fields) {
			boolean labels = LABELS.contains(field);
			ImagePlus meant = open.isEmpty() ? null : open.get(0);
			// Rather the same labels twice, which is refused, than grey values as labels, which count as wrong ones.
			if (labels && lastLabels != null) meant = lastLabels;
			for (ImagePlus image : open) {
				if (isOfLabels(image) != labels) continue;
				meant = image;
				break;
			}
			found.add(meant);
			open.remove(meant);
			if (labels && meant != null && isOfLabels(meant)) lastLabels = meant;
		}
		return found;
	}

	private static boolean isOfLabels(ImagePlus image) {
		return image.getTitle().matches("(?i).*(label|particle|phase|mask|crack).*") || image.getProcessor().isColorLut();
	}

	private static void choose(JComboBox<?> list, ImagePlus image) {
		for (int n = 0; image != null && n < list.getItemCount(); n++) {
			if (!image.getTitle().equals(String.valueOf(list.getItemAt(n)))) continue;
			list.setSelectedIndex(n);
			return;
		}
	}

	/** The lists of images in a window, from above. */
	private static List<JComboBox<?>> lists(Container window) {
		List<JComboBox<?>> found = new ArrayList<>();
		for (Component part : window.getComponents()) {
			if (part instanceof JComboBox) {
				JComboBox<?> list = (JComboBox<?>) part;
				boolean ofImages = list.getItemCount() > 0 && list.getItemAt(0).getClass().getName().endsWith("$ImageTitle");
				if (ofImages) found.add(list);
			}
			else if (part instanceof Container) found.addAll(lists((Container) part));
		}
		return found;
	}
}
