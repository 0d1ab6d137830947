package electrodej;

import org.scijava.Context;
import org.scijava.script.ScriptService;

/** Starts what all commands need, Groovy's classes and Python, while a person reads the first dialog. */
final class Readiness {

	private static final String SCRIPT = "#@ Context context\nelectrodej.Library.ready(context)\nnull\n";

	private static boolean begun;

	private Readiness() {
	}

	/** Starts it beside all else, once. */
	static synchronized void begin(Context context) {
		if (begun) return;
		begun = true;
		Thread thread = new Thread(() -> {
			try {
				context.service(ScriptService.class).run("ready.groovy", SCRIPT, false, "context", context).get();
			}
			catch (Exception toldLater) {
				// The command itself says what is wrong, if somebody goes on with it.
				return;
			}
		}, "ElectrodeJ gets ready");
		thread.setDaemon(true);
		thread.start();
	}
}
