"""How many layers a particle is parted into by depth; apart, so that reading it compiles nothing."""

LAYERS = 15
"""Of equal thickness: thirds and fifths are made of whole ones."""
