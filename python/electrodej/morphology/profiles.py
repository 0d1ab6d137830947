"""Measures of slabs along each axis: how a volume changes from one end to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.morphology.image import Box, PhaseImage
from electrodej.morphology.phases import Measure
from electrodej.run import Run
from electrodej.vocabulary import AXES

Columns = dict[str, NDArray[Any]]

# Slabs along an axis: as many as that, of at least two slices each, so that areas are known in them.
_SLABS = 40
_LEAST = 2

PROFILE_COLUMNS = {
    "Axis": "axis along which the slabs lie one behind the other",
    "Position": "um, middle of the slab",
    "Measure": "which measure",
    "Unit": "its unit",
    "Value": "its value in the slab",
}


@dataclass(frozen=True)
class Slab:
    """Some slices across an axis, the last not among them."""

    axis: int
    first: int
    last: int

    @property
    def box(self) -> Box:
        """Where it is in the volume."""
        z, y, x = (
            slice(self.first, self.last) if axis == self.axis else slice(None) for axis in range(len(AXES))
        )
        return z, y, x


@dataclass
class Profiles:
    """The measures of slabs along each axis of an image, as they are found.

    Examples
    --------
    >>> from electrodej.morphology import measure_phases
    >>> phases = np.zeros((4, 2, 2), np.uint8)
    >>> phases[2:] = 1
    >>> profiles = Profiles(PhaseImage(phases, spacing=(1, 1, 1)))
    >>> profiles.measure(measure_phases)
    >>> found = profiles.table()
    >>> here = (found["Axis"] == "z") & (found["Measure"] == "Share_class1")
    >>> found["Position"][here].tolist(), found["Value"][here].tolist()
    ([1.0, 3.0], [0.0, 1.0])
    """

    image: PhaseImage
    rows: list[tuple[str, float, str, str, float]] = field(default_factory=list)

    def slabs(self, most: int = _SLABS, least: int = _LEAST) -> Iterator[Slab]:
        """Yield at most so many slabs along each axis, each of at least so many slices where there are."""
        for axis, length in enumerate(self.image.shape):
            count = max(1, min(most, length // least))
            edges = [length * part // count for part in range(count + 1)]
            for first, last in pairwise(edges):
                yield Slab(axis, first, last)

    def add(self, slab: Slab, measures: Sequence[Measure]) -> None:
        """Take the measures of a slab."""
        middle = (slab.first + slab.last) / 2 * self.image.spacing[slab.axis]
        self.rows += [(AXES[slab.axis], middle, each.name, each.unit, each.value) for each in measures]

    def add_share(self, measure: Measure, kept: NDArray[Any], of: NDArray[Any]) -> None:
        """Take a measure that is the share of some voxels in others, as that share in each slab."""
        by_axis = [[_by_slice(mask, axis) for mask in (kept, of)] for axis in range(len(AXES))]
        for slab in self.slabs():
            some, every = (counts[slab.first : slab.last].sum() for counts in by_axis[slab.axis])
            share = float(some / every) if every else np.nan
            self.add(slab, [Measure(measure.name, measure.unit, measure.definition, share)])

    def measure(
        self, work: Callable[[PhaseImage], Sequence[Measure]], run: Run | None = None, **slabs: int
    ) -> None:
        """Take what is measured of each slab by itself; ``slabs`` as `slabs` has them."""
        run, all_slabs = run or Run(), list(self.slabs(**slabs))
        for number, slab in enumerate(all_slabs):
            run.progress(number, len(all_slabs), "measuring profiles")
            self.add(slab, work(self.image.part(slab.box)))

    def table(self) -> Columns:
        """Return all that was taken, one row for each slab and measure; see `PROFILE_COLUMNS`."""
        return columns_of(PROFILE_COLUMNS, self.rows)


def _by_slice(mask: NDArray[Any], axis: int) -> NDArray[np.int64]:
    others = tuple(other for other in range(len(AXES)) if other != axis)
    return np.asarray(np.count_nonzero(mask, axis=others), np.int64)


def columns_of(names: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> Columns:
    """Return rows as columns of text or of numbers."""
    columns: Columns = {}
    for place, name in enumerate(names):
        values = [row[place] for row in rows]
        text = bool(values) and isinstance(values[0], str)
        columns[name] = np.array(values, object if text else np.float64)
    return columns
