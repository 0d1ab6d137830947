"""What is trained: networks, the training runs that they share, and prediction over whole volumes.

`electrodej.networks.stardist` has the networks that outline particles, `electrodej.networks.semantic` those
that tell phases and cracks apart.
"""

import lazy_loader

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
