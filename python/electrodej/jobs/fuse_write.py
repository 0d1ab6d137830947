"""Particles of three views written as labels, with a table of how far the views agree on each."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import OutputError
from electrodej.files import check_files_in
from electrodej.progress import Progress

if TYPE_CHECKING:
    from electrodej.fusion import FusionSettings, Material, Method, Views
    from electrodej.volume import Volume
    from electrodej.workers import Workers

PathLike = str | os.PathLike[str]

_TABLE = "_agreement.csv"


def check_outputs(
    out: PathLike, pictures: PathLike | None, *, inputs: Sequence[PathLike], force: bool
) -> None:
    """Refuse outputs that may not be written, before any work is done."""
    from electrodej.files.tables import check_table_target
    from electrodej.report.overlays import NAMES
    from electrodej.volume.write import check_volume_target

    labels = check_volume_target(out, force=force, inputs=inputs)
    tables = check_table_target(beside(out, _TABLE), force=force, inputs=inputs)
    if pictures is None:
        return
    folder = Path(pictures).resolve()
    for each in (labels, *tables.values()):
        if each.resolve() in (folder, *folder.parents):
            raise OutputError(
                f"{os.fspath(pictures)}: pictures cannot go where {each} is written; choose another folder"
            )
    check_files_in(pictures, NAMES, force=force, inputs=inputs)


def beside(out: PathLike, ending: str) -> Path:
    """``particles.ome.tif`` and ``_agreement.csv`` make ``particles_agreement.csv``."""
    path = Path(out)
    stem = path.stem
    return path.with_name((stem[:-4] if stem.lower().endswith(".ome") else stem) + ending)


def fuse_and_write(
    views: Views,
    out: PathLike,
    *,
    seen: Views,
    grey: Volume | None,
    material: Material | None,
    refine: int,
    method: Method,
    settings: FusionSettings | None,
    memory: int | None,
    jobs: int | None,
    workers: Workers | None,
    force: bool,
    progress: Progress,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fuse open views and write labels and table; return what the verb tells, and the table's columns.

    The table is of how far the views ``seen`` agree, which are ``views`` but for a second stage.
    """
    from electrodej.files.tables import write_table
    from electrodej.fusion import Agreement, FusedMaterial, FusionSettings, RefinedFusion, start_fusion
    from electrodej.fusion.slabs import in_order
    from electrodej.run import Run
    from electrodej.volume import VolumeWriter, compact_dtype

    chosen = settings or FusionSettings()
    labels, table = Path(out), beside(out, _TABLE)
    depth = views.shape[0]
    first, second = _halves(progress)
    fusion = start_fusion(
        views,
        method=method,
        settings=chosen,
        folder=labels.absolute().parent,
        run=Run(jobs=jobs, memory=memory, scheduler=workers, progress=first),
    )
    try:
        if refine and grey is not None:
            fusion = RefinedFusion(
                fusion,
                grey,
                spacing=views.spacing,
                reach=refine,
                run=Run(progress=lambda *_: first(1, 1, "learn greys")),
            )
        dropped = 0
        if material is not None:
            least = chosen.least_voxels(views.spacing)
            fusion = FusedMaterial(fusion, material, least=least, run=Run(jobs=jobs))
            dropped = fusion.dropped
        agreement = Agreement(seen, fusion.count)
        kind = compact_dtype(fusion.count)
        with VolumeWriter(
            labels, views.shape, kind, spacing=views.spacing, labels=True, force=force
        ) as writer:

            def compared(slab: tuple[int, Any]) -> tuple[int, Any, tuple[int, Any]]:
                z0, part = slab
                return z0, part, agreement.count(z0, part)

            # The views are read and compared while the slabs before are packed and written.
            with contextlib.closing(in_order(compared, fusion.slabs(), jobs=Run(jobs=jobs).cores)) as coming:
                for z0, part, counted in coming:
                    agreement.take(*counted)
                    writer.write(z0, part)
                    second(z0 + len(part), depth, "label particles")
            seen.check_highest()
            columns = agreement.columns(labels.name)
            write_table(
                table,
                columns,
                description=_description(seen, method, chosen, refine, intact=material is not None),
                force=force,
            )
    finally:
        fusion.close()
    agreed = columns["Agreement"]
    mean = float(agreed.mean()) if len(agreed) else None
    result = {
        "particles": fusion.count,
        "dropped_without_material": dropped,
        "labels": os.fspath(labels),
        "table": os.fspath(table),
        "method": method,
        "mean_agreement": None if mean is None or math.isnan(mean) else mean,
        "spacing_um": list(views.spacing),
    }
    return result, columns


def _description(
    views: Views, method: str, settings: FusionSettings, refine: int, *, intact: bool
) -> dict[str, Any]:
    import electrodej
    from electrodej.fusion import AGREEMENT_COLUMNS
    from electrodej.vocabulary import VIEWS

    return {
        "columns": AGREEMENT_COLUMNS,
        "method": method,
        "settings": asdict(settings) | {"refine": refine, "intact": intact},
        "views": {name: volume.path.name for name, volume in zip(VIEWS, views.volumes, strict=True)},
        "shape": list(views.shape),
        "spacing_um": list(views.spacing),
        "electrodej": electrodej.__version__,
    }


def _halves(progress: Progress) -> tuple[Progress, Progress]:
    def first(done: float, total: float, stage: str) -> None:
        progress(0.8 * done / max(total, 1), 1, stage)

    def second(done: float, total: float, stage: str) -> None:
        progress(0.8 + 0.2 * done / max(total, 1), 1, stage)

    return first, second
