"""Noise, blur, streaks, rings and blank rims of slices whose grey values lie between 0 and 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.inspection.size import binned, otsu

Grey = NDArray[np.float32]

_BLOCK = 16
# Noise below this share of the grey range hides nothing; lines are compared with it then.
_QUIET = 0.02
FWHM = 2 * math.sqrt(2 * math.log(2))


def noise_of(image: Grey) -> float:
    """Return the standard deviation of what a Gaussian of 2 pixels takes away, in the quieter blocks.

    Of white noise that is 0.98 of its own; borders of particles lie in the louder blocks.
    """
    from scipy.ndimage import gaussian_filter

    rest = image - gaussian_filter(image, 2.0)
    rows, columns = (n // _BLOCK for n in rest.shape)
    if rows * columns < 4:
        return float(rest.std())
    blocks = rest[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    deviations = blocks.std(axis=(1, 3))
    return float(np.quantile(deviations[deviations > 0], 0.25)) if (deviations > 0).any() else 0.0


def parts_of(image: Grey) -> tuple[float, float, float]:
    """Return the grey of the dark and of the bright part, and the share of the bright part."""
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(image, 2.0)
    bright = smooth > otsu(smooth)
    if bright.all() or not bright.any():
        middle = float(np.median(smooth))
        return middle, middle, float(bright.mean())
    return float(np.median(smooth[~bright])), float(np.median(smooth[bright])), float(bright.mean())


def contrast_of(image: Grey) -> tuple[float, float]:
    """Return how far the bright and the dark part lie apart, and the share of the bright part."""
    dark, bright, share = parts_of(image)
    return bright - dark, share


def blur_of(image: Grey, noise: float) -> float:
    """Return the full width at half maximum of the point spread, in pixels, from the steepest borders;
    NaN where there are none.

    The slope of a border blurred by s and smoothed by a is its height over ``sqrt(2 pi (s^2 + a^2))``. With
    the ratio R of the squared slopes at two smoothings a < b, ``s^2 = (b^2 - R a^2) / (R - 1)``.
    """
    from scipy.ndimage import gaussian_filter

    fine, coarse = 1.0, 2.0
    slopes: list[NDArray[Any]] = []
    for sigma in (fine, coarse):
        down, across = np.gradient(gaussian_filter(image, sigma))
        slopes.append(np.asarray(down**2 + across**2))
    # What noise alone gives: its variance times 1 / (4 pi sigma^4) in all.
    slopes[0] = np.maximum(slopes[0] - noise**2 / (4 * math.pi * fine**4), 0)
    steep = slopes[1] > np.quantile(slopes[1], 0.97)
    if not steep.any():  # as where hardly anything but empty pixels is seen
        return math.nan
    ratio = float(slopes[0][steep].mean() / max(float(slopes[1][steep].mean()), 1e-12))
    if ratio <= 1.02:
        return FWHM * 8
    return FWHM * math.sqrt(min(max((coarse**2 - ratio * fine**2) / (ratio - 1), 0.0), 64.0))


def streaks_of(image: Grey, noise: float) -> float:
    """Return the standard deviation of whole rows or columns over the noise, the larger: 0 without streaks.

    Means of lines after what a Gaussian of 2 pixels across takes away; of n pixels of white noise they have
    ``noise / sqrt(n)``, which is taken off.
    """
    from scipy.ndimage import gaussian_filter1d

    found = []
    for axis in (0, 1):
        lines = np.median(image - gaussian_filter1d(image, 2.0, axis=axis), axis=1 - axis)
        chance = 1.57 * noise**2 / image.shape[1 - axis]
        found.append(math.sqrt(max(float(lines[4:-4].var()) - 4 * chance, 0.0)) if lines.size > 16 else 0.0)
    return max(found) / max(noise, _QUIET)


def rings_of(image: Grey, noise: float) -> float:
    """Return the same for rings about the middle of the slice."""
    from scipy.ndimage import gaussian_filter1d, map_coordinates

    radius = min(image.shape) // 2 - 1
    if radius < 24:
        return 0.0
    r, turn = np.mgrid[8:radius, 0:256]
    angle = turn * (2 * math.pi / 256)
    places = [image.shape[0] / 2 + r * np.sin(angle), image.shape[1] / 2 + r * np.cos(angle)]
    polar = map_coordinates(image, places, order=1, mode="nearest")
    profile = np.median(polar - gaussian_filter1d(polar, 2.0, axis=0), axis=1)
    chance = 1.57 * noise**2 / np.minimum(256, 2 * math.pi * r[:, 0])
    return math.sqrt(max(float(profile.var() - 4 * chance.mean()), 0.0)) / max(noise, _QUIET)


def blank_of(image: NDArray[Any], most: float) -> float:
    """Return the share of a slice without structure: where 5 x 5 pixels have one value, not the brightest."""
    from scipy.ndimage import maximum_filter, minimum_filter

    return float(((maximum_filter(image, 5) == minimum_filter(image, 5)) & (image < most)).mean())


def blank_mask(image: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where there is no structure, blocks of 8 pixels at a time; of the slice's own size."""
    span = binned(np.abs(np.diff(image.astype(np.float32), axis=1, prepend=image[:, :1])), 8)
    mask = np.zeros(image.shape, np.bool_)
    grown = np.kron(span == 0, np.ones((8, 8), np.bool_))
    mask[: grown.shape[0], : grown.shape[1]] = grown
    return mask
