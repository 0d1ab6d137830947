"""From the grey levels of the object to the image a detector and a reconstruction give of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.phantom.config import PhantomConfig
from electrodej.vocabulary import Shape, Spacing

Grey = NDArray[np.float32]
# Along z, y and x, in um.
Lengths = tuple[float, float, float]
Taps = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]

_WIDE_POWER = 0.5
_FAINT_CONTRAST = 0.2


def gaussian_taps(sigma: Lengths, spacing: Spacing, *, unit_power: bool = False) -> Taps:
    """Weights of a Gaussian along z, y and x, cut at three standard deviations ``sigma`` (um).

    The weights sum to 1, or their squares do with ``unit_power`` (then white noise keeps its deviation).
    """
    taps = []
    for wide, step in zip(sigma, spacing, strict=True):
        reach = math.ceil(3 * wide / step)
        places = np.arange(-reach, reach + 1) * step
        weights = np.exp(-0.5 * (places / wide) ** 2) if reach else np.ones(1)
        norm = math.sqrt(float((weights**2).sum())) if unit_power else float(weights.sum())
        taps.append((weights / norm).astype(np.float32))
    return taps[0], taps[1], taps[2]


def blur_halo(config: PhantomConfig) -> tuple[int, int, int]:
    """How many voxels beyond its own a slab needs along z, y and x."""
    reach = [
        [len(weights) // 2 for weights in gaussian_taps(sigma, config.spacing)]
        for _, sigma in point_spreads(config)
    ]
    z, y, x = (max(column) for column in zip(*reach, strict=True))
    return z, y, x


def point_spreads(config: PhantomConfig) -> list[tuple[float, Lengths]]:
    """Weights and standard deviations (z, y, x in um) of the Gaussians whose sum is the point spread.

    Rims along edges: an image plus ``halo`` times its difference from a wider one. Missing projections: less
    the part that changes along x and hardly along y, which is the difference of two images blurred far along
    y, one of them along x too.
    """
    z, y, x = config.blur
    spreads = [(1.0 + config.halo, config.blur)]
    if config.halo > 0:
        wide = config.halo_length
        spreads.append((-config.halo, (z, math.hypot(y, wide), math.hypot(x, wide))))
    if config.wedge > 0:
        far = math.hypot(y, config.wedge_length)
        spreads.append((-config.wedge, (z, far, x)))
        spreads.append((config.wedge, (z, far, math.hypot(x, config.wedge_length / 3))))
    return spreads


def _imaged(config: PhantomConfig, painted: Grey) -> Grey:
    """What is painted, spread as the instrument does; smaller by `blur_halo` on each side."""
    halo = blur_halo(config)
    total: Grey | None = None
    for weight, sigma in point_spreads(config):
        taps = gaussian_taps(sigma, config.spacing)
        spare = [whole - len(weights) // 2 for whole, weights in zip(halo, taps, strict=True)]
        inner = tuple(slice(cut, n - cut) for cut, n in zip(spare, painted.shape, strict=True))
        part = blurred(painted[inner], taps)
        if total is None:
            total = part if weight == 1.0 else np.float32(weight) * part
        else:
            total = total + np.float32(weight) * part
    assert total is not None
    return total


def blurred(source: Grey, taps: Taps) -> Grey:
    """The part of ``source`` whose neighbours are all there, blurred: smaller by the taps on each side."""
    from electrodej.phantom.kernels.detector import blur_x, blur_y, blur_z

    for axis, blur in enumerate((blur_z, blur_y, blur_x)):
        if len(taps[axis]) > 1:
            shape = list(source.shape)
            shape[axis] -= len(taps[axis]) - 1
            out = np.empty(shape, dtype=np.float32)
            blur(source, taps[axis], out)
            source = out
    return source


def correlated_noise(
    seed: int,
    sigma: float,
    config: PhantomConfig,
    first: Shape,
    shape: Shape,
) -> Grey:
    """Noise of deviation 1, hashed from the voxel's place and smoothed by a Gaussian of ``sigma`` in xy."""
    from electrodej.phantom.kernels.noise import white_noise

    lengths = (config.noise_flatness * sigma, sigma, sigma)
    taps = gaussian_taps(lengths, config.spacing, unit_power=True)
    halo = [len(weights) // 2 for weights in taps]
    white = np.empty([n + 2 * h for n, h in zip(shape, halo, strict=True)], dtype=np.float32)
    white_noise(seed, first[0] - halo[0], first[1] - halo[1], first[2] - halo[2], white)
    return blurred(white, taps)


def detect(config: PhantomConfig, seed: int, first: Shape, painted: Grey) -> NDArray[Any]:
    """Image of the painted slab (with its halo) whose first voxel without the halo is ``first``."""
    from electrodej.phantom.kernels.detector import add_rings, add_streaks, add_unevenness, round_to

    grey = _imaged(config, painted)
    if np.shares_memory(grey, painted):
        grey = painted.copy()
    shape = (grey.shape[0], grey.shape[1], grey.shape[2])
    _spoil_slices(config, seed, first[0], grey)
    narrow, wide = config.noise_length
    if config.noise > 0:
        grey += np.float32(config.noise * math.sqrt(1 - _WIDE_POWER)) * correlated_noise(
            seed + 21, narrow, config, first, shape
        )
        grey += np.float32(config.noise * math.sqrt(_WIDE_POWER)) * correlated_noise(
            seed + 22, wide, config, first, shape
        )
    origin = np.array(first, dtype=np.int64)
    spacing = np.array(config.spacing)
    if config.unevenness > 0:
        add_unevenness(seed + 23, origin, spacing, config.unevenness, config.unevenness_length, grey)
    if config.streaks > 0:
        add_streaks(seed + 24, origin, spacing, config.streaks, config.streak_length, grey)
    if config.rings > 0:
        axis_y, axis_x = (
            ((0.5 + config.axis_offset[axis]) * config.shape[1 + axis] - 0.5) * config.spacing[1 + axis]
            for axis in range(2)
        )
        add_rings(seed + 25, origin, spacing, axis_y, axis_x, config.rings, config.ring_width, grey)
    if config.inverted:
        np.subtract(np.float32(255.0), grey, out=grey)
    factor, most = (1.0, 255.0) if config.bits == 8 else (257.0, 65535.0)
    out = np.empty(shape, dtype=np.uint8 if config.bits == 8 else np.uint16)
    round_to(grey, factor, most, out)
    return out


def _spoil_slices(config: PhantomConfig, seed: int, z0: int, grey: Grey) -> None:
    """Take contrast, or everything, from the slices that are faint or lost."""
    from electrodej.phantom.kernels.noise import uniform3

    level = np.float32((config.particle_grey + config.binder_grey) / 2)
    for z in range(grey.shape[0]):
        if uniform3(seed + 26, z0 + z, 0, 0) < config.lost_slices:
            grey[z] = level
        elif uniform3(seed + 27, z0 + z, 0, 0) < config.faint_slices:
            grey[z] = level + np.float32(_FAINT_CONTRAST) * (grey[z] - level)
