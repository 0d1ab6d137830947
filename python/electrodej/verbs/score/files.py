"""Scores in files: all of them as JSON, or the particles' best partners as a table."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import OutputError
from electrodej.files import check_target, whole_file
from electrodej.files.tables import is_description
from electrodej.run import Run
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from electrodej.score import InstanceScores


def check_out(out: PathLike | None, suffixes: tuple[str, ...], run: Run) -> str:
    """Return the suffix of the file of scores, once it is sure that it may be written."""
    if out is None:
        return ""
    suffix = Path(out).suffix.lower()
    if suffix not in suffixes:
        raise OutputError(
            f"{os.fspath(out)}: scores are written as {' or '.join(suffixes)}; choose such a name"
        )
    check_target(out, force=run.force, file=True)
    if suffix == ".json" and is_description(out):
        raise OutputError(f"{os.fspath(out)} describes the table beside it; choose another name")
    return suffix


def write_json(out: PathLike, scores: dict[str, Any], run: Run) -> None:
    """Write the scores."""
    with whole_file(out, force=run.force) as part:
        part.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


def write_partners(out: PathLike, image: str, scores: InstanceScores, run: Run) -> None:
    """Write the best partner of every true particle; ``image`` is what the truth is called."""
    import csv

    from electrodej.files.tables import plain_cell

    assert scores.particles is not None
    columns = scores.particles.columns()
    with (
        whole_file(out, force=run.force) as part,
        part.open("w", newline="", encoding="utf-8", errors="backslashreplace") as handle,
    ):
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["Image", *columns])
        for row in zip(*(column.tolist() for column in columns.values()), strict=True):
            writer.writerow([plain_cell(image), *row])
