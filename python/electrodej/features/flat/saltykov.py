"""From the circles of a section to the balls that were cut: Saltykov's correction.

A section shows a ball of diameter D as a circle of any diameter up to D, and cuts large balls more often than
small ones. With classes of width w, circles in class i = 1 ... k and balls of the diameters D_j = j w,

    N_A(i) = sum over j >= i of N_V(j) D_j (sqrt(1 - ((i - 1) / j)^2) - sqrt(1 - (i / j)^2)),

which is solved from the largest class down (Saltykov, 1967; Underwood, Quantitative Stereology, 1970).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from electrodej.errors import InputError
from electrodej.features.typing import Array, Floats
from electrodej.vocabulary import counted

CLASSES = 12
_FEWEST = 30

COLUMNS: Mapping[str, tuple[str, str]] = {
    "DiameterLow": ("um", "Lower end of the class of diameters."),
    "DiameterHigh": ("um", "Upper end of the class; its balls are taken to have this diameter."),
    "Sections": ("", "Particles of the section whose equivalent diameter is in the class."),
    "PerArea": ("1/um^2", "The same for each um^2 of section."),
    "PerVolume": (
        "1/um^3",
        "Balls of the class in each um^3, corrected; 0 where that is negative.",
    ),
}
"""Unit and meaning of the columns that `saltykov` returns."""


def saltykov(
    diameters: Floats, *, area: float, classes: int = CLASSES
) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Return the sizes of the balls whose sections have these diameters, and what must be known of them.

    Parameters
    ----------
    diameters
        Equivalent diameters of whole sections, in um.
    area
        Of all that was looked at, in um^2.
    classes
        Of equal width, from 0 to the largest diameter.

    Examples
    --------
    >>> table, _ = saltykov(np.array([1.0] * 30 + [2.0] * 60), area=100.0, classes=2)
    >>> table["DiameterHigh"].tolist(), table["PerVolume"].round(3).tolist()
    ([1.0, 2.0], [0.207, 0.346])
    """
    known = np.asarray(diameters, np.float64)
    known = known[np.isfinite(known) & (known > 0)]
    if not known.size:
        raise InputError("no particle has a diameter, so that sizes cannot be corrected")
    width = float(known.max()) / classes
    # The upper end belongs to a class, as the diameters of its balls do.
    place = np.clip(np.ceil(known / width * (1 - 1e-12)).astype(int), 1, classes) - 1
    count = np.bincount(place, minlength=classes)
    per_area = count / area
    seen = _seen(classes) * width * np.arange(1, classes + 1)
    solved = np.linalg.solve(seen, per_area)
    notes = []
    if (solved < 0).any():
        notes.append(
            f"Saltykov's correction is negative in {int((solved < 0).sum())} of {classes} classes of size, "
            "set to 0: particles are no balls, or they are too few."
        )
    if known.size < _FEWEST:
        notes.append(
            f"Sizes of {counted(known.size, 'section')} are corrected; of fewer than {_FEWEST} that "
            "is a guess."
        )
    edges = width * np.arange(classes + 1)
    return {
        "DiameterLow": edges[:-1],
        "DiameterHigh": edges[1:],
        "Sections": count,
        "PerArea": per_area,
        "PerVolume": np.maximum(solved, 0.0),
    }, tuple(notes)


def _seen(classes: int) -> Floats:
    """Return the share of the cuts through balls of class j that show a circle of class i, (i, j)."""
    i = np.arange(1, classes + 1)[:, None]
    j = np.arange(1, classes + 1)[None, :]
    lower, upper = np.minimum((i - 1) / j, 1), np.minimum(i / j, 1)
    return np.asarray(np.sqrt(1 - lower**2) - np.sqrt(1 - upper**2))
