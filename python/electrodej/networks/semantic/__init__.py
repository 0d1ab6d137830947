"""Networks that tell phases and cracks apart: LRCS-Net and CDNet's U-Net, trained, stored and run.

`train_semantic` trains one, `load_model` reads it, `predict_slabs` runs it over a volume of any size.
"""

import lazy_loader

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
