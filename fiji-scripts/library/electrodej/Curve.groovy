package electrodej

import ij.gui.Plot
import ij.gui.PlotWindow
import java.awt.Color
import java.awt.GraphicsEnvironment

/** How a training goes, as a curve that grows with each epoch. */
class Curve {

	private final String title
	/** Epochs that are done, and the loss in training and on what was held out. */
	final List<Double> epochs = []
	final List<Double> learnt = []
	final List<Double> heldOut = []
	private PlotWindow window

	Curve(String title) {
		this.title = title
	}

	/** Takes what Python says of a training: "training, epoch 4 of 30 (last: loss 0.5, held out 0.6), ...". */
	void hear(String message) {
		def found = message =~ /epoch (\d+) of (\d+) \(last: loss ([-\d.e+]+)(?:, held out ([-\d.e+]+))?/
		if (!found) return
		// The message tells of the epoch before; the last one is told of at its own end.
		double epoch = Math.max((found[0][1] as int) - 1, epochs ? epochs.last() as int : 0)
		if (epochs && epochs.last() == epoch) {
			if (learnt.last() == (found[0][3] as double)) return
			epoch++
		}
		epochs << epoch
		learnt << (found[0][3] as double)
		heldOut << (found[0][4] == null ? Double.NaN : found[0][4] as double)
		if (!GraphicsEnvironment.headless) draw()
	}

	private void draw() {
		Plot plot = new Plot(title, "epoch", "loss")
		plot.setColor(Color.BLUE)
		plot.add("connected circle", epochs as double[], learnt as double[])
		plot.setColor(Color.RED)
		plot.add("connected circle", epochs as double[], heldOut as double[])
		plot.setColor(Color.BLACK)
		plot.addLegend("training\nheld out; Escape keeps the best")
		plot.setLimitsToFit(true)
		if (window == null || !window.showing) window = plot.show()
		else window.drawPlot(plot)
	}
}
