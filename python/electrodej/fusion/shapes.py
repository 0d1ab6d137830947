"""Labels as the grey images that a shape model sees: bright inside a particle, dark along its border."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DEEP = 8.0
"""How many pixels from its border a particle is as bright as can be."""


def render(labels: NDArray[Any]) -> NDArray[np.uint8]:
    """Draw a section of labels by the distance to each particle's border.

    Parameters
    ----------
    labels
        Labels (Y, X), 0 is background. The image's edge is no border.

    Returns
    -------
    image
        255 min(d, 8) / 8, rounded, with d the distance in pixels to the nearest pixel of another label or of
        the background; 0 in the background. Particles that touch have a dark line between them.

    Examples
    --------
    >>> render(np.array([[0, 1, 1, 1, 2]])).tolist()
    [[0, 32, 64, 32, 32]]
    """
    from scipy.ndimage import distance_transform_edt, find_objects

    image = np.zeros(labels.shape, np.uint8)
    for number, box in enumerate(find_objects(labels), 1):
        if box is None:
            continue
        # The nearest pixel of another label touches this one.
        around = tuple(slice(max(0, part.start - 1), part.stop + 1) for part in box)
        own = labels[around] == number
        depth = np.full(own.shape, DEEP) if own.all() else distance_transform_edt(own)
        bright = np.rint(255 * np.minimum(depth, DEEP) / DEEP).astype(np.uint8)
        image[around][own] = bright[own]
    return image
