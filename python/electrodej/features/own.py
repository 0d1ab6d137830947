"""Measures of one's own: what they see of a particle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from electrodej.features.sources import Box
from electrodej.features.typing import Array
from electrodej.vocabulary import Spacing


@dataclass(frozen=True)
class Particle:
    """One particle as a measure of one's own sees it.

    All arrays cover ``box`` and a rim of background voxels around it: ``raw`` and ``fill`` are truth
    values, ``grey`` the grey values (0 outside the volume).
    """

    label: int
    box: Box
    spacing: Spacing
    raw: Array
    fill: Array
    grey: Array


@dataclass(frozen=True)
class OwnMeasure:
    """A measure that a user has added: a function of one particle."""

    name: str
    unit: str
    definition: str
    function: Callable[[Particle], float]
