"""Lengths as image files write them, in micrometres.

A voxel size is kept as three numbers ``(z, y, x)`` in micrometres. Files say it in many units, by halves
(a TIFF's resolution tags know nothing of the slices' distance), or not at all; `VoxelSize` carries what a
file says, and where it says too little, why.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from electrodej.errors import VoxelSizeError
from electrodej.vocabulary import Spacing

_AXES = "ZYX"
# Micrometres: an atom, and a kilometre, far beyond what is imaged.
_SMALLEST, _LARGEST = 1e-4, 1e9
_LENGTHS = f"a positive number from {_SMALLEST} to {_LARGEST:g} um"

_MICROMETRES = {
    "angstrom": 1e-4,
    "å": 1e-4,
    "pm": 1e-6,
    "nm": 1e-3,
    "um": 1.0,
    "mm": 1e3,
    "cm": 1e4,
    "dm": 1e5,
    "m": 1e6,
    "inch": 25400.0,
}
_ALIASES = {
    "ångström": "angstrom",
    "angstroms": "angstrom",
    "picometer": "pm",
    "nanometer": "nm",
    "micrometer": "um",
    "micron": "um",
    "mu": "um",
    "µ": "um",
    "millimeter": "mm",
    "centimeter": "cm",
    "decimeter": "dm",
    "meter": "m",
    "in": "inch",
    "inche": "inch",  # "inches" without its s
    '"': "inch",
}
# Print resolutions that programs write into every image; no voxel size was ever meant by them.
_PRINT_DPI = (72, 75, 90, 96, 100, 120, 144, 150, 180, 200, 240, 300, 360, 400, 600, 720, 1200)
_PRINT_UNITS_PER_INCH = {"inch": 1.0, "cm": 2.54}
_NO_UNIT = frozenset(
    {"", "pixel", "px", "voxel", "vx", "none", "null", "unit", "arbitrary", "reference frame", "?"}
)


def micrometres_per(unit: str | None) -> float | None:
    """Return how many micrometres one ``unit`` is, or None for a unit that is no length (pixel, missing).

    Raises
    ------
    VoxelSizeError
        The unit is none of those that image files use.

    Examples
    --------
    >>> micrometres_per("nm"), micrometres_per("micron"), micrometres_per("pixel")
    (0.001, 1.0, None)
    """
    name = normal_unit(unit)
    if name in _NO_UNIT or name.removesuffix("s") in _NO_UNIT:
        return None
    try:
        return _MICROMETRES[_ALIASES.get(name, name)]
    except KeyError:
        raise VoxelSizeError(
            f'the voxel size is given in "{unit}", which is no unit known here; '
            "give the voxel size in micrometres with --spacing Z,Y,X"
        ) from None


def normal_unit(unit: str | None) -> str:
    """Return ``unit`` in one spelling: lower case, one micro sign, British and American endings alike."""
    if unit is None:
        return ""
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), unit)
    text = text.strip().strip("\x00")
    # The Greek letter, the micro sign and a micro sign spoilt by a wrong encoding are the same thing.
    text = text.replace("μ", "µ").replace("Âµ", "µ").replace("�m", "µm").lower()
    if text == "µm":
        return "um"
    text = re.sub(r"metre(s?)$", r"meter\1", text)
    return text.removesuffix("s") if text.endswith(("meters", "microns", "inches")) else text


def is_print_resolution(pixels_per_unit: Sequence[float | None], unit: str | None) -> bool:
    """Tell a printer's dots per inch, or one pixel per inch or centimetre, from a measured voxel size.

    Examples
    --------
    >>> is_print_resolution([300.0, 300.0], "inch"), is_print_resolution([300.0, 300.0], "mm")
    (True, False)
    """
    name = normal_unit(unit)
    per_inch = _PRINT_UNITS_PER_INCH.get(_ALIASES.get(name, name))
    if per_inch is None:
        return False
    return all(
        value in (0.0, 1.0) or any(abs(value * per_inch - dpi) < 0.02 * per_inch for dpi in _PRINT_DPI)
        for value in pixels_per_unit
        if value is not None
    )


@dataclass(frozen=True)
class VoxelSize:
    """What a file says of its voxel size.

    Parameters
    ----------
    z, y, x
        Micrometres, or None where the file does not say.
    problem
        Why nothing, or nothing usable, is known; empty where all is well.
    """

    z: float | None = None
    y: float | None = None
    x: float | None = None
    problem: str = ""

    @property
    def spacing(self) -> Spacing | None:
        """``(z, y, x)`` in micrometres where all three are known."""
        if self.problem or self.z is None or self.y is None or self.x is None:
            return None
        return (self.z, self.y, self.x)

    def require(self, where: str) -> Spacing:
        """Return the spacing or raise a `VoxelSizeError` that says what is missing in ``where``."""
        spacing = self.spacing
        if spacing is not None:
            return spacing
        if self.problem:
            raise VoxelSizeError(f"{where}: {self.problem}")
        values = (self.z, self.y, self.x)
        missing = [axis for axis, value in zip(_AXES, values, strict=True) if value is None]
        if len(missing) == 3:
            raise VoxelSizeError(
                f"{where} does not say its voxel size; give it in micrometres with --spacing Z,Y,X, "
                "e.g. 0.07,0.07,0.07"
            )
        known = ", ".join(
            f"{axis} {value:g} um" for axis, value in zip(_AXES, values, strict=True) if value is not None
        )
        raise VoxelSizeError(
            f"{where} does not say its voxel size along {' and '.join(missing)} (known: {known}); "
            "give all three in micrometres with --spacing Z,Y,X"
        )


def _is_length(size: float) -> bool:
    return _SMALLEST <= size <= _LARGEST


def from_values(values: Sequence[float | None], units: Sequence[str | None]) -> VoxelSize:
    """Return the voxel size for ``(z, y, x)`` values in their units; problems are kept, not raised.

    Whether a wrong voxel size matters is known only when somebody measures.
    """
    sizes: list[float | None] = []
    for axis, value, unit in zip(_AXES, values, units, strict=True):
        try:
            factor = micrometres_per(unit)
        except VoxelSizeError as error:
            return VoxelSize(problem=str(error))
        if value is None or factor is None:
            sizes.append(None)
            continue
        size = float(value) * factor
        if not _is_length(size):
            given = f"{value:g} {unit or ''}".rstrip()
            return VoxelSize(
                problem=f"the voxel size along {axis} is {given}, and it must be {_LENGTHS}; "
                "give it in micrometres with --spacing Z,Y,X"
            )
        sizes.append(_tidy(size))
    z, y, x = sizes
    return VoxelSize(z, y, x)


def check_spacing(spacing: Sequence[float] | float) -> Spacing:
    """Return ``spacing`` as three positive numbers ``(z, y, x)``.

    Raises
    ------
    VoxelSizeError
        There are not three, or one of them is no length that a voxel has.

    Examples
    --------
    >>> check_spacing([0.1, 0.07, 0.07])
    (0.1, 0.07, 0.07)
    """
    try:
        values = tuple(float(value) for value in spacing)  # type: ignore[union-attr]
    except (TypeError, ValueError, OverflowError):
        values = ()
    if len(values) != 3:
        raise VoxelSizeError(
            f"a voxel size is three numbers Z,Y,X in micrometres, for example 0.07,0.07,0.07, not {spacing!r}"
        )
    if not all(map(_is_length, values)):
        raise VoxelSizeError(
            f"a voxel size must be {_LENGTHS}, in micrometres, and not {','.join(f'{v:g}' for v in values)}"
        )
    return (values[0], values[1], values[2])


def same_spacing(first: Sequence[float], second: Sequence[float], *, tolerance: float = 1e-4) -> bool:
    """Tell whether two voxel sizes agree within ``tolerance``, as a share.

    Files round: ImageJ keeps six decimals of pixels per unit.
    """
    return all(abs(a - b) <= tolerance * max(abs(a), abs(b)) for a, b in zip(first, second, strict=True))


def _tidy(size: float) -> float:
    # 70 nm is 0.07 um, not 0.07000000000000001.
    return float(f"{size:.14g}")
