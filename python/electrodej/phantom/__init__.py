"""Synthetic cathodes with known truth, and solids known in closed form.

`make_phantom` returns a small volume whole, `phantom_slabs` one slab after the other, `write_phantom` puts a
volume of any size on the disk; `electrodej.phantom.shapes` has balls, shells, cylinders and their like.
"""

import lazy_loader

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
