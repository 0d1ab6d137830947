package electrodej;

import java.awt.Component;
import java.awt.Container;
import java.awt.Insets;
import java.awt.LayoutManager;
import java.awt.Rectangle;
import java.awt.Window;
import java.util.ArrayList;
import java.util.List;
import javax.swing.AbstractButton;
import javax.swing.JCheckBox;
import javax.swing.JEditorPane;
import javax.swing.JLabel;

/**
 * Keeps what a dialog has under "Further options" out of sight until it is asked for. The fields are there all the same,
 * so that what is recorded and what a macro gives stays as it was.
 */
final class Fold {

	static final String HEADING = "Further options";

	private Fold() {
	}

	/** Folds a dialog; it begins open where something in there is not as usual. */
	static void make(Window window, boolean open) {
		Component heading = found(window, HEADING);
		if (heading == null) return;
		Component row = heading;
		while (row.getParent() != null && !isForm(row.getParent())) row = row.getParent();
		if (row.getParent() == null || !leavesNoGaps(row.getParent().getLayout())) return;
		List<Component> further = further(row);
		JCheckBox box = new JCheckBox(HEADING, open);
		box.addActionListener(click -> show(further, box.isSelected(), window));
		Container place = heading.getParent();
		place.remove(heading);
		place.add(box);
		show(further, open, window);
	}

	private static void show(List<Component> parts, boolean visible, Window window) {
		for (Component part : parts) part.setVisible(visible);
		window.pack();
		moveOntoScreen(window);
	}

	/** Moves a window that has grown up again, as far as its buttons would lie below the screen. */
	private static void moveOntoScreen(Window window) {
		Rectangle screen = window.getGraphicsConfiguration().getBounds();
		Insets bars = window.getToolkit().getScreenInsets(window.getGraphicsConfiguration());
		int top = screen.y + bars.top;
		int lowest = screen.y + screen.height - bars.bottom - window.getHeight();
		if (window.getY() > lowest) window.setLocation(window.getX(), Math.max(top, lowest));
	}

	/** What lies under the heading, but for the Help button. */
	private static List<Component> further(Component row) {
		List<Component> all = new ArrayList<>();
		boolean under = false;
		for (Component part : row.getParent().getComponents()) {
			boolean help = part instanceof Container && found((Container) part, "Help") != null;
			if (under && !help) all.add(part);
			under |= part == row;
		}
		return all;
	}

	private static boolean isForm(Container container) {
		LayoutManager layout = container.getLayout();
		return layout != null && layout.getClass().getSimpleName().equals("MigLayout") && container.getComponentCount() > 2;
	}

	/** Lets a layout close up over what is not shown; false where it is not SciJava's, and everything stays in sight. */
	private static boolean leavesNoGaps(LayoutManager layout) {
		try {
			Object how = layout.getClass().getMethod("getLayoutConstraints").invoke(layout);
			if (!(how instanceof String)) return false;
			layout.getClass().getMethod("setLayoutConstraints", Object.class).invoke(layout, how + ", hidemode 3");
			return true;
		}
		catch (ReflectiveOperationException other) {
			return false;
		}
	}

	/** The part with some words, or null. */
	private static Component found(Container window, String words) {
		if (words.equals(textOf(window))) return window;
		for (Component part : window.getComponents()) {
			Component there = part instanceof Container ? found((Container) part, words) : null;
			if (there != null) return there;
		}
		return null;
	}

	/** What a part says; SciJava writes headings in HTML. */
	private static String textOf(Component part) {
		String text = part instanceof JLabel ? ((JLabel) part).getText()
			: part instanceof AbstractButton ? ((AbstractButton) part).getText()
			: part instanceof JEditorPane ? ((JEditorPane) part).getText() : null;
		return text == null ? null : text.replaceAll("<[^>]*>", "").trim();
	}
}
