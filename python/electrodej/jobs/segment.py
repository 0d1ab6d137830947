"""A grey volume on disk to a label volume on disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError
from electrodej.progress import Progress, silent
from electrodej.run import Run

if TYPE_CHECKING:
    from electrodej.networks.stardist.views import ViewSettings

WATERSHED = "watershed"


def find_sections(
    image: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str],
    out: str | os.PathLike[str] | None,
    probability: str | os.PathLike[str] | None = None,
    settings: ViewSettings | None = None,
    spacing: tuple[float, float, float] | None = None,
    memory: int | None = None,
    jobs: int = 1,
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Run a StarDist model over every section of ``image`` and write what it finds.

    Parameters
    ----------
    image
        The grey volume, or a single section.
    model
        Name of a bundled model, a model folder or an exported zip.
    out
        The labels of the sections, or None where only the probability is wanted.
    probability
        The probability of each voxel, uint8.
    settings
        View, thresholds and scale.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the file.
    memory, jobs
        How many bytes and how many threads may be used.
    force
        Replace outputs that exist.
    progress
        Told of each batch of sections.
    """
    from electrodej.models.libraries import use_threads
    from electrodej.networks.stardist.model import load_stardist
    from electrodej.networks.stardist.views import ViewSettings, predict_view
    from electrodej.volume import check_grey, open_volume
    from electrodej.volume.write import check_volume_target

    targets = [target for target in (out, probability) if target is not None]
    for target in targets:
        check_volume_target(target, force=force, inputs=[image])
    if len({Path(target).absolute() for target in targets}) < len(targets):
        raise InputError(
            f"{targets[0]} is to hold both labels and probabilities; give each a file of its own"
        )
    settings = settings or ViewSettings()
    use_threads(jobs)
    loaded = load_stardist(model)
    with open_volume(image, spacing=spacing) as grey:
        size = grey.require_spacing()
        check_grey(grey[:1, :1, :1], image)
        if grey.is_2d and settings.view != "xy":
            raise InputError(f"{os.fspath(image)} is a single section; it has no {settings.view} view")
        found = predict_view(
            grey,
            loaded,
            spacing=size,
            settings=settings,
            labels=out,
            probability=probability,
            run=Run(memory=memory, jobs=jobs, force=force, progress=progress),
        )
    return {
        "model": os.fspath(model),
        "view": settings.view,
        "sections": found.sections,
        "outlines": found.outlines,
        "scale": list(found.scale),
        "probability_threshold": settings.probability_threshold or loaded.probability_threshold,
        "overlap_threshold": settings.overlap_threshold or loaded.overlap_threshold,
        "labels": None if out is None else os.fspath(out),
        "probability": None if probability is None else os.fspath(probability),
        "spacing_um": list(size),
    }


def segment_particles(
    image: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    spacing: tuple[float, float, float] | None = None,
    memory: int | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Label the particles of ``image`` with the watershed method and write them to ``out``.

    Parameters
    ----------
    image
        The grey volume.
    out
        The label volume; its suffix chooses the format.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the file.
    memory
        How many bytes may be used; by default what is free now.
    force
        Replace ``out`` if it exists.
    progress
        Told of each step.

    Returns
    -------
    result
        The number of particles, the file, and the voxel size used.
    """
    from electrodej.fusion import BYTES_PER_VOXEL, segment_classic
    from electrodej.volume import check_grey, open_volume, write_volume
    from electrodej.volume.labels import cast_labels, compact_dtype
    from electrodej.volume.write import check_volume_target

    check_volume_target(out, force=force, inputs=[image])
    with open_volume(image, spacing=spacing) as grey:
        size = grey.require_spacing()
        _check_memory(grey.shape, memory, BYTES_PER_VOXEL, image)
        values = grey.read()
        check_grey(values, image)
        labels = segment_classic(values, spacing=size, progress=progress)
        count = int(labels.max(initial=0))
        write_volume(out, cast_labels(labels, compact_dtype(count)), spacing=size, labels=True, force=force)
    return {"particles": count, "labels": os.fspath(out), "spacing_um": list(size)}


def _check_memory(
    shape: tuple[int, int, int], memory: int | None, bytes_per_voxel: int, image: str | os.PathLike[str]
) -> None:
    import math

    import psutil

    from electrodej.fusion.slabs import memory_text

    needed = math.prod(shape) * bytes_per_voxel
    room = memory if memory is not None else psutil.virtual_memory().available
    if needed > room:
        raise InputError(
            f"{os.fspath(image)}: the watershed holds the whole volume and "
            f"needs about {memory_text(needed)}, "
            f"and {memory_text(room)} may be used; segment a smaller part, or give more with --memory"
        )
