package electrodej

import ij.IJ
import ij.ImagePlus
import java.awt.Color
import java.awt.Dimension
import java.awt.FlowLayout
import java.awt.GridLayout
import java.awt.event.WindowAdapter
import javax.swing.JButton
import javax.swing.JCheckBox
import javax.swing.JFrame
import javax.swing.JLabel
import javax.swing.JPanel
import javax.swing.JTextField
import javax.swing.SwingUtilities
import javax.swing.WindowConstants
import org.scijava.Context

/** A window beside an image that somebody labels: a button for each phase, what is in doubt, and the forest as a model. */
class Glancing {

	private static final long BETWEEN_LOOKS_MS = 300
	private static final int WIDTH = 460

	private final Context context
	private final Glances glances
	private final Map given
	private final JFrame frame
	private final JLabel told = new JLabel(" ")
	private final JCheckBox shown = new JCheckBox("Show what the forest finds", true)
	private final JTextField name = new JTextField(12)
	private volatile boolean open = true

	/** Takes what the dialog had: names, name, voxelSize, replace. */
	Glancing(Context context, ImagePlus grey, ImagePlus labels, Map given) {
		this.context = context
		this.given = given
		glances = new Glances(context, grey, labels, names())
		name.text = given.name
		frame = new JFrame("Forest on " + grey.title)
		frame.defaultCloseOperation = WindowConstants.DISPOSE_ON_CLOSE
		build()
	}

	JFrame show() {
		SwingUtilities.invokeAndWait {
			frame.pack()
			frame.setSize(new Dimension(Math.max(WIDTH, frame.width), frame.height))
			frame.visible = true
		}
		Thread.startDaemon { looking() }
		return frame
	}

	private void build() {
		JPanel phases = new JPanel(new FlowLayout(FlowLayout.LEFT))
		phases.add(new JLabel("The selection is"))
		names().eachWithIndex { word, at ->
			JButton button = new JButton(word)
			button.foreground = colour(at + 1)
			button.toolTipText = "Makes what is selected on the image part of this phase, number " + (at + 1)
			button.addActionListener { tried { glances.mark(at + 1) } }
			phases.add(button)
		}
		JPanel keep = new JPanel(new FlowLayout(FlowLayout.LEFT))
		JButton button = new JButton("Keep as a model")
		button.toolTipText = "Trains on all that is drawn and puts the forest into the list of Segment Phases"
		button.addActionListener { kept() }
		keep.add(shown)
		keep.add(name)
		keep.add(button)
		frame.layout = new GridLayout(3, 1)
		frame.add(phases)
		frame.add(told)
		frame.add(keep)
		shown.addActionListener { if (!shown.selected) glances.close() }
		frame.addWindowListener([windowClosed: { open = false }] as WindowAdapter)
	}

	private List<String> names() {
		List<String> typed = given.names?.split(",")*.trim()?.findAll { !it.isEmpty() } ?: []
		return typed ?: ["phase 1", "phase 2", "phase 3"]
	}

	/** The colour that a phase has over the image, dark enough to be read. */
	private static Color colour(int phase) {
		byte[] colours = Images.getResourceAsStream("/electrodej/labels.lut").withCloseable { it.bytes }
		return new Color(colours[phase] & 255, colours[256 + phase] & 255, colours[512 + phase] & 255).darker()
	}

	private void looking() {
		boolean was = true
		while (open && Tables.isOpen(glances.grey)) {
			if (shown.selected) {
				if (!was) glances.forget()
				if (glances.renew()) SwingUtilities.invokeLater { told.text = " " + glances.told }
			}
			was = shown.selected
			Thread.sleep(BETWEEN_LOOKS_MS)
		}
		glances.close()
		frame.dispose()
	}

	private void kept() {
		Thread.startDaemon {
			Door door = new Door(context)
			door.guard {
				door.tell(door.lessons.learn([
					from: glances.labels == null ? "ROI Manager" : "Label image", grey: glances.grey, labels: glances.labels,
					network: "Phases, in seconds (forest)", names: given.names, name: name.text, voxelSize: given.voxelSize,
					replace: given.replace,
				]))
			}
			// Training takes its own preview away, and this one with it.
			glances.forget()
		}
	}

	private void tried(Closure body) {
		try {
			body()
		}
		catch (Problem problem) {
			IJ.showMessage("ElectrodeJ", problem.message)
		}
	}
}
