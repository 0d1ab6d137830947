"""What models were trained on, in the words of the inspection."""

from __future__ import annotations

import contextlib
import json
import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.files import whole_file
from electrodej.inspection.polarity import Polarity
from electrodej.models.bundled import find_model
from electrodej.vocabulary import Spacing

LOOK = "look.json"


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the images were like that a model was trained on.

    Attributes
    ----------
    name
        The model's.
    diameter
        Typical particle diameter in pixels, as the inspection measures it; NaN where nobody measured it.
    particles
        Whether particles were the bright or the dark part; "unclear" where nobody knows: then nothing is
        inverted.
    pixel
        Edge of the pixels in micrometres, if known.
    sharp
        Width of the point spread in pixels at which it does best.
    by_blur
        How much of the scale, as a power from 0 to 1, goes by the blur; the rest goes by the particles' size.
    near
        By which factor sizes may differ before the image is better brought to the model's size.
    bright
        Grey of particles after scaling, where it matters to the model.
    snr
        Least contrast over noise at which its results are to be trusted.
    snr_by_size
        Whether that is for particles of ``diameter``, and more is needed where they are larger: noise is as
        fine as thin things that are to be found, then.
    blur
        Most width of the point spread, in pixels, after bringing the image to the model's size.
    most_bright
        Share of the image that may be bright before it is denser than the model copes with.
    quantiles
        Grey values at 0, 10, ... 100 % after scaling as the model does it.
    shift
        How far grey values may be moved on average before they are unlike those of the training.
    """

    name: str
    diameter: float = math.nan
    particles: Polarity = "unclear"
    pixel: float | None = None
    sharp: float = 3.0
    by_blur: float = 0.0
    near: float = 1.5
    bright: float | None = None
    snr: float = 2.0
    snr_by_size: bool = False
    blur: float = 12.0
    most_bright: float = 1.0
    quantiles: tuple[float, ...] = ()
    shift: float = 0.15

    def least_snr(self, diameter: float) -> float:
        """Return the least contrast over noise for particles of a diameter in pixels.

        >>> Look(name="mine", diameter=60.0, snr=8.0, snr_by_size=True).least_snr(30.0)
        4.0
        """
        if not self.snr_by_size or not math.isfinite(diameter):
            return self.snr
        return self.snr * diameter / self.diameter


# Measured on the phantoms that they were trained on.
_QUANTILES = (0.0, 0.15, 0.24, 0.3, 0.38, 0.51, 0.66, 0.73, 0.78, 0.84, 1.0)
# Networks that tell phases apart know the grey values of their training themselves.
# How they are best shown an image was chosen by score on widely drawn phantoms, see docs/check.md.
_OUTLINES: dict[str, Any] = {
    "diameter": 46.0,
    "particles": "bright",
    "pixel": 0.14,
    "quantiles": _QUANTILES,
    "most_bright": 0.65,
}
_PHASES: dict[str, Any] = {
    "diameter": 60.0,
    "particles": "bright",
    "pixel": 0.1,
    "by_blur": 0.75,
    "near": 1.25,
}
BUNDLED = {
    # It has seen dense electrodes too, and does as well up to there.
    "nmc-particles": Look(name="nmc-particles", **{**_OUTLINES, "most_bright": 0.77}, blur=16.0),
    "nmc-shapes": Look(name="nmc-shapes", **_OUTLINES),
    "nmc-regions": Look(name="nmc-regions", **_OUTLINES),
    "nmc-phases": Look(name="nmc-phases", **_PHASES, bright=0.8),
    # By how precise it is at some noises and voxel sizes, see docs/phases.md.
    "nmc-cracks": Look(name="nmc-cracks", **_PHASES, snr=8.0, snr_by_size=True),
}


def find_look(model: str | os.PathLike[str]) -> Look | None:
    """Return what a model was trained on: its folder's ``look.json``, or what is known of a bundled one."""
    path = Path(model)
    with contextlib.suppress(InputError):
        path = find_model(model)
    file = path / LOOK if path.is_dir() else path.with_name(LOOK)
    if path.exists() and file.is_file():
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            values["quantiles"] = tuple(map(float, values.get("quantiles", ())))
            values["diameter"] = math.nan if values.get("diameter") is None else float(values["diameter"])
            return Look(**values)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"{file} is damaged ({error}); take it away, or copy the model again") from error
    return BUNDLED.get(path.name)


def known_look(model: str | os.PathLike[str], spacing: Spacing | None) -> Look:
    """Return what is known of a model: its look, or the voxel size (z, y, x) of its training alone."""
    found = find_look(model)
    if found is not None:
        return found
    return Look(name=Path(model).name, pixel=None if spacing is None else min(spacing[1:]))


def write_look(folder: str | os.PathLike[str], look: Look) -> Path:
    """Write what a model was trained on into its folder."""
    values = asdict(look) | {"diameter": look.diameter if math.isfinite(look.diameter) else None}
    target = Path(folder) / LOOK
    with whole_file(target, force=True) as part:
        part.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return target
