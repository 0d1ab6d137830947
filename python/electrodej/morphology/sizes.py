"""How large the bodies and gaps of a phase are: thickness, intrusion, chords, distances."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.morphology.clusters import find_clusters, outer_faces
from electrodej.morphology.image import Box, PhaseImage
from electrodej.morphology.phases import Measure
from electrodej.morphology.profiles import Profiles
from electrodej.morphology.slabs import over
from electrodej.run import Run
from electrodej.vocabulary import AXES, Spacing
from electrodej.volume import check_spacing

Levels = NDArray[np.uint8] | NDArray[np.uint16]
Floats = NDArray[np.float64]

SIZE_COLUMNS = {
    "Size": "which size of which phase: Thickness_NAME, Intrusion_NAME, Chord_NAME_z",
    "From": "um, where the class begins",
    "To": "um, where it ends",
    "Share": "of the phase's volume, or of its chords, in the class",
    "Below": "in this class and those of smaller sizes",
}


@dataclass(frozen=True)
class SizeDistribution:
    """How much of a phase belongs to each size.

    Attributes
    ----------
    sizes
        Edges of the classes, in micrometres, from small to large; one more than there are shares.
    shares
        Share in each class; their sum is 1.
    """

    sizes: Floats
    shares: Floats

    def percentile(self, percent: float) -> float:
        """Return the size below which so much lies, even within a class; NaN where there is nothing.

        >>> SizeDistribution(np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.5])).percentile(75)
        1.5
        """
        if not self.shares.sum() > 0:
            return math.nan
        reached = np.concatenate([[0.0], np.cumsum(self.shares)])
        return float(np.interp(percent / 100, reached, self.sizes))

    @property
    def mean(self) -> float:
        """Mean of the middles of the classes; NaN where there is nothing."""
        middles = (self.sizes[1:] + self.sizes[:-1]) / 2
        return float(middles @ self.shares) if self.shares.sum() > 0 else math.nan


def distances(mask: NDArray[Any], run: Run | None = None, *, spacing: Spacing) -> NDArray[np.float32]:
    """Return the squared distance of each voxel to the nearest one outside the mask, between centres.

    Parameters
    ----------
    mask
        Not 0 inside, shape (Z, Y, X).
    spacing
        Voxel size (z, y, x) in micrometres.
    run
        Threads, progress.

    Returns
    -------
    array
        In units of the shortest voxel edge, squared; exact for cubes. The volume's faces are no border;
        where there is nothing outside the mask, 1e18.

    Examples
    --------
    >>> distances(np.array([[[0, 1, 1, 1]]], np.uint8), spacing=(1, 1, 1)).tolist()
    [[[0.0, 1.0, 4.0, 9.0]]]
    """
    from electrodej.morphology.kernels.distances import along_x, along_y, along_z

    run = run or Run()
    steps = np.array(check_spacing(spacing)) / min(spacing)
    out = np.empty(mask.shape, np.float32)
    inside = mask.view(np.uint8) if mask.dtype == np.bool_ else mask
    over(run, mask.shape[0], "measuring distances", along_x, inside, float(steps[2]), out)
    over(run, mask.shape[0], "measuring distances", along_y, out, float(steps[1]))
    over(run, mask.shape[1], "measuring distances", along_z, out, float(steps[0]))
    return out


def ball_levels(mask: NDArray[Any], *, spacing: Spacing, run: Run | None = None) -> Levels:
    """Return for each voxel the radius of the largest ball around it inside the mask, in whole units.

    The unit is the shortest voxel edge; a ball of radius k holds the centres that are less than k away.
    """
    from electrodej.morphology.kernels.distances import to_levels

    run = run or Run()
    squares = distances(mask, run, spacing=spacing)
    longest = int(max(n * s for n, s in zip(mask.shape, spacing, strict=True)) / min(spacing)) + 1
    most = min(longest, int(math.sqrt(float(squares.max()))) + 1)
    levels: Levels = np.empty(mask.shape, np.uint8 if most < 256 else np.uint16)
    over(run, mask.shape[0], "measuring distances", to_levels, squares, most, levels)
    return levels


def local_thickness(mask: NDArray[Any], *, spacing: Spacing, run: Run | None = None) -> Levels:
    """Return for each voxel the radius of the largest ball inside the mask that holds it.

    Parameters
    ----------
    mask
        Not 0 inside, shape (Z, Y, X).
    spacing
        Voxel size (z, y, x) in micrometres.
    run
        Threads, progress.

    Returns
    -------
    array
        In whole units of the shortest voxel edge, 0 outside of the mask. The thickness is twice that
        (T. Hildebrand, P. Rüegsegger, Journal of Microscopy 185, 1997).

    Examples
    --------
    >>> slit = np.zeros((9, 9, 9), np.uint8)
    >>> slit[3:6] = 1
    >>> np.unique(local_thickness(slit, spacing=(1, 1, 1))[4]).tolist()
    [2]
    """
    run = run or Run()
    return _painted(ball_levels(mask, spacing=spacing, run=run.part(0, 2)), spacing, run.part(1, 2))


def intrusion(
    mask: NDArray[Any], *, spacing: Spacing, axis: int | None = None, run: Run | None = None
) -> Levels:
    """Return for each voxel the radius of the largest ball that holds it and can come in from outside.

    As mercury under rising pressure fills pores: a wide pore behind a narrow throat counts with the throat.

    Parameters
    ----------
    mask, spacing, run
        As `local_thickness` has them.
    axis
        The faces through which balls come in are the first and the last along this axis; all six by default,
        of a single slice its four edges.

    Returns
    -------
    array
        In whole units of the shortest voxel edge; 0 where no ball comes.
    """
    run = run or Run()
    levels = ball_levels(mask, spacing=spacing, run=run.part(0, 3))
    reached = np.zeros_like(levels)
    faces = outer_faces(mask.shape) if axis is None else 3 << (2 * axis)
    for level in range(int(levels.max()), 0, -1):
        run.part(1, 3).progress(int(levels.max()) - level, int(levels.max()), "letting balls in")
        open_here = (levels >= level).view(np.uint8)
        clusters = find_clusters(open_here)
        clusters.clear(open_here, (clusters.touches & faces) > 0)
        reached[(reached == 0) & (open_here != 0)] = level
    return _painted(reached, spacing, run.part(2, 3))


def _painted(levels: Levels, spacing: Spacing, run: Run) -> Levels:
    """Return for each voxel the largest level of a ball that holds it, from the largest balls down."""
    from electrodej.morphology.kernels.distances import level_along_x, level_along_y, level_along_z

    z, y, x = (float(step) / min(spacing) for step in check_spacing(spacing))
    near, full = np.empty(levels.shape, np.float32), np.empty(levels.shape[:2], np.bool_)
    out = np.zeros_like(levels)
    most = int(levels.max())
    for level in range(most, 0, -1):
        here = run.part(most - level, most)
        over(here.part(0, 3), len(levels), "fitting balls", level_along_x, levels, level, x, near, full)
        over(here.part(1, 3), len(levels), "fitting balls", level_along_y, level, y, near, full)
        over(here.part(2, 3), levels.shape[1], "fitting balls", level_along_z, level, z, near, full, out)
    return out


def size_distribution(levels: Levels, *, spacing: Spacing) -> SizeDistribution:
    """Return the distribution of the diameters, 2 x radius, of `local_thickness` or `intrusion`.

    A radius of k units stands for balls from k to k + 1.
    """
    counts = np.bincount(levels.ravel())[1:].astype(np.float64)
    if not counts.size:
        counts = np.zeros(1)
    edges = np.asarray(2 * min(spacing) * np.arange(1, counts.size + 2), np.float64)
    return SizeDistribution(edges, counts / max(1.0, counts.sum()))


def chords(mask: NDArray[Any], axis: int, *, spacing: Spacing) -> SizeDistribution:
    """Return the lengths of the chords along an axis, by number; those cut by a face do not count.

    >>> found = chords(np.array([[[0, 1, 1, 0, 1, 0, 1]]], np.uint8), 2, spacing=(1, 1, 0.5))
    >>> found.sizes.tolist(), found.shares.tolist()
    ([0.25, 0.75, 1.25], [0.5, 0.5])
    """
    from electrodej.morphology.kernels.chords import count_chords

    inside = np.ascontiguousarray(np.moveaxis(mask, axis, 2))
    counts = np.zeros(inside.shape[2] + 1, np.int64)
    count_chords(inside.view(np.uint8) if inside.dtype == np.bool_ else inside, counts)
    last = int(counts.nonzero()[0].max(initial=1))
    found = counts[1 : last + 1].astype(np.float64)
    edges = np.asarray(check_spacing(spacing)[axis] * (np.arange(found.size + 1) + 0.5), np.float64)
    return SizeDistribution(edges, found / max(1.0, found.sum()))


def measure_sizes(
    image: PhaseImage, *, profiles: Profiles | None = None, run: Run | None = None
) -> tuple[list[Measure], dict[str, SizeDistribution]]:
    """Measure the sizes of every phase.

    Parameters
    ----------
    image
        The phases.
    profiles
        Where the same measures of slabs go: of balls and distances as they are in the whole volume, and of
        the chords in the slab, those across it left out.
    run
        Threads, progress.

    Returns
    -------
    measures
        ``Thickness_NAME_D50``, ``Intrusion_NAME_D50`` (D10, D90), ``ChordMean_NAME_z``,
        ``DistanceMean_NAME``, ``DistanceMax_NAME``.
    distributions
        ``Thickness_NAME``, ``Intrusion_NAME``, ``Chord_NAME_z``.

    Examples
    --------
    >>> slits = np.zeros((12, 8, 8), np.uint8)
    >>> slits[4:7] = 1
    >>> found, _ = measure_sizes(PhaseImage(slits, spacing=(1, 1, 1)))
    >>> next(each.value for each in found if each.name == "ChordMean_class1_z")
    3.0
    """
    run = run or Run()
    measures: list[Measure] = []
    distributions: dict[str, SizeDistribution] = {}
    for number, (value, name) in enumerate(image.names.items()):
        fields = _Fields.of(image, value, run.part(number, len(image.names), f"{name}: "))
        distributions |= fields.distributions()
        measures += fields.measures()
        if profiles is not None:
            for slab in profiles.slabs():
                profiles.add(slab, fields.part(slab.box, across=slab.axis).measures())
    return measures, distributions


@dataclass(frozen=True)
class _Fields:
    """What is known of each voxel of a phase; in a volume of one phase no ball ends, so of its balls nothing.

    Attributes
    ----------
    name
        Of the phase.
    mask
        Where it is.
    spacing
        Voxel size in um.
    thick, entered
        Radius of the largest ball that holds a voxel, and of the largest that comes in from outside.
    away
        Squared distance to the nearest voxel of another phase.
    axes
        Along which chords are measured.
    """

    name: str
    mask: NDArray[np.bool_]
    spacing: Spacing
    thick: Levels | None
    entered: Levels | None
    away: NDArray[np.float32] | None
    axes: tuple[int, ...] = (0, 1, 2)

    @classmethod
    def of(cls, image: PhaseImage, value: int, run: Run) -> _Fields:
        mask, spacing, name = image.mask(value), image.spacing, image.names[value]
        if mask.all():
            return cls(name, mask, spacing, None, None, None)
        thick = local_thickness(mask, spacing=spacing, run=run.part(0, 3))
        entered = intrusion(mask, spacing=spacing, run=run.part(1, 3))
        away = distances(mask, run.part(2, 3), spacing=spacing)
        return cls(name, mask, spacing, thick, entered, away)

    def part(self, box: Box, *, across: int) -> _Fields:
        """Return a slab of them; chords across it would be cut."""
        axes, mask = tuple(axis for axis in self.axes if axis != across), self.mask[box]
        if self.thick is None or self.entered is None or self.away is None:
            return replace(self, mask=mask, axes=axes)
        return _Fields(
            self.name, mask, self.spacing, self.thick[box], self.entered[box], self.away[box], axes
        )

    def distributions(self) -> dict[str, SizeDistribution]:
        """Return how much of the phase has each size, and how many of its chords."""
        nothing = SizeDistribution(np.zeros(2), np.zeros(1))
        balls = {
            f"{what}_{self.name}": nothing if each is None else size_distribution(each, spacing=self.spacing)
            for what, each in (("Thickness", self.thick), ("Intrusion", self.entered))
        }
        lines = {
            f"Chord_{self.name}_{AXES[axis]}": chords(self.mask, axis, spacing=self.spacing)
            for axis in self.axes
        }
        return balls | lines

    def measures(self) -> list[Measure]:
        """Return percentiles and means."""
        shares, name = self.distributions(), self.name
        found = [
            Measure(
                f"{what}_{name}_D{percent}",
                "um",
                f"diameter below which {percent} % of the volume of {name} lies, by {how}",
                shares[f"{what}_{name}"].percentile(percent),
            )
            for what, how in (
                ("Thickness", "the largest ball inside it that holds a voxel"),
                ("Intrusion", "the largest ball that holds a voxel and comes in through the faces"),
            )
            for percent in (10, 50, 90)
        ]
        for axis in self.axes:
            letter = AXES[axis]
            text = f"mean length of the chords of {name} along {letter}, those cut by a face left out"
            mean = shares[f"Chord_{name}_{letter}"].mean
            found.append(Measure(f"ChordMean_{name}_{letter}", "um", text, mean))
        average = most = math.nan
        if self.away is not None and self.mask.any():
            away = np.sqrt(self.away[self.mask], dtype=np.float64) * min(self.spacing)
            average, most = float(away.mean()), float(away.max())
        text = f"distance from a voxel of {name} to the nearest of another phase, between centres"
        return [
            *found,
            Measure(f"DistanceMean_{name}", "um", f"mean {text}", average),
            Measure(f"DistanceMax_{name}", "um", f"largest {text}", most),
        ]


def size_table(distributions: Mapping[str, SizeDistribution]) -> dict[str, NDArray[Any]]:
    """Return distributions as one table, one row for each class; see `SIZE_COLUMNS`.

    >>> sizes = SizeDistribution(np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.5]))
    >>> table = size_table({"Thickness_pore": sizes})
    >>> table["To"].tolist(), table["Below"].tolist()
    ([1.0, 2.0], [0.5, 1.0])
    """
    found = list(distributions.values())
    names = [np.full(each.shares.size, name, object) for name, each in distributions.items()]
    parts = (
        names,
        [each.sizes[:-1] for each in found],
        [each.sizes[1:] for each in found],
        [each.shares for each in found],
        [np.cumsum(each.shares) for each in found],
    )
    return {
        title: np.concatenate(part) if part else np.empty(0)
        for title, part in zip(SIZE_COLUMNS, parts, strict=True)
    }
