package electrodej

import java.security.MessageDigest
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

	/** What a script works with; see Door. */
	static Object door(Context context) {
		ObjectService objects = context.service(ObjectService)
		ClassLoader loader = objects.getObjects(ClassLoader).find { objects.getName(it) == NAME }
		if (loader == null) {
			loader = newLoader()
			objects.addObject(loader, NAME)
		}
		return loader.loadClass("electrodej.Door").getConstructor(Context).newInstance(context)
	}

	private static ClassLoader newLoader() {
		try {
			return new URLClassLoader([compiled().toURI().toURL()] as URL[], Context.classLoader)
		}
		// Groovy tells of a full disk as of a source that cannot be compiled.
		catch (IOException | CompilationFailedException nowhereToKeep) {
			return new GroovyClassLoader(Context.classLoader)
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
}
