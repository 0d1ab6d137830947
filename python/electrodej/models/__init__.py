"""What a model is and how it is run: bundled names, folders and zips, one loader, engines, tiles, sections.

`find_model` says where a model lies, `load_model` loads any. What its results mean is told by
`electrodej.networks`.
"""

import lazy_loader

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
