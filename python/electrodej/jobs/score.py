"""Two images on disk to their scores, and the scores to a file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from electrodej.errors import OutputError
from electrodej.files import check_target, whole_file
from electrodej.files.tables import is_description
from electrodej.progress import Progress, silent

if TYPE_CHECKING:
    from electrodej.score import InstanceScores, PhaseScores

PathLike = str | os.PathLike[str]
Triple = tuple[float, float, float]


def score_particles(
    pred: PathLike,
    truth: PathLike,
    *,
    out: PathLike | None = None,
    criterion: Literal["iou", "iot", "iop"] = "iou",
    ignore: int | None = None,
    min_volume: float = 0.0,
    exclude_border: bool = False,
    spacing: Triple | None = None,
    memory: int | None = None,
    jobs: int | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> InstanceScores:
    """Score the particles of one label volume against those of another.

    Parameters
    ----------
    pred, truth
        The labels to judge and the labels that are right.
    out
        Where to write, if anywhere: the scores (``.json``), or the best partner of every true particle
        (``.csv``).
    criterion, ignore, min_volume, exclude_border, spacing, memory, jobs
        As `electrodej.score.score_instances` has them.
    force
        Replace ``out`` if it exists.
    progress
        Told of the share done.
    """
    from electrodej.score import DEFAULT_MEMORY, score_instances
    from electrodej.volume import open_volume

    suffix = _check_out(out, (".json", ".csv"), force=force)
    with open_volume(pred, spacing=spacing) as found, open_volume(truth, spacing=spacing) as right:
        scores = score_instances(
            found,
            right,
            criterion=criterion,
            ignore=ignore,
            min_volume=min_volume,
            exclude_border=exclude_border,
            spacing=spacing,
            particles=suffix == ".csv",
            memory=memory or DEFAULT_MEMORY,
            jobs=jobs,
            progress=progress,
        )
    if out is not None and suffix == ".json":
        _write_json(out, scores.as_dict(), force=force)
    if out is not None and scores.particles is not None:
        _write_partners(out, truth, scores, force=force)
    return scores


def score_phases(
    pred: PathLike,
    truth: PathLike,
    *,
    out: PathLike | None = None,
    ignore: int | None,
    only: int | None = None,
    names: dict[int, str] | None = None,
    spacing: Triple | None = None,
    memory: int | None = None,
    jobs: int | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> PhaseScores:
    """Score one phase volume against another; ``out`` is a ``.json`` for the scores."""
    from electrodej import score
    from electrodej.volume import open_volume

    _check_out(out, (".json",), force=force)
    with open_volume(pred, spacing=spacing) as found, open_volume(truth, spacing=spacing) as right:
        scores = score.score_phases(
            found,
            right,
            ignore=ignore,
            only=only,
            names=names or {},
            memory=memory or score.DEFAULT_MEMORY,
            jobs=jobs,
            progress=progress,
        )
    if out is not None:
        _write_json(out, scores.as_dict(), force=force)
    return scores


def _check_out(out: PathLike | None, suffixes: tuple[str, ...], *, force: bool) -> str:
    if out is None:
        return ""
    suffix = Path(out).suffix.lower()
    if suffix not in suffixes:
        raise OutputError(
            f"{os.fspath(out)}: scores are written as {' or '.join(suffixes)}; choose such a name"
        )
    check_target(out, force=force, file=True)
    if suffix == ".json" and is_description(out):
        raise OutputError(f"{os.fspath(out)} describes the table beside it; choose another name")
    return suffix


def _write_json(out: PathLike, scores: dict[str, Any], *, force: bool) -> None:
    with whole_file(out, force=force) as part:
        part.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


def _write_partners(out: PathLike, truth: PathLike, scores: InstanceScores, *, force: bool) -> None:
    import csv

    from electrodej.files.tables import plain_cell

    assert scores.particles is not None
    columns = scores.particles.columns()
    with (
        whole_file(out, force=force) as part,
        part.open("w", newline="", encoding="utf-8", errors="backslashreplace") as handle,
    ):
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["Image", *columns])
        for row in zip(*(column.tolist() for column in columns.values()), strict=True):
            writer.writerow([plain_cell(Path(truth).name), *row])
