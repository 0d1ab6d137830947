package electrodej;

import ij.ImagePlus;
import org.scijava.convert.ConvertService;
import org.scijava.module.Module;
import org.scijava.module.ModuleItem;
import org.scijava.module.process.AbstractPreprocessorPlugin;
import org.scijava.module.process.PreprocessorPlugin;
import org.scijava.plugin.Parameter;
import org.scijava.plugin.Plugin;
import org.scijava.widget.InputHarvester;

/** After a dialog: makes images of what was proposed there, which is what SciJava lists and no image yet. */
@Plugin(type = PreprocessorPlugin.class, priority = InputHarvester.PRIORITY - 1)
public class Chosen extends AbstractPreprocessorPlugin {

	@Parameter
	private ConvertService conversions;

	@Override
	public void process(Module module) {
		if (!Fields.isOurs(module)) return;
		for (ModuleItem<?> item : module.getInfo().inputs()) {
			Object value = module.getInput(item.getName());
			if (item.getType() != ImagePlus.class || value == null || value instanceof ImagePlus) continue;
			module.setInput(item.getName(), conversions.convert(value, ImagePlus.class));
		}
	}
}
