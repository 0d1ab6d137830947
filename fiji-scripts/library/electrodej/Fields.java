package electrodej;

import ij.IJ;
import ij.ImagePlus;
import ij.Macro;
import java.awt.GraphicsEnvironment;
import org.scijava.module.Module;
import org.scijava.module.ModuleItem;
import org.scijava.module.ModuleService;
import org.scijava.module.process.AbstractPreprocessorPlugin;
import org.scijava.module.process.PreprocessorPlugin;
import org.scijava.plugin.Parameter;
import org.scijava.plugin.Plugin;
import org.scijava.script.ScriptInfo;
import org.scijava.widget.InputHarvester;

/**
 * Decides what the fields of ElectrodeJ's commands hold that a macro or a program left out: their defaults.
 *
 * SciJava would take what a person chose last, also in a Fiji without a screen, and ask for the rest. It comes before a
 * script runs, which is why this is no script; tools/compile_fields.py compiles it. In a dialog nothing changes, but for
 * the image: SciJava takes the active one without a word where a command has one image, and here the dialog shows it.
 */
@Plugin(type = PreprocessorPlugin.class, priority = InputHarvester.PRIORITY + 2)
public class Fields extends AbstractPreprocessorPlugin {

	@Parameter
	private ModuleService modules;

	@Override
	public void process(Module module) {
		if (!isOurs(module)) return;
		boolean asks = !GraphicsEnvironment.isHeadless() && !(IJ.isMacro() && Macro.getOptions() != null);
		for (ModuleItem<?> item : module.getInfo().inputs()) {
			if (!asks) settle(module, item);
			else if (item.getType() == ImagePlus.class) module.unresolveInput(item.getName());
		}
	}

	/** Whether a module is one of the menu's scripts. */
	private static boolean isOurs(Module module) {
		if (!(module.getInfo() instanceof ScriptInfo)) return false;
		String path = ((ScriptInfo) module.getInfo()).getPath();
		return path != null && path.replace('\\', '/').matches("(.*/)?Plugins/ElectrodeJ/.*");
	}

	private <T> void settle(Module module, ModuleItem<T> item) {
		if (module.isInputResolved(item.getName())) return;
		T usual = modules.getDefaultValue(item);
		if (usual != null && item.getValue(module) == null) item.setValue(module, usual);
		module.resolveInput(item.getName());
	}
}
