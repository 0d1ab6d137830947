"""How phases are spread in a volume, all of them at once: correlations, representative volumes."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from electrodej.morphology.image import PhaseImage
from electrodej.morphology.phases import Measure, measure_phases
from electrodej.morphology.profiles import Columns, columns_of
from electrodej.morphology.statistics import lineal_path, representative_volumes, two_point, voxel_errors
from electrodej.run import Run
from electrodej.vocabulary import AXES, Spacing

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


def correlations(image: PhaseImage) -> Columns:
    """Return two-point correlation and lineal path of each phase along each axis, up to half its length."""
    rows: list[list[Any]] = []
    for value, name in image.names.items():
        mask = image.mask(value)
        for axis, letter in enumerate(AXES):
            length = image.shape[axis]
            pairs, paths = (work(mask, axis, spacing=image.spacing) for work in (two_point, lineal_path))
            for place in range(length // 2 + 1 if length > 1 else 1):
                found = pairs["Distance"], pairs["Probability"], paths["Probability"]
                rows.append([name, letter, *(each[place] for each in found)])
    return columns_of(CORRELATION_COLUMNS, rows)


def measure_arrangement(
    image: PhaseImage, *, run: Run | None = None
) -> tuple[list[Measure], dict[str, Columns]]:
    """Measure how each phase is spread, and how well its share and surface are known.

    Parameters
    ----------
    image
        The phases.
    run
        Progress.

    Returns
    -------
    measures, tables
        For shares and areas ``Representative_Share_NAME``, the edge in um of a cube in which the measure is
        known to 5 % (see `representative_volume`), and ``VoxelError_Share_NAME``, what the voxel size does to
        it (see `voxel_error`); and the tables ``correlations`` and ``volumes``.
    """
    run = run or Run()

    def measured(part: NDArray[Any], size: Spacing) -> list[float]:
        return [each.value for each in _known_by_volume(image.with_voxels(part, size))]

    run.progress(0, 2, "correlating")
    tables = {"correlations": correlations(image)}
    run.progress(1, 2, "looking for representative volumes")
    names = [each.name for each in _known_by_volume(image)]
    parts = representative_volumes(
        image.voxels, lambda part: measured(part, image.spacing), spacing=image.spacing
    )
    errors = [math.nan] * len(names)
    if min(image.shape) >= 3:  # voxels three times as large
        values = voxel_errors(image.voxels, measured, spacing=image.spacing)
        errors = [each["Error"] for each in values]
    tables["volumes"] = columns_of(
        VOLUME_COLUMNS,
        [
            (name, *(each[column][row] for column in list(VOLUME_COLUMNS)[1:]))
            for name, each in zip(names, parts, strict=True)
            for row in range(len(each["Edge"]))
        ],
    )
    found: list[Measure] = []
    for name, each, error in zip(names, parts, errors, strict=True):
        found += _known(name, each["Representative"], error)
    return found, tables


def _known_by_volume(image: PhaseImage) -> list[Measure]:
    return [each for each in measure_phases(image) if not each.name.startswith("Chord_")]


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
