"""Images with their voxel size: read, written and streamed.

``open_volume`` opens a TIFF, a folder of slices or an OME-Zarr without reading it; ``write_volume`` and
``VolumeWriter`` write them. Axes are ZYX, the voxel size is ``(z, y, x)`` in micrometres.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.volume.checks import check_grey
    from electrodej.volume.labels import (
        Renumbering,
        cast_labels,
        check_labels,
        compact_dtype,
        max_label,
        relabel_sequential,
    )
    from electrodej.volume.model import ArrayVolume, Volume
    from electrodej.volume.open import open_volume
    from electrodej.volume.pair import common_spacing, named_by_file
    from electrodej.volume.units import VoxelSize, check_spacing, same_spacing
    from electrodej.volume.write import VolumeWriter, write_volume

__all__ = [
    "ArrayVolume",
    "Renumbering",
    "Volume",
    "VolumeWriter",
    "VoxelSize",
    "cast_labels",
    "check_grey",
    "check_labels",
    "check_spacing",
    "common_spacing",
    "compact_dtype",
    "max_label",
    "named_by_file",
    "open_volume",
    "relabel_sequential",
    "same_spacing",
    "write_volume",
]

# Looked up when first used, so that the command line starts without tifffile and zarr.
_HOME = {
    "checks": ("check_grey",),
    "labels": (
        "Renumbering",
        "cast_labels",
        "check_labels",
        "compact_dtype",
        "max_label",
        "relabel_sequential",
    ),
    "model": ("ArrayVolume", "Volume"),
    "open": ("open_volume",),
    "pair": ("common_spacing", "named_by_file"),
    "units": ("VoxelSize", "check_spacing", "same_spacing"),
    "write": ("VolumeWriter", "write_volume"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
