"""What a user should know of a table before he trusts it."""

from __future__ import annotations

import numpy as np

from electrodej.features.attributes import GREY_BY_DEPTH
from electrodej.features.results import Results
from electrodej.features.typing import Array

_SHOWN = 10
_REASONS = {
    "Edensity": "no grey value above or below zero inside, or NaN among them",
    "Homogeneity": "fewer than two non-zero grey values inside, or NaN among them",
    "GreyMean": "NaN or infinite grey values inside",
    "GreyDeviation": "a single voxel, or NaN or infinite grey values inside",
    "Roll": "equal axes have no direction",
    "Pitch": "equal axes have no direction",
    "Yaw": "equal axes have no direction",
    "RoughInner": "no inner surface",
    "Contact": "no shell inside the volume",
    "DisNearest": "no other particle",
    "locVolume": "fewer than two neighbours with a value",
    "locOri": "fewer than two neighbours with a value",
    "locElongation": "fewer than two neighbours with a value",
    "locSphericity": "fewer than two neighbours with a value",
    "CrackOuter": "too thin to have a depth",
    "CrackMiddle": "no voxel that deep",
    "CrackInner": "no voxel that deep",
    **dict.fromkeys(
        GREY_BY_DEPTH,
        "no voxel that deep, or NaN or infinite grey values there",
    ),
}


def notes_on(results: Results, columns: dict[str, Array]) -> tuple[str, ...]:
    """Notes in plain words, the same for the same table."""
    labels = results.scanned.labels
    if not len(labels):
        return ("The label volume holds no particle; the table is empty.",)
    notes = []
    for name, values in columns.items():
        undefined = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(labels), dtype=bool)
        if undefined.any():
            reason = f" ({_REASONS[name]})" if name in _REASONS else ""
            notes.append(f"{name} is undefined and left empty for {_these(labels[undefined])}{reason}.")
    if "Pieces" in columns and (columns["Pieces"] > 1).any():
        several = labels[columns["Pieces"] > 1]
        notes.append(f"In more than one piece, measured as one: {_these(several)}.")
    if "SurfInner" in columns and (columns["SurfInner"] < 0).any():
        less = labels[columns["SurfInner"] < 0]
        notes.append(f"SurfInner is negative, closing made the surface larger than it was: {_these(less)}.")
    return tuple(notes)


def _these(labels: Array) -> str:
    shown = ", ".join(str(label) for label in labels[:_SHOWN].tolist())
    more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
    return f"label{'s' if len(labels) > 1 else ''} {shown}{more}"
