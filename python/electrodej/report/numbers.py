"""Numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from electrodej.report.content import KeyNumber, ReportContent


def readable(value: Any, digits: int = 4) -> str:
    """Return a value as text: numbers with ``digits`` significant digits, undefined ones empty.

    Examples
    --------
    >>> readable(0.123456), readable(12), readable(float("nan")), readable(123456.7), readable(2.5e-7)
    ('0.1235', '12', '', '123457', '2.5e-07')
    """
    if value is None or value is np.ma.masked:
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number):
            return ""
        if number == int(number) and abs(number) < 1e9:
            return str(int(number))
        if 10**digits <= abs(number) < 1e9:
            return f"{number:.0f}"
        return f"{number:.{digits}g}"
    return str(value)


def column_texts(values: Any) -> list[str]:
    """Return the values of a column as text, with as many decimals each, to be compared at a look.

    Decimals are those that give the middle value three digits, one at least below 1000, and no more than
    the values have. A value that would vanish so keeps a digit, 0 stays 0 and undefined ones are empty. The
    page's own table does the same, in format.js.

    Examples
    --------
    >>> column_texts([91.4, 7.878, 0.0, float("nan")])
    ['91.4', '7.9', '0', '']
    >>> column_texts([0.01736, 0.0012, 3.6e-07]), column_texts([3, 12])
    (['0.01736', '0.00120', '4e-07'], ['3', '12'])
    """
    array = np.asarray(values)
    if array.dtype.kind != "f":
        return [readable(value) for value in array.tolist()]
    decimals = _decimals(array.astype(float))
    return [readable(value) if decimals is None else _fixed(value, decimals) for value in array.tolist()]


def _decimals(values: np.ndarray[Any, Any]) -> int | None:
    """Return the decimals of a column; None where no number of them suits all values."""
    sizes = np.sort(np.abs(values[np.isfinite(values) & (values != 0)]))
    if not sizes.size:
        return 0
    middle = float(sizes[sizes.size // 2])
    if middle < 1e-6 or sizes[-1] >= 1e9:
        return None
    wanted = max(2 - math.floor(math.log10(middle)), 1 if middle < 1000 else 0)
    return min(wanted, max(_own_decimals(float(size)) for size in sizes))


def _own_decimals(value: float) -> int:
    """Return how many decimals a value has, at seven digits."""
    digits, _, power = f"{value:.6e}".partition("e")
    return max(0, len(digits.rstrip("0").partition(".")[2]) - int(power))


def _fixed(value: float, decimals: int) -> str:
    if value == 0 or not math.isfinite(value):
        return readable(value)
    text = f"{value:.{decimals}f}"
    return text if float(text) else readable(value, 1)


_UNITS = {"um^-1": "µm⁻¹", "um": "µm", "um^2": "µm²", "um^3": "µm³", "degree": "°"}


def unit_text(unit: str) -> str:
    """Return a unit as it is printed.

    Examples
    --------
    >>> unit_text("um^3"), unit_text("grey")
    ('µm³', 'grey')
    """
    return _UNITS.get(unit, unit)


def percent(share: float) -> str:
    """Return a share of 1 as percent with three digits."""
    return f"{100 * share:.3g}"


def key_numbers(content: ReportContent, labelled_share: float | None) -> list[KeyNumber]:
    """Return the numbers at the head of the page: those that the table can tell."""
    if content.key_numbers:
        return list(content.key_numbers)
    numbers = [KeyNumber("Particles", str(content.rows))]
    of = "volume"
    if content.grey is not None and content.spacing is not None:
        shape = (1, *content.grey.shape) if len(content.grey.shape) == 2 else content.grey.shape
        size = [n * s for n, s in zip(shape, content.spacing, strict=True)]
        axes, unit = "x × y × z, ", "voxels"
        if shape[0] == 1:
            shape, size, of, axes, unit = shape[1:], size[1:], "area", "", "pixels"
        numbers.append(
            KeyNumber(
                f"Measured {of}",
                " × ".join(readable(length, 3) for length in reversed(size)),
                "µm",
                f"{axes}{' × '.join(str(n) for n in reversed(shape))} {unit}",
            )
        )
    if labelled_share is not None:
        numbers.append(KeyNumber("Particle share", percent(labelled_share), "%", f"of the {of}"))
    numbers.extend(_column_numbers(content))
    numbers.extend(_score_numbers(content.scores or {}))
    return numbers


def _column_numbers(content: ReportContent) -> list[KeyNumber]:
    columns = content.numeric_columns()
    numbers = []
    diameter = equivalent_diameter(columns)
    if diameter is not None and np.isfinite(diameter).any():
        low, middle, high = np.nanpercentile(diameter, (10, 50, 90))
        detail = f"80 % lie within {readable(float(low), 3)} to {readable(float(high), 3)} µm"
        numbers.append(KeyNumber("Median diameter", readable(float(middle), 3), "µm", detail))
    for column, name in (
        ("Damage", "Mean damage"),
        ("Contact", "Mean contact"),
        ("PDensity", "Mean packing"),
    ):
        values = columns.get(column)
        if values is None or not np.isfinite(values).any():
            continue
        mean, spread = float(np.nanmean(values)), float(np.nanstd(values))
        numbers.append(KeyNumber(name, percent(mean), "%", f"SD {percent(spread)} %"))
    return numbers


def _score_numbers(scores: Mapping[str, Any]) -> list[KeyNumber]:
    """How many particles are found right, where a match overlaps by half (IoU 0.5)."""
    thresholds = scores.get("thresholds")
    for score in thresholds if isinstance(thresholds, list | tuple) else ():
        if isinstance(score, Mapping) and score.get("threshold") == 0.5 and "f1" in score:
            return [KeyNumber("F1 at IoU 0.5", readable(float(score["f1"]), 3), "", "against the truth")]
    return []


def within_fences(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return the range that a histogram shows: all values but those far off.

    Far off is more than eight times the interquartile range below the first or above the third quartile;
    a single speck of a voxel would else squeeze all others into one bar.
    """
    low, first, third, high = (float(v) for v in np.percentile(values, (0, 25, 75, 100)))
    reach = 8 * (third - first)
    if reach == 0:
        return low, high
    inside = values[(values >= first - reach) & (values <= third + reach)]
    return float(inside.min()), float(inside.max())


def equivalent_diameter(columns: Mapping[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any] | None:
    """Return the diameter of the ball of equal volume, in um: its own column, or (6 V / pi)^(1/3)."""
    if "EqDiameter" in columns:
        return columns["EqDiameter"]
    if "Volume" in columns:
        return np.cbrt(6 * columns["Volume"] / np.pi)
    return None
