"""Measure particles: a grey volume, a label volume and a voxel size in, one table out."""

from __future__ import annotations

from electrodej.features.api import features
from electrodej.features.attributes import Attribute
from electrodej.features.own import Particle
from electrodej.features.registry import forget, listing, load_measures, measure, with_measures
from electrodej.features.table import FeatureTable

__all__ = [
    "Attribute",
    "FeatureTable",
    "Particle",
    "features",
    "forget",
    "listing",
    "load_measures",
    "measure",
    "with_measures",
]
