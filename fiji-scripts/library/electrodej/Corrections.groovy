package electrodej

import ij.ImagePlus
import ij.gui.Roi
import ij.process.FloatPolygon
import ij.process.ImageProcessor

/** Corrects labels by hand: merges, splits and deletes particles in place, and takes each step back. */
class Corrections {

	private static final int LONGEST_MEMORY = 50
	// The highest number that pixels of so many bits tell from the one before, and what helps beyond it.
	private static final Map<Integer, Integer> MOST = [8: 255, 16: 65535, 32: 1 << 24]
	private static final Map<Integer, String> REMEDY = [8: "; turn it into 16-bit first", 16: "; turn it into 32-bit first", 32: "; renumber them"]

	final ImagePlus labels
	// What each step changed: the slice, where in it, and what was there.
	private final Deque<List<Map>> steps = new ArrayDeque<>()
	/** Particles whose rows in a table are not right any more. */
	final Set<Integer> changed = new TreeSet<>()
	// Those that Python is measuring right now; null where it is not.
	private Set<Integer> measuring

	Corrections(ImagePlus labels) {
		Images.check(labels)
		this.labels = labels
	}

	/** Takes what was changed for measured from here on; what is changed meanwhile, also of the same particles, counts again. */
	void beginMeasuring() {
		if (measuring != null) throw new Problem("the particles are being measured; wait until that has ended")
		measuring = new TreeSet<>(changed)
		changed.clear()
	}

	/** Ends it; where it failed, all that was changed before still is. */
	void endMeasuring(boolean succeeded) {
		if (!succeeded) changed.addAll(measuring)
		measuring = null
	}

	/** Particles whose numbers in a table are not those of the image, or not yet. */
	Set<Integer> getStale() {
		return measuring == null ? changed : changed + measuring
	}

	/** Whether a particle's numbers in a table are not those of the image. */
	boolean isStale(int particle) {
		return changed.contains(particle) || (measuring != null && measuring.contains(particle))
	}

	/** Gives several particles one number, the smallest of theirs, and returns it. */
	int merge(Collection<Integer> particles) {
		Set<Integer> all = new TreeSet<>(particles)
		if (all.size() < 2) throw new Problem("choose two particles or more to merge")
		int kept = all.first()
		keep(step(all) { slice, at, label -> kept })
		changed.addAll(all)
		return kept
	}

	/** Makes particles background. */
	void delete(Collection<Integer> particles) {
		if (particles.isEmpty()) throw new Problem("choose a particle to delete")
		keep(step(particles as Set) { slice, at, label -> 0 })
		changed.addAll(particles)
	}

	/**
	 * Cuts a particle along a line, in all slices, and returns the number of the new one: what lies to the right of
	 * the line, as one walks along it. Its ends go on straight.
	 */
	int split(int particle, Roi line) {
		if (line == null || !line.line) throw new Problem("draw a line through the particle, with a line tool")
		FloatPolygon points = line.floatPolygon
		int made = highest() + 1
		int most = MOST[labels.bitDepth]
		if (made > most) throw new Problem("a " + labels.bitDepth + "-bit image of labels has no number above " + most + REMEDY[labels.bitDepth])
		int width = labels.width
		long total = 0
		long right = 0
		List<Map> done = step([particle] as Set) { slice, at, label ->
			total++
			if (!isRight(points, at % width, at.intdiv(width))) return label
			right++
			return made
		}
		if (right == 0 || right == total) {
			restore(done)
			throw new Problem("the line does not go through particle " + particle)
		}
		keep(done)
		changed.addAll([particle, made])
		return made
	}

	/** Takes the last step back; false where there is none. */
	boolean undo() {
		if (steps.isEmpty()) return false
		List<Map> last = steps.pop()
		last.each { step -> step.now.each { changed.add(it) } }
		restore(last)
		return true
	}

	/** The number of the particle at a place in the slice that is shown; 0 for none. */
	int at(int x, int y) {
		if (x < 0 || y < 0 || x >= labels.width || y >= labels.height) return 0
		return (int) labels.getStack().getProcessor(labels.currentSlice).getf(x, y)
	}

	/** The particle that most of a line lies on, in the slice that is shown. */
	int under(Roi line) {
		if (line == null || !line.line) throw new Problem("draw a line through the particle, with a line tool")
		Map<Integer, Integer> met = line.interpolatedPolygon.with { p -> (0..<p.npoints).countBy { at(p.xpoints[it] as int, p.ypoints[it] as int) } }
		met.remove(0)
		if (met.isEmpty()) throw new Problem("the line does not go through a particle")
		return met.max { it.value }.key
	}

	private int highest() {
		double most = 0
		for (int z = 1; z <= labels.stackSize; z++) most = Math.max(most, labels.getStack().getProcessor(z).stats.max)
		return (int) most
	}

	/** Changes the numbers of particles, all of which have to be there, and returns what was changed. */
	private List<Map> step(Set<Integer> particles, Closure<Integer> to) {
		List<Map> done = []
		Set<Integer> missing = new TreeSet<>(particles)
		for (int z = 1; z <= labels.stackSize; z++) {
			ImageProcessor plane = labels.getStack().getProcessor(z)
			List<Integer> places = []
			List<Integer> before = []
			Set<Integer> now = new TreeSet<>()
			for (int at = 0; at < plane.pixelCount; at++) {
				int label = (int) plane.getf(at)
				if (label == 0 || !particles.contains(label)) continue
				missing.remove(label)
				int value = to(z, at, label)
				now << label << value
				if (value == label) continue
				places << at
				before << label
				plane.setf(at, value)
			}
			if (places) done << [slice: z, places: places as int[], before: before as int[], now: now - 0]
		}
		if (missing) {
			restore(done)
			throw new Problem(labels.title + " has no particle " + missing.join(", "))
		}
		shown()
		return done
	}

	private void keep(List<Map> done) {
		steps.push(done)
		while (steps.size() > LONGEST_MEMORY) steps.removeLast()
	}

	private void restore(List<Map> done) {
		for (Map each in done) {
			ImageProcessor plane = labels.getStack().getProcessor(each.slice as int)
			each.places.eachWithIndex { at, n -> plane.setf(at, each.before[n] as float) }
		}
		shown()
	}

	private void shown() {
		labels.changes = true
		labels.setDisplayRange(0, Math.max(1, highest()))
		labels.updateAndDraw()
	}

	/** On which side of the nearest piece of a line a place lies. */
	private static boolean isRight(FloatPolygon line, int x, int y) {
		double nearest = Double.MAX_VALUE
		double side = 0
		int last = line.npoints - 2
		for (int n = 0; n <= last; n++) {
			double dx = line.xpoints[n + 1] - line.xpoints[n]
			double dy = line.ypoints[n + 1] - line.ypoints[n]
			double px = x + 0.5 - line.xpoints[n]
			double py = y + 0.5 - line.ypoints[n]
			double along = (px * dx + py * dy) / Math.max(1e-12d, dx * dx + dy * dy)
			double within = Math.max(n == 0 ? along : 0d, Math.min(n == last ? along : 1d, along))
			double distance = (px - within * dx) ** 2 + (py - within * dy) ** 2
			if (distance >= nearest) continue
			nearest = distance
			side = dx * py - dy * px
		}
		return side > 0
	}
}
