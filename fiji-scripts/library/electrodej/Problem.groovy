package electrodej

/** Something that the user can put right: one sentence and no stack trace. */
class Problem extends RuntimeException {

	Problem(String sentence) {
		super(sentence, null, false, false)
	}

	@Override
	String toString() {
		return "ElectrodeJ: " + message
	}
}
