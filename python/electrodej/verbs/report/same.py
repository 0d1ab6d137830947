"""Whether a table tells of the particles in a label volume."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import Spacing

if TYPE_CHECKING:
    from electrodej.volume import Volume

_LOOKED_AT = 48
_FEWEST = 3


def check_same(path: Any, columns: Mapping[str, NDArray[Any]], labels: Volume, spacing: Spacing) -> None:
    """Refuse a table of another electrode: at the particles' centres lie others, or they lie outside.

    A centre may lie in a hollow or between the halves of a particle, so background there tells nothing; half
    of those that tell something must agree.

    Raises
    ------
    electrodej.errors.InputError
        They do not.
    """
    if not {"Label", "X", "Y", "Z"} <= columns.keys():
        return
    sized = [np.asarray(columns[axis], float) / size for axis, size in zip("ZYX", spacing, strict=True)]
    places = np.stack(sized, axis=1)
    places = places[np.isfinite(places).all(axis=1)]
    own = np.asarray(columns["Label"])[np.isfinite(np.stack(sized, axis=1)).all(axis=1)]
    if not len(places):
        return
    rows = np.unique(np.linspace(0, len(places) - 1, _LOOKED_AT).astype(int))
    right = wrong = 0
    for row in rows[np.argsort(places[rows, 0], kind="stable")]:
        z, y, x = np.rint(places[row]).astype(int).tolist()
        inside = all(0 <= at < length for at, length in zip((z, y, x), labels.shape, strict=True))
        found = int(labels[z : z + 1, y : y + 1, x : x + 1].ravel()[0]) if inside else -1
        right += found == int(own[row])
        wrong += found not in (0, int(own[row]))
    if wrong > right and wrong >= _FEWEST:
        raise InputError(
            f"{path} is a table of another electrode: of {right + wrong} of its particles {wrong} do not lie "
            f"in {labels.path} where it says; give the table that was measured on these labels"
        )
