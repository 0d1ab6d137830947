"""What is measured of one particle's shape in a slice: masks and pixel sizes in, numbers out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from electrodej.features.ball import SLIP, steps_within
from electrodej.features.typing import Array, Floats

Mask = NDArray[np.bool_]
Pixel = tuple[float, float]
"""Pixel size (y, x) in um."""


def reach_of(radius: float, pixel: Pixel) -> tuple[int, int]:
    """Return how many pixels a disc of this radius in um reaches along y and x."""
    return steps_within(radius, pixel[0]), steps_within(radius, pixel[1])


def dilated(mask: Mask, radius: float, pixel: Pixel) -> Mask:
    """Return the pixels whose centre is at most ``radius`` um from the centre of one in the mask."""
    from scipy import ndimage

    if not mask.any():
        return mask.copy()
    away: Floats = ndimage.distance_transform_edt(~mask, sampling=pixel)
    return away <= radius * (1 + SLIP)


def closed(mask: Mask, radius: float, pixel: Pixel) -> Mask:
    """Return a mask closed with a disc and with its holes filled.

    The rim of background around it must be wider than the disc reaches. Background hangs together by edges.

    >>> ring = np.zeros((7, 7), bool)
    >>> ring[2:5, 2:5] = True
    >>> ring[3, 3] = False
    >>> int(closed(ring, 0.0, (1.0, 1.0)).sum())
    9
    """
    from scipy import ndimage

    grown = dilated(mask, radius, pixel)
    inside: Floats = ndimage.distance_transform_edt(grown, sampling=pixel)
    filled: Mask = ndimage.binary_fill_holes(inside > radius * (1 + SLIP))
    return filled


def perimeter(mask: Mask, pixel: Pixel) -> float:
    """Return the length of a mask's border in um by Crofton's formula with four directions.

    P = pi sum_k c_k n_k a / d_k: n_k counts how often lines in direction k enter the mask, a is the area of a
    pixel, d_k the step's length, so that a / d_k is the distance of the lines, and c_k the share of all
    directions that are nearest to k, of 1 in all. The rim of the mask is background.

    >>> square = np.zeros((6, 6), bool)
    >>> square[1:5, 1:5] = True
    >>> bool(np.isclose(perimeter(square, (1.0, 1.0)), np.pi / 4 * (4 + 4 + 7 / 2**0.5 * 2)))
    True
    """
    height, width = pixel
    area, diagonal, turn = height * width, math.hypot(height, width), math.atan2(height, width)
    before = mask[1:-1, :-2], mask[:-2, 1:-1], mask[:-2, :-2], mask[:-2, 2:]
    here = mask[1:-1, 1:-1]
    along_x, along_y, down, up = (int(np.count_nonzero(here & ~each)) for each in before)
    shares = turn / math.pi, (math.pi / 2 - turn) / math.pi, 0.25, 0.25
    steps = width, height, diagonal, diagonal
    return math.pi * sum(
        share * count * area / step
        for share, count, step in zip(shares, (along_x, along_y, down, up), steps, strict=True)
    )


def feret(mask: Mask, pixel: Pixel) -> float:
    """Return the largest distance between two corners of pixels of a mask, in um.

    >>> feret(np.ones((1, 2), bool), (3.0, 2.0))
    5.0
    """
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    corners = []
    for y, row in enumerate(mask):
        places = np.flatnonzero(row)
        if places.size:
            corners += [(y + dy, x) for dy in (0, 1) for x in (int(places[0]), int(places[-1]) + 1)]
    points = np.unique(np.array(corners, np.float64) * pixel, axis=0)
    return float(pdist(points[ConvexHull(points).vertices]).max())


def solidity(mask: Mask) -> float:
    """Return the share of a mask in its convex hull, as scikit-image has it; 1 where it is a line."""
    from skimage.morphology import convex_hull_image

    count = np.count_nonzero(mask)
    return count / max(count, np.count_nonzero(convex_hull_image(mask)))


def crack_shares(fill: Mask, crack: Mask, pixel: Pixel) -> tuple[float, float, float, float]:
    """Return the crack's share of the outer, middle and inner third of the depth, and its largest width.

    The depth of a pixel is its distance to the nearest outside ``fill``; the width is twice the largest
    distance from a pixel of the crack to the nearest that is none, as in 3D.
    """
    from scipy import ndimage

    depth: Floats = ndimage.distance_transform_edt(fill, sampling=pixel)
    bounds = depth.max() / 3 * (1 + 1e-6), 2 * depth.max() / 3 * (1 + 1e-6)
    third = np.digitize(depth[fill], bounds, right=True)
    whole = np.bincount(third, minlength=3)
    cracked = np.bincount(third[crack[fill]], minlength=3)
    outer, middle, inner = (
        float(part / total) if total else math.nan for part, total in zip(cracked, whole, strict=True)
    )
    width = 2 * float(ndimage.distance_transform_edt(crack, sampling=pixel).max()) if crack.any() else 0.0
    return outer, middle, inner, width


def grey_by_depth(fill: Mask, raw: Mask, shade: Array, pixel: Pixel, parts: int) -> list[float]:
    """Return the mean grey of ``raw`` in parts of equal depth of ``fill``, from the outside; NaN of none."""
    from scipy import ndimage

    depth: Floats = ndimage.distance_transform_edt(fill, sampling=pixel)
    bounds = depth.max() * np.arange(1, parts) / parts * (1 + 1e-6)
    part = np.digitize(depth[raw], bounds, right=True)
    number = np.bincount(part, minlength=parts)
    total = np.bincount(part, shade[raw].astype(np.float64), minlength=parts)
    return [
        float(grey / count) if count and math.isfinite(grey) else math.nan
        for grey, count in zip(total, number, strict=True)
    ]


def axes_of(mask: Mask, pixel: Pixel) -> tuple[float, float, float]:
    """Return the two radii in um of the ellipse with a mask's covariance, and the longer one's direction.

    A radius is 2 sqrt(eigenvalue) of the covariance of the pixels' centres plus pixel^2 / 12. The direction
    is that of Yaw in 3D, from x towards y, in (-90, 90] degrees; NaN where both radii are equal.
    """
    y, x = np.nonzero(mask)
    places = np.stack([x * pixel[1], y * pixel[0]])
    covariance = np.cov(places, bias=True) + np.diag([pixel[1] ** 2, pixel[0] ** 2]) / 12
    (small, large), vectors = np.linalg.eigh(covariance)
    if large - small <= 1e-6 * large:
        return 2 * math.sqrt(large), 2 * math.sqrt(small), math.nan
    along_x, along_y = vectors[:, 1]
    angle = math.degrees(math.atan2(along_y, along_x))
    # An axis has no sign: half a turn leaves it as it is. Rounding must not turn 90 into -90.
    angle = (angle + 90 - 1e-9) % 180 - 90 + 1e-9
    return 2 * math.sqrt(large), 2 * math.sqrt(small), round(angle, 9) + 0.0
