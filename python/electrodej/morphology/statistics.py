"""How a phase is spread: profiles, correlations, representative volumes, error of the voxels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import Spacing
from electrodej.volume import check_spacing

Floats = NDArray[np.float64]

# Multiples of the voxel size at which its error is measured.
_FACTORS = (1, 2, 3)


def profile(mask: NDArray[Any], axis: int, *, spacing: Spacing) -> dict[str, Floats]:
    """Return the share of a mask in each slice along an axis, and where the slice's middle lies.

    >>> found = profile(np.array([[[1, 1]], [[1, 0]]]), 0, spacing=(2, 1, 1))
    >>> found["Position"].tolist(), found["Share"].tolist()
    ([1.0, 3.0], [1.0, 0.5])
    """
    step = check_spacing(spacing)[axis]
    others = tuple(other for other in range(3) if other != axis)
    shares = np.asarray((mask != 0).mean(axis=others), np.float64)
    return {"Position": np.asarray((np.arange(len(shares)) + 0.5) * step, np.float64), "Share": shares}


def two_point(mask: NDArray[Any], axis: int, *, spacing: Spacing) -> dict[str, Floats]:
    """Return the probability that two voxels so far apart along an axis both lie in a mask.

    S_2(r) = (pairs with both voxels inside) / (all pairs that far apart), by FFT along the axis with room
    for the shift, so that the ends do not meet. It begins at the share and tends to its square.

    >>> found = two_point(np.array([[[1, 0, 1, 0]]]), 2, spacing=(1, 1, 0.5))
    >>> found["Distance"].tolist(), found["Probability"].round(6).tolist()
    ([0.0, 0.5, 1.0, 1.5], [0.5, 0.0, 0.5, 0.0])
    """
    from scipy.fft import irfft, next_fast_len, rfft

    n = mask.shape[axis]
    length = next_fast_len(2 * n, real=True)
    total = np.zeros(n)
    lines = np.moveaxis(mask != 0, axis, 2)
    for section in lines:  # one at a time: the spectra of all would take much memory
        spectrum = rfft(section.astype(np.float64), length, axis=1)
        total += irfft(np.abs(spectrum) ** 2, length, axis=1)[:, :n].sum(axis=0)
    pairs = (n - np.arange(n)) * (mask.size // n)
    found = np.clip(total / pairs, 0, 1)
    return {"Distance": np.arange(n) * check_spacing(spacing)[axis], "Probability": found}


def lineal_path(mask: NDArray[Any], axis: int, *, spacing: Spacing) -> dict[str, Floats]:
    """Return the probability that a line of a length along an axis lies wholly in a mask.

    L(r) counts lines from voxel centre to voxel centre. A run of n voxels holds n - k lines of k steps.

    >>> found = lineal_path(np.array([[[1, 1, 1, 0]]]), 2, spacing=(1, 1, 1))
    >>> found["Probability"].round(4).tolist()
    [0.75, 0.6667, 0.5, 0.0]
    """
    from electrodej.morphology.kernels.chords import count_runs_of_length

    lines = np.ascontiguousarray(np.moveaxis(mask != 0, axis, 2)).view(np.uint8)
    n = lines.shape[2]
    counts = np.zeros(n + 1, np.int64)
    count_runs_of_length(lines, counts)
    lengths = np.arange(n + 1)
    # sum over runs of max(0, length - k) for every k, by two running sums from the long end.
    longer = np.cumsum(counts[::-1])[::-1]
    weighted = np.cumsum((counts * lengths)[::-1])[::-1]
    inside = np.array([weighted[k + 1] - k * longer[k + 1] if k < n else 0 for k in range(n)], np.float64)
    every = (n - np.arange(n)) * (lines.size // n)
    return {"Distance": np.arange(n) * check_spacing(spacing)[axis], "Probability": inside / every}


# A cube so many times larger than the largest part is a guess, not an estimate.
_FARTHEST = 20.0


def representative_volume(
    volume: NDArray[Any], measure: Callable[[NDArray[Any]], float], *, spacing: Spacing, target: float = 0.05
) -> dict[str, Any]:
    """Find how large a volume must be for a measure to be known: by cubes that do not overlap.

    Parameters
    ----------
    volume
        Shape (Z, Y, X).
    measure
        What is to be known, a function of a part of the volume: ``lambda part: (part == 0).mean()``.
    spacing
        Voxel size (z, y, x) in micrometres.
    target
        Relative standard deviation between equal volumes at which one is representative.

    Returns
    -------
    dict
        ``Volumes`` (how many there are), ``Edge`` (um, of a cube of the same volume), ``Mean`` and
        ``RelativeSD`` of each division of the volume into 8, 27, 64 ... parts, from large to small;
        ``Nested``, the measure of the middle parts of these sizes; and ``Representative``, the edge in um at
        which the relative standard deviation is ``target``, from RelativeSD = a Edge^-b fitted to the
        divisions; NaN where that does not fall.

    Examples
    --------
    >>> noise = np.random.default_rng(0).random((24, 24, 24)) < 0.5
    >>> found = representative_volume(noise, np.mean, spacing=(1, 1, 1))
    >>> bool(found["RelativeSD"][0] < found["RelativeSD"][-1])
    True
    """
    return representative_volumes(volume, lambda part: [measure(part)], spacing=spacing, target=target)[0]


def representative_volumes(
    volume: NDArray[Any],
    measures: Callable[[NDArray[Any]], Sequence[float]],
    *,
    spacing: Spacing,
    target: float = 0.05,
) -> list[dict[str, Any]]:
    """Return what `representative_volume` does for several measures that are taken at once."""
    if not 0 < target < 1:
        raise InputError(f"target: {target} is no relative deviation; give a number between 0 and 1")
    voxel = math.prod(check_spacing(spacing))
    divisions: list[tuple[float, Floats, Floats]] = []
    for parts in (2, 3, 4, 5, 6):
        sides = [max(1, n // parts) for n in volume.shape]
        if math.prod(sides) < 8:
            break
        values = np.array([measures(part) for part in _parts(volume, sides)], np.float64)
        middle = tuple(
            slice((n - s) // 2, (n - s) // 2 + s) for n, s in zip(volume.shape, sides, strict=True)
        )
        nested = np.array(measures(volume[middle]), np.float64)
        divisions.append(((math.prod(sides) * voxel) ** (1 / 3), values, nested))
    count = divisions[0][1].shape[1] if divisions else len(measures(volume))
    return [_convergence(divisions, which, target) for which in range(count)]


def _convergence(divisions: list[tuple[float, Floats, Floats]], which: int, target: float) -> dict[str, Any]:
    """Return how one of several measures settles as the parts grow."""
    rows = []
    for edge, table, nested in divisions:
        values = table[:, which]
        values = values[np.isfinite(values)]
        if len(values) < 2 or not values.mean():
            continue
        rows.append(
            (len(values), edge, values.mean(), values.std(ddof=1) / abs(values.mean()), nested[which])
        )
    columns = np.array(rows, np.float64).reshape(-1, 5).T
    names = ("Volumes", "Edge", "Mean", "RelativeSD", "Nested")
    found: dict[str, Any] = dict(zip(names, columns, strict=True))
    return found | {"Representative": _edge_for(found["Edge"], found["RelativeSD"], target)}


def _parts(volume: NDArray[Any], sides: list[int]) -> list[NDArray[Any]]:
    """Return the cubes that fit, none twice; an axis that is not divided counts as one."""
    starts = [range(0, n - side + 1, side) for n, side in zip(volume.shape, sides, strict=True)]
    return [
        volume[z : z + sides[0], y : y + sides[1], x : x + sides[2]]
        for z in starts[0]
        for y in starts[1]
        for x in starts[2]
    ]


def _edge_for(edges: Floats, deviations: Floats, target: float) -> float:
    usable = deviations > 0
    if usable.sum() < 2:
        return math.nan
    slope, start = np.polyfit(np.log(edges[usable]), np.log(deviations[usable]), 1)
    if slope >= 0:
        return math.nan
    # Worked out in logarithms: a spread that hardly falls would lead to an edge that no number holds.
    edge = (math.log(target) - start) / slope
    return math.exp(edge) if edge <= math.log(_FARTHEST * edges.max()) else math.nan


def voxel_error(
    phases: NDArray[Any], measure: Callable[[NDArray[Any], Spacing], float], *, spacing: Spacing
) -> dict[str, float]:
    """Estimate what the size of the voxels does to a measure: by voxels twice and three times as large.

    Parameters
    ----------
    phases
        Shape (Z, Y, X).
    measure
        A function of phases and their voxel size.
    spacing
        Voxel size (z, y, x) in micrometres.

    Returns
    -------
    dict
        ``At1``, ``At2``, ``At3``, the measure at these multiples of the voxel size; ``Extrapolated``, the
        value at 0 of the straight line through the three; ``Error``, relative, of ``At1`` against that.

    Notes
    -----
    A coarse voxel has the phase of most of its fine ones, the lower number where two are level.

    Examples
    --------
    >>> phases = np.zeros((12, 12, 12), np.uint8)
    >>> found = voxel_error(phases, lambda part, spacing: 5 + spacing[0], spacing=(1, 1, 1))
    >>> round(found["Extrapolated"], 9), round(found["Error"], 9)
    (5.0, 0.2)
    """
    return voxel_errors(phases, lambda part, size: [measure(part, size)], spacing=spacing)[0]


def voxel_errors(
    phases: NDArray[Any], measures: Callable[[NDArray[Any], Spacing], Sequence[float]], *, spacing: Spacing
) -> list[dict[str, float]]:
    """Return what `voxel_error` does for several measures that are taken at once."""
    step = check_spacing(spacing)
    rows = [
        measures(coarser(phases, factor), (step[0] * factor, step[1] * factor, step[2] * factor))
        for factor in _FACTORS
    ]
    return [_extrapolated(values) for values in zip(*rows, strict=True)]


def _extrapolated(values: Sequence[float]) -> dict[str, float]:
    extrapolated = math.nan
    if all(map(math.isfinite, values)):
        extrapolated = float(np.polynomial.Polynomial.fit(_FACTORS, values, 1).convert().coef[0])
    error = values[0] / extrapolated - 1 if extrapolated else math.nan
    return {
        **{f"At{factor}": float(value) for factor, value in zip(_FACTORS, values, strict=True)},
        "Extrapolated": extrapolated,
        "Error": error,
    }


def coarser(phases: NDArray[Any], factor: int) -> NDArray[Any]:
    """Return phases with voxels a factor larger along each axis: the phase of most fine voxels in each.

    >>> coarser(np.array([[[0, 1, 1, 1], [1, 1, 1, 0]], [[0, 0, 0, 1], [1, 0, 0, 0]]]), 2).tolist()
    [[[0, 0]]]
    """
    if factor == 1:
        return phases
    sides = [n // factor for n in phases.shape]
    if min(sides) < 1:
        raise InputError(
            f"a volume of {' x '.join(map(str, phases.shape))} voxels has none {factor} times as large"
        )
    cut = phases[tuple(slice(0, n * factor) for n in sides)]
    blocks = cut.reshape(sides[0], factor, sides[1], factor, sides[2], factor)
    best = np.zeros(sides, np.int64)
    chosen = np.zeros(sides, phases.dtype)
    for value in np.unique(cut):
        count = (blocks == value).sum(axis=(1, 3, 5))
        chosen[count > best] = value
        best = np.maximum(best, count)
    return chosen
