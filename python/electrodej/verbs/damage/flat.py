"""Which attributes cannot explain the damage of sections."""

from __future__ import annotations

from collections.abc import Iterable


def leave_out_in_2d(asked: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the attributes that are left out: those that were asked for, and what needs three dimensions.

    >>> "Volume" in leave_out_in_2d(), "Contact" in leave_out_in_2d()
    (True, False)
    """
    from electrodej.damage.config import ATTRIBUTES
    from electrodej.features.flat import NAMES

    return tuple(dict.fromkeys((*asked, *(name for name in ATTRIBUTES if name not in NAMES))))
