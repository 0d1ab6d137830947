package electrodej;

import org.scijava.event.EventHandler;
import org.scijava.plugin.Plugin;
import org.scijava.service.AbstractService;
import org.scijava.service.SciJavaService;
import org.scijava.service.Service;
import org.scijava.service.event.ServicesLoadedEvent;
import org.scijava.ui.event.UIShownEvent;

/**
 * Keeps the names that ElectrodeJ's commands had before they had the project's name in front of them working in macros.
 *
 * Who loads ImageJ 1 before ImageJ2 has changed it breaks both, so what works on it is a class of its own, Commands.
 */
@Plugin(type = Service.class)
public class Names extends AbstractService implements SciJavaService {

	private static final String IMAGEJ2 = "net.imagej.legacy.LegacyService";

	@EventHandler
	private void onEvent(ServicesLoadedEvent event) {
		if (isThere(IMAGEJ2)) Commands.keepFormerNames();
	}

	@EventHandler
	private void onEvent(UIShownEvent event) {
		if (isThere(IMAGEJ2)) Commands.shortenLabels();
	}

	private boolean isThere(String name) {
		for (Service service : context().getServiceIndex()) {
			for (Class<?> kind = service.getClass(); kind != null; kind = kind.getSuperclass()) {
				if (kind.getName().equals(name)) return true;
			}
		}
		return false;
	}
}
