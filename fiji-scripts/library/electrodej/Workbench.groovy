package electrodej

import ij.IJ
import ij.ImagePlus
import ij.measure.ResultsTable
import java.awt.BorderLayout
import java.awt.FlowLayout
import java.awt.event.MouseAdapter
import javax.swing.DefaultRowSorter
import javax.swing.JButton
import javax.swing.JComboBox
import javax.swing.JFrame
import javax.swing.JLabel
import javax.swing.JPanel
import javax.swing.JScrollPane
import javax.swing.JTable
import javax.swing.JTextField
import javax.swing.RowFilter
import javax.swing.SwingUtilities
import javax.swing.WindowConstants
import javax.swing.table.AbstractTableModel
import org.scijava.Context

/**
 * A window beside a label image: its particles in a list that can be sorted and filtered, linked with the image both
 * ways, and buttons that correct them, measure again and colour them by a column.
 */
class Workbench {

	private static final String NAME = "particles "

	private final Context context
	private final ImagePlus grey
	private final String voxelSize
	private final Corrections hand
	private final Model model = new Model()
	private final JTable list = new JTable(model)
	private final JLabel told = new JLabel(" ")
	private final JComboBox<String> columns = new JComboBox<>()
	private final JFrame frame

	Workbench(Context context, ImagePlus labels, ImagePlus grey, String voxelSize) {
		this.context = context
		this.grey = grey
		this.voxelSize = voxelSize
		hand = new Corrections(labels)
		model.hand = hand
		frame = new JFrame("Particles of " + labels.title)
		frame.defaultCloseOperation = WindowConstants.DISPOSE_ON_CLOSE
		build()
	}

	/** Shows the window with what was measured, a table with the column Label. */
	JFrame show(ResultsTable table) {
		SwingUtilities.invokeAndWait {
			take(table)
			frame.setSize(760, 420)
			frame.visible = true
		}
		return frame
	}

	private void build() {
		list.autoResizeMode = JTable.AUTO_RESIZE_OFF
		list.autoCreateRowSorter = true
		list.selectionModel.addListSelectionListener { event -> if (!event.valueIsAdjusting) toImage() }
		JTextField filter = new JTextField(12)
		filter.toolTipText = "A column, < or >, and a number, as Volume > 20; or a particle's number"
		filter.addActionListener { tried { filtered(filter.text) } }
		JPanel top = new JPanel(new FlowLayout(FlowLayout.LEFT))
		top.add(new JLabel("Show only"))
		top.add(filter)
		top.add(columns)
		top.add(button("Colour by it") { Colours.by(model.table, columns.selectedItem as String, hand.labels).show() })
		top.add(button("3D view") { solid() })
		JPanel bottom = new JPanel(new FlowLayout(FlowLayout.LEFT))
		bottom.add(button("Merge") { hand.merge(chosen()) })
		bottom.add(button("Split at line") { hand.split(hand.under(hand.labels.roi), hand.labels.roi) })
		bottom.add(button("Delete") { hand.delete(chosen()) })
		bottom.add(button("Undo") { if (!hand.undo()) throw new Problem("there is nothing to take back") })
		bottom.add(button("Measure again") { measured() })
		bottom.add(told)
		frame.add(top, BorderLayout.NORTH)
		frame.add(new JScrollPane(list), BorderLayout.CENTER)
		frame.add(bottom, BorderLayout.SOUTH)
		hand.labels.canvas?.addMouseListener([mouseClicked: { event ->
			def canvas = hand.labels.canvas
			toRow(hand.at(canvas.offScreenX(event.x), canvas.offScreenY(event.y)), event.shiftDown)
		}] as MouseAdapter)
	}

	private JButton button(String name, Closure body) {
		JButton made = new JButton(name)
		made.addActionListener { tried(body) }
		return made
	}

	private void tried(Closure body) {
		try {
			if (!Tables.isOpen(hand.labels)) throw new Problem(hand.labels.title + " was closed")
			body()
		}
		catch (Problem problem) {
			IJ.showMessage("ElectrodeJ", problem.message)
		}
		refresh()
	}

	private void refresh() {
		told.text = hand.stale ? hand.stale.size() + " changed since they were measured" : " "
		list.repaint()
	}

	private void take(ResultsTable table) {
		model.table = table
		model.fireTableStructureChanged()
		columns.removeAllItems()
		model.names.drop(1).each { columns.addItem(it) }
	}

	private List<Integer> chosen() {
		return list.selectedRows.collect { model.label(list.convertRowIndexToModel(it)) }
	}

	private void toImage() {
		int row = list.selectedRow
		if (row < 0 || list.selectedRowCount > 1 || !Tables.isOpen(hand.labels)) return
		Tables.select(model.table, list.convertRowIndexToModel(row), hand.labels)
	}

	private void toRow(int label, boolean further) {
		if (label == 0) return
		int row = (0..<model.rowCount).findIndexOf { model.label(it) == label }
		int shown = row < 0 ? -1 : list.convertRowIndexToView(row)
		if (shown < 0) return
		if (further) list.addRowSelectionInterval(shown, shown)
		else list.setRowSelectionInterval(shown, shown)
		list.scrollRectToVisible(list.getCellRect(shown, 0, true))
	}

	/** Shows the rows that fulfil a condition, as "Volume > 20"; all where there is none. */
	void filtered(String text) {
		def found = text.trim() =~ /^(?:(\w+)\s*([<>])\s*)?(-?[\d.]+(?:[eE]-?\d+)?)$/
		if (!text.trim()) {
			(list.rowSorter as DefaultRowSorter).rowFilter = null
			return
		}
		if (!found || !found[0][3].isDouble()) throw new Problem(text + " is no condition; write Volume > 20, or the number of a particle")
		String name = found[0][1] ?: "Label"
		int column = model.names.indexOf(name)
		if (column < 0) throw new Problem("the table has no column " + name)
		def kind = [("<"): RowFilter.ComparisonType.BEFORE, (">"): RowFilter.ComparisonType.AFTER][found[0][2]] ?: RowFilter.ComparisonType.EQUAL
		(list.rowSorter as DefaultRowSorter).rowFilter = RowFilter.numberFilter(kind, found[0][3] as Double, column)
	}

	private void measured() {
		// On the window's thread, as all that asks what was changed.
		hand.beginMeasuring()
		worked { door ->
			Map found = null
			try {
				found = measure(door, hand.labels, grey, voxelSize)
			}
			finally {
				SwingUtilities.invokeLater { ended(found) }
			}
		}
	}

	/** Shows what was measured; null where that failed. */
	private void ended(Map found) {
		hand.endMeasuring(found != null)
		if (found != null) take(found.table as ResultsTable)
		refresh()
		if (found?.renewed != null && !hand.stale) told.text = found.renewed + " of " + found.particles + " particles measured anew"
	}

	private void solid() {
		ResultsTable right = hand.stale ? null : model.table
		worked { door -> Pages.solid(door, hand.labels, grey, right, voxelSize) }
	}

	/** Does what takes a while, beside the window. */
	private void worked(Closure body) {
		Thread.startDaemon {
			Door door = new Door(context)
			door.guard { body(door) }
		}
	}

	/** Measures the particles of an image; after the first time those that changed. Gives the table, and how many were. */
	static Map measure(Door door, ImagePlus labels, ImagePlus grey, String voxelSize) {
		Map found = [:]
		Files.written(null, false, "particles.csv") { File target, boolean overwrite ->
			found.putAll(door.call("measure", [
				grey: door.image(grey, null, "grey image"), labels: door.image(labels, null, "labels"),
				voxelSize: door.voxelSize(voxelSize), out: target.path, window: NAME + System.identityHashCode(labels),
			]))
			found.table = ResultsTable.open(target.path)
		}
		return found
	}

	/** The rows of a table; those of particles that were changed since show no numbers. */
	static class Model extends AbstractTableModel {

		ResultsTable table = new ResultsTable()
		/** Columns of numbers, in which cells may be empty. */
		List<String> names = ["Label"]
		Corrections hand

		void setTable(ResultsTable table) {
			this.table = table
			List<String> all = table.headings as List
			names = ["Label"] + all.findAll { name ->
				name != "Label" && table.columnExists(name) && (0..<table.size()).every { isNumber(table.getStringValue(name, it)) }
			}
		}

		private static boolean isNumber(String cell) {
			return !cell || cell.isDouble()
		}

		int label(int row) {
			return (int) table.getValue("Label", row)
		}

		@Override
		int getRowCount() {
			return table.size()
		}

		@Override
		int getColumnCount() {
			return names.size()
		}

		@Override
		String getColumnName(int column) {
			return names[column]
		}

		@Override
		Class<?> getColumnClass(int column) {
			return Double
		}

		@Override
		Object getValueAt(int row, int column) {
			double value = table.getValue(names[column], row)
			if (column == 0) return value
			return Double.isNaN(value) || hand.isStale(label(row)) ? null : value
		}
	}
}
