"""Grey values made better before anything is found in them: noise, rings, stripes, backgrounds.

A filter is a step with its parameters; steps make a chain, and a chain is a volume that is filtered where
it is read, so that it may be larger than the memory.
"""

import lazy_loader

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
