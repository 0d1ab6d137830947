"""Where phases meet: specific surfaces, and the lines at which three phases meet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.morphology.clusters import find_clusters
from electrodej.morphology.image import PhaseImage
from electrodej.morphology.phases import Measure, measure_phases
from electrodej.morphology.profiles import Profiles
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
    image: PhaseImage, *, axis: int = 0, profiles: Profiles | None = None, run: Run | None = None
) -> list[Measure]:
    """Measure the surface of each phase, and the lines at which each three meet.

    Parameters
    ----------
    image
        The phases.
    axis
        A line is percolating where its three phases all reach from end to end along this axis.
    profiles
        Where the same measures of slabs go, each by itself, but that lines percolate in the whole volume.
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
    >>> found = measure_interfaces(PhaseImage(phases, spacing=(1, 1, 1)))
    >>> [each.name for each in found][-2:]
    ['TPB', 'TPBPercolating']
    """
    run = run or Run()
    through = image
    if len(image.names) > 2:
        run.progress(0, 2, "looking for triple lines")
        through = image.with_voxels(_through(image, axis))
    run.progress(1, 2, "measuring surfaces")
    if profiles is not None:
        for slab in profiles.slabs():
            profiles.add(slab, _interfaces(image.part(slab.box), through.part(slab.box), axis))
    return _interfaces(image, through, axis)


def _interfaces(image: PhaseImage, through: PhaseImage, axis: int) -> list[Measure]:
    """Return the measures of an image of which ``through`` holds what reaches from end to end."""
    labelled = math.prod(image.spacing) * max(1, int(np.count_nonzero(image.voxels != UNLABELLED)))
    areas = {each.name: each.value for each in measure_phases(image) if each.name.startswith("Area_")}
    found = [each for value in image.names for each in _surfaces(image, value, areas, labelled)]
    for three in combinations(image.names, 3):
        names = [image.names[value] for value in three]
        tail = "" if len(image.names) == 3 else "_" + "_".join(names)
        total, percolating = (
            triple_lines(each.voxels, spacing=image.spacing, three=three) / _STAIRS / labelled
            for each in (image, through)
        )
        text = f"length per volume of the lines at which {', '.join(names)} meet"
        ends = f"{text}, where all three reach from end to end along {AXES[axis]}"
        found += [
            Measure(f"TPB{tail}", "um^-2", text, total),
            Measure(f"TPBPercolating{tail}", "um^-2", ends, percolating),
        ]
    return found


def _surfaces(image: PhaseImage, value: int, areas: Mapping[str, float], labelled: float) -> list[Measure]:
    called = image.names
    name = called[value]
    pairs = [f"Area_{called[a]}_{called[b]}" for a, b in combinations(called, 2) if value in (a, b)]
    crofton = float(sum(areas[pair] for pair in pairs)) if pairs else 0.0
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
            mesh_surface(image.mask(value), spacing=image.spacing) / labelled,
        ),
    ]


def _through(image: PhaseImage, axis: int) -> NDArray[np.uint8]:
    """Return the phases where they reach from end to end along an axis, and 255 elsewhere."""
    found = np.full(image.shape, UNLABELLED, np.uint8)
    for value in image.names:
        mask = image.mask(value).view(np.uint8)
        clusters = find_clusters(mask)
        clusters.clear(mask, clusters.through(axis))
        found[mask.view(np.bool_)] = value
    return found
