"""What an option holds: how it is read from text, and what is allowed.

`Kind.read` takes what was typed, `Kind.check` takes a value from Python, JSON or Fiji. Both return the value,
or raise ValueError with what comes after the option's name in a message: "'abc' is no number; give ...".
"""

from __future__ import annotations

import math
import numbers
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY_BYTES = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_LEAST_MEMORY = 2**20
_LONGEST_QUOTE = 80  # characters of a value in a message


def quoted(value: Any, *, number: bool = False) -> str:
    """Return a value as a message shows it; what is long is cut. A ``number`` is shown as it was typed.

    >>> quoted("abc"), quoted(0.5, number=True), quoted("a" * 100)[-10:]
    ("'abc'", "'0.5'", "a...aaaaa'")
    """
    try:
        typed = number and isinstance(value, int | float)
        text = repr(str(value) if typed else value)
    except ValueError:  # Python writes no number of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 9]}...{text[-6:]}"


@dataclass(frozen=True)
class Kind:
    """Text as it was typed, and any value: the kind that all others are of."""

    metavar = "TEXT"

    def read(self, text: str) -> Any:
        return self.check(text)

    def check(self, value: Any) -> Any:
        return value

    def plain(self, value: Any) -> Any:
        """Return the value as JSON has it."""
        return list(value) if isinstance(value, tuple) else value

    def shown(self, value: Any) -> str:
        """Return the value as it is typed."""
        return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Text(Kind):
    """Any text.

    Attributes
    ----------
    metavar
        What stands for it in the help.
    """

    metavar: str = "TEXT"

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{quoted(value)} is no text")
        return value


@dataclass(frozen=True)
class Flag(Kind):
    """Yes or no; given without a value."""

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{quoted(value)} is neither true nor false")
        return value


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
        if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != len(self.kinds):
            raise ValueError(f"{quoted(value)} is not {len(self.kinds)} numbers, {self.metavar}")
        return tuple(kind.check(part) for kind, part in zip(self.kinds, value, strict=True))

    def shown(self, value: Any) -> str:
        return ",".join(kind.shown(part) for kind, part in zip(self.kinds, value, strict=True))


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words, or of a few whole numbers."""

    values: tuple[Any, ...]

    @property
    def metavar(self) -> str:  # type: ignore[override]
        return "{" + ",".join(map(str, self.values)) + "}"

    def read(self, text: str) -> Any:
        for value in self.values:
            if str(value) == text:
                return value
        raise ValueError(self._refusal(text))

    def check(self, value: Any) -> Any:
        if value not in self.values:
            raise ValueError(self._refusal(value))
        return value

    def _refusal(self, value: Any) -> str:
        import difflib

        near = difflib.get_close_matches(str(value), list(map(str, self.values)), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"invalid choice: {quoted(value)} (choose from {', '.join(map(repr, self.values))}){hint}"


@dataclass(frozen=True)
class Names(Kind):
    """Names with commas between them.

    Attributes
    ----------
    numbered
        Whether a name's place matters, so that an empty one keeps its place.

    Examples
    --------
    >>> Names().read("pore, binder,particle")
    ('pore', 'binder', 'particle')
    >>> Names().read("A,,C"), Names(numbered=True).read("A,,C")
    (('A', 'C'), ('A', '', 'C'))
    """

    metavar: str = "A,B,..."
    numbered: bool = False

    def read(self, text: str) -> tuple[str, ...]:
        names = (name.strip() for name in text.split(","))
        return tuple(name for name in names if name or self.numbered)

    def check(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            return self.read(value)
        names = tuple(value) if isinstance(value, Iterable) else (value,)
        if not all(isinstance(name, str) for name in names):
            raise ValueError(f"{quoted(value)} are not names; give them as {self.metavar}")
        return names

    def shown(self, value: Any) -> str:
        return ",".join(value)


@dataclass(frozen=True)
class PathTo(Kind):
    """A file or a folder.

    Attributes
    ----------
    role
        "input" for what is there already, "output" for what is written, "folder" for a folder to write,
        "model" for a model's folder, file, or the name of a bundled one.
    suffixes
        What its name may end in, for dialogs.
    """

    metavar: str = "PATH"
    role: str = "input"
    suffixes: tuple[str, ...] = ()

    def check(self, value: Any) -> Any:
        if not isinstance(value, str | os.PathLike) or not os.fspath(value):
            raise ValueError(f"{quoted(value)} is no path; give the name of a file or a folder")
        return value

    def plain(self, value: Any) -> Any:
        return os.fspath(value)

    def shown(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class Image(Kind):
    """An image: its path, an array, or an open `electrodej.volume.Volume`.

    Attributes
    ----------
    labels
        Whether it holds labels or phases, and no grey values.
    frames
        Whether its slices may be time points, as Fiji's StarDist plugin writes them.
    """

    metavar: str = "IMAGE"
    labels: bool = False
    frames: bool = False

    def check(self, value: Any) -> Any:
        if isinstance(value, str | os.PathLike):
            if not os.fspath(value):
                raise ValueError("'' is no path; give the name of a file or a folder")
        elif not hasattr(value, "shape"):
            raise ValueError(f"{quoted(value)} is no image; give a path, an array or an open volume")
        return value

    def plain(self, value: Any) -> Any:
        return self.shown(value)

    def shown(self, value: Any) -> str:
        return str(value if isinstance(value, str | os.PathLike) else getattr(value, "path", "array"))


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
            return self._three([float(part) for part in value], value)
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
        return self.check(text.split(","), text)

    def check(self, value: Any, given: Any = None) -> tuple[int, int, int]:
        try:
            numbers = [Whole(1).read(str(part)) for part in value]
        except (TypeError, ValueError):
            numbers = []
        if len(numbers) != 3:
            raise ValueError(
                f"{quoted(value if given is None else given)} is not a shape; give three whole numbers above "
                "0 as Z,Y,X, e.g. 256,256,256"
            )
        return numbers[0], numbers[1], numbers[2]

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


@dataclass(frozen=True)
class Address(Kind):
    """The address of a Dask scheduler, or its client."""

    metavar: str = "ADDRESS"

    def check(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        from electrodej.workers import is_address

        if not is_address(value):
            raise ValueError(
                f"{quoted(value)} is no address of a Dask scheduler; give it like tcp://head-node:8786"
            )
        return value
