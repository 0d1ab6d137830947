"""The damage of an evolution painted on the label volume that the table was measured on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, VoxelSizeError
from electrodej.progress import Progress, silent

if TYPE_CHECKING:
    from electrodej.damage import DamageTable, Evolution
    from electrodej.report.damage.network import LabelPlane
    from electrodej.volume import Volume


def check_map(labels: Any, table: DamageTable, *, progress: Progress = silent) -> tuple[str, ...]:
    """Return notes on particles that are only in the table or only in the volume; refuse two strangers.

    Parameters
    ----------
    labels
        The label volume.
    table
        The particles that are to be painted.
    progress
        Told of the slices read.
    """
    from electrodej.volume import open_volume
    from electrodej.volume.labels import Renumbering

    with open_volume(labels) as volume:
        if volume.is_2d:
            raise InputError(f"{volume.path} is a single section; the map needs the label volume")
        if volume.spacing is None:
            raise VoxelSizeError(
                f"{volume.path} does not say its voxel size; set it in Fiji under Image > Properties "
                "and save it again"
            )
        name = volume.path
        there = set(Renumbering(_label_slabs(volume, progress)).old.tolist())
    wanted = set(_particles(table).tolist())
    if not there & wanted:
        raise InputError(
            f"{name} has no particle of {table.name}; give the labels that the table was measured on"
        )
    notes = []
    if missing := len(wanted - there):
        notes.append(f"{missing} of the {len(wanted)} particles are not in {name.name}.")
    if strange := len(there - wanted):
        notes.append(
            f"{strange} particles of {name.name} are not modelled; they are empty (NaN) in the maps."
        )
    return tuple(notes)


def _label_slabs(volume: Volume, progress: Progress) -> Iterator[NDArray[Any]]:
    from electrodej.volume.labels import check_labels

    for z0, z1, slab in volume.slabs():
        yield check_labels(slab, volume.path, start=z0)
        progress(z1, volume.shape[0], "labels of the map")


def middle_plane(labels: Any, table: DamageTable) -> LabelPlane:
    """Return the middle slice, for the page."""
    from electrodej.report.damage.network import LabelPlane
    from electrodej.volume import open_volume

    with open_volume(labels) as volume:
        z = volume.shape[0] // 2
        size = volume.require_spacing()
        return LabelPlane(volume[z : z + 1, :, :][0], _particles(table), size[1:], z * size[0])


def write_maps(
    folder: Path,
    labels: Any,
    table: DamageTable,
    evolutions: Mapping[str, Evolution],
    *,
    progress: Progress = silent,
) -> None:
    """Write a volume for each evolution in which every particle has its damage."""
    from electrodej.damage import paint_damage
    from electrodej.volume import VolumeWriter, open_volume

    particles = _particles(table)
    with contextlib.ExitStack() as opened:
        volume = opened.enter_context(open_volume(labels))
        size = volume.require_spacing()
        writers = {
            name: opened.enter_context(
                VolumeWriter(
                    folder / f"damage-{name}.tif",
                    volume.shape,
                    "float32",
                    spacing=size,
                    compression="deflate",
                )
            )
            for name in evolutions
        }
        for z0, z1, slab in volume.slabs():
            for name, writer in writers.items():
                writer.write(z0, paint_damage(slab, particles, evolutions[name].damage))
            progress(z1, volume.shape[0], "maps")


def _particles(table: DamageTable) -> NDArray[np.int64]:
    """The labels as numbers; that each is whole was seen when the contacts were read."""
    return np.asarray(table.labels).astype(np.float64).astype(np.int64)
