"""How sure a method is of its particles: read from a table."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

from electrodej.errors import InputError
from electrodej.vocabulary import PathLike

_MOST_BYTES = 1 << 30


def read_confidence(path: PathLike, *, slices: int | None) -> dict[int, float] | list[dict[int, float]]:
    """Read the columns Label and Confidence, and Slice where slices are images of their own.

    Parameters
    ----------
    path
        A CSV table.
    slices
        How many slices are images of their own; None: there is one image.

    Returns
    -------
    dict or list of dict
        Confidence by label; of each slice, where the table has a column Slice.
    """
    name = os.fspath(path)
    file = Path(path)
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise InputError(f"{name} is larger than 1 GiB; give a table of labels and confidences")
        with file.open(newline="", encoding="utf-8-sig") as handle:
            rows = csv.DictReader(handle)
            columns = set(rows.fieldnames or ())
            missing = sorted({"Label", "Confidence"} - columns)
            if missing:
                raise InputError(f"{name} has no column {missing[0]}; it needs Label and Confidence")
            by_slice = slices is not None and "Slice" in columns
            found: list[dict[int, float]] = [{} for _ in range(slices if by_slice and slices else 1)]
            for number, row in enumerate(rows, 2):
                place, label, confidence = _read_row(row, f"{name}, line {number}", by_slice=by_slice)
                if not 0 <= place < len(found):
                    raise InputError(f"{name}, line {number}: there is no slice {place}")
                if label in found[place]:
                    raise InputError(f"{name}, line {number}: the label {label} is there twice")
                found[place][label] = confidence
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{name} cannot be read as a table ({error})") from error
    return found if by_slice else found[0]


def _read_row(row: dict[str, str], where: str, *, by_slice: bool) -> tuple[int, int, float]:
    try:
        place = _whole(row["Slice"]) if by_slice else 0
        label, confidence = _whole(row["Label"]), float(row["Confidence"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{where}: a slice or a label is no whole number, or a confidence no number"
        ) from error
    if not math.isfinite(confidence):
        raise InputError(f"{where}: the confidence {confidence} is not a plain number")
    return place, label, confidence


def _whole(text: str) -> int:
    value = float(text)
    if not value.is_integer():
        raise ValueError(text)
    return int(value)
