"""Outlines on sections, and the intact material in them where that is wanted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from electrodej.run import Run
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from electrodej.verbs.segment.particles import ParticlesOptions
    from electrodej.volume import Volume

_SLICES = 16


@contextlib.contextmanager
def outlined(options: ParticlesOptions, grey: Volume, run: Run) -> Iterator[PathLike]:
    """Yield where outlines are to be drawn; where only material is wanted, the rest goes after that."""
    from electrodej.files import scratch_folder
    from electrodej.fusion import Material
    from electrodej.volume import VolumeWriter, open_volume

    if not options.intact:
        yield options.out
        return
    with scratch_folder(options.out) as folder:
        path = folder / "outlines.tif"
        yield path
        material = Material(grey, run, spacing=grey.require_spacing())
        with (
            open_volume(path) as outlines,
            VolumeWriter(
                options.out,
                outlines.shape,
                outlines.dtype,
                spacing=grey.require_spacing(),
                labels=True,
                force=run.force,
            ) as writer,
        ):
            depth = outlines.shape[0]
            for z in range(0, depth, _SLICES):
                count = min(_SLICES, depth - z)
                writer.write(z, outlines[z : z + count] * material.mask(z, count))
