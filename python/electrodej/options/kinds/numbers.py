"""Numbers with bounds, one or several."""

from __future__ import annotations

import math
import numbers
import re
from dataclasses import dataclass
from typing import Any

from electrodej.options.kinds.kind import Kind, quoted


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number with bounds.

    >>> Whole(1).read("3"), Whole(0, 8).read("8")
    (3, 8)
    >>> Whole(0, 4).read("7")
    Traceback (most recent call last):
    ValueError: '7' is not possible; give a whole number from 0 to 4
    """

    least: int = 0
    most: float = math.inf
    what: str = "possible"
    metavar: str = "N"

    def read(self, text: str) -> int:
        # isdecimal() alone lets the digits of other scripts through, which int() reads too.
        if not re.fullmatch(r"\s*[+-]?\d+\s*", text):
            raise ValueError(self._refusal(text))
        return self.check(int(text))

    def check(self, value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise ValueError(self._refusal(value))
        number = int(value)
        if not self.least <= number <= self.most:
            raise ValueError(self._refusal(value))
        return number

    def _refusal(self, value: Any) -> str:
        most = f" to {int(self.most)}" if math.isfinite(self.most) else ""
        shown = quoted(value, number=True)
        is_not = "is no number" if self.what == "a number" else f"is not {self.what}"
        return f"{shown} {is_not}; give a whole number from {self.least}{most}"


@dataclass(frozen=True)
class Number(Kind):
    """A number with bounds, which may be left out of what is allowed.

    >>> Number(0, 1).read("0.25")
    0.25
    >>> Number(0, 1, above=True, below=True).read("1")
    Traceback (most recent call last):
    ValueError: '1' is not possible; give a number above 0 and below 1
    """

    least: float = -math.inf
    most: float = math.inf
    above: bool = False
    below: bool = False
    what: str = ""
    metavar: str = "X"

    def read(self, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise ValueError(self._refusal(text)) from None
        return self._within(number, text)

    def check(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, numbers.Real):
            raise ValueError(self._refusal(value))
        try:
            return self._within(float(value), value)
        except OverflowError:
            raise ValueError(self._refusal(value)) from None

    def _within(self, number: float, given: Any) -> float:
        fits_below = number < self.most if self.below else number <= self.most
        fits_above = number > self.least if self.above else number >= self.least
        if not (math.isfinite(number) and fits_below and fits_above):
            raise ValueError(self._refusal(given))
        return number

    def _refusal(self, value: Any) -> str:
        bounds = []
        if math.isfinite(self.least):
            bounds.append(f"{'above' if self.above else 'from'} {self.least:g}")
        if math.isfinite(self.most):
            bounds.append(f"{'and below' if self.below else 'to'} {self.most:g}")
        shown = quoted(value, number=True)
        return f"{shown} is {self.what or 'not possible'}; give {' '.join(['a number', *bounds])}"


@dataclass(frozen=True)
class Numbers(Kind):
    """Several numbers with a comma between them, as many as there are kinds.

    >>> Numbers((Number(0, 100), Number(0, 100)), metavar="LOW,HIGH").read("1,99.8")
    (1.0, 99.8)
    """

    kinds: tuple[Kind, ...]
    metavar: str = "N,..."

    def read(self, text: str) -> tuple[Any, ...]:
        parts = text.split(",")
        if len(parts) != len(self.kinds):
            raise ValueError(f"{quoted(text)} is not {len(self.kinds)} numbers; write them as {self.metavar}")
        return tuple(kind.read(part) for kind, part in zip(self.kinds, parts, strict=True))

    def check(self, value: Any) -> tuple[Any, ...]:
        if isinstance(value, str):
            return self.read(value)
        if not hasattr(value, "__len__") or len(value) != len(self.kinds):
            raise ValueError(f"{quoted(value)} is not {len(self.kinds)} numbers, {self.metavar}")
        return tuple(kind.check(part) for kind, part in zip(self.kinds, value, strict=True))

    def shown(self, value: Any) -> str:
        return ",".join(kind.shown(part) for kind, part in zip(self.kinds, value, strict=True))
