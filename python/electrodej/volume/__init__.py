"""Images with their voxel size: read, written and streamed.

``open_volume`` opens a TIFF, a folder of slices or an OME-Zarr without reading it; ``write_volume`` and
``VolumeWriter`` write them. Axes are ZYX, the voxel size is ``(z, y, x)`` in micrometres.
"""

import lazy_loader

# What is offered stands in __init__.pyi; each name is loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
