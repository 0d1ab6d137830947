package electrodej;

import ij.IJ;
import ij.macro.Interpreter;

/**
 * From when on Escape is meant for a command: from the click on, long before its script is compiled.
 *
 * ImageJ keeps that the key was pressed, and not when, until somebody forgets it. Its own menu and each macro do so where
 * they begin; what is started in another way, such as Fiji's search bar, does not.
 */
public final class Escape {

	// Where SciJava has prepared a command on this thread, which it then runs on the same one.
	private static final ThreadLocal<Boolean> BEGUN = new ThreadLocal<>();

	private Escape() {
	}

	/** Here a command begins: a key that was pressed before is not meant for it. In a macro it is, and ends the macro too. */
	static void begin() {
		if (Interpreter.getInstance() == null) IJ.resetEscape();
	}

	/** The script comes next, and goes on with what was pressed since it began. */
	static void goOn() {
		BEGUN.set(true);
	}

	/** A script speaks up: it begins here, unless it began before. */
	public static void beginAtLatest() {
		if (BEGUN.get() == null) IJ.resetEscape();
		BEGUN.remove();
	}
}
