"""Slice labels on disk to 3D labels on disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from electrodej.progress import Progress, silent

if TYPE_CHECKING:
    from electrodej.linking import LinkSettings
    from electrodej.linking.settings import View

PathLike = str | os.PathLike[str]


def link_labels(
    slices: PathLike,
    out: PathLike,
    *,
    view: View = "xy",
    settings: LinkSettings | None = None,
    spacing: tuple[float, float, float] | None = None,
    memory: int | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Link the slice labels in ``slices`` and write the 3D labels to ``out``.

    Parameters
    ----------
    slices
        A stack, a folder of slices, an OME-Zarr, or a movie whose time points are the slices.
    out
        The label volume; its suffix chooses the format.
    view
        The plane in which the slices were labelled.
    settings
        What linking goes by.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the file.
    memory
        Bytes that the part of the stack in memory may take.
    force
        Replace ``out`` if it exists.
    progress
        Told of each slice.

    Returns
    -------
    result
        How many particles, sections and drawn sections there are, the file, and the voxel size used.
    """
    from electrodej.linking.stack import DEFAULT_MEMORY, link_volume
    from electrodej.volume import VolumeWriter
    from electrodej.volume.frames import open_slices
    from electrodej.volume.write import check_volume_target

    check_volume_target(out, force=force, inputs=[slices])
    with open_slices(slices, spacing=spacing) as volume:
        size = volume.require_spacing()
        linked = link_volume(
            volume,
            spacing=size,
            view=view,
            settings=settings,
            memory=memory or DEFAULT_MEMORY,
            progress=progress,
        )
        depth = linked.shape[0]
        with VolumeWriter(out, linked.shape, linked.dtype, spacing=size, labels=True, force=force) as writer:
            for z0, z1, slab in linked.slabs():
                writer.write(z0, slab)
                progress(z1, depth, "writing labels")
    return {
        "particles": linked.count,
        "sections": linked.sections,
        "drawn_sections": linked.drawn,
        "labels": os.fspath(out),
        "spacing_um": list(size),
    }
