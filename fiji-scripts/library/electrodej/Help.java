package electrodej;

import ij.IJ;
import ij.plugin.BrowserLauncher;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;

/** The pages about the commands, with pictures of their dialogs, which need no network: they lie in the same jar. */
public final class Help {

	private static final String INDEX = "index";

	private Help() {
	}

	/** Shows the page of a command, by the name of its script without its ending; of all of them where there is none. */
	public static void show(String name) {
		try {
			BrowserLauncher.openURL(page(name).toURI().toString());
		}
		catch (IOException error) {
			IJ.showMessage("ElectrodeJ", "the page cannot be shown (" + error.getMessage() + ")");
		}
	}

	/** The file of a page, which is written for the browser. */
	public static File page(String name) throws IOException {
		File folder = new File(System.getProperty("java.io.tmpdir"), "electrodej-help-" + System.getProperty("user.name"));
		folder.mkdirs();
		String wanted = Help.class.getResource("help/" + name + ".html") == null ? INDEX : name;
		// A link leads from one page to all of them.
		written(folder, INDEX + ".html");
		written(folder, wanted + ".png");
		return written(folder, wanted + ".html");
	}

	private static File written(File folder, String name) throws IOException {
		File file = new File(folder, name);
		try (InputStream from = Help.class.getResourceAsStream("help/" + name)) {
			if (from != null) Files.copy(from, file.toPath(), StandardCopyOption.REPLACE_EXISTING);
		}
		return file;
	}
}
