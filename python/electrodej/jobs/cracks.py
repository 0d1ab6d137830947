"""Particle labels and cracks on disk to a table of each particle's cracks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from electrodej import __version__
from electrodej.errors import InputError
from electrodej.files.tables import check_table_target, checksum, write_table
from electrodej.progress import Progress, silent

PathLike = str | os.PathLike[str]


def crack_table(
    labels: PathLike,
    cracks: PathLike,
    out: PathLike,
    *,
    value: int | None = None,
    spacing: tuple[float, float, float] | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure the cracks of every particle and write the table.

    Parameters
    ----------
    labels
        Particles as outlines with their cracks in them.
    cracks
        Where cracks are: an image of phases, or of 0 and another number.
    out
        The table, ``.csv`` or ``.parquet``.
    value
        Number of the cracks in ``cracks``; by default whatever is not 0.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the file.
    force
        Replace the table if it exists.
    progress
        Told of each particle.
    """
    import numpy as np

    from electrodej.morphology import CRACK_COLUMNS, measure_cracks
    from electrodej.volume import check_labels, open_volume

    check_table_target(out, force=force, inputs=[labels, cracks])
    with open_volume(labels, spacing=spacing) as particles, open_volume(cracks, spacing=spacing) as phases:
        if particles.shape != phases.shape:
            raise InputError(
                f"{labels} has {particles.shape} voxels and {cracks} has {phases.shape}; "
                "give images of one size"
            )
        size = particles.require_spacing()
        outlines = check_labels(particles.read())
        found = phases.read()
    mask = found != 0 if value is None else found == value
    if not mask.any():
        raise InputError(f"{cracks} holds no voxel of a crack; check --class")
    table = measure_cracks(outlines, mask, spacing=size, progress=progress)
    image = np.full(len(table["Label"]), Path(labels).name, object)
    description = {
        "columns": {name: {"unit": unit, "definition": text} for name, (unit, text) in CRACK_COLUMNS.items()},
        "parameters": {"value": value},
        "spacing_um": list(size),
        "inputs": {str(path): checksum(path) for path in (labels, cracks)},
        "made_with": f"ElectrodeJ {__version__}",
    }
    write_table(out, {"Image": image, **table}, description=description, force=force)
    outside = float((mask & (outlines == 0)).sum() / mask.sum())
    return {
        "table": os.fspath(out),
        "particles": len(table["Label"]),
        "cracked": int((table["CrackVolume"] > 0).sum()),
        "crack_share_outside_particles": outside,
        "spacing_um": list(size),
    }
