"""The words that every room uses: voxel sizes, shapes, views, paths.

Axes are ZYX. A view is named by the two axes of its sections: ``xy`` sections follow one another along z.
"""

from __future__ import annotations

import os
from typing import Literal, TypeAlias, TypeVar, get_args

PathLike: TypeAlias = str | os.PathLike[str]
# (z, y, x) in micrometres, and in voxels.
Spacing: TypeAlias = tuple[float, float, float]
Shape: TypeAlias = tuple[int, int, int]
View: TypeAlias = Literal["xy", "xz", "yz"]
Value = TypeVar("Value")

# In an image of phases: a voxel of which nobody said what it is.
UNLABELLED = 255
# What columns and options call the axes.
AXES = ("z", "y", "x")

VIEWS: tuple[View, ...] = get_args(View)
# Along which axis of ZYX the sections of a view follow one another.
AXIS_OF: dict[View, int] = {"xy": 0, "xz": 1, "yz": 2}


def across(values: tuple[Value, Value, Value], axis: int) -> tuple[Value, Value]:
    """Return what a section across ``axis`` has of three values.

    >>> across((0.2, 0.07, 0.05), axis=1)
    (0.2, 0.05)
    """
    first, second = (value for number, value in enumerate(values) if number != axis)
    return first, second


def counted(number: int, noun: str) -> str:
    """Return the number with its noun.

    >>> counted(1, "particle"), counted(0, "particle")
    ('1 particle', '0 particles')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
