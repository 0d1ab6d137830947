"""A folder of annotated images to a trained model."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from electrodej.progress import Progress, silent
from electrodej.run import Run

if TYPE_CHECKING:
    from electrodej.networks.stardist.settings import StarDistSettings


def train_particles(
    data: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    settings: StarDistSettings | None = None,
    init: str | os.PathLike[str] | None = None,
    description: str = "",
    spacing: tuple[float, float, float] | None = None,
    jobs: int = 1,
    resume: bool = False,
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Train a StarDist model on a folder of images with labels, VIA polygons or ImageJ ROIs.

    The parameters are those of `electrodej.networks.stardist.train.train_stardist`; ``data`` is what
    `electrodej.annotation.read_pairs` reads, ``jobs`` the number of threads of the network.
    """
    from electrodej.annotation import read_pairs
    from electrodej.files import check_target
    from electrodej.models.libraries import use_threads
    from electrodej.networks.stardist.train import train_stardist

    check_target(out, force=force, inputs=[data])
    use_threads(jobs)
    trained = train_stardist(
        read_pairs(data),
        out,
        settings=settings,
        init=init,
        description=description,
        spacing=spacing,
        resume=resume,
        run=Run(force=force, progress=progress),
    )
    return trained.as_dict()
