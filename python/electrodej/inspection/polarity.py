"""Whether particles are the bright or the dark part of a scan."""

from typing import Literal

Polarity = Literal["bright", "dark", "unclear"]


def to_invert(seen: Polarity, known: Polarity = "bright") -> bool:
    """Return whether a scan is to be inverted for a model that knows particles of one kind.

    >>> to_invert("dark"), to_invert("bright", "dark"), to_invert("dark", "unclear"), to_invert("unclear")
    (True, True, False, False)
    """
    return {seen, known} == {"bright", "dark"}
