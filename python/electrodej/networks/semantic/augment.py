"""Changes to a patch that a network must not mind: turned, warped, brighter, noisier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.options import Flag, Number, Settings, option

Patch = NDArray[np.float32]
Channels = NDArray[np.uint8]


_GROUP = "how patches are changed"


@dataclass(frozen=True, kw_only=True)
class Augmentation(Settings):
    """How far patches are changed. Grey values are scaled: 0 and 1 are the percentiles.

    >>> Augmentation(turn=False, noise=0.0).grey
    0.1
    """

    turn: bool = option(True, Flag(), "flips, and turns by quarters", group=_GROUP, advanced=True)
    noise: float = option(
        0.05, Number(0), "largest standard deviation of added noise", group=_GROUP, advanced=True
    )
    grey: float = option(
        0.1, Number(0), "largest shift of all grey values, up or down", group=_GROUP, advanced=True
    )
    contrast: float = option(
        0.2,
        Number(0),
        "largest share by which contrast and the curve of grey values are changed",
        group=_GROUP,
        advanced=True,
    )
    warp: float = option(
        3.0, Number(0), "typical shift of a smooth warp", unit="pixels", group=_GROUP, advanced=True
    )
    warped_share: float = option(
        0.3, Number(0, 1), "share of the patches that are warped", group=_GROUP, advanced=True
    )


NONE = Augmentation(turn=False, noise=0.0, grey=0.0, contrast=0.0, warp=0.0, warped_share=0.0)
_WARP_NODES = 4


def augment(
    image: Patch, channels: Channels, how: Augmentation, random: np.random.Generator
) -> tuple[Patch, Channels]:
    """Return a changed patch and its classes; both (Y, X).

    Parameters
    ----------
    image, channels
        A square patch.
    how
        What to change.
    random
        Where chance comes from; the same state gives the same patch.
    """
    if how.turn:
        turns, flip = int(random.integers(4)), bool(random.integers(2))
        image, channels = np.rot90(image, turns), np.rot90(channels, turns)
        if flip:
            image, channels = image[:, ::-1], channels[:, ::-1]
    if how.warp > 0 and random.random() < how.warped_share:
        image, channels = _warped(image, channels, how.warp, random)
    if how.contrast > 0:
        image = _recontrasted(image, how.contrast, random)
    if how.grey > 0:
        image = image + np.float32(random.uniform(-how.grey, how.grey))
    if how.noise > 0:
        deviation = random.uniform(0, how.noise)
        image = image + random.normal(0, deviation, image.shape).astype(np.float32)
    return np.ascontiguousarray(image, np.float32), np.ascontiguousarray(channels)


def _recontrasted(image: Patch, most: float, random: np.random.Generator) -> Patch:
    factor, curve = np.exp(random.uniform(-most, most, 2))
    middle = np.float32(0.5)
    bent = np.power(np.maximum(image, 0), np.float32(curve))
    return np.asarray((bent - middle) * np.float32(factor) + middle, np.float32)


def _warped(
    image: Patch, channels: Channels, typical: float, random: np.random.Generator
) -> tuple[Patch, Channels]:
    from scipy.ndimage import map_coordinates, zoom

    sides = [side / _WARP_NODES for side in image.shape]
    shifts = [zoom(random.normal(0, typical, (_WARP_NODES, _WARP_NODES)), sides, order=3) for _ in range(2)]
    rows, columns = np.indices(image.shape, dtype=np.float32)
    places = np.array([rows + shifts[0], columns + shifts[1]])
    warped = map_coordinates(image, places, order=1, mode="mirror")
    return warped, map_coordinates(channels, places, order=0, mode="mirror")
