package electrodej

import ij.IJ
import java.util.function.BooleanSupplier
import java.util.function.LongSupplier

/** Escape as somebody means it: held, the key repeats itself, and is pressed once all the same. */
class Key {

	/** A key that is held comes again before so long; one that comes later was let go of and pressed anew. */
	static final long LONGEST_PAUSE_MS = 2000

	private final BooleanSupplier down
	private final Runnable forget
	private final LongSupplier clock
	private long last = Long.MIN_VALUE
	private int presses

	/** Takes whether the key came since that was forgotten, what forgets it, and a clock in milliseconds. */
	Key(BooleanSupplier down, Runnable forget, LongSupplier clock) {
		this.down = down
		this.forget = forget
		this.clock = clock
	}

	static Key ofImageJ() {
		return new Key({ IJ.escapePressed() }, { IJ.resetEscape() }, { System.nanoTime().intdiv(1_000_000) as long })
	}

	/** Whether the key was pressed since this was asked the last time, and not held since before. */
	boolean pressedAnew() {
		if (!down.asBoolean) return false
		forget.run()
		long now = clock.asLong
		boolean held = last != Long.MIN_VALUE && now - last < LONGEST_PAUSE_MS
		last = now
		return !held
	}

	/** Whether the key was pressed for the second time; the first press does something else instead. */
	boolean pressedAgain(Closure first) {
		if (!pressedAnew()) return false
		if (++presses == 1) first()
		return presses > 1
	}
}
