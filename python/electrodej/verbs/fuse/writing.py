"""Particles of three views written as labels, with a table of how far the views agree on each."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import OutputError
from electrodej.files import check_files_in
from electrodej.files.names import file_beside
from electrodej.progress import Progress
from electrodej.run import Run
from electrodej.vocabulary import VIEWS, PathLike

if TYPE_CHECKING:
    from electrodej.fusion import Fusion, FusionSettings, Method, Views
    from electrodej.volume import Volume
    from electrodej.workers import Workers

_TABLE = "_agreement.csv"


@dataclass(frozen=True)
class Fusing:
    """What is fused, how, and where the particles go.

    Attributes
    ----------
    out
        The label volume; its suffix chooses the format. The table of agreement lies beside it.
    views
        The probabilities that are fused.
    seen
        Those whose agreement is told, which are others in a second stage.
    grey
        The grey volume, if it is known.
    method, settings
        As `electrodej.fusion.fuse_views` has them.
    intact
        Leave cracks and dark cores out of the labels.
    refine
        By how many voxels borders move at most to the edges in the grey volume.
    workers
        Those of a cluster, or None.
    """

    out: Path
    views: Views
    seen: Views
    grey: Volume | None
    method: Method
    settings: FusionSettings
    intact: bool
    refine: int
    workers: Workers | None


def check_outputs(out: PathLike, pictures: PathLike | None, inputs: Sequence[Any], run: Run) -> None:
    """Refuse outputs that may not be written, before any work is done."""
    from electrodej.files.tables import check_table_target
    from electrodej.report.overlays import NAMES
    from electrodej.volume.write import check_volume_target

    labels = check_volume_target(out, force=run.force, inputs=inputs)
    tables = check_table_target(file_beside(out, _TABLE), force=run.force, inputs=inputs)
    if pictures is None:
        return
    folder = Path(pictures).resolve()
    for each in (labels, *tables.values()):
        if each.resolve() in (folder, *folder.parents):
            raise OutputError(
                f"{os.fspath(pictures)}: pictures cannot go where {each} is written; choose another folder"
            )
    check_files_in(pictures, NAMES, force=run.force, inputs=inputs)


def write_particles(fusing: Fusing, run: Run) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fuse, and write labels and table; return what the verb tells, and the table's columns."""
    from electrodej.files.tables import write_table
    from electrodej.fusion import Agreement
    from electrodej.volume import VolumeWriter, compact_dtype
    from electrodej.workers import in_order

    views, labels, table = fusing.views, fusing.out, file_beside(fusing.out, _TABLE)
    first, second = _halves(run.progress)
    with contextlib.closing(_started(fusing, run, first)) as fusion:
        agreement = Agreement(fusing.seen, fusion.count)
        with VolumeWriter(
            labels,
            views.shape,
            compact_dtype(fusion.count),
            spacing=views.spacing,
            labels=True,
            force=run.force,
        ) as writer:

            def compared(slab: tuple[int, Any]) -> tuple[int, Any, tuple[int, Any]]:
                z0, part = slab
                return z0, part, agreement.count(z0, part)

            # The views are read and compared while the slabs before are packed and written.
            with contextlib.closing(in_order(compared, fusion.slabs(), jobs=run.cores)) as coming:
                for z0, part, counted in coming:
                    agreement.take(*counted)
                    writer.write(z0, part)
                    second(z0 + len(part), views.shape[0], "label particles")
            fusing.seen.check_highest()
            columns = agreement.columns(labels.name)
            write_table(table, columns, description=_description(fusing), force=run.force)
    agreed = columns["Agreement"]
    mean = float(agreed.mean()) if len(agreed) else None
    numbers = {
        "particles": fusion.count,
        "dropped_without_material": getattr(fusion, "dropped", 0),
        "labels": os.fspath(labels),
        "table": os.fspath(table),
        "method": fusing.method,
        "mean_agreement": None if mean is None or math.isnan(mean) else mean,
        "spacing_um": list(views.spacing),
    }
    return numbers, columns


def _started(fusing: Fusing, run: Run, progress: Progress) -> Fusion:
    """Find the particles, with their borders moved and cracks left out where that is asked for."""
    from electrodej.fusion import FusedMaterial, Material, RefinedFusion, start_fusion

    views, grey = fusing.views, fusing.grey
    material = None
    if fusing.intact and grey is not None:
        material = Material(grey, run, spacing=views.spacing)
    fusion = start_fusion(
        views,
        fusing.settings,
        replace(run, scheduler=fusing.workers, progress=progress),
        method=fusing.method,
        folder=fusing.out.absolute().parent,
    )
    try:
        if fusing.refine and grey is not None:
            fusion = RefinedFusion(
                fusion,
                grey,
                spacing=views.spacing,
                reach=fusing.refine,
                run=replace(run, progress=lambda *_: progress(1, 1, "learn greys")),
            )
        if material is not None:
            least = fusing.settings.least_voxels(views.spacing)
            fusion = FusedMaterial(fusion, material, run, least=least)
    except BaseException:
        fusion.close()
        raise
    return fusion


def _description(fusing: Fusing) -> dict[str, Any]:
    from electrodej.files import described
    from electrodej.fusion import AGREEMENT_COLUMNS

    views = fusing.seen
    return described(
        columns=AGREEMENT_COLUMNS,
        parameters=fusing.settings.as_plain() | {"refine": fusing.refine, "intact": fusing.intact},
        spacing=views.spacing,
        inputs=dict(zip(VIEWS, views.volumes, strict=True)) | {"grey": fusing.grey},
        method=fusing.method,
        shape=list(views.shape),
    )


def _halves(progress: Progress) -> tuple[Progress, Progress]:
    def first(done: float, total: float, stage: str) -> None:
        progress(0.8 * done / max(total, 1), 1, stage)

    def second(done: float, total: float, stage: str) -> None:
        progress(0.8 + 0.2 * done / max(total, 1), 1, stage)

    return first, second
