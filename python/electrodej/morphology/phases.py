"""What phases fill and where they meet: shares, surfaces between two phases, chords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.directions import DIRECTIONS, Direction, direction_shares
from electrodej.errors import InputError
from electrodej.morphology.image import PhaseImage, phase_names, phase_numbers
from electrodej.vocabulary import UNLABELLED, Spacing

Floats = NDArray[np.float64]

# Voxels whose pairs are counted at once.
_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class Measure:
    """One number about a phase image.

    Attributes
    ----------
    name
        Its column: ``Share_pore``, ``Area_pore_binder``, ``Chord_pore``.
    unit
        "" or "um" or "um^-1".
    definition
        What it is.
    value
        NaN where it is undefined.
    """

    name: str
    unit: str
    definition: str
    value: float


class PairCounts:
    """Counts how often phases lie beside each other along each direction, slab by slab.

    Parameters
    ----------
    ids
        Numbers of the phases, in order. Any other number, and 255, is not labelled and does not count.

    Examples
    --------
    >>> counts = PairCounts((0, 1))
    >>> counts.add(np.array([[[0, 1, 1]]], np.uint8))
    >>> counts.voxels.tolist()
    [1, 2]
    """

    def __init__(self, ids: Sequence[int], *, at_once: int = _AT_ONCE) -> None:
        if not ids or len(set(ids)) < len(ids) or not all(0 <= value < UNLABELLED for value in ids):
            raise InputError(f"phases are different numbers from 0 to {UNLABELLED - 1}, not {list(ids)}")
        self.ids = tuple(ids)
        self._at_once = at_once
        self.voxels = np.zeros(len(ids), np.int64)
        self.pairs = np.zeros((len(DIRECTIONS), len(ids), len(ids)), np.int64)
        self._number = np.full(256, len(ids), np.uint8)
        self._number[list(ids)] = np.arange(len(ids))
        self._last: NDArray[np.uint8] | None = None

    def add(self, slab: NDArray[Any]) -> None:
        """Count the next slices, shape (z, Y, X)."""
        slab = phase_numbers(slab)
        depth = max(1, self._at_once // max(1, slab[0].size)) if len(slab) else 1
        for first in range(0, len(slab), depth):
            self._count(self._number[slab[first : first + depth]])

    def follow(self, plane: NDArray[Any]) -> None:
        """Let what is added next lie behind a slice, shape (1, Y, X), that is not counted itself."""
        self._last = self._number[phase_numbers(plane)]

    def merge(self, other: PairCounts) -> None:
        """Add what was counted elsewhere, of the same phases."""
        self.voxels += other.voxels
        self.pairs += other.pairs

    def _count(self, numbers: NDArray[np.uint8]) -> None:
        self.voxels += np.bincount(numbers.ravel(), minlength=len(self.ids) + 1)[:-1]
        # One slice of what came before, so that pairs across the slabs are met once.
        before = 0 if self._last is None else 1
        both = numbers if self._last is None else np.concatenate([self._last, numbers])
        for which, direction in enumerate(DIRECTIONS):
            if direction[0] == 0:
                self.pairs[which] += self._pairs(both[before:], direction)
            elif len(both) > 1:
                self.pairs[which] += self._pairs(both, direction)
        self._last = numbers[-1:].copy()

    def _pairs(self, numbers: NDArray[np.uint8], direction: Direction) -> NDArray[np.int64]:
        count = len(self.ids)
        one, other = (
            numbers[
                tuple(
                    _shifted(length, sign * step)
                    for length, step in zip(numbers.shape, direction, strict=True)
                )
            ]
            for sign in (1, -1)
        )
        codes = one.astype(np.uint16) * np.uint16(count + 1) + other
        table = np.bincount(codes.ravel(), minlength=(count + 1) ** 2).reshape(count + 1, count + 1)
        return np.asarray(table[:count, :count], np.int64)


def phase_measures(
    counts: PairCounts, *, spacing: Spacing, names: Mapping[int, str] | None = None
) -> list[Measure]:
    """Return shares, surfaces and chords.

    Parameters
    ----------
    counts
        Of the whole image.
    spacing
        Voxel size (z, y, x) in micrometres.
    names
        What phases are called, by their numbers.

    Notes
    -----
    With n_k(a, b) of N_k pairs of voxels one step of direction k and length d_k apart crossing from phase a
    to b or back, the surface between them per volume is, by Crofton's formula,

        S_V = 2 sum_k c_k n_k(a, b) / (N_k d_k),

    where c_k is the share of the sphere of directions that is nearest to k, so that voxels need not be
    cubes (G. Lehmann, D. Legland, Insight Journal 2012). Pairs with a voxel that is not labelled or outside
    the image do not count in n_k and N_k. A single slice has four directions, and c_k are shares of the
    circle: that is right for a structure that looks the same in all directions. The mean chord of phase a is
    4 phi_a / S_V(a, all others), with its share phi_a.

    Examples
    --------
    >>> counts = PairCounts((0, 1))
    >>> counts.add(np.array([[[0, 1], [0, 1]], [[0, 1], [0, 1]]], np.uint8))
    >>> phase_measures(counts, spacing=(1, 1, 1))[0].value
    0.5
    """
    if min(spacing) <= 0:
        raise InputError(f"a voxel size is three lengths above 0, not {spacing}")
    ids = counts.ids
    of = phase_names(ids, names)
    called = [of[value] for value in ids]
    shares = counts.voxels / max(1, counts.voxels.sum())
    areas = _surfaces(counts, spacing)
    found = [
        Measure(f"Share_{name}", "", f"voxels of {name} over all labelled voxels", _defined(share, counts))
        for name, share in zip(called, shares, strict=True)
    ]
    found += [
        Measure(
            f"Area_{called[a]}_{called[b]}",
            "um^-1",
            f"area between {called[a]} and {called[b]} per volume, by Crofton's formula with "
            "the 13 directions of a voxel's neighbours (4 on a single slice)",
            float(areas[a, b]),
        )
        for a, b in combinations(range(len(ids)), 2)
    ]
    surfaces = np.nansum(areas, axis=1)
    found += [
        Measure(
            f"Chord_{name}",
            "um",
            f"mean chord of {name}: 4 Share / area per volume to all other phases",
            float(4 * share / surface) if surface > 0 and share > 0 else np.nan,
        )
        for name, share, surface in zip(called, shares, surfaces, strict=True)
    ]
    return found


def measure_phases(image: PhaseImage) -> list[Measure]:
    """Measure the shares, surfaces and chords of an image in memory; see `phase_measures`."""
    counts = PairCounts(tuple(image.names))
    counts.add(image.voxels)
    return phase_measures(counts, spacing=image.spacing, names=image.names)


def _shifted(length: int, step: int) -> slice:
    return slice(max(0, -step), length - max(0, step))


def _defined(share: float, counts: PairCounts) -> float:
    return float(share) if counts.voxels.sum() else np.nan


def _surfaces(counts: PairCounts, spacing: Spacing) -> Floats:
    """Return the area between each two phases per volume; NaN on the diagonal, or where it is undefined."""
    total = counts.pairs.sum(axis=(1, 2))
    known = [which for which in range(len(DIRECTIONS)) if total[which]]
    areas = np.zeros((len(counts.ids),) * 2)
    steps = np.array([DIRECTIONS[which] for which in known]).reshape(-1, 3) * np.array(spacing)
    if not known or np.linalg.matrix_rank(steps) < 2:
        areas[:] = np.nan
        return areas
    lengths = np.linalg.norm(steps, axis=1)
    for share, length, which in zip(direction_shares(steps / lengths[:, None]), lengths, known, strict=True):
        crossings = counts.pairs[which] + counts.pairs[which].T
        areas += 2 * share * crossings / (total[which] * length)
    np.fill_diagonal(areas, np.nan)
    return areas
