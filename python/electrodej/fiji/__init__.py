"""ElectrodeJ's doors into ImageJ and Fiji.

`connect` opens ImageJ or a Fiji in this process; what it returns converts images and tables both ways,
measures, and runs the menu's scripts.
"""

import lazy_loader

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
