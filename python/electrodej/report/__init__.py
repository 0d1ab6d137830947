"""What people show: one self-contained HTML page about a measured electrode, and its figures.

`write_report` writes the page, `write_figures` the same figures as PNG and SVG; both take a
`ReportContent`. Other rooms add to the page with a `Section` each, which may hold `Figure` pictures.
"""

import lazy_loader

from electrodej.callable_room import make_callable

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

make_callable(__name__)
