"""Where phases meet: specific surfaces, and the lines at which three phases meet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.morphology.axes import as_phase_volume
from electrodej.morphology.clusters import find_clusters
from electrodej.morphology.phases import Measure, find_phases, measure_phases, phase_names
from electrodej.run import Run
from electrodej.vocabulary import AXES, UNLABELLED, Spacing
from electrodej.volume import check_spacing

# Lines at an angle are longer along voxel edges; isotropic ones by the mean of |cos a| + |cos b| + |cos c|.
_STAIRS = 3 / 2


def triple_lines(phases: NDArray[Any], *, spacing: Spacing, three: Sequence[int]) -> float:
    """Return the length in um of the voxel edges around which three phases lie.

    Parameters
    ----------
    phases
        Shape (Z, Y, X).
    spacing
        Voxel size (z, y, x) in micrometres.
    three
        The numbers of the phases.

    Examples
    --------
    >>> phases = np.array([[[0, 0], [1, 2]]] * 4)
    >>> triple_lines(phases, spacing=(0.5, 1, 1), three=(0, 1, 2))
    2.0
    """
    from electrodej.morphology.kernels.triple import count_triple_edges

    table = np.zeros(256, np.uint8)
    table[list(three)] = (1, 2, 4)
    counts = np.zeros(3, np.int64)
    count_triple_edges(table[phases], counts)
    return float(counts @ np.array(check_spacing(spacing)))


def mesh_surface(mask: NDArray[Any], *, spacing: Spacing) -> float:
    """Return the area in um^2 of a mask's surface inside the volume, by marching cubes at 1/2.

    The volume's faces are no surface. For comparison with programs that use it: on voxels it is about 8 %
    too large for a smooth surface.
    """
    from skimage.measure import marching_cubes, mesh_surface_area

    if min(mask.shape) < 2 or bool(mask.all()) or not bool(mask.any()):
        return 0.0
    corners, faces, _, _ = marching_cubes(
        np.asarray(mask, np.float32), 0.5, spacing=check_spacing(spacing), allow_degenerate=False
    )
    return float(mesh_surface_area(corners, faces))


def measure_interfaces(
    phases: NDArray[Any],
    *,
    spacing: Spacing,
    names: Mapping[int, str] | None = None,
    axis: int = 0,
    run: Run | None = None,
) -> list[Measure]:
    """Measure the surface of each phase, and the lines at which each three meet.

    Parameters
    ----------
    phases
        Numbers from 0 to 254, shape (Z, Y, X) or (Y, X); 255 is not labelled.
    spacing
        Voxel size (z, y, x) in micrometres.
    names
        What phases are called, by their numbers.
    axis
        A line is percolating where its three phases all reach from end to end along this axis.
    run
        Progress.

    Returns
    -------
    list of Measure
        ``Surface_NAME``, ``SurfaceMesh_NAME`` for each phase; ``TPB`` and ``TPBPercolating`` where there are
        three phases, ``TPB_A_B_C`` for each three where there are more.

    Notes
    -----
    ``Surface`` is the sum of the areas to all other phases by Crofton's formula (see `phase_measures`). The
    length of triple lines is that of the voxel edges whose four voxels have all three phases, times 2 / 3:
    stairs along the edges are 3 / 2 times as long as a line without a preferred direction, the mean of
    |n_z| + |n_y| + |n_x| over the sphere.

    Examples
    --------
    >>> phases = np.array([[[0, 0], [1, 2]]] * 4)
    >>> found = measure_interfaces(phases, spacing=(1, 1, 1))
    >>> [each.name for each in found][-2:]
    ['TPB', 'TPBPercolating']
    """
    run = run or Run()
    volume, step = as_phase_volume(phases, spacing)
    ids = find_phases([volume])
    called = phase_names(ids, names)
    size = math.prod(step) * max(1, int(np.count_nonzero(volume != UNLABELLED)))
    areas = {
        each.name: each.value
        for each in measure_phases(volume, spacing=step, ids=ids, names=called)
        if each.name.startswith("Area_")
    }
    found: list[Measure] = []
    for number, value in enumerate(ids):
        run.progress(number, len(ids) + 1, "measuring surfaces")
        found += _surfaces(volume, value, called, areas, step, size)
    run.progress(len(ids), len(ids) + 1, "looking for triple lines")
    return found + _lines(volume, called, step, size, axis)


def _surfaces(
    volume: NDArray[Any],
    value: int,
    called: Mapping[int, str],
    areas: Mapping[str, float],
    spacing: Spacing,
    size: float,
) -> list[Measure]:
    name = called[value]
    pairs = [f"Area_{called[a]}_{called[b]}" for a, b in combinations(called, 2) if value in (a, b)]
    crofton = float(sum(areas[pair] for pair in pairs)) if pairs else 0.0
    mesh = mesh_surface(volume == value, spacing=spacing) / size
    return [
        Measure(
            f"Surface_{name}",
            "um^-1",
            f"area of {name} to all other phases per volume, by Crofton's formula",
            crofton,
        ),
        Measure(
            f"SurfaceMesh_{name}",
            "um^-1",
            f"area of {name} per volume by marching cubes, for comparison",
            mesh,
        ),
    ]


def _lines(
    volume: NDArray[Any], called: Mapping[int, str], spacing: Spacing, size: float, axis: int
) -> list[Measure]:
    threes = list(combinations(called, 3))
    found: list[Measure] = []
    clean = {value: _through(volume, value, axis) for value in called} if threes else {}
    for three in threes:
        tail = "" if len(threes) == 1 else "_" + "_".join(called[value] for value in three)
        names = ", ".join(called[value] for value in three)
        through = np.full(volume.shape, UNLABELLED, np.uint8)
        for value in three:
            through[clean[value]] = value
        lengths = (triple_lines(which, spacing=spacing, three=three) for which in (volume, through))
        total, percolating = (length / _STAIRS / size for length in lengths)
        text = f"length per volume of the lines at which {names} meet"
        found += [
            Measure(f"TPB{tail}", "um^-2", text, total),
            Measure(
                f"TPBPercolating{tail}",
                "um^-2",
                f"{text}, where all three reach from end to end along {AXES[axis]}",
                percolating,
            ),
        ]
    return found


def _through(volume: NDArray[Any], value: int, axis: int) -> NDArray[np.bool_]:
    mask = (volume == value).view(np.uint8)
    clusters = find_clusters(mask)
    clusters.clear(mask, clusters.through(axis))
    return np.asarray(mask.view(np.bool_))
