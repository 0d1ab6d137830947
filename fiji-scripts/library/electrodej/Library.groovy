package electrodej

import org.scijava.Context
import org.scijava.object.ObjectService

/** Compiles ElectrodeJ's Groovy classes once for a Fiji, not once for each run of a script. */
class Library {

	private static final String NAME = "ElectrodeJ library"

	/** What a script works with; see Door. */
	static Object door(Context context) {
		ObjectService objects = context.service(ObjectService)
		ClassLoader loader = objects.getObjects(GroovyClassLoader).find { objects.getName(it) == NAME }
		if (loader == null) {
			loader = new GroovyClassLoader(Context.classLoader)
			objects.addObject(loader, NAME)
		}
		return loader.loadClass("electrodej.Door").getConstructor(Context).newInstance(context)
	}
}
