"""Models out of Python and into Fiji: a TensorFlow 1.15 zip from a Keras model, and the proof that it runs.

`export_model` writes the zip with its settings, macro and model card; `verify_zip` checks anybody's zip.
"""

import lazy_loader

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
