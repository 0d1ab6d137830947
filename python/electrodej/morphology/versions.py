"""Mean and spread of measures over several versions of the same image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.morphology.phases import Measure

SPREAD_COLUMNS: dict[str, str] = {
    "Measure": "which measure",
    "Unit": "its unit",
    "Versions": "in how many versions it is defined",
    "Mean": "mean over these",
    "SD": "sample standard deviation over these; empty for one",
    "RelativeSD": "SD over the absolute mean; empty where the mean is 0",
    "Least": "the smallest",
    "Largest": "the largest",
}


def spread(versions: Sequence[Sequence[Measure]]) -> dict[str, NDArray[Any]]:
    """Return the columns of `SPREAD_COLUMNS`, one row for each measure.

    Parameters
    ----------
    versions
        The measures of each version, the same ones in the same order.

    Examples
    --------
    >>> one, two = ([Measure("Share_pore", "", "", value)] for value in (0.2, 0.4))
    >>> float(round(spread([one, two])["SD"][0], 4))
    0.1414
    """
    names = [measure.name for measure in versions[0]] if versions else []
    if not names or any([measure.name for measure in version] != names for version in versions):
        raise InputError("several versions have the same measures in the same order")
    values = np.array([[measure.value for measure in version] for version in versions], np.float64)
    rows = [_row(column[np.isfinite(column)]) for column in values.T]
    return {
        "Measure": np.array(names, object),
        "Unit": np.array([measure.unit for measure in versions[0]], object),
        **{
            name: np.array([row[place] for row in rows], np.int64 if name == "Versions" else np.float64)
            for place, name in enumerate(("Versions", "Mean", "SD", "RelativeSD", "Least", "Largest"))
        },
    }


def _row(values: NDArray[np.float64]) -> tuple[float, ...]:
    if not values.size:
        return 0, np.nan, np.nan, np.nan, np.nan, np.nan
    mean = float(values.mean())
    deviation = float(values.std(ddof=1)) if values.size > 1 else np.nan
    relative = deviation / abs(mean) if mean else np.nan
    return values.size, mean, deviation, relative, float(values.min()), float(values.max())
