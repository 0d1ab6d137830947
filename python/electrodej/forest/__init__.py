"""A forest that tells phases apart from few labels: multiscale measures of grey values, and trees over them.

`train_forest` learns from any labelled voxels, `predict_slabs` runs a forest over a volume of any size,
`where_to_label` says where another label would help most.
"""

import lazy_loader

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
