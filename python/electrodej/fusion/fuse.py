"""From the probabilities of three views to 3D particle labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.fusion.agreement import Agreement
from electrodej.fusion.settings import METHODS, FusionSettings, Method
from electrodej.fusion.views import Probability, Views
from electrodej.run import Run
from electrodej.vocabulary import Spacing
from electrodej.volume import check_spacing, compact_dtype


class Fusion(Protocol):
    """Particles that were found: how many, and their labels slab by slab from the first slice on."""

    count: int

    def slabs(self) -> Iterator[tuple[int, NDArray[Any]]]: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class FusedParticles:
    """Particles in memory.

    Attributes
    ----------
    labels
        (Z, Y, X), uint16 or uint32; 0 is background.
    table
        Columns of one row for each label, see `electrodej.fusion.AGREEMENT_COLUMNS`.
    """

    labels: NDArray[Any]
    table: dict[str, NDArray[Any]]

    @property
    def count(self) -> int:
        """Number of particles."""
        return len(self.table["Label"])


def start_fusion(
    views: Views,
    settings: FusionSettings | None = None,
    run: Run | None = None,
    *,
    method: Method = "flow",
    slab: int | None = None,
    folder: Path | None = None,
) -> Fusion:
    """Find the particles of three views; their labels are then read slab by slab.

    Parameters
    ----------
    views
        The probabilities.
    method, settings, slab, run
        See `fuse_views`. A run with a scheduler has the slabs of the method `flow` worked on by its workers;
        the labels are the same.
    folder
        Where scratch files may lie; None keeps everything in memory.
    """
    run, settings = run or Run(), settings or FusionSettings()
    if run.scheduler is not None:
        if method != "flow":
            raise InputError(f"other machines can work on the method flow, not on {method}; leave them out")
        from electrodej.fusion.flow import DistantFlow

        return DistantFlow(views, settings, run, slab=slab)
    if method == "flow":
        from electrodej.fusion.flow import FlowFusion

        return FlowFusion(views, settings, run, slab=slab, folder=folder)
    if method == "watershed":
        from electrodej.fusion.watershed import WatershedFusion

        return WatershedFusion(views, settings, run, slab=slab)
    if method == "kmeans":
        from electrodej.fusion.kmeans import KmeansFusion

        return KmeansFusion(views, settings, run, slab=slab, folder=folder)
    raise InputError(f"the views are fused by {', '.join(METHODS)}, not by {method!r}")


def fuse_views(
    xy: Probability,
    xz: Probability,
    yz: Probability,
    *,
    spacing: Spacing,
    method: Method = "flow",
    settings: FusionSettings | None = None,
    slab: int | None = None,
    run: Run | None = None,
) -> FusedParticles:
    """Fuse the probabilities of three views into 3D particle labels.

    Parameters
    ----------
    xy, xz, yz
        Probability of the xy, xz and yz sections, arrays or open volumes in the volume's own order
        (Z, Y, X): uint8 (0 to 255 for 0 to 1), uint16 or float.
    spacing
        Voxel size (z, y, x) in micrometres.
    method
        `flow`: voxels follow the fused direction to their particle's centre. `watershed`: the same
        centres, flooded. `kmeans`: the sum in clusters, connected components above the lowest.
    settings
        Settings of the method.
    slab
        Slices in a slab, by default as many as fit. Labels do not depend on it, nor on the number of threads.
    run
        Threads or a cluster, memory for the slabs being worked on, and progress.

    Returns
    -------
    FusedParticles
        Labels 1 to n in the order of the particles' maxima (`kmeans`: first voxels), and a table of how
        far the views agree on each.

    Examples
    --------
    >>> z, y, x = np.indices((24, 24, 44)) - 11.5
    >>> def cone(radius):
    ...     return np.clip(1 - radius / 10, 0, 1)
    >>> ball = np.maximum(cone(np.sqrt(z**2 + y**2 + x**2)), cone(np.sqrt(z**2 + y**2 + (x - 19) ** 2)))
    >>> fused = fuse_views(ball, ball, ball, spacing=(0.5, 0.5, 0.5))
    >>> fused.count, fused.table["Agreement"].min() > 0.9
    (2, np.True_)
    """
    run = run or Run()
    views = Views(xy, xz, yz, spacing=check_spacing(spacing))
    fusion = start_fusion(views, settings, run, method=method, slab=slab)
    try:
        labels = np.empty(views.shape, compact_dtype(fusion.count))
        agreement = Agreement(views, fusion.count)
        for z0, part in fusion.slabs():
            labels[z0 : z0 + len(part)] = part
            agreement.add(z0, part)
            run.progress(z0 + len(part), len(labels), "label particles")
        views.check_highest()
    finally:
        fusion.close()
    return FusedParticles(labels, agreement.columns("labels"))
