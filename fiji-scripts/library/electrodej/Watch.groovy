package electrodej

import java.util.function.Consumer

/** Looks again and again beside all else, until it is closed or an image is. */
class Watch implements Closeable {

	private static final long BETWEEN_LOOKS_MS = 300
	// What is drawn is sent with each look, so one that does other work is not asked all the time.
	private static final long WHILE_BUSY_MS = 3000

	private final Glances glances
	private final Consumer<String> tell
	private final Runnable ended
	private volatile boolean open = true

	/** Takes who hears what a look told, and who hears that there are no more. */
	Watch(Glances glances, Consumer<String> tell, Runnable ended) {
		this.glances = glances
		this.tell = tell
		this.ended = ended
	}

	void start() {
		Thread.startDaemon("ElectrodeJ looks") { looking() }
	}

	private void looking() {
		try {
			boolean prepared = false
			while (open && glances.open) {
				if (glances.wanted && glances.renew()) tell.accept(glances.told)
				if (!prepared) glances.prepare()
				prepared = true
				Thread.sleep(glances.busy ? WHILE_BUSY_MS : BETWEEN_LOOKS_MS)
			}
		}
		finally {
			try {
				glances.close()
			}
			finally {
				ended.run()
			}
		}
	}

	@Override
	void close() {
		open = false
		glances.close()
	}
}
