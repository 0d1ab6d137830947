"""How a phase hangs together: what percolates, the largest cluster, what is cut off, Euler's number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.morphology.clusters import Clusters, find_clusters, outer_faces
from electrodej.morphology.image import PhaseImage
from electrodej.morphology.phases import Measure
from electrodej.morphology.profiles import Profiles
from electrodej.run import Run
from electrodej.vocabulary import AXES


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
    image: PhaseImage, *, periodic: bool = False, profiles: Profiles | None = None, run: Run | None = None
) -> list[Measure]:
    """Measure how each phase hangs together; voxels that share a face are connected.

    Parameters
    ----------
    image
        The phases.
    periodic
        Whether the sides repeat: those along x and y for percolation along z, and so on.
    profiles
        Where the same measures of slabs go: the shares of the phase in a slab that lie in such clusters of
        the whole volume; clusters and Euler's number of the slab by itself.
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
    >>> found = measure_connectivity(PhaseImage(phases, spacing=(1, 1, 1)))
    >>> {each.name: round(each.value, 3) for each in found if each.name.endswith(("class1", "class1_x"))}
    ... # doctest: +NORMALIZE_WHITESPACE
    {'Percolating_class1_x': 0.0, 'Largest_class1': 0.667, 'Isolated_class1': 0.0, 'Clusters_class1': 2.0,
     'EulerNumber_class1': 2.0, 'EulerDensity_class1': 0.056}
    """
    run = run or Run()
    found: list[Measure] = []
    for number, (value, name) in enumerate(image.names.items()):
        run.progress(number, len(image.names), "looking for clusters")
        mask = image.mask(value).view(np.uint8)
        clusters = find_clusters(mask)
        for share in _shares(mask, clusters, name, periodic):
            found.append(share.measure(name))
            if profiles is not None:
                profiles.add_share(found[-1], share.voxels(mask), mask)
        found += _counts(mask, clusters.count, name, image.size)
        if profiles is not None:
            for slab in profiles.slabs():
                part = np.ascontiguousarray(mask[slab.box])
                alone = find_clusters(part).count
                profiles.add(slab, _counts(part, alone, name, image.part(slab.box).size))
    return found


@dataclass(frozen=True)
class _Share:
    """Some clusters of a phase; where ``axis`` is given, they were found with that axis in front."""

    column: str
    text: str
    clusters: Clusters
    which: NDArray[np.bool_]
    axis: int = 0

    def measure(self, name: str) -> Measure:
        share = float(self.clusters.sizes[self.which].sum() / max(1, self.clusters.voxels))
        return Measure(self.column, "", f"share of {name} in {self.text}", share)

    def voxels(self, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the mask of the phase with these clusters alone."""
        kept = np.array(np.moveaxis(mask, self.axis, 0), order="C")
        self.clusters.clear(kept, self.which)
        return np.moveaxis(kept, 0, self.axis)


def _shares(mask: NDArray[np.uint8], clusters: Clusters, name: str, periodic: bool) -> Iterator[_Share]:
    for axis, letter in enumerate(AXES):
        text = (
            f"clusters that reach from the first to the last slice along {letter}; voxels that share a face "
            "are connected"
        )
        column = f"Percolating_{name}_{letter}"
        if periodic:
            joined = find_clusters(np.ascontiguousarray(np.moveaxis(mask, axis, 0)), wraps=(True, True))
            yield _Share(column, text, joined, joined.through(0), axis)
        else:
            yield _Share(column, text, clusters, clusters.through(axis))
    largest = np.zeros(clusters.count, np.bool_)
    if clusters.count:  # one of several that are as large
        largest[np.argmax(clusters.sizes)] = True
    yield _Share(f"Largest_{name}", "its largest cluster", clusters, largest)
    inner = (clusters.touches & outer_faces(mask.shape)) == 0
    yield _Share(f"Isolated_{name}", "clusters that touch no face of the volume", clusters, inner)


def _counts(mask: NDArray[np.uint8], clusters: int, name: str, size: float) -> list[Measure]:
    euler = euler_number(mask)
    return [
        Measure(f"Clusters_{name}", "", f"number of clusters of {name}", float(clusters)),
        Measure(
            f"EulerNumber_{name}",
            "",
            f"pieces less tunnels plus cavities of {name}, voxels that share a face being connected",
            float(euler),
        ),
        Measure(f"EulerDensity_{name}", "um^-3", f"EulerNumber_{name} per volume", euler / size),
    ]
