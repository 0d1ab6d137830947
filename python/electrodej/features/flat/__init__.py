"""Particles in single slices: the table of a 2D image, with 2D's own measures and units."""

from __future__ import annotations

from electrodej.features.flat.api import flat_features
from electrodej.features.flat.columns import NAMES
from electrodej.features.flat.saltykov import saltykov

__all__ = ["NAMES", "flat_features", "saltykov"]
