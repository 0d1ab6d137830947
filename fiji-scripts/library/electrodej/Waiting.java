package electrodej;

import ij.IJ;
import java.awt.GraphicsEnvironment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.scijava.module.Module;
import org.scijava.module.process.AbstractPreprocessorPlugin;
import org.scijava.module.process.PreprocessorPlugin;
import org.scijava.module.process.SaveInputsPreprocessor;
import org.scijava.plugin.Plugin;

/**
 * Waits until Groovy and what the scripts share are there, which takes seconds in a new Fiji. It is the last thing before
 * a script runs, so that Escape, which Groovy would not hear while it starts, ends the waiting.
 */
@Plugin(type = PreprocessorPlugin.class, priority = SaveInputsPreprocessor.PRIORITY - 2)
public class Waiting extends AbstractPreprocessorPlugin {

	private static final int LOOK_MS = 20;

	private boolean escaped;

	@Override
	public void process(Module module) {
		if (!Fields.isOurs(module)) return;
		// Where there is no screen nobody presses a key.
		if (!GraphicsEnvironment.isHeadless()) escaped = !outwaited(Readiness.begin(getContext(), false));
		if (!escaped) Escape.goOn();
	}

	/** Whether something came before Escape did. */
	private static boolean outwaited(CountDownLatch compiled) {
		try {
			while (!compiled.await(LOOK_MS, TimeUnit.MILLISECONDS)) if (IJ.escapePressed()) return false;
			return true;
		}
		catch (InterruptedException cancelled) {
			return false;
		}
	}

	@Override
	public boolean isCanceled() {
		return escaped;
	}

	/** None: who pressed Escape knows. */
	@Override
	public String getCancelReason() {
		return null;
	}
}
