"""Look at a scan first: what it is like, what is to be done with it, and whether to trust what comes of it.

`inspect` looks at some slices in about a second, `prepare` gives the scan as a network wants it.
"""

import lazy_loader

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
