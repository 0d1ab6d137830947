"""``electrodej train lrcs``: a network that tells phases apart."""

from electrodej.verbs.train.semantic import training_verb

VERB = training_verb("lrcs", "tells phases apart")
