"""The second stage of a fusion: a network that knows shapes runs over the labels, view by view."""

from __future__ import annotations

import os
from pathlib import Path

from electrodej.progress import Progress
from electrodej.run import Run
from electrodej.vocabulary import VIEWS

PathLike = str | os.PathLike[str]


def see_shapes(
    labels: PathLike,
    *,
    model: PathLike,
    folder: Path,
    spacing: tuple[float, float, float],
    memory: int | None,
    jobs: int | None,
    progress: Progress,
) -> list[Path]:
    """Run a shape model over the drawn labels; return the probabilities of the xy, xz and yz sections.

    Parameters
    ----------
    labels
        The label volume.
    model
        A StarDist model trained on sections that `electrodej.fusion.shapes.render` drew.
    folder
        Where the probabilities go.
    spacing
        Voxel size (z, y, x) in micrometres.
    memory, jobs
        How many bytes and how many threads may be used.
    progress
        Told of the sections done.
    """
    from electrodej.fusion.shapes import DrawnLabels
    from electrodej.models.libraries import use_threads
    from electrodej.networks.stardist.model import load_stardist
    from electrodej.networks.stardist.views import ViewSettings, predict_view
    from electrodej.volume import open_volume

    use_threads(jobs or 1)
    loaded = load_stardist(model)
    paths = [folder / f"shapes-{view}.tif" for view in VIEWS]
    with open_volume(labels, spacing=spacing) as volume:
        for axis, (view, path) in enumerate(zip(VIEWS, paths, strict=True)):
            predict_view(
                DrawnLabels(volume, axis, spacing=spacing),
                loaded,
                spacing=spacing,
                settings=ViewSettings(view=view),
                probability=path,
                run=Run(memory=memory, jobs=jobs or 1, progress=_part(progress, axis)),
            )
    return paths


def _part(progress: Progress, number: int) -> Progress:
    """Progress of one of three views."""

    def told(done: float, total: float, stage: str) -> None:
        progress(number + done / max(total, 1), 3, f"shapes: {stage}")

    return told
