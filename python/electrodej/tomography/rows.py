"""From the line integrals of some rows to their slices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.extras import require
from electrodej.tomography.scan import Centre, Frames
from electrodej.tomography.settings import TomographySettings, Window

Slices = NDArray[np.float32]

# How far off the middle, as a share of the width, the axis of a half acquisition is at least.
_OFF_AXIS = 0.05
# How many times the usual difference of neighbouring columns a wide stripe has.
_STANDS_OUT = 3.0
# Projections over which sinograms are smoothed before their columns are compared.
_SMOOTH_ANGLES = 10.0


def reconstruct_rows(
    lines: Frames,
    angles: NDArray[np.float64],
    settings: TomographySettings | None = None,
    *,
    centre: Centre,
    pixel: float = 1.0,
) -> Slices:
    """Return the slices of some rows, (rows, y, x): attenuation per micrometre.

    Parameters
    ----------
    lines
        Line integrals, (angles, rows, columns).
    angles
        In degrees, in one direction; half a turn or a whole one.
    centre
        The axis.
    settings
        Method, window, region, rings.
    pixel
        Edge of a pixel in micrometres.

    Examples
    --------
    >>> empty = np.zeros((20, 2, 16), np.float32)
    >>> reconstruct_rows(empty, np.linspace(0, 180, 20), centre=Centre(7.5)).shape
    (2, 16, 16)
    """
    settings = settings or TomographySettings()
    sinograms = np.ascontiguousarray(lines.swapaxes(0, 1), np.float32)
    if settings.rings:
        sinograms = without_rings(sinograms, settings.rings, settings.ring_method)
    column = centre.column
    if is_half_acquisition(angles, column, sinograms.shape[2]):
        sinograms, angles, column = joined(sinograms, angles, column)
    width = sinograms.shape[2]
    y, x, height, breadth = settings.region or (0, 0, width, width)
    if settings.engine != "own" or settings.method == "gridding":
        from electrodej.tomography.engines import slice_by_engine

        found = np.stack([slice_by_engine(each, angles, column, settings) for each in sinograms])
        return np.ascontiguousarray(found[:, y : y + height, x : x + breadth]) / np.float32(pixel)
    turns = np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))], axis=1)
    # The axis is in the middle of a slice.
    middle = np.array([(width - 1) / 2 - x, (width - 1) / 2 - y, column])
    if settings.method == "fbp":
        found = _fbp(sinograms, turns, middle, _weights(angles), settings.window, (height, breadth))
    else:
        from electrodej.tomography.iterative import iterate

        bins = np.ascontiguousarray(sinograms.transpose(1, 2, 0))
        found = iterate(bins, turns, middle, (width, width), settings)
        found = found[y : y + height, x : x + breadth]
    return np.ascontiguousarray(found.transpose(2, 0, 1)) / np.float32(pixel)


def _fbp(
    sinograms: Frames,
    turns: NDArray[np.float64],
    middle: NDArray[np.float64],
    weights: NDArray[np.float64],
    window: Window,
    shape: tuple[int, int],
) -> Slices:
    """Return (y, x, rows) by filtered back-projection."""
    from electrodej.tomography.kernels.projector import back_project

    filtered = ramp_filtered(sinograms, window)
    filtered *= weights.astype(np.float32)[None, :, None]
    bins = np.ascontiguousarray(filtered.transpose(1, 2, 0))
    out = np.zeros((*shape, len(sinograms)), np.float32)
    back_project(bins, turns, middle, out)
    return out


def ramp_filtered(sinograms: Frames, window: Window = "ramp") -> Frames:
    """Return sinograms after the ramp filter, their ends continued so that a sample beyond does not cup.

    The filter is the Fourier transform of the ramp cut off at Nyquist's frequency, sampled in space, h(0) =
    1/4, h(n) = -1/(pi n)^2 for odd n, so that the mean of a slice is right (A. Kak, M. Slaney, Principles of
    Computerized Tomographic Imaging, 1988, eq. 61).
    """
    from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

    columns = sinograms.shape[-1]
    size = next_fast_len(4 * columns, real=True)
    places = np.minimum(np.arange(size), size - np.arange(size)).astype(np.float64)
    kernel = np.zeros(size)
    odd = places % 2 == 1
    kernel[odd] = -1 / (math.pi * places[odd]) ** 2
    kernel[0] = 0.25
    f = rfftfreq(size)
    shapes: dict[str, Any] = {
        "ramp": np.ones_like(f),
        "shepp-logan": np.sinc(f),
        "cosine": np.cos(math.pi * f),
        "hamming": 0.54 + 0.46 * np.cos(2 * math.pi * f),
        "hann": 0.5 + 0.5 * np.cos(2 * math.pi * f),
    }
    response = (rfft(kernel).real * shapes[window]).astype(np.float32)
    before = (size - columns) // 2
    out = np.empty(sinograms.shape, np.float32)
    for number, each in enumerate(sinograms):
        wide = np.pad(each, ((0, 0), (before, size - columns - before)), mode="edge")
        out[number] = irfft(rfft(wide, axis=1) * response, n=size, axis=1)[:, before : before + columns]
    return out


def _weights(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the angle in radians that each projection stands for; half of it where all are seen twice.

    The first and the last of half a turn, 0 and 180 degrees, share what one would have. Between half a turn
    and a whole one some directions are seen twice, others once: there a projection stands for half the way to
    its neighbours by direction.
    """
    steps = np.abs(np.gradient(np.radians(angles)))
    span = abs(math.radians(angles[-1] - angles[0]))
    turn = math.pi if span < 1.5 * math.pi else 2 * math.pi
    if math.pi + 0.5 * steps[0] < span and abs(span - 2 * math.pi) > 1.5 * steps[0]:
        directions = np.radians(angles) % math.pi
        order = np.argsort(directions, kind="stable")
        gaps = np.diff(directions[order], append=directions[order[0]] + math.pi)
        shares = np.empty_like(directions)
        shares[order] = (gaps + np.roll(gaps, 1)) / 2
        return np.asarray(shares)
    if span > turn - 0.5 * steps[0]:
        steps[[0, -1]] /= 2
    return np.asarray(steps * (math.pi / turn))


def without_rings(sinograms: Frames, width: int, method: str = "median") -> Frames:
    """Return sinograms without stripes, which make rings.

    Parameters
    ----------
    sinograms
        (rows, angles, columns).
    width
        Of the widest stripe, in pixels.
    method
        "median": each sinogram is smoothed along the angles, and what its columns differ from the median of
        their neighbours by is taken off them, as the median over all angles. "vo": N. Vo's three ways (Optics
        Express 26 (2018) 28396).
    """
    return np.stack([(_by_median if method == "median" else _by_vo)(each, width) for each in sinograms])


def _by_median(sinogram: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter1d, median_filter

    smooth = gaussian_filter1d(sinogram, _SMOOTH_ANGLES, axis=0, mode="nearest")
    # Without what goes up or down over several columns: a median does not see a step on a slope.
    smooth = smooth - gaussian_filter1d(smooth, width, axis=1, mode="nearest")
    rest = smooth - median_filter(smooth, size=(1, width | 1), mode="nearest")
    return np.asarray(sinogram - np.median(rest, axis=0), np.float32)


def _by_vo(sinogram: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """His ways compare columns by their ratios, so they are given shares of the beam, never near 0."""
    removal = require("algotom.prep.removal", what="taking rings away by vo", extra="tomo")
    sizes = {"la_size": 2 * width + 1, "sm_size": max(3, width | 1)}
    cleaned = removal.remove_all_stripe(np.exp(-sinogram), snr=_STANDS_OUT, **sizes)
    return np.asarray(-np.log(np.maximum(cleaned, np.float32(1e-4))), np.float32)


def is_half_acquisition(angles: NDArray[np.float64], column: float, width: int) -> bool:
    """Whether the sample went once around an axis beside the detector's middle, so that halves are joined."""
    around = abs(angles[-1] - angles[0]) > 270
    return bool(around) and abs(column - (width - 1) / 2) > _OFF_AXIS * width


def joined(
    sinograms: Frames, angles: NDArray[np.float64], column: float
) -> tuple[Frames, NDArray[np.float64], float]:
    """Return the sinograms of half a turn that a half acquisition makes, wider, and their axis.

    A ray is seen again half a turn later, mirrored about the axis. Where both see it, the one that is further
    from its detector's edge counts more.
    """
    width = sinograms.shape[2]
    reach = math.ceil(max(column, width - 1 - column))
    places = np.arange(-reach, reach + 1)
    first, second = opposite(sinograms, angles)
    total = np.zeros((*first.shape[:2], len(places)), np.float32)
    weights = np.zeros(len(places), np.float32)
    for half, at in ((first, column + places), (second, column - places)):
        left = np.clip(np.floor(at), 0, width - 2).astype(np.intp)
        inside = (at >= 0) & (at <= width - 1)
        part = np.clip(at - left, 0, 1).astype(np.float32)
        weight = np.where(inside, np.minimum(at, width - 1 - at) + 1, 0).astype(np.float32)
        total += weight * (half[..., left] * (1 - part) + half[..., left + 1] * part)
        weights += weight
    wide = np.asarray(total / np.maximum(weights, np.float32(1e-6)), np.float32)
    return wide, angles[: wide.shape[1]], float(reach)


def opposite(sinograms: Frames, angles: NDArray[np.float64]) -> tuple[Frames, Frames]:
    """Return the first half of a whole turn, and what comes half a turn later, (..., angles, columns)."""
    turned = np.abs(angles - angles[0])
    count = int((turned < 180 - 1e-6).sum())
    later = np.interp(turned[:count] + 180, turned, np.arange(len(turned)))
    low = np.floor(later).astype(np.intp)
    high = np.minimum(low + 1, len(turned) - 1)
    share = (later - low).astype(np.float32)[:, None]
    later_half = sinograms[..., low, :] * (1 - share) + sinograms[..., high, :] * share
    return sinograms[..., :count, :], later_half
