"""What a step of a chain of filters is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from electrodej.filters.noise import noise_of_volume
from electrodej.options import Settings
from electrodej.vocabulary import Shape, Spacing
from electrodej.volume import Volume

Grey = NDArray[np.float32]


@dataclass(frozen=True)
class Filter:
    """A step that is ready for one volume.

    Attributes
    ----------
    apply
        Called with grey values (float32, ZYX, whole slices) and the number of the first slice; returns
        filtered ones of that shape.
    margin
        How many slices on either side a slice's result depends on.
    copies
        How many arrays of a slab's size and 4 bytes a voxel are in memory while it works, with the slab.
    """

    apply: Callable[[Grey, int], Grey]
    margin: int = 0
    copies: int = 3


@dataclass(frozen=True)
class Place:
    """The volume that a step works on.

    Attributes
    ----------
    source
        What the step before gives.
    spacing
        Voxel size (z, y, x) in micrometres.
    flat
        Whether each slice is filtered by itself.
    """

    source: Volume
    spacing: Spacing
    flat: bool

    @property
    def shape(self) -> Shape:
        return self.source.shape

    @property
    def is_2d(self) -> bool:
        """Whether nothing is taken from the slices beside."""
        return self.flat or self.shape[0] == 1

    def noise(self) -> float:
        """Return the noise level of the source in grey values."""
        return noise_of_volume(self.source)


@dataclass(frozen=True, kw_only=True)
class Step(Settings):
    """A filter and its parameters; a class for each kind of filter."""

    name: ClassVar[str]
    summary: ClassVar[str]

    def prepare(self, place: Place) -> Filter:
        """Return the filter for one volume: lengths in voxels, levels in grey values, what must be known."""
        raise NotImplementedError

    @property
    def text(self) -> str:
        """The step as it is typed, with what is not as usual."""
        changed = [
            f":{each.name}={each.kind.shown(value)}"
            for each in self.options()
            if (value := self.value_of(each)) != each.checked(each.default)
        ]
        return self.name + "".join(changed)
