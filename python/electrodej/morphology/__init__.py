"""What phases look like: measures of their shape and arrangement."""

import lazy_loader

from electrodej.callable_room import make_callable

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

make_callable(__name__)
