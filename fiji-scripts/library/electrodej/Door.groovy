package electrodej

import ij.IJ
import ij.ImagePlus
import ij.macro.Interpreter
import java.awt.GraphicsEnvironment
import java.util.concurrent.Callable
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.function.Consumer
import org.scijava.Context
import org.scijava.app.StatusService
import org.scijava.object.ObjectService
import org.scijava.script.ScriptModule

/** The way from a Fiji script to the Python worker. The worker is started once and kept. */
class Door {

	// The text never changes: what the user chose travels in the inputs, and none of it is ever run.
	static final String TASK = "import electrodej.worker as worker; worker.run(task, verb, arguments)"
	private static final long LONGEST_CANCEL_MS = 400

	private final Context context
	private final ObjectService objects
	private final StatusService status
	// Open images that are used, and as what.
	private final Map<ImagePlus, String> lent = new IdentityHashMap<>()
	/** Lends images to the worker, and brings labels back. */
	final Images images = new Images()
	/** Whether the command began before it got this door; see Escape. */
	boolean begun
	/** Escape for work that the first press ends early: held a little too long, it must not throw away what was learnt. */
	Key key = Key.ofImageJ()

	Door(Context context) {
		this.context = context
		objects = context.service(ObjectService)
		status = context.service(StatusService)
	}

	/** Runs a script's body and returns what it gives; what goes wrong is told in one sentence, on the screen or on one line. */
	Object guard(Callable body) {
		if (!begun) IJ.resetEscape()
		begun = false
		try {
			return body.call()
		}
		catch (RuntimeException error) {
			Problem problem = problemIn(error)
			if (problem == null) throw error
			complain(problem)
			return null
		}
		finally {
			images.close()
		}
	}

	/** The problem that an error is, or that another language's exception holds; null where it is none. */
	private static Problem problemIn(RuntimeException error) {
		for (Throwable at = error; at != null; at = at.cause) if (at instanceof Problem) return at
		// Jython's exceptions have Java's as their value.
		def held = error.hasProperty("value") ? error.value : null
		Object thrown = held != null && held.respondsTo("__tojava__") ? held.__tojava__(Throwable) : null
		return thrown instanceof Problem ? thrown : null
	}

	private static void complain(Problem problem) {
		if (!GraphicsEnvironment.headless) {
			// Not IJ.error, which ends a macro by an exception that SciJava would print.
			IJ.showMessage("ElectrodeJ", problem.message)
			stopMacro()
			return
		}
		// A Fiji that was started for this script alone ends with a status that a shell can read.
		if (startedForThis()) {
			System.err.println(problem)
			System.exit(1)
		}
		if (!stopMacro()) throw problem
		System.err.println(problem)
	}

	/** Ends the macro that called, which has no way to go on after an error; false where none did. */
	private static boolean stopMacro() {
		Interpreter macro = Interpreter.getInstance()
		macro?.abortMacro()
		return macro != null
	}

	/** Whether Java runs for this script, and for no other one that called it and may go on. */
	private static boolean startedForThis() {
		if (System.getProperty("ij.executable") == null || System.getProperty("electrodej.stay") != null) return false
		int scripts = Thread.allStackTraces.values().count { frames ->
			// A macro file is a script too, and cannot go on after an error.
			boolean macro = frames.any { it.className == "net.imagej.legacy.plugin.IJ1MacroEngine" }
			!macro && frames.any { it.className == ScriptModule.name && it.methodName == "run" }
		}
		return scripts <= 1
	}

	/** An image as the worker takes it: a file where one is given, or else an open image. It is shared until the guard ends. */
	Map image(ImagePlus image, File file, String role) {
		if (!Images.isGiven(file)) lend(image, role)
		return images.argument(image, file, role)
	}

	/** Stops at an image that is to be two things at once, as it is where a dialog was not looked at. */
	private void lend(ImagePlus image, String role) {
		if (Images.orNull(image) == null) return
		String before = lent.put(image, role)
		if (before != null && before != role) {
			throw new Problem("the " + before + " and the " + role + " are both " + image.title + "; choose another image for one of them")
		}
	}

	/** The model that is meant: by its file where one is given, or else the one in the list. */
	static String model(String name, File file) {
		if (Images.isGiven(file)) return file.path
		if (name == "automatic") return null
		File own = name?.trim() ? new File(Python.models(), name.trim()) : null
		return own != null && ["electrodej.json", "forest.json"].any { new File(own, it).file } ? own.path : name
	}

	/** An open image where it is used, and nothing where a file stands in for it. */
	ImagePlus used(ImagePlus image) {
		return lent.containsKey(image) ? image : null
	}

	/** The voxel size as the user gave it; where the images that are used have none, a person is asked. */
	String voxelSize(String given) {
		return Tables.askVoxelSize(given, lent.keySet() as ImagePlus[])
	}

	/** Slice labels as the worker takes them; StarDist tags slices as time points. */
	Map sliceImage(ImagePlus image, File file, String role) {
		if (!Images.isGiven(file)) lend(image, role)
		return images.argument(image?.NFrames > 1 && image.NSlices == 1 ? Images.timeAsDepth(image) : image, file, role)
	}

	/** Where a table goes and how it is shown; see Tables. */
	Class getTables() {
		return Tables
	}

	/** Curves of tables that lie beside another one; see Plots. */
	Class getPlots() {
		return Plots
	}

	Class getRois() {
		return Rois
	}

	/** Builds a Python for ElectrodeJ; returns its program. */
	File built(boolean training, File wheels) {
		File program = new Builder(this, training, wheels).built()
		// It does not hear Escape; a key that was pressed meanwhile must not throw away what was built.
		IJ.resetEscape()
		return program
	}

	Class getPages() {
		return Pages
	}

	Class getPythons() {
		return Python
	}

	/** Merges or deletes particles of a label image, whose numbers a person typed. */
	static void correct(ImagePlus labels, String what, String typed) {
		List<String> numbers = typed?.split(",")*.trim()?.findAll { !it.isEmpty() } ?: []
		String wrong = numbers.find { !it.isInteger() || it.toInteger() < 1 }
		if (wrong != null) throw new Problem(wrong + " is no number of a particle; give numbers with commas between them, as 3,5")
		Corrections hand = new Corrections(labels)
		if (what == "Merge") hand.merge(numbers*.toInteger())
		else hand.delete(numbers*.toInteger())
	}

	/** Opens a window in which particles are seen, corrected and measured again. */
	Object workbench(ImagePlus labels, ImagePlus grey, String typed, File out) {
		if (Images.isGiven(out)) throw new Problem('leave "Save labels as" empty: what is changed in the window is saved with File > Save As')
		if (GraphicsEnvironment.headless) throw new Problem("the window needs a screen; choose Merge or Delete")
		if (grey == null || grey == labels) throw new Problem("choose the grey image that is measured, another one than the labels")
		if (labels.window == null) labels.show()
		String size = voxelSize(typed)
		return new Workbench(context, labels, grey, size).show(Workbench.measure(this, labels, grey, size).table)
	}

	/** Opens a window that shows what a forest finds while somebody labels; see Glancing. */
	Object glancing(ImagePlus grey, ImagePlus labels, Map given) {
		if (GraphicsEnvironment.headless) throw new Problem("the window needs a screen; Train From My ROIs trains a forest without one")
		if (Images.orNull(grey) == null) throw new Problem("there is no grey image; open one")
		if (given.from == "Label image" && (Images.orNull(labels) == null || labels == grey)) {
			throw new Problem("choose the label image that is drawn in, another one than the grey image")
		}
		return new Glancing(context, grey, given.from == "Label image" ? labels : null, given).show()
	}

	/** Training from what is drawn on open images. */
	Lessons getLessons() {
		return new Lessons(this)
	}

	/** Fiji's own StarDist plugin. */
	StarDist getStarDist() {
		return new StarDist(context, this)
	}

	/** Shows the pages about the commands in the web browser. */
	static void showHelp() {
		if (!GraphicsEnvironment.headless) Help.show("index")
	}

	/** Tells the user something, on the screen or in the log. */
	static void say(String text) {
		if (GraphicsEnvironment.headless) System.out.println(text)
		else IJ.showMessage("ElectrodeJ", text)
	}

	/** Shows how far something is. */
	void showProgress(String text, long done, long total) {
		status.showStatus(done as int, total as int, text)
	}

	/** Says in the status bar how a result came about. */
	void note(String text) {
		status.showStatus(text)
	}

	/** Opens labels or phases that Python wrote, and says how they came about. */
	ImagePlus shown(File file, Map found) {
		ImagePlus image = images.openLabels(file)
		// Where the file is gone afterwards, its folder means nothing.
		String text = found.text.replace(file.path, file.name)
		// What a number in an image of phases means.
		String numbers = found.classes?.collect { it.value + " " + it.name + "\n" }?.join() ?: ""
		image.setProperty("Info", found.made + "\n" + numbers + text)
		note(text.readLines().first())
		return image
	}

	/** Tells what a verb without a file found. */
	void tell(Map found) {
		say(found.text)
	}

	/** Shows what Python mentions beside a result in the Log window, or on a line each without a screen. */
	private static void mention(List notes) {
		notes?.each { IJ.log("ElectrodeJ: note: " + it) }
	}

	void clearProgress() {
		status.clearStatus()
	}

	/** Tries a Python, and returns its versions. */
	Map tried(File program) {
		String before = System.getProperty(Python.PROPERTY)
		System.setProperty(Python.PROPERTY, program.path)
		try {
			return call("version", [:])
		}
		finally {
			if (before == null) System.clearProperty(Python.PROPERTY)
			else System.setProperty(Python.PROPERTY, before)
		}
	}

	/**
	 * Sends a task, shows how far it is, and returns its outputs. Escape cancels.
	 *
	 * Where there is a body for it, "heard" is told of each message, and the first Escape calls "enough" instead,
	 * after which the task ends by itself. A task with a body "wanted" is a small one beside others: it is cancelled when
	 * that says false, leaves Escape to them, and shows nothing in the status bar.
	 */
	Map call(String verb, Map arguments, Map<String, Closure> also = [:]) {
		def service = worker(also.wanted == null)
		if (also.wanted == null ? IJ.escapePressed() : !also.wanted.call()) throw new Problem("cancelled")
		def task = service.task(TASK, [verb: verb, arguments: arguments] as Map<String, Object>)
		def ended = new CountDownLatch(1)
		String end = null
		Set<String> said = new HashSet<>()
		// A task that was given up may go on speaking.
		boolean left = false
		try {
			task.listen({ event ->
				if (left) return
				if (event.info?.said != null) {
					said << event.info.said
					IJ.log("ElectrodeJ: " + event.info.said)
				}
				if (event.message != null) {
					if (also.wanted == null) status.showStatus(event.current as int, event.maximum as int, event.message)
					also.heard?.call(event.message)
				}
				if (event.responseType.terminal) {
					end = event.responseType.name()
					ended.countDown()
				}
			} as Consumer)
			task.start()
		}
		catch (IllegalStateException diedBefore) {
			throw new Problem(crashed(service))
		}
		try {
			if (!finished(ended, service, stop(also)) { task.cancel() }) end = end ?: "CRASH"
		}
		finally {
			left = true
			if (also.wanted == null) status.clearStatus()
		}
		if (end == "COMPLETION") {
			mention(task.outputs.notes?.findAll { !said.contains(it) && !said.contains("note: " + it) })
			return task.outputs
		}
		if (end == "FAILURE") throw new Problem(task.error)
		if (end == "CRASH") throw new Problem(crashed(service))
		throw new Problem("cancelled")
	}

	/** What is asked again and again whether a task is to be cancelled. */
	private Closure<Boolean> stop(Map<String, Closure> also) {
		if (also.wanted != null) return { !also.wanted.call() }
		return also.enough != null ? { key.pressedAgain(also.enough) } : { IJ.escapePressed() }
	}

	/** Waits for the end; false where the worker died without a word. */
	private static boolean finished(CountDownLatch ended, service, Closure<Boolean> stop, Closure cancel) {
		long cancelled = 0
		while (!ended.await(20, TimeUnit.MILLISECONDS)) {
			if (cancelled == 0 && (stop() || Thread.interrupted())) {
				cancel()
				cancelled = System.currentTimeMillis()
			}
			// What cannot stop at once ends in its own time; the user need not wait for it.
			if (cancelled > 0 && System.currentTimeMillis() - cancelled > LONGEST_CANCEL_MS) throw new Problem("cancelled")
			if (!service.alive) return ended.await(2, TimeUnit.SECONDS)
		}
		return true
	}

	/** Starts Python, so that it is there when it is asked for something. */
	void ready() {
		worker(false)
	}

	/** The worker that is there, or a new one, of which the status bar tells where it is to. */
	private worker(boolean tells) {
		File python = Python.chosen()
		String name = "ElectrodeJ worker " + python
		Class kind = apposeClass("Service")
		// A dialog may be getting it ready just now.
		synchronized (objects) {
			def all = objects.getObjects(kind).findAll { objects.getName(it) == name }
			all.findAll { !it.alive }.each { objects.removeObject(it) }
			def service = all.find { it.alive }
			if (service != null) return service
			if (tells) status.showStatus("starting Python for ElectrodeJ")
			try {
				service = started(kind, python)
			}
			catch (Problem failure) {
				if (tells) status.clearStatus()
				throw failure
			}
			objects.addObject(service, name)
			return service
		}
	}

	/** Ends the workers of an environment, which would go on with what it was. */
	void dismiss(File environment) {
		String start = "ElectrodeJ worker " + environment.absolutePath + File.separator
		synchronized (objects) {
			objects.getObjects(apposeClass("Service")).findAll { it.alive && objects.getName(it)?.startsWith(start) }.each {
				it.kill()
				it.waitFor()
			}
		}
	}

	private started(Class kind, File python) {
		// -P: no modules from the folder of temporary files, where everybody may write.
		String[] words = [python.path, "-P", "-m", "electrodej.worker", "--logs", Python.logs().path]
		def service = kind.getConstructor(File, String[]).newInstance(new File(System.getProperty("java.io.tmpdir")), words)
		IOException failure = null
		// Threads inherit this: those of the service must not keep Java from ending.
		Thread.startDaemon {
			try {
				service.start()
			}
			catch (IOException error) {
				failure = error
			}
		}.join()
		if (failure != null) throw new Problem("Python could not be started (" + failure.message + "); " + Python.REMEDY)
		return service
	}

	/** A class of Appose, or a Problem where this Fiji has none. */
	static Class apposeClass(String name) {
		try {
			return Class.forName("org.apposed.appose." + name)
		}
		catch (ClassNotFoundException missing) {
			throw new Problem("this Fiji has no Appose, which carries images to Python; update Fiji, or run: electrodej fiji install FIJI_FOLDER")
		}
	}

	private static String crashed(service) {
		List<String> lines = service.errorLines().findAll { !it.trim().isEmpty() }
		String last = lines ? lines.last() : ""
		// A Python that is too old for ElectrodeJ does not know -P.
		String wrong = lines.find { it =~ /No module named|Unknown option: -P/ }
		if (wrong != null) {
			return "the Python that is set up has no ElectrodeJ (" + wrong.trim() + "); " + Python.REMEDY
		}
		return "Python stopped in the middle of the work" + (last ? " (" + last + ")" : "") +
			"; the next command starts it anew. Its log is in " + Python.logs()
	}
}
