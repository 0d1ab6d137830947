"""What grey values are let in."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import PathLike, Shape


def check_opened(image: Any, role: str) -> None:
    """Refuse a path where voxels are wanted, with what opens it.

    Raises
    ------
    InputError
        ``image`` is a path; ``role`` is what the message calls it.
    """
    if isinstance(image, str | os.PathLike):
        name = os.fspath(image)
        raise InputError(
            f"{role}: an array or an open volume is wanted, and {name!r} is a path; "
            f"electrodej.open_volume({name!r}) opens it"
        )


def check_grey(
    array: NDArray[Any], path: PathLike = "the grey image", *, start: int = 0, axis: int = 0
) -> NDArray[Any]:
    """Return ``array`` if all its values are numbers.

    Parameters
    ----------
    array
        Grey values, a whole image or a slab of it (ZYX or YX).
    path
        What the message calls the image.
    start, axis
        Where the slab begins, and along which axis that is, for the position in the message.

    Raises
    ------
    InputError
        Some value is NaN or infinite. The message names the first one's position.

    Examples
    --------
    >>> check_grey(np.ones((2, 2, 2), np.float32)).shape
    (2, 2, 2)
    """
    if array.dtype.kind in "buif":
        if array.dtype.kind != "f":
            return array
        # The sum of a slice is finite where all is well, and costs no array of truth values.
        bad = ~np.isfinite(array) if not _is_surely_finite(array) else None
        if bad is None or not bad.any():
            return array
        where = position_text(np.unravel_index(int(np.argmax(bad)), array.shape), start, axis)
        kind = "NaN" if np.isnan(array[bad][:1]).any() else "infinite"
        raise InputError(
            f"{path} has grey values that are NaN or infinite, the first ({kind}) "
            f"at {where}; replace them with numbers, in Fiji with Process > Noise > Remove NaNs"
        )
    raise InputError(
        f"{path} has values of type {array.dtype}, which are no grey values; convert it to 8, 16 or 32 bit"
    )


def position_text(position: tuple[Any, ...], start: int | Shape = 0, axis: int = 0) -> str:
    """Return ``z=3, y=4, x=5`` for an index into a slab that begins at ``start`` along ``axis``.

    Of a box that begins elsewhere along several axes, ``start`` is its corner (z, y, x).

    >>> position_text((0, 4, 5), 3), position_text((0, 4, 5), 10, 2), position_text((0, 4, 5), (3, 2, 1))
    ('z=3, y=4, x=5', 'z=0, y=4, x=15', 'z=3, y=6, x=6')
    """
    numbers = [int(n) for n in position]
    if len(numbers) == 3:
        corner = [start if number == axis else 0 for number in range(3)] if isinstance(start, int) else start
        numbers = [n + offset for n, offset in zip(numbers, corner, strict=True)]
    return ", ".join(f"{axis}={n}" for axis, n in zip("zyx"[-len(numbers) :], numbers, strict=False))


def _is_surely_finite(array: NDArray[Any]) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.isfinite(np.sum(array, dtype=array.dtype)))
