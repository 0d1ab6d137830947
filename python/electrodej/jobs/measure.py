"""A grey volume and a label volume on disk to the feature table on disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError
from electrodej.progress import Progress, silent
from electrodej.run import Run

if TYPE_CHECKING:
    from electrodej.features import FeatureTable

PathLike = str | os.PathLike[str]


def measure_particles(
    grey: PathLike,
    labels: PathLike,
    out: PathLike,
    *,
    spacing: tuple[float, float, float] | None = None,
    radius: float = 0.7,
    attributes: str | Iterable[str] | None = None,
    measures: Iterable[PathLike] = (),
    crop: int = 0,
    exclude_border: bool = False,
    jobs: int | None = None,
    memory: int | None = None,
    scheduler: str | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> FeatureTable:
    """Measure the particles of ``labels`` in ``grey`` and write the table, its description and its contacts.

    Parameters
    ----------
    grey, labels
        The two volumes, of one shape and voxel size.
    out
        The table, ``.csv`` or ``.parquet``. ``NAME.json`` and ``NAME_contacts.csv`` come beside it.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the files.
    radius, attributes, crop, exclude_border, jobs, memory, scheduler
        As `electrodej.features.features` has them.
    measures
        Python files that add measures of one's own (`electrodej.features.load_measures`). They are run, and
        what they add is in this table only.
    force
        Replace outputs that exist.
    progress
        Told of the share done.

    Returns
    -------
    FeatureTable
        What was written.
    """
    from electrodej.features import features, with_measures
    from electrodej.files.tables import check_table_target, checksum
    from electrodej.volume import common_spacing, open_volume

    own = list(measures)
    check_table_target(out, beside=("contacts",), force=force, inputs=[grey, labels, *own])
    with (
        with_measures(own),
        open_volume(grey, spacing=spacing) as grey_volume,
        open_volume(labels, spacing=spacing) as label_volume,
        named_by_file(grey=grey, labels=labels),
    ):
        table = features(
            grey_volume,
            label_volume,
            spacing=common_spacing(grey_volume, label_volume),
            radius=radius,
            attributes=attributes,
            crop=crop,
            exclude_border=exclude_border,
            run=Run(jobs=jobs, memory=memory, scheduler=scheduler, progress=progress),
        )
    inputs: dict[str, Any] = {
        name: {"file": Path(path).name, "checksum": checksum(path)}
        for name, path in (("grey", grey), ("labels", labels))
    }
    if own:
        inputs["measures"] = [{"file": Path(path).name, "checksum": checksum(path)} for path in own]
    table.write(out, force=force, inputs=inputs)
    return table


@contextlib.contextmanager
def named_by_file(**files: PathLike) -> Iterator[None]:
    """Say the file where a message about an array says its role."""
    try:
        yield
    except InputError as error:
        role, colon, rest = str(error).partition(": ")
        if colon and role in files:
            raise InputError(f"{os.fspath(files[role])}: {rest}") from error
        raise
