"""Lengths and grey values as a person gives them: in micrometres or voxels, in noise levels or greys."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from electrodej.options import Kind, quoted

_NUMBER = r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*"
_LENGTHS = {"": "um", "um": "um", "µm": "um", "μm": "um", "nm": "nm", "px": "px", "vx": "px"}
_LEVELS = {"": "", "n": "n"}


@dataclass(frozen=True)
class Quantity:
    """A number with its unit.

    >>> str(Quantity(1.5, "um")), str(Quantity(3, "px"))
    ('1.5um', '3px')
    """

    number: float
    unit: str

    def __str__(self) -> str:
        return f"{self.number:g}{self.unit}"

    def in_voxels(self, edge: float) -> float:
        """Return a length in voxels whose edge is so many micrometres."""
        if self.unit == "px":
            return self.number
        return self.number * (1e-3 if self.unit == "nm" else 1.0) / edge

    def in_greys(self, noise: float) -> float:
        """Return a level in grey values, where the noise is so many."""
        return self.number * noise if self.unit == "n" else self.number


@dataclass(frozen=True)
class _Quantities(Kind):
    """A number from 0 with a unit behind it."""

    above: bool = True

    def read(self, text: str) -> Quantity:
        match = re.fullmatch(_NUMBER + r"([a-zµμ]*)\s*", text, re.IGNORECASE)
        unit = None if match is None else self._units().get(match[2].lower())
        if match is None or unit is None:
            raise ValueError(f"{quoted(text)} is no {self._called()}")
        number = float(match[1])
        if not math.isfinite(number) or number < 0 or (self.above and number == 0):
            raise ValueError(
                f"{quoted(text)} is not possible; give a number {'above' if self.above else 'from'} 0"
            )
        return Quantity(number, unit)

    def check(self, value: Any) -> Quantity:
        if isinstance(value, Quantity):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.read(repr(value))
        return self.read(str(value))

    def plain(self, value: Any) -> Any:
        return str(value)

    def shown(self, value: Any) -> str:
        return str(value)

    def _units(self) -> dict[str, str]:
        raise NotImplementedError

    def _called(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True)
class Length(_Quantities):
    """A length: "0.7um" or "0.7", "70nm", "3px".

    >>> Length().read("70nm").in_voxels(0.035)
    2.0
    >>> Length().read("1n")
    Traceback (most recent call last):
    ValueError: '1n' is no length; write it like 0.5um, 70nm or 3px
    """

    metavar: str = "LENGTH"

    def _units(self) -> dict[str, str]:
        return _LENGTHS

    def _called(self) -> str:
        return "length; write it like 0.5um, 70nm or 3px"


@dataclass(frozen=True)
class Level(_Quantities):
    """A difference of grey values: "1.5n" for noise levels, "12" for greys.

    >>> Level().read("2n").in_greys(noise=5.0), Level().read("12").in_greys(noise=5.0)
    (10.0, 12.0)
    """

    metavar: str = "LEVEL"

    def _units(self) -> dict[str, str]:
        return _LEVELS

    def _called(self) -> str:
        return "level; write it like 1.5n for noise levels or 12 for grey values"
