"""What a person drew by hand as label images, and back: VIA polygons, ImageJ ROIs, label images."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.annotation.outlines import outlines_of
    from electrodej.annotation.pairs import Pair, Pairs, read_pairs
    from electrodej.annotation.rois import Roi, read_rois, roi_labels, write_rois
    from electrodej.annotation.shapes import Drawing, Ellipse, Polygon, Region, draw
    from electrodej.annotation.via import ViaImage, read_via, write_via

__all__ = [
    "Drawing",
    "Ellipse",
    "Pair",
    "Pairs",
    "Polygon",
    "Region",
    "Roi",
    "ViaImage",
    "draw",
    "outlines_of",
    "read_pairs",
    "read_rois",
    "read_via",
    "roi_labels",
    "write_rois",
    "write_via",
]

_HOME = {
    "outlines": ("outlines_of",),
    "rois": ("Roi", "read_rois", "roi_labels", "write_rois"),
    "shapes": ("Drawing", "Ellipse", "Polygon", "Region", "draw"),
    "via": ("ViaImage", "read_via", "write_via"),
    "pairs": ("Pair", "Pairs", "read_pairs"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
