package electrodej;

import java.util.concurrent.CountDownLatch;
import org.scijava.Context;
import org.scijava.script.ScriptService;

/** Starts what all commands need, Groovy's classes and Python, while a person reads the first dialog. */
final class Readiness {

	private static final String SCRIPT = "#@ Context context\n#@ java.util.concurrent.CountDownLatch compiled\n#@ Boolean python\n" +
		"electrodej.Library.ready(context, compiled, python)\nnull\n";

	private static CountDownLatch compiled;
	private static boolean withPython;

	private Readiness() {
	}

	/** Starts it beside all else, once, and Python too where that is wanted; what is returned opens when Groovy's classes are there. */
	static synchronized CountDownLatch begin(Context context, boolean python) {
		if (compiled != null && (withPython || !python)) return compiled;
		if (compiled == null) compiled = new CountDownLatch(1);
		withPython = python;
		CountDownLatch there = compiled;
		Thread thread = new Thread(() -> {
			try {
				context.service(ScriptService.class).run("ready.groovy", SCRIPT, false, "context", context, "compiled", there, "python", python).get();
			}
			catch (Exception toldLater) {
				// The command itself says what is wrong, if somebody goes on with it.
				return;
			}
			finally {
				there.countDown();
			}
		}, "ElectrodeJ gets ready");
		thread.setDaemon(true);
		thread.start();
		return compiled;
	}
}
