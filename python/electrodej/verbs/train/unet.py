"""``electrodej train unet``: a network that finds cracks, or phases."""

from electrodej.verbs.train.semantic import training_verb

VERB = training_verb("unet", "finds cracks, or phases")
