"""What a network's training images are like, so that later scans can be held against them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.inspection.found import Inspection
from electrodej.inspection.look import as_volume, inspect
from electrodej.inspection.looks import Look, write_look
from electrodej.inspection.polarity import Polarity
from electrodej.inspection.sample import take_sample
from electrodej.vocabulary import PathLike, Spacing
from electrodej.volume import Volume

Image = TypeVar("Image")

# A look is a matter of the middle: so many images tell it.
_MOST_IMAGES = 24
_DECILES = np.linspace(0, 1, 11)
# A scan may be this much worse than the worst of the training before it is warned of.
_WORSE = 1.25


def write_look_of(folder: PathLike, images: Sequence[Volume | NDArray[Any]], spacing: Spacing | None) -> None:
    """Write into a trained model's folder what its training images are like, where they tell anything."""
    look = look_of(Path(folder).name, images, spacing)
    if look is not None:
        write_look(folder, look)


def few(images: Sequence[Image]) -> list[Image]:
    """Return as many of the images as tell a look, spread over all of them.

    >>> len(few(range(100)))
    24
    """
    return [images[i] for i in np.unique(np.linspace(0, len(images) - 1, _MOST_IMAGES).astype(int))]


def look_of(name: str, images: Sequence[Volume | NDArray[Any]], spacing: Spacing | None) -> Look | None:
    """Return the look of a model's training images, or None where they tell nothing.

    Parameters
    ----------
    name
        The model's.
    images
        What it was trained on, grey, YX or ZYX.
    spacing
        Their voxel size (z, y, x) in micrometres, where they all have one.

    Returns
    -------
    look
        Size and polarity of the particles are told where most images show them alike; how far another scan
        may differ is at least as far as these images differ from each other.
    """
    seen, greys = [], []
    for image in few(images):
        try:
            found = inspect(image, spacing)
        except InputError:
            continue  # too flat for grey values; it can be learnt from all the same
        if found.high > found.low:
            seen.append(found)
            values = np.quantile(take_sample(as_volume(image)).values().astype(np.float32), _DECILES)
            greys.append(np.clip((values - found.low) / (found.high - found.low), 0, 1))
    if not seen:
        return None
    usual = Look(name=name)
    middle = np.mean(greys, axis=0)
    diameters = np.array([found.diameter for found in seen if math.isfinite(found.diameter)])
    shifts = [float(np.abs(each - middle).mean()) for each in greys]
    blurs = [found.blur for found in seen if math.isfinite(found.blur)]
    return Look(
        name=name,
        diameter=float(np.median(diameters)) if 2 * diameters.size >= len(seen) else math.nan,
        particles=_polarity(seen),
        pixel=None if spacing is None else min(spacing[1:]),
        near=max(usual.near, _spread(diameters)),
        snr=min(usual.snr, min(found.snr for found in seen) / _WORSE),
        blur=max([usual.blur, *(_WORSE * blur for blur in blurs)]),
        quantiles=tuple(round(float(value), 3) for value in middle),
        shift=max(usual.shift, _WORSE * max(shifts)),
    )


def _polarity(seen: Sequence[Inspection]) -> Polarity:
    """Return what most images say, where no other says the contrary."""
    said = Counter(found.polarity for found in seen if found.polarity != "unclear")
    return next(iter(said)) if len(said) == 1 and 2 * said.total() >= len(seen) else "unclear"


def _spread(diameters: NDArray[np.float64]) -> float:
    """Return by which factor particles are smaller or larger than the middle ones in some of the images."""
    if diameters.size < 2:
        return 1.0
    low, high = np.quantile(diameters, 0.1, method="lower"), np.quantile(diameters, 0.9, method="higher")
    return float(max(np.median(diameters) / low, high / np.median(diameters)))
