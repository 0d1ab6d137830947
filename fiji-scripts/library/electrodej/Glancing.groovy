package electrodej

import ij.IJ
import ij.ImagePlus
import java.awt.BorderLayout
import java.awt.Color
import java.awt.Dimension
import java.awt.FlowLayout
import java.awt.event.WindowAdapter
import javax.swing.BorderFactory
import javax.swing.JButton
import javax.swing.JCheckBox
import javax.swing.JFrame
import javax.swing.JLabel
import javax.swing.JOptionPane
import javax.swing.JPanel
import javax.swing.JTextArea
import javax.swing.JTextField
import javax.swing.SwingUtilities
import javax.swing.WindowConstants
import org.scijava.Context

/** A window beside an image that somebody labels: a button for each phase, what is in doubt, and the forest as a model. */
class Glancing {

	private static final int WIDTH = 460
	private static final int LINES = 3

	private final Context context
	private final ImagePlus labels
	private final Glances glances
	private final Watch watch
	private final Map given
	private final JFrame frame
	private final JTextArea told = new JTextArea(LINES, 1)
	private final JCheckBox shown = new JCheckBox("Show what the forest finds", true)
	private final JTextField name = new JTextField(12)
	private final JButton keep = new JButton("Keep as a model")

	/** Takes what the dialog had: names, name, voxelSize, replace. */
	Glancing(Context context, ImagePlus grey, ImagePlus labels, Map given) {
		this.context = context
		this.labels = labels
		this.given = given
		glances = new Glances(context, grey, Strokes.of(grey, labels), names())
		watch = new Watch(glances,
			{ text -> SwingUtilities.invokeLater { told.text = text } },
			{ SwingUtilities.invokeLater { frame.dispose() } })
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
		watch.start()
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
		told.editable = false
		told.opaque = false
		told.lineWrap = true
		told.wrapStyleWord = true
		told.font = new JLabel().font
		told.border = BorderFactory.createEmptyBorder(0, 8, 0, 8)
		keep.toolTipText = "Trains on all that is drawn and puts the forest into the list of Segment Phases"
		keep.addActionListener { tried { kept() } }
		JPanel below = new JPanel(new FlowLayout(FlowLayout.LEFT))
		below.add(shown)
		below.add(name)
		below.add(keep)
		frame.add(phases, BorderLayout.NORTH)
		frame.add(told, BorderLayout.CENTER)
		frame.add(below, BorderLayout.SOUTH)
		shown.addActionListener { glances.wanted = shown.selected }
		frame.addWindowListener([windowClosed: { watch.close() }] as WindowAdapter)
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

	private void kept() {
		String wanted = name.text.trim()
		boolean replace = given.replace
		if (!replace && wanted && new File(Python.models(), wanted).exists()) {
			int answer = JOptionPane.showConfirmDialog(frame, "There is a model " + wanted + " already. Replace it?", "ElectrodeJ", JOptionPane.YES_NO_OPTION)
			if (answer != JOptionPane.YES_OPTION) return
			replace = true
		}
		keep.enabled = false
		Thread.startDaemon {
			try {
				Door door = new Door(context)
				door.guard { door.tell(door.lessons.learn(lesson(wanted, replace))) }
			}
			catch (Throwable problem) {
				SwingUtilities.invokeLater { IJ.error("ElectrodeJ", Glances.reason(problem)) }
			}
			finally {
				// Training takes its own preview away, and this one with it.
				glances.forget()
				SwingUtilities.invokeLater { keep.enabled = true }
			}
		}
	}

	private Map lesson(String wanted, boolean replace) {
		return [
			from: labels == null ? "ROI Manager" : "Label image", grey: glances.grey, labels: labels,
			network: "Phases, in seconds (forest)", names: given.names, name: wanted, voxelSize: given.voxelSize, replace: replace,
		]
	}

	private static void tried(Closure body) {
		try {
			body()
		}
		catch (Problem problem) {
			IJ.showMessage("ElectrodeJ", problem.message)
		}
		catch (RuntimeException | Error failure) {
			IJ.showMessage("ElectrodeJ", "this did not work (" + failure + ")")
		}
	}
}
