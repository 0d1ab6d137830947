"""``electrodej train lrcs``: a network that tells phases apart."""

from electrodej.verbs.train.semantic import training_verb

VERB = training_verb("lrcs", "LRCS-Net", "tells phases apart")
