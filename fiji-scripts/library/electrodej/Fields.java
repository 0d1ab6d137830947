package electrodej;

import ij.IJ;
import ij.ImagePlus;
import ij.Macro;
import java.awt.GraphicsEnvironment;
import java.awt.Window;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.scijava.ItemVisibility;
import org.scijava.module.DefaultMutableModuleItem;
import org.scijava.module.Module;
import org.scijava.module.ModuleItem;
import org.scijava.module.ModuleService;
import org.scijava.module.MutableModuleItem;
import org.scijava.module.process.AbstractPreprocessorPlugin;
import org.scijava.module.process.PreprocessorPlugin;
import org.scijava.plugin.Parameter;
import org.scijava.plugin.Plugin;
import org.scijava.script.ScriptInfo;
import org.scijava.widget.Button;
import org.scijava.widget.InputHarvester;

/**
 * Decides what the fields of ElectrodeJ's commands hold that a macro or a program left out: their defaults.
 *
 * SciJava would take what a person chose last, also in a Fiji without a screen, and ask for the rest. It comes before a
 * script runs, which is why this is no script; tools/compile_fields.py compiles it. In a dialog nothing changes, but for
 * images: SciJava takes the active one without a word where a command has one image, and here the dialog shows it.
 * Lists of models get those that were trained in this Fiji, and each dialog a Help button. While a dialog is read, what
 * the command needs is started.
 */
@Plugin(type = PreprocessorPlugin.class, priority = InputHarvester.PRIORITY + 2)
public class Fields extends AbstractPreprocessorPlugin {

	private static final String HELP = "help";
	// Kinds of models that find particles: what Fiji's plugin and the fusion of views take, too, and what Python alone runs.
	private static final List<String> OUTLINES = Collections.singletonList("stardist");
	private static final List<String> PYTHON_OUTLINES = Arrays.asList("stardist3d", "maskrcnn");

	@Parameter
	private ModuleService modules;

	@Override
	public void process(Module module) {
		if (!isOurs(module)) return;
		Escape.begin();
		for (ModuleItem<?> item : module.getInfo().inputs()) offerOwnModels(module, item);
		for (ModuleItem<?> item : module.getInfo().inputs()) offerEngines(item);
		boolean asks = !GraphicsEnvironment.isHeadless() && !(IJ.isMacro() && Macro.getOptions() != null);
		if (asks) offerHelp((ScriptInfo) module.getInfo());
		List<String> images = new ArrayList<>();
		for (ModuleItem<?> item : module.getInfo().inputs()) {
			if (!asks) settle(module, item);
			else if (item.getType() == ImagePlus.class) {
				module.unresolveInput(item.getName());
				images.add(item.getName());
			}
		}
		if (!asks) return;
		// Set Up Python may replace the one that would be started.
		if (!nameOf((ScriptInfo) module.getInfo()).equals("Set_Up_Python")) Readiness.begin(getContext(), true);
		boolean open = isUnusual(module);
		Consumer<Window> proposals = Proposals.of(images);
		Dialogs.whenOpened(module.getInfo().getTitle(), dialog -> {
			proposals.accept(dialog);
			Fold.make(dialog, open);
		});
	}

	/** Whether one of the further options was kept with another value than its default. */
	private boolean isUnusual(Module module) {
		boolean further = false;
		for (ModuleItem<?> item : module.getInfo().inputs()) {
			boolean heading = item.getVisibility() == ItemVisibility.MESSAGE;
			if (further && !heading && item.isPersisted() && item.getPersistKey() != null) {
				Object kept = modules.load(item);
				Object usual = modules.getDefaultValue(item);
				boolean empty = kept == null || String.valueOf(kept).isEmpty();
				if (!empty && !String.valueOf(kept).equals(String.valueOf(usual))) return true;
			}
			further |= heading;
		}
		return false;
	}

	/** Whether a module is one of the menu's scripts. */
	static boolean isOurs(Module module) {
		if (!(module.getInfo() instanceof ScriptInfo)) return false;
		String path = ((ScriptInfo) module.getInfo()).getPath();
		return path != null && path.replace('\\', '/').matches("(.*/)?Plugins/ElectrodeJ/.*");
	}

	/** Puts a button into a dialog that shows the command's page. */
	private static void offerHelp(ScriptInfo info) {
		if (info.getInput(HELP) != null) return;
		DefaultMutableModuleItem<Button> help = new DefaultMutableModuleItem<Button>(info, HELP, Button.class) {

			@Override
			public void callback(Module module) {
				Help.show(nameOf(info));
			}
		};
		help.setLabel("Help");
		help.setDescription("Shows what this command does, in the web browser; no network is needed");
		help.setRequired(false);
		help.setPersisted(false);
		help.setVisibility(ItemVisibility.TRANSIENT);
		info.registerInput(help);
	}

	/** The name of a command's script without its ending, and without the project's name. */
	private static String nameOf(ScriptInfo info) {
		return info.getPath().replaceFirst(".*[/\\\\](ElectrodeJ_)?", "").replaceFirst("\\.\\w+$", "");
	}

	/** Adds to a list of models those of the user's own that the command can run; other commands than these two take all. */
	@SuppressWarnings("unchecked")
	private static void offerOwnModels(Module module, ModuleItem<?> item) {
		if (!item.getName().equals("model") || !(item instanceof MutableModuleItem) || item.getChoices() == null) return;
		String title = nameOf((ScriptInfo) module.getInfo());
		MutableModuleItem<String> list = (MutableModuleItem<String>) item;
		List<String> names = new ArrayList<>();
		for (String name : list.getChoices()) if (!isOwn(name)) names.add(name);
		if (names.isEmpty()) return;
		File[] folders = ownModels().listFiles();
		if (folders == null) folders = new File[0];
		Arrays.sort(folders);
		for (File folder : folders) {
			String kind = kind(folder);
			boolean fits = title.startsWith("Segment_Particles") ? OUTLINES.contains(kind) || PYTHON_OUTLINES.contains(kind)
				: title.startsWith("Segment_Phases") ? !OUTLINES.contains(kind) && !PYTHON_OUTLINES.contains(kind)
				: title.startsWith("Export") ? !kind.equals("forest") && !PYTHON_OUTLINES.contains(kind) : OUTLINES.contains(kind);
			if (!kind.isEmpty() && fits && !names.contains(folder.getName())) names.add(folder.getName());
		}
		list.setChoices(names);
	}

	private static File ownModels() {
		String folder = System.getenv("ELECTRODEJ_MODELS");
		return new File(folder != null ? folder : System.getProperty("user.home") + "/.electrodej/models");
	}

	private static boolean isOwn(String name) {
		return !kind(new File(ownModels(), name)).isEmpty();
	}

	/** What kind of model a folder holds, or nothing. */
	private static String kind(File folder) {
		if (new File(folder, "forest.json").isFile()) return "forest";
		try {
			String text = new String(Files.readAllBytes(new File(folder, "electrodej.json").toPath()), StandardCharsets.UTF_8);
			Matcher found = Pattern.compile("\"kind\"\\s*:\\s*\"(\\w+)\"").matcher(text);
			return found.find() ? found.group(1) : "";
		}
		catch (IOException none) {
			return "";
		}
	}

	/** Leaves Python alone to choose from where the plugin's TensorFlow cannot run, and says so. */
	@SuppressWarnings("unchecked")
	private static void offerEngines(ModuleItem<?> item) {
		String processor = System.getProperty("os.arch");
		boolean intel = processor.equals("amd64") || processor.equals("x86_64");
		if (intel || !item.getName().equals("engine") || !(item instanceof MutableModuleItem)) return;
		MutableModuleItem<String> list = (MutableModuleItem<String>) item;
		list.setChoices(Collections.singletonList("Python"));
		list.setLabel("Works in (the plugin needs an Intel processor)");
	}

	private <T> void settle(Module module, ModuleItem<T> item) {
		if (module.isInputResolved(item.getName())) return;
		T usual = modules.getDefaultValue(item);
		if (usual != null && item.getValue(module) == null) item.setValue(module, usual);
		module.resolveInput(item.getName());
	}
}
