"""How phases are spread in a volume, all of them at once: profiles, correlations, representative volumes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.morphology.axes import as_phase_volume
from electrodej.morphology.phases import Measure, find_phases, measure_phases, phase_names
from electrodej.morphology.statistics import lineal_path, representative_volumes, two_point, voxel_errors
from electrodej.run import Run
from electrodej.vocabulary import AXES, Spacing

Columns = dict[str, NDArray[Any]]

# Slabs of a profile: as many as that, of at least two slices each, so that areas are known in them.
_SLABS = 40
_LEAST = 2

PROFILE_COLUMNS = {
    "Axis": "axis along which the slabs lie one behind the other",
    "Position": "um, middle of the slab",
    "Measure": "which measure",
    "Unit": "its unit",
    "Value": "its value in the slab",
}
CORRELATION_COLUMNS = {
    "Phase": "which phase",
    "Axis": "axis along which the two voxels, or the line, lie",
    "Distance": "um",
    "TwoPoint": "probability that two voxels so far apart are both of the phase",
    "LinealPath": "probability that all voxels of the line between them are",
}
VOLUME_COLUMNS = {
    "Measure": "which measure",
    "Volumes": "equal parts, which do not overlap",
    "Edge": "um, of a cube of the same volume",
    "Mean": "over the parts",
    "RelativeSD": "sample standard deviation over the parts over their mean",
    "Nested": "the measure in the part of this size in the middle of the volume",
}


def profiles(
    phases: NDArray[Any],
    measure: Callable[[NDArray[Any], Spacing], Sequence[Measure]],
    *,
    spacing: Spacing,
    slabs: int = _SLABS,
    run: Run | None = None,
) -> Columns:
    """Return any measures in slabs along each axis, one row for each slab and measure.

    Parameters
    ----------
    phases
        Shape (Z, Y, X).
    measure
        A function of phases and their voxel size, as `measure_phases` is.
    spacing
        Voxel size (z, y, x) in micrometres.
    slabs
        At most so many along each axis; each has at least two slices.
    run
        Progress.

    Examples
    --------
    >>> phases = np.zeros((4, 2, 2), np.uint8)
    >>> phases[2:] = 1
    >>> found = profiles(phases, lambda part, size: measure_phases(part, spacing=size, ids=(0, 1)),
    ...                  spacing=(1, 1, 1))
    >>> here = (found["Axis"] == "z") & (found["Measure"] == "Share_class1")
    >>> found["Position"][here].tolist(), found["Value"][here].tolist()
    ([1.0, 3.0], [0.0, 1.0])
    """
    run = run or Run()
    rows: list[tuple[str, float, str, str, float]] = []
    for axis, letter in enumerate(AXES):
        length = phases.shape[axis]
        count = max(1, min(slabs, length // _LEAST))
        edges = [length * part // count for part in range(count + 1)]
        for part in range(count):
            run.progress(axis * count + part, len(AXES) * count, "measuring profiles")
            across = tuple(
                slice(edges[part], edges[part + 1]) if each == axis else slice(None) for each in range(3)
            )
            middle = (edges[part] + edges[part + 1]) / 2 * spacing[axis]
            rows += [
                (letter, middle, found.name, found.unit, found.value)
                for found in measure(phases[across], spacing)
            ]
    return _columns(PROFILE_COLUMNS, rows)


def correlations(phases: NDArray[Any], *, spacing: Spacing, names: Mapping[int, str]) -> Columns:
    """Return two-point correlation and lineal path of each phase along each axis, up to half its length."""
    tables: list[list[Any]] = []
    for value, name in names.items():
        mask = phases == value
        for axis, letter in enumerate(AXES):
            pairs, paths = (work(mask, axis, spacing=spacing) for work in (two_point, lineal_path))
            for place in range(phases.shape[axis] // 2 + 1 if phases.shape[axis] > 1 else 1):
                tables.append(
                    [
                        name,
                        letter,
                        pairs["Distance"][place],
                        pairs["Probability"][place],
                        paths["Probability"][place],
                    ]
                )
    return _columns(CORRELATION_COLUMNS, tables)


def measure_arrangement(
    phases: NDArray[Any],
    *,
    spacing: Spacing,
    names: Mapping[int, str] | None = None,
    run: Run | None = None,
) -> tuple[list[Measure], dict[str, Columns]]:
    """Measure how each phase is spread, and how well its share and surface are known.

    Parameters
    ----------
    phases
        Numbers from 0 to 254, shape (Z, Y, X) or (Y, X); 255 is not labelled.
    spacing
        Voxel size (z, y, x) in micrometres.
    names
        What phases are called, by their numbers.
    run
        Progress.

    Returns
    -------
    measures, tables
        For shares and areas ``Representative_Share_NAME``, the edge in um of a cube in which the measure is
        known to 5 % (see `representative_volume`), and ``VoxelError_Share_NAME``, what the voxel size does to
        it (see `voxel_error`); and the tables ``profiles``, ``correlations`` and ``volumes``.
    """
    run = run or Run()
    volume, step = as_phase_volume(phases, spacing)
    ids = find_phases([volume])
    called = phase_names(ids, names)

    def measured(part: NDArray[Any], size: Spacing) -> list[Measure]:
        return [
            each
            for each in measure_phases(part, spacing=size, ids=ids, names=called)
            if not each.name.startswith("Chord_")
        ]

    tables = {
        "profiles": profiles(
            volume,
            lambda part, size: measure_phases(part, spacing=size, ids=ids, names=called),
            spacing=step,
            run=run.part(0, 3),
        )
    }
    run.part(1, 3).progress(0.0, 1.0, "correlating")
    tables["correlations"] = correlations(volume, spacing=step, names=called)
    run.part(2, 3).progress(0.0, 1.0, "looking for representative volumes")
    names_of = [each.name for each in measured(volume, step)]
    parts = representative_volumes(
        volume, lambda part: [each.value for each in measured(part, step)], spacing=step
    )
    errors = [math.nan] * len(names_of)
    if min(volume.shape) >= 3:  # voxels three times as large
        values = voxel_errors(
            volume, lambda part, size: [each.value for each in measured(part, size)], spacing=step
        )
        errors = [each["Error"] for each in values]
    tables["volumes"] = _columns(
        VOLUME_COLUMNS,
        [
            (name, *(each[column][row] for column in list(VOLUME_COLUMNS)[1:]))
            for name, each in zip(names_of, parts, strict=True)
            for row in range(len(each["Edge"]))
        ],
    )
    found: list[Measure] = []
    for name, each, error in zip(names_of, parts, errors, strict=True):
        found += _known(name, each["Representative"], error)
    return found, tables


def _known(name: str, representative: float, error: float) -> list[Measure]:
    """Return how well one measure is known."""
    return [
        Measure(
            f"Representative_{name}",
            "um",
            f"edge of a cube in which {name} is known to 5 %, from its spread over equal parts of the "
            "volume; undefined where that does not fall with their size, or so slowly that the cube would be "
            "more than 20 times the largest part",
            representative,
        ),
        Measure(
            f"VoxelError_{name}",
            "",
            f"relative error of {name} by the size of the voxels: against the straight line through it at "
            "1, 2 and 3 times the voxel size, at 0",
            error,
        ),
    ]


def _columns(names: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> Columns:
    columns: Columns = {}
    for place, name in enumerate(names):
        values = [row[place] for row in rows]
        text = bool(values) and isinstance(values[0], str)
        columns[name] = np.array(values, object if text else np.float64)
    return columns
