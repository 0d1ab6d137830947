package electrodej;

import java.awt.AWTEvent;
import java.awt.Dialog;
import java.awt.Toolkit;
import java.awt.Window;
import java.awt.event.AWTEventListener;
import java.awt.event.WindowEvent;
import java.util.function.Consumer;

/** Waits for the dialog that SciJava makes for a command: nothing in it can be changed before it is there. */
final class Dialogs {

	private static AWTEventListener waiting;

	private Dialogs() {
	}

	/** Does something with the next dialog of a title, once it is shown. */
	static synchronized void whenOpened(String title, Consumer<Window> then) {
		Toolkit toolkit = Toolkit.getDefaultToolkit();
		// One whose dialog never came.
		if (waiting != null) toolkit.removeAWTEventListener(waiting);
		waiting = event -> {
			Window window = event.getID() == WindowEvent.WINDOW_OPENED ? ((WindowEvent) event).getWindow() : null;
			if (!(window instanceof Dialog) || !title.equals(((Dialog) window).getTitle())) return;
			toolkit.removeAWTEventListener(waiting);
			then.accept(window);
		};
		toolkit.addAWTEventListener(waiting, AWTEvent.WINDOW_EVENT_MASK);
	}
}
