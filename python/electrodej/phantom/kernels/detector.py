"""Blur, streaks and rings: what the instrument adds."""

from __future__ import annotations

import math

import numpy as np

from electrodej.compiled import compiled
from electrodej.phantom.kernels.noise import VALUE_NOISE_STD, noise_memory, turned_noise, value_noise


@compiled
def blur_z(source: np.ndarray, taps: np.ndarray, out: np.ndarray) -> None:
    """Weighted sum of ``taps.size`` planes for each plane of ``out``; the same order of sums everywhere."""
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                out[z, y, x] = 0.0
            for tap in range(taps.size):
                weight = taps[tap]
                for x in range(out.shape[2]):
                    out[z, y, x] += weight * source[z + tap, y, x]


@compiled
def blur_y(source: np.ndarray, taps: np.ndarray, out: np.ndarray) -> None:
    """The same along y."""
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                out[z, y, x] = 0.0
            for tap in range(taps.size):
                weight = taps[tap]
                for x in range(out.shape[2]):
                    out[z, y, x] += weight * source[z, y + tap, x]


@compiled
def blur_x(source: np.ndarray, taps: np.ndarray, out: np.ndarray) -> None:
    """The same along x."""
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                out[z, y, x] = 0.0
            for tap in range(taps.size):
                weight = taps[tap]
                for x in range(out.shape[2]):
                    out[z, y, x] += weight * source[z, y, x + tap]


@compiled
def add_streaks(
    seed: int, origin: np.ndarray, spacing: np.ndarray, height: float, length: float, grey: np.ndarray
) -> None:
    """Streaks along x, of two voxels' height in their slice."""
    memory = noise_memory(1)
    scale = height / VALUE_NOISE_STD
    for z in range(grey.shape[0]):
        for y in range(grey.shape[1]):
            for x in range(grey.shape[2]):
                place = (x + origin[2]) * spacing[2] / length
                grey[z, y, x] += scale * value_noise(
                    memory, 0, seed, (z + origin[0]) * 0.7, (y + origin[1]) * 0.6, place
                )


@compiled
def add_rings(
    seed: int,
    origin: np.ndarray,
    spacing: np.ndarray,
    axis_y: float,
    axis_x: float,
    height: float,
    width: float,
    grey: np.ndarray,
) -> None:
    """Rings about the rotation axis; each fades and returns over some slices."""
    memory = noise_memory(1)
    scale = height / VALUE_NOISE_STD
    for z in range(grey.shape[0]):
        place_z = (z + origin[0]) * spacing[0] / (10.0 * width)
        for y in range(grey.shape[1]):
            dy = (y + origin[1]) * spacing[1] - axis_y
            for x in range(grey.shape[2]):
                dx = (x + origin[2]) * spacing[2] - axis_x
                grey[z, y, x] += scale * value_noise(
                    memory, 0, seed, place_z, math.sqrt(dy * dy + dx * dx) / width, 0.5
                )


@compiled
def add_unevenness(
    seed: int, origin: np.ndarray, spacing: np.ndarray, height: float, length: float, grey: np.ndarray
) -> None:
    """The slow, smooth change of the background."""
    memory = noise_memory(1)
    scale = height / VALUE_NOISE_STD
    for z in range(grey.shape[0]):
        place_z = (z + origin[0]) * spacing[0] / length
        for y in range(grey.shape[1]):
            place_y = (y + origin[1]) * spacing[1] / length
            for x in range(grey.shape[2]):
                place_x = (x + origin[2]) * spacing[2] / length
                grey[z, y, x] += scale * turned_noise(memory, 0, seed, place_z, place_y, place_x)


@compiled
def round_to(grey: np.ndarray, factor: float, most: float, out: np.ndarray) -> None:
    """Scale, round and clip to whole numbers."""
    for z in range(grey.shape[0]):
        for y in range(grey.shape[1]):
            for x in range(grey.shape[2]):
                value = np.floor(grey[z, y, x] * factor + 0.5)
                out[z, y, x] = int(min(max(value, 0.0), most))
