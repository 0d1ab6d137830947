"""Phases with all that a measure of them needs: their voxels, the size of these, and what each is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.progress import Progress, silent
from electrodej.vocabulary import UNLABELLED, Shape, Spacing
from electrodej.volume import check_spacing

Box = tuple[slice, slice, slice]

# An image of more different values is none of phases.
_MOST_PHASES = 64


class PhaseImage:
    """A phase image in memory, as all measures of phases take it.

    Parameters
    ----------
    phases
        Numbers from 0 to 254, shape (Z, Y, X) or (Y, X); 255 is not labelled.
    spacing
        Voxel size (z, y, x) in micrometres.
    names
        What phases are called, by their numbers; others are called ``class`` and their number.
    ids
        Numbers of phases that count even where they do not occur, as in one of several versions.

    Attributes
    ----------
    voxels
        The numbers, shape (Z, Y, X).
    spacing
        As given.
    names
        Of all phases, by their numbers, in order.

    Raises
    ------
    InputError
        The array has other axes, no voxel, or numbers that are none of phases.

    Examples
    --------
    >>> halves = PhaseImage(np.array([[0, 0], [2, 2]]), spacing=(1, 0.5, 0.5), names={0: "pore"})
    >>> halves.voxels.shape, halves.names
    ((1, 2, 2), {0: 'pore', 2: 'class2'})
    """

    def __init__(
        self,
        phases: NDArray[Any],
        *,
        spacing: Spacing,
        names: Mapping[int, str] | None = None,
        ids: Iterable[int] = (),
    ) -> None:
        volume = phases[np.newaxis] if phases.ndim == 2 else phases
        volume = volume.view(np.uint8) if volume.dtype == bool else volume
        if volume.ndim != 3 or volume.size == 0 or volume.dtype.kind not in "bui":
            raise InputError(
                f"phases are whole numbers with the axes z, y, x; these are {phases.dtype} of shape "
                f"{phases.shape}"
            )
        # Plane by plane, as whole volumes would be sorted.
        seen = find_phases(volume[z : z + 1] for z in range(len(volume)))
        numbers = sorted({*seen, *ids})
        if not numbers or numbers[0] < 0 or numbers[-1] >= UNLABELLED:
            raise InputError(
                f"phases are numbers from 0 to {UNLABELLED - 1}, and {UNLABELLED} is not labelled; something "
                "must be labelled, and particle labels are something else"
            )
        self._set(volume, check_spacing(spacing), phase_names(numbers, names))

    def _set(self, voxels: NDArray[Any], spacing: Spacing, names: Mapping[int, str]) -> None:
        self.voxels, self.spacing, self.names = voxels, spacing, dict(names)

    @property
    def shape(self) -> Shape:
        """Voxels along z, y and x."""
        shape: Shape = self.voxels.shape
        return shape

    @property
    def size(self) -> float:
        """Volume in um^3, voxels that are not labelled among it."""
        return float(np.prod(self.spacing)) * self.voxels.size

    def mask(self, phase: int) -> NDArray[np.bool_]:
        """Return where a phase is."""
        return np.asarray(self.voxels == phase)

    def with_voxels(self, voxels: NDArray[Any], spacing: Spacing | None = None) -> Self:
        """Return other voxels of the same phases; one that does not occur there is of none of them."""
        made = object.__new__(type(self))
        made._set(voxels, spacing or self.spacing, self.names)
        return made

    def part(self, box: Box) -> Self:
        """Return a part of the image, of the same phases."""
        return self.with_voxels(self.voxels[box])


def phase_names(ids: Iterable[int], names: Mapping[int, str] | None = None) -> dict[int, str]:
    """Return what phases are called: their names, or ``class`` and their number."""
    return {value: (names or {}).get(value, f"class{value}") for value in ids}


def phase_numbers(slab: NDArray[Any]) -> NDArray[np.uint8]:
    """Return phases as uint8, from any whole numbers, also ImageJ's 32-bit float; others are refused.

    >>> phase_numbers(np.array([0.0, 2.0, 255.0])).tolist()
    [0, 2, 255]
    """
    if slab.dtype == np.uint8:
        return slab
    fits = slab.dtype.kind in "buif" and (not slab.size or 0 <= slab.min() <= slab.max() <= UNLABELLED)
    if not fits or (slab.dtype.kind == "f" and (slab != np.trunc(slab)).any()):
        raise InputError(
            f"phases are whole numbers from 0 to {UNLABELLED}; these look like something else, "
            "particle labels perhaps"
        )
    return slab.astype(np.uint8)


def find_phases(
    slabs: Iterable[NDArray[Any]], progress: Progress = silent, total: int = 1
) -> tuple[int, ...]:
    """Return the numbers that occur, without 255."""
    seen: set[int] = set()
    done = 0
    for slab in slabs:
        seen |= {int(value) for value in np.unique(slab)}
        if len(seen) > _MOST_PHASES:
            raise InputError(
                f"the phase image has more than {_MOST_PHASES} different values; a phase is one number in "
                "all its voxels, so give a phase image and not the grey one or labels"
            )
        done += len(slab)
        progress(done, total, "looking for phases")
    return tuple(sorted(seen - {UNLABELLED}))
