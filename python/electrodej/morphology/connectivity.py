"""How a phase hangs together: what percolates, the largest cluster, what is cut off, Euler's number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.morphology.axes import as_phase_volume
from electrodej.morphology.clusters import Clusters, find_clusters, outer_faces
from electrodej.morphology.phases import Measure, find_phases, phase_names
from electrodej.run import Run
from electrodej.vocabulary import AXES, Spacing


def euler_number(mask: NDArray[Any]) -> int:
    """Return Euler's number of the voxels that are not 0, those that share a face being connected.

    Voxels less pairs that share a face, plus full 2 x 2 squares, less full 2 x 2 x 2 cubes: pieces, less
    tunnels, plus cavities.

    >>> ring = np.ones((1, 3, 3), np.uint8)
    >>> ring[0, 1, 1] = 0
    >>> euler_number(ring)
    0
    """
    from electrodej.morphology.kernels.runs import euler_counts

    counts = np.zeros(4, np.int64)
    euler_counts(mask, counts)
    return int(counts[0] - counts[1] + counts[2] - counts[3])


def measure_connectivity(
    phases: NDArray[Any],
    *,
    spacing: Spacing,
    names: Mapping[int, str] | None = None,
    periodic: bool = False,
    run: Run | None = None,
) -> list[Measure]:
    """Measure how each phase hangs together; voxels that share a face are connected.

    Parameters
    ----------
    phases
        Numbers from 0 to 254, shape (Z, Y, X) or (Y, X); 255 is not labelled.
    spacing
        Voxel size (z, y, x) in micrometres.
    names
        What phases are called, by their numbers.
    periodic
        Whether the sides repeat: those along x and y for percolation along z, and so on.
    run
        Progress.

    Returns
    -------
    list of Measure
        For each phase ``Percolating_NAME_z`` (y, x), ``Largest_NAME``, ``Isolated_NAME``, ``Clusters_NAME``,
        ``EulerNumber_NAME`` and ``EulerDensity_NAME``.

    Examples
    --------
    >>> phases = np.zeros((3, 3, 4), np.uint8)
    >>> phases[1, 1] = 1
    >>> phases[1, 1, 2] = 0
    >>> found = measure_connectivity(phases, spacing=(1, 1, 1))
    >>> {each.name: round(each.value, 3) for each in found if each.name.endswith(("class1", "class1_x"))}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'Percolating_class1_x': 0.0, 'Largest_class1': 0.667, 'Isolated_class1': 0.0, 'Clusters_class1': 2.0,
     'EulerNumber_class1': 2.0, 'EulerDensity_class1': 0.056}
    """
    run = run or Run()
    volume, step = as_phase_volume(phases, spacing)
    size = float(np.prod(step)) * volume.size
    ids = find_phases([volume])
    found: list[Measure] = []
    for number, (value, name) in enumerate(phase_names(ids, names).items()):
        run.progress(number, len(ids), "looking for clusters")
        found += _of_phase((volume == value).view(np.uint8), name, size, periodic)
    return found


def _of_phase(mask: NDArray[np.uint8], name: str, size: float, periodic: bool) -> list[Measure]:
    clusters = find_clusters(mask)
    voxels = max(1, clusters.voxels)
    euler = euler_number(mask)
    shares = [_percolating(mask, clusters, axis, periodic) for axis in range(3)]
    inner = (clusters.touches & outer_faces(mask.shape)) == 0
    isolated = float(clusters.sizes[inner].sum() / voxels)
    return [
        *(
            Measure(
                f"Percolating_{name}_{axis}",
                "",
                f"share of {name} in clusters that reach from the first to the last slice along {axis}; "
                "voxels that share a face are connected",
                share,
            )
            for axis, share in zip(AXES, shares, strict=True)
        ),
        Measure(
            f"Largest_{name}",
            "",
            f"share of {name} in its largest cluster",
            float(clusters.sizes.max() / voxels),
        ),
        Measure(
            f"Isolated_{name}", "", f"share of {name} in clusters that touch no face of the volume", isolated
        ),
        Measure(f"Clusters_{name}", "", f"number of clusters of {name}", float(clusters.count)),
        Measure(
            f"EulerNumber_{name}",
            "",
            f"pieces less tunnels plus cavities of {name}, voxels that share a face being connected",
            float(euler),
        ),
        Measure(f"EulerDensity_{name}", "um^-3", f"EulerNumber_{name} per volume", euler / size),
    ]


def _percolating(mask: NDArray[np.uint8], clusters: Clusters, axis: int, periodic: bool) -> float:
    if periodic:
        turned = np.ascontiguousarray(np.moveaxis(mask, axis, 0))
        clusters, axis = find_clusters(turned, wraps=(True, True)), 0
    return float(clusters.sizes[clusters.through(axis)].sum() / max(1, clusters.voxels))
