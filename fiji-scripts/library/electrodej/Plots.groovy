package electrodej

import ij.ImagePlus
import ij.gui.Plot
import ij.gui.PlotVirtualStack
import ij.gui.PlotWindow
import ij.measure.ResultsTable
import java.awt.Color
import java.awt.GraphicsEnvironment

/** Curves of the tables that a verb writes beside its own: a window for each table, a frame for each kind of curve. */
class Plots {

	/** What is drawn of a table: frames by a kind, in each a curve for each name, over a column. */
	private static final Map<String, Map> KINDS = [
		sizes: [
			over: "To", up: ["Below"], across: "size (um)", words: "share that is no larger",
			frame: { Closure cell -> kind(cell("Size")) }, curve: "Size",
		],
		profiles: [
			over: "Position", up: ["Value"], across: "depth (um)", words: "",
			frame: { Closure cell -> kind(cell("Measure")) + " along " + cell("Axis") }, curve: "Measure",
		],
		correlations: [
			over: "Distance", up: ["TwoPoint", "LinealPath"], across: "distance (um)", words: "probability",
			frame: { Closure cell -> "along " + cell("Axis") }, curve: "Phase",
		],
	]
	private static final List<Color> COLOURS = [0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0x56b4e9, 0xd55e00, 0x000000].collect { new Color(it) }

	/** Shows the curves of those of the tables that were written. */
	static void show(File table, List<String> names) {
		if (GraphicsEnvironment.headless) return
		names.each { name ->
			File file = beside(table, name)
			if (file.file) drawn(name, read(file, name))?.show()
		}
	}

	/** The file of a table that lies beside another one. */
	static File beside(File table, String name) {
		return new File(table.parentFile, table.name.replaceFirst(/\.csv$/, "_" + name + ".csv"))
	}

	/** What a measure is of: Tau of Tau_pore_z. */
	private static String kind(String name) {
		return name.split("_")[0]
	}

	/** The frames of a table, and in each the points of its curves, of the first image alone. */
	static Map<String, Map<String, List<List<Double>>>> read(File file, String name) {
		ResultsTable table = ResultsTable.open(file.path)
		Map how = KINDS[name]
		Map<String, Map<String, List<List<Double>>>> frames = [:]
		for (int row = 0; row < table.size(); row++) {
			Closure cell = { String column -> table.getStringValue(column, row) }
			if (cell("Image") != table.getStringValue("Image", 0)) break
			Map curves = frames.computeIfAbsent(how.frame(cell), { [:] })
			how.up.each { column ->
				String title = cell(how.curve) + (how.up.size() > 1 ? " " + column : "")
				List points = curves.computeIfAbsent(title, { [[], []] })
				points[0] << number(cell(how.over))
				points[1] << number(cell(column))
			}
		}
		return frames
	}

	private static double number(String text) {
		return text?.isDouble() ? text.toDouble() : Double.NaN
	}

	/** The frames as a stack of plots; null where no curve has a point. */
	static ImagePlus drawn(String name, Map<String, Map<String, List<List<Double>>>> frames) {
		List<Plot> plots = frames.findResults { title, curves -> plot(KINDS[name], title, curves) }
		if (!plots) return null
		PlotVirtualStack stack = new PlotVirtualStack(plots[0].size.width as int, plots[0].size.height as int)
		plots.each { stack.addPlot(it) }
		return new ImagePlus(name.capitalize(), stack)
	}

	private static Plot plot(Map how, String title, Map<String, List<List<Double>>> curves) {
		Map known = curves.findAll { it.value[1].any { Double.isFinite(it) } }
		if (!known) return null
		Plot plot = new Plot(title, how.across, how.words ? title + ": " + how.words : title)
		plot.setFrameSize(520, 320)
		known.values().eachWithIndex { points, number ->
			plot.setColor(COLOURS[number % COLOURS.size()])
			plot.lineWidth = 2
			plot.add("line", points[0] as double[], points[1] as double[])
		}
		plot.setColor(Color.BLACK)
		plot.lineWidth = 1
		plot.addLegend(known.keySet().join("\n"))
		plot.setLimitsToFit(true)
		return plot
	}
}
