"""Sizes of particles beside the measures of phases: by number and by volume."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from electrodej.run import Run
from electrodej.vocabulary import Spacing

if TYPE_CHECKING:
    from electrodej.morphology import Measure, SizeDistribution
    from electrodej.volume import Volume

# Bytes of a slab of labels, which are counted in 64 bits.
_SLAB = 1 << 24
# Classes of the distributions.
_CLASSES = 40


def particle_sizes(
    labels: Volume, run: Run, *, spacing: Spacing
) -> tuple[list[Measure], dict[str, SizeDistribution]]:
    """Measure how the equivalent diameters of labelled particles are distributed.

    Parameters
    ----------
    labels
        A number for each particle, 0 around them; read slab by slab.
    spacing
        Voxel size (z, y, x) in micrometres.
    run
        Progress; its notes say how many particles the volume cuts.

    Returns
    -------
    measures
        ``Particles``, how many there are, and ``ParticleSize_number_D10`` (D50, D90) and
        ``ParticleSize_volume_D10``: diameters of balls of the particles' volumes, of a single slice of discs
        of their areas.
    distributions
        ``ParticleSize_number``, ``ParticleSize_volume``.
    """
    from electrodej.features.sizes import size_at
    from electrodej.morphology import Measure, SizeDistribution

    voxels, cut = _counted(labels, run)
    volumes = voxels.astype(np.float64)
    if labels.shape[0] == 1:
        diameters = np.sqrt(volumes * spacing[1] * spacing[2] * 4 / math.pi)
    else:
        diameters = np.cbrt(volumes * math.prod(spacing) * 6 / math.pi)
    if cut:
        run.note(
            f"{cut} of {len(volumes)} particles touch a face of the volume and may be cut by it; their "
            "sizes count as they are"
        )
    measures = [Measure("Particles", "", "number of labelled particles", float(len(volumes)))]
    shares: dict[str, SizeDistribution] = {}
    by = "area" if labels.shape[0] == 1 else "volume"
    for name, weights in (("number", np.ones_like(volumes)), (by, volumes)):
        of = "particles" if name == "number" else f"{name} of the particles"
        measures += [
            Measure(
                f"ParticleSize_{name}_{title}",
                "um",
                f"equivalent diameter that {percent} % of the {of} do not exceed",
                size,
            )
            for title, percent, size in zip(
                ("D10", "D50", "D90"), (10, 50, 90), size_at(diameters, weights), strict=True
            )
        ]
        heights, edges = np.histogram(
            diameters, _CLASSES, range=(0, float(diameters.max(initial=0)) or 1.0), weights=weights
        )
        shares[f"ParticleSize_{name}"] = SizeDistribution(edges, heights / max(1.0, heights.sum()))
    return measures, shares


def _counted(labels: Volume, run: Run) -> tuple[np.ndarray[Any, np.dtype[np.int64]], int]:
    """Return the voxels of each particle, and how many touch a face; a single slice has its edges."""
    from electrodej.volume import check_labels

    voxels: Counter[int] = Counter()
    touching: set[int] = set()
    for z0, z1, raw in labels.slabs(memory=_SLAB):
        slab = check_labels(raw, labels.path, start=z0)
        # Labels may be few and large.
        numbers, counts = np.unique(slab, return_counts=True)
        voxels.update(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))
        faces = [slab[:, [0, -1]], slab[:, :, [0, -1]]]
        if labels.shape[0] > 1:
            faces += [slab[:1]] * (z0 == 0) + [slab[-1:]] * (z1 == labels.shape[0])
        touching.update(*(np.unique(face).tolist() for face in faces))
        run.progress(z1, labels.shape[0], "measuring particles")
    del voxels[0]
    return np.array([voxels[number] for number in sorted(voxels)], np.int64), len(touching - {0})
