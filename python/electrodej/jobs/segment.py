"""A grey volume on disk to a label volume on disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.files import check_target
from electrodej.progress import Progress, silent


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
    from electrodej.volume.write import format_of

    check_target(out, force=force, inputs=[image])
    format_of(Path(out))
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

    needed = math.prod(shape) * bytes_per_voxel
    room = memory if memory is not None else psutil.virtual_memory().available
    if needed > room:
        raise InputError(
            f"{os.fspath(image)}: the watershed holds the whole volume and "
            f"needs about {needed / 2**30:.1f} GiB, "
            f"and {room / 2**30:.1f} GiB may be used; segment a smaller part, or give more with --memory"
        )
