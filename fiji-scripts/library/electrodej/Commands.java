package electrodej;

import ij.CommandListener;
import ij.Executer;
import ij.Menus;
import java.awt.EventQueue;
import java.awt.GraphicsEnvironment;
import java.awt.Menu;
import java.awt.MenuBar;
import java.awt.MenuItem;
import java.util.Map;

/** ElectrodeJ's commands in ImageJ, which knows a command by its name alone. */
public final class Commands {

	static final String PREFIX = "ElectrodeJ ";
	private static final CommandListener FORMER = Commands::meant;

	private Commands() {
	}

	/** From now on a macro may call a command by the name that it had before, unless another plugin's has that name. */
	static void keepFormerNames() {
		Executer.removeCommandListener(FORMER);
		Executer.addCommandListener(FORMER);
	}

	@SuppressWarnings("unchecked")
	private static String meant(String name) {
		return meant(name, Menus.getCommands());
	}

	/** The command that is meant by a name, among all that there are. */
	public static String meant(String name, Map<String, String> all) {
		String ours = PREFIX + name;
		boolean former = name != null && all != null && !all.containsKey(name) && all.containsKey(ours);
		return former ? ours : name;
	}

	/** Leaves the project's name out of the menu, which bears it itself; what is recorded keeps it. */
	static void shortenLabels() {
		if (GraphicsEnvironment.isHeadless()) return;
		EventQueue.invokeLater(() -> {
			MenuBar bar = Menus.getMenuBar();
			for (int n = 0; bar != null && n < bar.getMenuCount(); n++) shorten(bar.getMenu(n), false);
		});
	}

	private static void shorten(Menu menu, boolean ours) {
		for (int n = 0; n < menu.getItemCount(); n++) {
			MenuItem item = menu.getItem(n);
			String label = item.getLabel();
			if (item instanceof Menu) shorten((Menu) item, ours || label.equals(PREFIX.trim()));
			else if (ours && label.startsWith(PREFIX)) {
				item.setActionCommand(label);
				item.setLabel(label.substring(PREFIX.length()));
			}
		}
	}
}
