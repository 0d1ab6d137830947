"""Slices for the page: a coarser copy of the volume that fits into it.

The page holds one small volume and cuts all three views from it, so that every view can be scrolled
and they always agree. Where the volume is too large, every n-th slice is read and its voxels are
averaged (grey) or sampled (labels), with steps chosen so that the copy's voxels are about cubes.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.progress import Progress, silent
from electrodej.report.content import SliceSource
from electrodej.report.grid import Grid
from electrodej.report.stills import Still, Stills, jpeg
from electrodej.vocabulary import Shape, Spacing, View
from electrodej.volume import check_labels

MOST_VOXELS = 24_000_000
"""So many voxels a browser holds and cuts without delay."""

_OTHER_CODES = 251
_BLOCK_BYTES = 64 * 2**20
# Up to this step whole blocks are read, because chunked files hold many slices in a chunk.
_WIDEST_BLOCK_STEP = 8
# Coarser pictures come before fewer voxels.
_JPEG_QUALITIES = (75, 60, 45)


@dataclass(frozen=True)
class SlicePack:
    """The coarse volume as it goes into the page.

    Attributes
    ----------
    grid
        Which voxels.
    jpegs
        The grey slices along z.
    labels
        The labels as deflated little-endian integers of ``label_bytes`` bytes: 0 background, i + 1 the
        particle in row i of the table, larger numbers particles that the table does not list.
    window
        Grey values shown as black and as white.
    labelled_share
        Share of labelled voxels in the slices that were read.
    mean_grey
        Mean of the first slice's bytes, by which the page notices a browser that falsifies pictures.
    stills
        The middle slice of each view with outlines, for paper and for browsers without scripts.
    """

    grid: Grid
    jpegs: list[bytes]
    labels: bytes
    label_bytes: int
    window: tuple[float, float]
    labelled_share: float
    mean_grey: float
    stills: Mapping[View, Still]


def choose_grid(shape: Shape, *, spacing: Spacing, most_voxels: int = MOST_VOXELS) -> Grid:
    """Return the finest grid of about cubic steps with at most ``most_voxels`` voxels.

    Examples
    --------
    >>> choose_grid((100, 200, 200), spacing=(0.1, 0.1, 0.1), most_voxels=500_000).steps
    (2, 2, 2)
    >>> choose_grid((100, 200, 200), spacing=(0.4, 0.1, 0.1), most_voxels=500_000).steps
    (1, 3, 3)
    """
    pitch = min(spacing)
    while True:
        z, y, x = (max(1, math.floor(pitch / s + 0.5)) for s in spacing)
        grid = Grid(shape, (z, y, x))
        if math.prod(grid.shape) <= most_voxels:
            return grid
        pitch *= 1.04


def pack_slices(
    grey: SliceSource,
    labels: SliceSource,
    *,
    spacing: Spacing,
    listed: NDArray[Any],
    most_bytes: int,
    progress: Progress = silent,
) -> SlicePack:
    """Read the slices that the page shows and pack them into about ``most_bytes`` bytes.

    Parameters
    ----------
    grey, labels
        Shape (Z, Y, X) or (Y, X). Read slice by slice.
    spacing
        Voxel size (z, y, x) in micrometres.
    listed
        The labels of the table's rows.
    most_bytes
        Room for the grey slices.
    progress
        Told after each slice.
    """
    shape = (1, *grey.shape) if len(grey.shape) == 2 else grey.shape
    volume = (int(shape[0]), int(shape[1]), int(shape[2]))
    window = grey_window(grey, volume)
    grid, quality = _fit(grey, volume, spacing, window, most_bytes)

    codes = LabelCodes(listed)
    squeeze = zlib.compressobj(6)
    jpegs: list[bytes] = []
    packed: list[bytes] = []
    labelled = 0
    mean_grey = 0.0
    stills = Stills(grid)
    for k, (plane, marks) in enumerate(zip(planes(grey, grid), planes(labels, grid), strict=True)):
        marks = check_labels(marks, "the labels")
        shown = to_bytes(plane, grid, window)
        if k == 0:
            mean_grey = float(shown.mean())
        jpegs.append(jpeg(shown, quality))
        labelled += int(np.count_nonzero(marks))
        coded = codes.encode(marks[np.ix_(grid.indices(1), grid.indices(2))])
        packed.append(squeeze.compress(coded.tobytes()))
        stills.add(k, shown, coded)
        progress(k + 1, grid.shape[0], "slices for the report")
    packed.append(squeeze.flush())
    return SlicePack(
        grid=grid,
        jpegs=jpegs,
        labels=b"".join(packed),
        label_bytes=codes.dtype.itemsize,
        window=window,
        labelled_share=labelled / (grid.shape[0] * volume[1] * volume[2]),
        mean_grey=mean_grey,
        stills=stills.jpegs(spacing),
    )


def planes(source: SliceSource, grid: Grid) -> Iterator[NDArray[Any]]:
    """Yield each slice that is shown as a whole, (Y, X)."""
    if len(source.shape) == 2:
        yield read_slice(source, 0)
        return
    indices = grid.indices(0)
    depth = 1
    if grid.steps[0] <= _WIDEST_BLOCK_STEP:
        depth = max(1, _BLOCK_BYTES // (8 * grid.volume[1] * grid.volume[2]))
    start = 0
    while start < indices.size:
        first = int(indices[start])
        stop = int(np.searchsorted(indices, first + depth))
        block = np.asarray(source[first : int(indices[stop - 1]) + 1, :, :])
        for z in indices[start:stop]:
            yield block[z - first]
        start = stop


def read_slice(source: SliceSource, z: int) -> NDArray[Any]:
    """Return slice ``z`` as (Y, X)."""
    box = source[:, :] if len(source.shape) == 2 else source[z : z + 1, :, :]
    plane: NDArray[Any] = np.asarray(box).reshape(source.shape[-2:])
    return plane


def grey_window(grey: SliceSource, volume: Shape) -> tuple[float, float]:
    """Return the 0.2nd and 99.8th percentile of a sample of nine slices, as black and white."""
    sample = []
    for z in np.unique(np.linspace(0, volume[0] - 1, 9).round().astype(int)):
        plane = read_slice(grey, int(z))
        step = max(1, math.isqrt(plane.size // 200_000))
        values = plane[::step, ::step].astype(np.float64).ravel()
        sample.append(values[np.isfinite(values)])
    values = np.concatenate(sample)
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(p) for p in np.percentile(values, (0.2, 99.8)))
    return (low, high) if high > low else (low, low + 1.0)


class LabelCodes:
    """Turns labels into row numbers of the table: 0 background, i + 1 row i, then the unlisted."""

    def __init__(self, listed: NDArray[Any]) -> None:
        rows = np.asarray(listed).astype(np.int64, copy=False)
        # A label that comes twice stands for its first row.
        self._labels, self._rows = np.unique(rows, return_index=True)
        self._count = rows.size
        last = self._count + _OTHER_CODES
        self.dtype: np.dtype[Any] = np.dtype("<u2" if last < 2**16 else "<u4")

    def encode(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return the codes, shape as ``labels``."""
        # Labels come in runs, so only one voxel of each distinct label is looked up.
        distinct, inverse = np.unique(labels.astype(np.int64, copy=False), return_inverse=True)
        # The unlisted need only differ from their neighbours.
        codes = self._count + 1 + distinct % _OTHER_CODES
        if self._count:
            place = np.minimum(np.searchsorted(self._labels, distinct), self._labels.size - 1)
            codes = np.where(self._labels[place] == distinct, self._rows[place] + 1, codes)
        codes[distinct == 0] = 0
        coded: NDArray[Any] = codes.astype(self.dtype)[inverse.reshape(labels.shape)]
        return coded


def _fit(
    grey: SliceSource,
    volume: Shape,
    spacing: Spacing,
    window: tuple[float, float],
    most_bytes: int,
) -> tuple[Grid, int]:
    """Choose the grid and the JPEG quality by what a few slices take up."""
    voxels = MOST_VOXELS
    while True:
        grid = choose_grid(volume, spacing=spacing, most_voxels=voxels)
        indices = grid.indices(0)
        trial = [
            to_bytes(read_slice(grey, int(z)), grid, window) for z in indices[:: max(1, indices.size // 4)]
        ]
        for quality in _JPEG_QUALITIES:
            size = sum(len(jpeg(plane, quality)) for plane in trial) * indices.size / len(trial)
            if size <= most_bytes or math.prod(grid.shape) == 1:
                return grid, quality
        voxels = max(1, min(math.prod(grid.shape) - 1, int(math.prod(grid.shape) * most_bytes / size)))


def to_bytes(plane: NDArray[Any], grid: Grid, window: tuple[float, float]) -> NDArray[np.uint8]:
    """Average the blocks of a slice and stretch the window to 0 to 255."""
    values: NDArray[Any] = plane.astype(np.float32)
    for axis, step in ((0, grid.steps[1]), (1, grid.steps[2])):
        if step > 1:
            starts = np.arange(0, values.shape[axis], step)
            widths = np.diff(np.append(starts, values.shape[axis])).astype(np.float32)
            sums = np.add.reduceat(values, starts, axis=axis)
            values = sums / (widths[:, None] if axis == 0 else widths)
    low, high = window
    scaled = np.nan_to_num((values - low) * (255 / (high - low)), nan=0.0, posinf=255.0, neginf=0.0)
    return np.clip(scaled, 0, 255).round().astype(np.uint8)


def grid_positions(grid: Grid, spacing: Spacing) -> Iterator[tuple[float, float]]:
    """Yield for z, y, x the position of the first shown voxel's centre and the pitch, in micrometres."""
    for step, size in zip(grid.steps, spacing, strict=True):
        yield (step // 2) * size, step * size
