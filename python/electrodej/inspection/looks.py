"""What models were trained on, in the words of the inspection."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from electrodej.errors import InputError

LOOK = "look.json"


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the images were like that a model was trained on.

    Attributes
    ----------
    name
        The model's.
    diameter
        Typical particle diameter in pixels, as the inspection measures it.
    near
        By which factor sizes may differ before the image is better brought to the model's size.
    snr
        Least contrast over noise at which its results are to be trusted.
    blur
        Most width of the point spread, in pixels, after bringing the image to the model's size.
    quantiles
        Grey values at 0, 10, ... 100 % after scaling as the model does it.
    shift
        How far grey values may be moved on average before they are unlike those of the training.
    """

    name: str
    diameter: float
    near: float = 1.3
    snr: float = 2.0
    blur: float = 9.0
    quantiles: tuple[float, ...] = ()
    shift: float = 0.15


# Measured on the phantoms that they were trained on.
_QUANTILES = (0.0, 0.15, 0.24, 0.3, 0.38, 0.51, 0.66, 0.73, 0.78, 0.84, 1.0)
# Pixels at 0.14 um, and at 0.07 um.
_COARSE, _FINE = 46.0, 92.0
BUNDLED = {
    "nmc-particles": Look(name="nmc-particles", diameter=_COARSE, quantiles=_QUANTILES),
    "nmc-shapes": Look(name="nmc-shapes", diameter=_COARSE, quantiles=_QUANTILES),
    "nmc-phases": Look(name="nmc-phases", diameter=_FINE, quantiles=_QUANTILES),
    "nmc-cracks": Look(name="nmc-cracks", diameter=_FINE, quantiles=_QUANTILES),
}


def find_look(model: str | os.PathLike[str]) -> Look | None:
    """Return what a model was trained on: its folder's ``look.json``, or what is known of a bundled one."""
    path = Path(model)
    file = path / LOOK if path.is_dir() else path.with_name(LOOK)
    if path.exists() and file.is_file():
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            values["quantiles"] = tuple(map(float, values.get("quantiles", ())))
            return Look(**values)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"{file} is damaged ({error}); take it away, or copy the model again") from error
    return BUNDLED.get(path.name)


def write_look(folder: str | os.PathLike[str], look: Look) -> Path:
    """Write what a model was trained on into its folder."""
    target = Path(folder) / LOOK
    target.write_text(json.dumps(asdict(look), indent=1) + "\n", encoding="utf-8")
    return target
