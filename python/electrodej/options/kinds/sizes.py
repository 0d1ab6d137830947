"""How large something is: voxels, volumes, memory."""

from __future__ import annotations

import math
import numbers
import re
from dataclasses import dataclass
from typing import Any

from electrodej.options.kinds.kind import Kind, quoted
from electrodej.options.kinds.numbers import Whole

_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY_BYTES = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_LEAST_MEMORY = 2**20


@dataclass(frozen=True)
class SpacingOf(Kind):
    """A voxel size, three lengths in micrometres, or one for a cube.

    >>> SpacingOf().read("0.1,0.07,0.07"), SpacingOf().read("0.07")
    ((0.1, 0.07, 0.07), (0.07, 0.07, 0.07))
    """

    metavar: str = "Z,Y,X"

    def read(self, text: str) -> tuple[float, float, float]:
        try:
            values = [float(part) for part in text.split(",")]
        except ValueError:
            values = []
        return self._three(values * 3 if len(values) == 1 else values, text)

    def check(self, value: Any) -> tuple[float, float, float]:
        if isinstance(value, str):
            return self.read(value)
        try:
            lengths = [value] * 3 if isinstance(value, numbers.Real) else value
            return self._three([float(part) for part in lengths], value)
        except (TypeError, OverflowError):
            raise ValueError(self._refusal(value)) from None

    def shown(self, value: Any) -> str:
        return ",".join(f"{length:g}" for length in value)

    def _three(self, values: list[float], given: Any) -> tuple[float, float, float]:
        if len(values) != 3 or not all(math.isfinite(value) and value > 0 for value in values):
            raise ValueError(self._refusal(given))
        return values[0], values[1], values[2]

    @staticmethod
    def _refusal(value: Any) -> str:
        return (
            f"{quoted(value)} is not a voxel size; give three lengths above 0 in micrometres as Z,Y,X, "
            "e.g. 0.07,0.07,0.07"
        )


@dataclass(frozen=True)
class ShapeOf(Kind):
    """Voxels along z, y and x.

    >>> ShapeOf().read("64,128,128")
    (64, 128, 128)
    """

    metavar: str = "Z,Y,X"

    def read(self, text: str) -> tuple[int, int, int]:
        return self.check(text)

    def check(self, value: Any) -> tuple[int, int, int]:
        parts = value.split(",") if isinstance(value, str) else value
        try:
            edges = [Whole(1).read(str(part)) for part in parts]
        except (TypeError, ValueError):
            edges = []
        if len(edges) != 3:
            raise ValueError(
                f"{quoted(value)} is not a shape; give three whole numbers above 0 as Z,Y,X, e.g. 256,256,256"
            )
        return edges[0], edges[1], edges[2]

    def shown(self, value: Any) -> str:
        return ",".join(map(str, value))


@dataclass(frozen=True)
class Memory(Kind):
    """An amount of memory.

    >>> Memory().read("4GiB") == 4 * 2**30, Memory().read("1.5 GB")
    (True, 1500000000)
    """

    metavar: str = "SIZE"

    def read(self, text: str) -> int:
        match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*(?:([kmgt]?)(i?)b?)\s*", text, re.IGNORECASE)
        number = math.nan
        if match:
            try:
                number = float(match[1])
            except ValueError:
                number = math.nan
        if match is None or not math.isfinite(number) or (match[3] and not match[2]):
            raise ValueError(f"{quoted(text)} is not an amount of memory; write it like 4GiB or 500MB")
        unit = match[2].lower()
        size = int(number * (_BINARY_BYTES[unit] if match[3] else _BYTES[unit]))
        if size < _LEAST_MEMORY:
            raise ValueError(f"{quoted(text)} is too little memory to work with; give at least 1MiB")
        return size

    def check(self, value: Any) -> int:
        return self.read(value) if isinstance(value, str) else Whole(1).check(value)

    def shown(self, value: Any) -> str:
        return f"{value}B"
