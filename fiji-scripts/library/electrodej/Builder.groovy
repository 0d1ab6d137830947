package electrodej

import ij.IJ
import java.awt.GraphicsEnvironment
import java.util.concurrent.TimeUnit

/** Builds a Python for ElectrodeJ from the wheel and the locks that came with its zip or its update site. */
class Builder {

	/** What Java calls Intel's and AMD's processors. */
	static final List<String> INTEL = ["amd64", "x86_64"]

	private static final double MIB = 1024 * 1024
	private static final int LONGEST_TRIAL_S = 120
	private static final List<String> ARM = ["aarch64", "arm64"]
	// The packages for all, which is taken where none are for some kinds of computers.
	private static final String FOR_ALL = "requirements.lock"

	private final Door door
	private final boolean training
	private final File wheels

	/** "wheels" is a folder that has all packages, for a computer without the network; null for none. */
	Builder(Door door, boolean training, File wheels) {
		this.door = door
		this.training = training
		this.wheels = Images.isGiven(wheels) ? wheels.absoluteFile : null
		if (this.wheels != null && !this.wheels.directory) throw new Problem("there is no folder " + this.wheels)
	}

	/** Builds it, and builds it anew where what is there does not run; returns its program. */
	File built() {
		File wheel = found { it.name.endsWith(".whl") }
		File lock = lock()
		if (wheel == null || lock == null) {
			throw new Problem("this Fiji has no ElectrodeJ package to build from; take ElectrodeJ's zip for Fiji, " +
				"or make a Python with it in a terminal and choose that here")
		}
		Class appose = Door.apposeClass("Appose")
		if (!appose.methods.any { it.name == "uv" }) {
			throw new Problem("the Appose of this Fiji cannot build a Python; update Fiji with Help > Update...")
		}
		ask(lock)
		File base = new File(System.getProperty("user.home"), ".electrodej/python")
		door.dismiss(base)
		// The builder takes an environment that is there for whole; one that does not run was cut off, or damaged.
		if (!runs(Python.program(base))) base.deleteDir()
		build(appose, base, lock, wheel)
		return Python.given(base)
	}

	/** Says how much is fetched, before it is. */
	private void ask(File lock) {
		String size = (lock.readLines()[0] =~ /^# bytes: (\d+)/).with { it ? String.format(Locale.ROOT, "%.0f MiB", (it[0][1] as double) / MIB) : null }
		if (size == null || wheels != null) return
		String text = "This fetches " + size + " (" + (training ? "with" : "without") + " what trains networks), Python and uv besides, once."
		if (GraphicsEnvironment.headless) IJ.log("ElectrodeJ: " + text)
		else if (!IJ.showMessageWithCancel("ElectrodeJ", text)) throw new Problem("cancelled")
	}

	private void build(Class appose, File base, File lock, File wheel) {
		String where = wheels == null ? "" : "--no-index\n--find-links " + wheels.toURI() + "\n"
		try {
			appose.uv().python("3.11").base(base).scheme("requirements.txt").env(surroundings())
				.content(where + lock.getText("UTF-8") + "\n" + wheel.toURI() + "\n")
				.subscribeProgress { title, done, total -> door.showProgress(title, done, total) }
				.subscribeOutput { door.showProgress(it.trim(), 0, 1) }
				.subscribeError { door.showProgress(it.trim(), 0, 1) }
				.build()
		}
		catch (IOException | RuntimeException error) {
			throw new Problem("Python could not be built (" + Python.reason(error) + "); " + (wheels == null
				? "this fetches uv and Python from github.com and packages from pypi.org: connect to the network and try again, give a " +
					"folder with the packages, or make a Python with ElectrodeJ in a terminal and choose that here"
				: "the folder has to hold all that " + lock.name + " names, and this computer uv and a Python 3.11"))
		}
	}

	/** What uv has to know of this computer: the proxy that Fiji uses (Edit > Options > Proxy Settings), or no network. */
	private Map<String, String> surroundings() {
		Map<String, String> found = [:]
		if (wheels != null) found.UV_OFFLINE = "1"
		for (String scheme in ["https", "http"]) {
			String host = System.getProperty(scheme + ".proxyHost")
			if (!host) continue
			String port = System.getProperty(scheme + ".proxyPort") ?: "80"
			found[scheme.toUpperCase() + "_PROXY"] = "http://" + host + ":" + port
		}
		if (found.HTTP_PROXY && !found.HTTPS_PROXY) found.HTTPS_PROXY = found.HTTP_PROXY
		return found
	}

	/** The lock for this computer; where there is none for it alone, the one for all. */
	private File lock() {
		String name = platform() + (training ? "-training" : "-light") + ".lock"
		File own = found { it.name == name }
		if (own == null && training && found { it.name == platform() + "-light.lock" } != null) {
			throw new Problem("there are no packages that train networks for this computer (" + platform() + "); build it without")
		}
		if (own == null && found { it.name.endsWith(".lock") && it.name != FOR_ALL } != null) {
			throw new Problem("there are no packages for this computer (" + platform() + "), only for Intel's and AMD's processors and Apple's; " +
				"make a Python with ElectrodeJ in a terminal and choose that here")
		}
		return own ?: found { it.name == FOR_ALL }
	}

	/** What kind of computer this is, as the locks are called. */
	static String platform() {
		String system = System.getProperty("os.name").toLowerCase()
		String processor = System.getProperty("os.arch")
		if (system.startsWith("mac")) return processor in ARM ? "macos-arm" : "macos-intel"
		// Without a processor in its name a lock is for Intel's and AMD's.
		return (system.startsWith("windows") ? "windows" : "linux") + (processor in INTEL ? "" : "-" + processor)
	}

	private static File found(Closure<Boolean> wanted) {
		List<File> folders = Python.fiji() == null ? [] : ["electrodej", "lib/electrodej"].collect { new File(Python.fiji(), it) }
		return folders.collectMany { (it.listFiles() ?: new File[0]) as List }.find(wanted)
	}

	/** Whether a Python runs ElectrodeJ. */
	private static boolean runs(File program) {
		if (program == null) return false
		try {
			Process trial = new ProcessBuilder(program.path, "-P", "-c", "import electrodej.worker").redirectErrorStream(true).start()
			trial.outputStream.close()
			trial.consumeProcessOutput()
			return trial.waitFor(LONGEST_TRIAL_S, TimeUnit.SECONDS) && trial.exitValue() == 0
		}
		catch (IOException ignored) {
			return false
		}
	}
}
