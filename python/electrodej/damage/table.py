"""The columns of a table, checked, as numbers that a model can be fitted to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.damage.config import ATTRIBUTES, TARGET
from electrodej.damage.table_file import read_table_file
from electrodej.errors import InputError
from electrodej.vocabulary import PathLike

Floats = NDArray[np.float64]
_BORDER = "TouchesBorder"
_POSITION = ("Z", "Y", "X")
_EMPTY_WORDS = frozenset(("", "nan", "na", "n/a", "none", "null"))
# scikit-learn's trees keep attributes in single precision.
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class DamageTable:
    """Particles ready to be modelled.

    Attributes
    ----------
    name
        What the table is called, a file name for instance.
    attributes
        Names of the columns of ``values``.
    values
        (n, attributes) without gaps: an empty cell has the median of its column.
    damage
        (n,) target.
    labels
        (n,) the particles' labels, or 1, 2, ... where the table has none.
    images
        (n,) name of each particle's image, "" where the table has none.
    positions
        (n, 3) z, y, x in um, NaN where the table does not know.
    empty
        (n, attributes) True where a value is not measured but the median.
    filled
        Column to number of cells that were empty.
    constant
        Columns with one value only; they explain nothing.
    rows
        Rows of the table that these particles come from.
    left_out
        Reason to number of rows that were left out.
    notes
        What the reader should know.
    """

    name: str
    attributes: tuple[str, ...]
    values: Floats
    damage: Floats
    labels: NDArray[Any]
    images: NDArray[Any]
    positions: Floats
    empty: NDArray[np.bool_]
    filled: Mapping[str, int]
    constant: tuple[str, ...]
    rows: int
    left_out: Mapping[str, int]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.damage)

    def measured(self, attribute: str) -> Floats:
        """Return the values of an attribute as they were measured, NaN where the cell was empty."""
        place = self.attributes.index(attribute)
        return np.where(self.empty[:, place], np.nan, self.values[:, place])

    def as_dict(self) -> dict[str, Any]:
        """Return what was read, without the values."""
        return {
            "name": self.name,
            "rows": self.rows,
            "particles": len(self),
            "attributes": list(self.attributes),
            "left_out": dict(self.left_out),
            "filled": dict(self.filled),
            "constant": list(self.constant),
            "notes": list(self.notes),
        }


def make_table(
    columns: Mapping[str, NDArray[Any]] | PathLike,
    *,
    name: str = "table",
    exclude_border: bool = False,
    leave_out: Iterable[str] = (),
) -> DamageTable:
    """Check the columns of a table and fill its gaps.

    A row without damage is left out, as is one that repeats another word for word. Any other empty cell
    (`RoughInner` is empty where a particle has no inner surface) gets the median of its column, so that no
    particle is lost for it; how many is in ``filled``.

    Parameters
    ----------
    columns
        Name to values of one length: numbers, or text that holds numbers. `Damage` and the 21
        `ATTRIBUTES` are needed, less those of ``leave_out``; `Image`, `Label`, `X`, `Y` and `TouchesBorder`
        are used where they are there. Or where the table lies, a CSV or Parquet.
    name
        What the table is called in messages, where it is no file.
    exclude_border
        Leave out particles cut by the volume's faces, which is where `TouchesBorder` is not 0.
    leave_out
        Attributes that are not to explain.

    Examples
    --------
    >>> import numpy as np
    >>> columns = {name: np.arange(4.0) for name in ATTRIBUTES} | {"Damage": np.array([0.1, np.nan, 0, 0.2])}
    >>> table = make_table(columns)
    >>> len(table), dict(table.left_out)
    (3, {'no damage': 1})
    """
    if isinstance(columns, str | os.PathLike):
        name, columns = os.fspath(columns), read_table_file(columns).columns
    attributes = _attributes(leave_out)
    _check_names(columns, (*attributes, TARGET, *((_BORDER,) if exclude_border else ())), name)
    count = len(columns[TARGET])
    numbers = {
        each: _as_numbers(columns[each], each, name)
        for each in dict.fromkeys((*attributes, TARGET, *_POSITION, *((_BORDER,) if exclude_border else ())))
        if each in columns
    }
    notes: list[str] = []
    labels, images = _labels(columns, count), _images(columns, count)
    named = labels if "Label" in columns else np.zeros_like(labels)
    kept, left_out = _kept_rows(numbers, named, images, exclude_border=exclude_border)
    notes += [f"{number} of {count} rows were left out: {reason}." for reason, number in left_out.items()]
    table = {each: values[kept] for each, values in numbers.items()}
    notes += _label_notes(labels[kept], images[kept])
    values, empty = _fill(table, attributes)
    filled = {each: int(cells.sum()) for each, cells in zip(attributes, empty.T, strict=True) if cells.any()}
    notes += _filled_notes(filled, len(values))
    constant = tuple(
        each for each, column in zip(attributes, values.T, strict=True) if column.size and np.ptp(column) == 0
    )
    if constant:
        notes.append(f"{_listed(constant)} {_have(constant)} one value throughout, so no contribution.")
    damage = table[TARGET]
    beyond = int(np.count_nonzero((damage < 0) | (damage > 1)))
    if beyond:
        notes.append(f"{beyond} particles have a damage below 0 or above 1, which no share of a volume is.")
    positions = np.stack([table.get(axis, np.full(len(damage), np.nan)) for axis in _POSITION], axis=1)
    return DamageTable(
        name, attributes, values, damage, labels[kept], images[kept], positions, empty, filled, constant,
        count, left_out, tuple(notes),
    )  # fmt: skip


def _attributes(leave_out: Iterable[str]) -> tuple[str, ...]:
    unwanted = list(leave_out)
    for each in unwanted:
        if each not in ATTRIBUTES:
            raise InputError(f"there is no attribute {each!r}; they are {', '.join(ATTRIBUTES)}")
    attributes = tuple(each for each in ATTRIBUTES if each not in unwanted)
    if not attributes:
        raise InputError("all attributes are left out; leave some in to explain the damage")
    return attributes


def _check_names(columns: Mapping[str, NDArray[Any]], needed: tuple[str, ...], name: str) -> None:
    missing = [each for each in needed if each not in columns]
    if not missing:
        return
    advice = "make the table with electrodej measure"
    if _BORDER in missing:
        advice += ", or do without --exclude-border"
    elif TARGET not in missing and len(missing) < len(ATTRIBUTES):
        advice += f", or do without: --leave-out {','.join(missing)}"
    column = "the column" if len(missing) == 1 else "the columns"
    raise InputError(f"{name}: {column} {_listed(missing)} {_is(missing)} missing; {advice}")


def _as_numbers(values: NDArray[Any], column: str, name: str) -> Floats:
    """Return a column as float64; NaN where empty or not finite."""
    values = np.asarray(values)
    if values.dtype.kind in "biuf":
        numbers = values.astype(np.float64)
    else:
        numbers = np.empty(len(values))
        for row, value in enumerate(values.tolist()):
            text = "" if value is None else str(value).strip()
            try:
                numbers[row] = np.nan if text.lower() in _EMPTY_WORDS else _as_number(text)
            except ValueError:
                raise InputError(
                    f"{name}: row {row + 1} of {column} holds {text[:40]!r}, which is no number; "
                    "correct the cell or leave it empty"
                ) from None
    numbers[~(np.abs(numbers) < _LARGEST)] = np.nan
    return numbers


def _as_number(text: str) -> float:
    """Read a number as tables write them; Python's own reading also takes 1_000 and other scripts' digits.

    >>> _as_number("-1.5e3")
    -1500.0
    """
    if not text.isascii() or "_" in text:
        raise ValueError(f"{text!r} is no number")
    return float(text)


def _labels(columns: Mapping[str, NDArray[Any]], count: int) -> NDArray[Any]:
    if "Label" not in columns:
        return np.arange(1, count + 1)
    labels = np.asarray(columns["Label"])
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels == np.round(labels)).all():
        return labels.astype(np.int64)
    return labels if labels.dtype.kind in "iu" else labels.astype(str)


def _images(columns: Mapping[str, NDArray[Any]], count: int) -> NDArray[Any]:
    if "Image" not in columns:
        return np.full(count, "", dtype=object)
    return np.asarray(["" if value is None else str(value) for value in columns["Image"]], dtype=object)


def _kept_rows(
    numbers: Mapping[str, Floats], labels: NDArray[Any], images: NDArray[Any], *, exclude_border: bool
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    kept = np.ones(len(labels), dtype=bool)
    reasons = {"no damage": np.isnan(numbers[TARGET])}
    if exclude_border:
        reasons["touching the border of the volume"] = numbers[_BORDER] != 0
    # Twice the same particle would be in what is fitted and in what is held out.
    seen: set[tuple[Any, ...]] = set()
    again = np.zeros(len(labels), dtype=bool)
    everything = np.stack(list(numbers.values()), axis=1)
    for row in range(len(labels)):
        key = (str(labels[row]), images[row], everything[row].tobytes())
        again[row] = key in seen
        seen.add(key)
    reasons["the same row once more"] = again
    left_out = {}
    for reason, rows in reasons.items():
        number = int(np.count_nonzero(rows & kept))
        if number:
            left_out[reason] = number
        kept &= ~rows
    return kept, left_out


def _label_notes(labels: NDArray[Any], images: NDArray[Any]) -> list[str]:
    pairs = list(zip(images.tolist(), labels.tolist(), strict=True))
    repeated = len(pairs) - len(set(pairs))
    if not repeated:
        return []
    return [
        f"{repeated} rows have a label that another row has with other values; each is taken as a particle."
    ]


def _fill(table: Mapping[str, Floats], attributes: tuple[str, ...]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the values without gaps, and where the gaps were."""
    values = np.stack([table[each] for each in attributes], axis=1)
    empty = np.isnan(values)
    for place in np.flatnonzero(empty.any(axis=0)):
        gaps = empty[:, place]
        values[gaps, place] = 0.0 if gaps.all() else np.median(values[~gaps, place])
    return values, empty


def _filled_notes(filled: Mapping[str, int], count: int) -> list[str]:
    whole = [each for each, number in filled.items() if number == count]
    parts = {each: number for each, number in filled.items() if number < count}
    notes = []
    if whole:
        notes.append(f"{_listed(whole)} {_is(whole)} empty for all particles, so no contribution.")
    if parts:
        cells = ", ".join(f"{each} {number}" for each, number in parts.items())
        notes.append(f"Empty cells were given the median of their column: {cells} of {count}.")
    return notes


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _is(names: Iterable[str]) -> str:
    return "is" if len(list(names)) == 1 else "are"


def _have(names: Iterable[str]) -> str:
    return "has" if len(list(names)) == 1 else "have"
