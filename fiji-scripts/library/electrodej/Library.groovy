package electrodej

import ij.IJ
import java.awt.GraphicsEnvironment
import java.security.MessageDigest
import java.util.concurrent.Callable
import java.util.concurrent.CountDownLatch
import java.util.concurrent.ExecutionException
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import java.util.jar.JarFile
import org.codehaus.groovy.control.CompilationFailedException
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.CompilerConfiguration
import org.scijava.Context
import org.scijava.object.ObjectService

/**
 * Compiles ElectrodeJ's Groovy classes, not for each run of a script, nor for each start of a Fiji: what was compiled is
 * kept in the user's folder, under a name that tells its sources and Groovy's version.
 */
class Library {

	private static final String NAME = "ElectrodeJ library"
	private static final String SUM = "sum.txt"
	// Another Fiji of an earlier version may still be loading from its own.
	private static final int MOST_KEPT = 4

	/** What a script works with; see Door. The first one ever has to be compiled, which takes seconds; Escape ends the waiting. */
	static Object door(Context context) {
		Escape.beginAtLatest()
		FutureTask<ClassLoader> loader = loader(context)
		try {
			ClassLoader classes = null
			while (classes == null && !IJ.escapePressed()) classes = whereThere(loader)
			if (IJ.escapePressed()) return new NoDoor()
			Object door = newDoor(classes, context)
			door.begun = true
			return door
		}
		catch (ExecutionException failed) {
			// The next click tries again.
			context.service(ObjectService).removeObject(loader)
			throw failed.cause
		}
	}

	/** The classes, after a moment; null where they are not there yet. */
	private static ClassLoader whereThere(FutureTask<ClassLoader> loader) {
		try {
			return loader.get(20, TimeUnit.MILLISECONDS)
		}
		catch (TimeoutException notYet) {
			return null
		}
	}

	/** Compiles, and starts Python if wanted, before a command needs them. What goes wrong the command tells, if it comes to that. */
	static void ready(Context context, CountDownLatch compiled, boolean python) {
		FutureTask<ClassLoader> loader = loader(context)
		try {
			Object door = newDoor(loader.get(), context)
			compiled.countDown()
			if (python) door.ready()
		}
		catch (ExecutionException failed) {
			// The command tries again.
			context.service(ObjectService).removeObject(loader)
		}
		catch (Exception toldLater) {
			return
		}
	}

	private static Object newDoor(ClassLoader loader, Context context) {
		return loader.loadClass("electrodej.Door").getConstructor(Context).newInstance(context)
	}

	/** What gives the classes; all scripts of a Fiji wait for the same one. */
	private static FutureTask<ClassLoader> loader(Context context) {
		ObjectService objects = context.service(ObjectService)
		synchronized (objects) {
			FutureTask<ClassLoader> loader = objects.getObjects(FutureTask).find { objects.getName(it) == NAME }
			if (loader == null) {
				loader = new FutureTask<ClassLoader>({ newLoader() } as Callable<ClassLoader>)
				objects.addObject(loader, NAME)
				new Thread(loader, NAME).with { daemon = true; start() }
			}
			return loader
		}
	}

	private static ClassLoader newLoader() {
		try {
			return new URLClassLoader([compiled().toURI().toURL()] as URL[], Context.classLoader)
		}
		// Groovy tells of a full disk as of a source that cannot be compiled.
		catch (IOException | CompilationFailedException nowhereToKeep) {
			GroovyClassLoader whole = new GroovyClassLoader(Context.classLoader)
			// Compiled here, where Escape ends the waiting, and not where a command first needs it.
			whole.loadClass("electrodej.Door")
			return whole
		}
	}

	/** The folder with the compiled classes; they are compiled where it is not there yet, or not whole any more. */
	private static File compiled() {
		Map<String, String> sources = readSources()
		String name = checksum([GroovySystem.version] + sources.collect { name, text -> name + text })
		File all = new File(System.getProperty("user.home"), ".electrodej/classes")
		File kept = new File(all, name.take(16))
		if (isWhole(kept)) return kept
		kept.deleteDir()
		java.nio.file.Files.createDirectories(all.toPath())
		File part = java.nio.file.Files.createTempDirectory(all.toPath(), "part").toFile()
		try {
			CompilationUnit unit = new CompilationUnit(new CompilerConfiguration(targetDirectory: part), null, new GroovyClassLoader(Context.classLoader))
			sources.each { file, text -> unit.addSource(file, text) }
			unit.compile()
			new File(part, SUM).setText(checksumOfClasses(part), "UTF-8")
			// Where two Fijis do this at once, one of them comes too late, and takes the other's.
			if (!part.renameTo(kept) && !isWhole(kept)) throw new IOException("$kept cannot be written")
		}
		finally {
			part.deleteDir()
		}
		all.listFiles().sort { -it.lastModified() }.drop(MOST_KEPT)*.deleteDir()
		return kept
	}

	/** Whether all classes of a folder are as they were compiled: one that was cut off would fail at each click. */
	private static boolean isWhole(File kept) {
		File sum = new File(kept, SUM)
		return sum.file && sum.getText("UTF-8") == checksumOfClasses(kept)
	}

	private static String checksumOfClasses(File folder) {
		List<File> classes = []
		folder.eachFileRecurse { if (it.name.endsWith(".class")) classes << it }
		return checksum(classes.sort { it.name }.collect { it.name + it.bytes.encodeBase64() })
	}

	private static String checksum(List<String> texts) {
		MessageDigest sum = MessageDigest.getInstance("SHA-256")
		texts.each { sum.update(it.getBytes("UTF-8")) }
		return sum.digest().encodeHex()
	}

	/** The sources of all classes by their names, from the jar or the folder that they lie in. */
	private static Map<String, String> readSources() {
		URL one = Context.classLoader.getResource("electrodej/Library.groovy")
		if (one.protocol == "jar") {
			JarFile jar = one.openConnection().jarFile
			return jar.entries().findAll { it.name ==~ /electrodej\/\w+\.groovy/ }.sort { it.name }.collectEntries {
				[it.name, jar.getInputStream(it).getText("UTF-8")]
			}
		}
		File folder = new File(one.toURI()).parentFile
		return folder.listFiles().findAll { it.name.endsWith(".groovy") }.sort().collectEntries { [it.name, it.getText("UTF-8")] }
	}

	/** Stands in for a Door where somebody pressed Escape before there was one: nothing is done. */
	static class NoDoor {

		Object guard(Callable body) {
			// By its name, or else each click would compile it.
			if (GraphicsEnvironment.headless) throw Library.classLoader.loadClass("electrodej.Problem").newInstance("cancelled")
			IJ.showMessage("ElectrodeJ", "cancelled")
			return null
		}
	}
}
