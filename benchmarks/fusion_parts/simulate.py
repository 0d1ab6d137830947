"""What a network would say of a phantom's sections, view by view, with its faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

GRID = 2
LOST = MISSED = 0.08
WAVER, NOISE, BLUR = 0.5, 0.04, 0.5  # pixels, share of full probability, network pixels


@dataclass(frozen=True)
class SeenView:
    """One view of a volume, axes ZYX.

    Attributes
    ----------
    probability
        uint8, 0 to 255 for 0 to 1.
    sections
        The sections that the network draws: each with its own number within its slice, where it is seen.
    """

    probability: NDArray[np.uint8]
    sections: NDArray[Any]


def see(labels: NDArray[Any], axis: int, seed: int) -> SeenView:
    """Return one view of ``labels``: some slices and sections missing, outlines wavering, noise and blur."""
    random = np.random.default_rng((seed, axis))
    seen = SeenView(np.zeros(labels.shape, np.uint8), np.zeros(labels.shape, labels.dtype))
    for section, probability, drawn in zip(
        *(np.moveaxis(array, axis, 0) for array in (labels, seen.probability, seen.sections)), strict=True
    ):
        probability[:], drawn[:] = _see_section(np.ascontiguousarray(section), random)
    return seen


def _see_section(
    section: NDArray[Any], random: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """The probability of one section, and the outlines that it is of."""
    import edt
    from scipy import ndimage

    rows, columns = np.indices(section.shape)
    shown = np.zeros_like(section)
    if random.random() >= LOST:
        shift = [ndimage.gaussian_filter(random.standard_normal(section.shape), 6) for _ in range(2)]
        at = [grid + WAVER * part / part.std() for grid, part in zip((rows, columns), shift, strict=True)]
        shown = ndimage.map_coordinates(section, at, order=0, mode="nearest")
        numbers = np.unique(shown[shown > 0])
        shown[np.isin(shown, numbers[random.random(len(numbers)) < MISSED])] = 0
    depth = edt.edt(shown)
    most = np.zeros(int(shown.max()) + 1)
    np.maximum.at(most, shown.ravel(), depth.ravel())
    coarse = (depth / np.maximum(most, 1e-6)[shown])[::GRID, ::GRID] * (shown[::GRID, ::GRID] > 0)
    coarse = ndimage.gaussian_filter(coarse, BLUR)
    # Networks are surest of the background.
    doubt = 0.15 + (ndimage.maximum_filter(coarse, 3) > 0.02)
    noise = ndimage.gaussian_filter(random.standard_normal(coarse.shape), 0.7) * 2.5 * NOISE
    coarse = np.clip(coarse + noise * doubt, 0, 1)
    fine = ndimage.map_coordinates(coarse, [rows / GRID, columns / GRID], order=1, mode="nearest")
    return np.rint(255 * fine).astype(np.uint8), shown
