"""Missed sections, drawn by interpolation between the ones around them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.linking.sections import Crop, Mask, Whole
from electrodej.linking.tracks import Tracks

Depth = NDArray[np.float32]
BACKGROUND = -1


@dataclass(frozen=True)
class Gap:
    """A particle's sections are missing between two slices."""

    particle: int
    before: int
    behind: int


@dataclass(frozen=True)
class Patch:
    """Pixels of one slice that become a particle's; kept with eight pixels in a byte."""

    particle: int
    top: int
    left: int
    shape: tuple[int, int]
    bits: NDArray[np.uint8]
    over: tuple[int, ...]
    """The particles that it is drawn over; `BACKGROUND` where nothing is."""

    @classmethod
    def of(cls, particle: int, crop: Crop, over: tuple[int, ...]) -> Patch:
        """Pack a mask."""
        height, width = crop.mask.shape
        return cls(particle, crop.top, crop.left, (height, width), np.packbits(crop.mask), over)

    def crop(self) -> Crop:
        """Unpack the mask."""
        height, width = self.shape
        mask = np.unpackbits(self.bits, count=height * width).astype(np.bool_).reshape(self.shape)
        return Crop(self.top, self.left, mask)


def gaps_of(tracks: Tracks, particle: Whole, *, gap: int) -> list[Gap]:
    """Return the gaps of up to ``gap`` slices in particles, by their first slice.

    Sections of particle -1 are dropped ones.
    """
    order = np.lexsort((tracks.slice, particle))
    slices, owner = tracks.slice[order], particle[order]
    step = np.diff(slices)
    missing = (np.diff(owner) == 0) & (owner[1:] >= 0) & (step > 1) & (step <= gap + 1)
    return [
        Gap(int(owner[at]), int(slices[at]), int(slices[at + 1]))
        for at in np.flatnonzero(missing)[np.argsort(slices[:-1][missing], kind="stable")]
    ]


def merged_sections(tracks: Tracks, particle: Whole) -> dict[tuple[int, int], set[int]]:
    """Return, by slice and particle that is missing there, the particles whose sections cover it."""
    owner = np.full(tracks.count, -1, np.int64)
    owner[tracks.track] = particle
    found: dict[tuple[int, int], set[int]] = defaultdict(set)
    for merge in tracks.merges:
        missing, cover = int(owner[merge.track]), int(owner[merge.cover])
        if missing != cover and min(missing, cover) >= 0:
            found[merge.slice, missing].add(cover)
    return found


def draw_patches(
    gaps: list[Gap],
    *,
    section_crop: Callable[[int, int], Crop],
    slices: Iterable[int],
    merged: dict[tuple[int, int], set[int]],
    fill: bool,
    pixel: tuple[float, float],
) -> Iterator[tuple[int, Patch]]:
    """Yield the slice and the pixels of every section that is to be drawn.

    Parameters
    ----------
    gaps
        As `gaps_of` gives them.
    section_crop
        Given a slice and a particle, its pixels there; asked for slice after slice.
    slices
        The slices in their order; `section_crop` is asked only for the one that was given last.
    merged
        As `merged_sections` gives them.
    fill
        Whether to draw on the background; else only over sections that cover two particles.
    pixel
        Height and width of a pixel, um.
    """
    begins, ends = defaultdict(list), defaultdict(list)
    for gap in gaps:
        begins[gap.before].append(gap)
        ends[gap.behind].append(gap)
    waiting: dict[Gap, Crop] = {}
    for at in slices:
        for gap in ends[at]:
            before, behind = waiting.pop(gap), section_crop(at, gap.particle)
            for missed in range(gap.before + 1, gap.behind):
                over = tuple(sorted(merged.get((missed, gap.particle), ())))
                over += (BACKGROUND,) if fill else ()
                if over:
                    share = (missed - gap.before) / (gap.behind - gap.before)
                    yield (
                        missed,
                        Patch.of(gap.particle, interpolate(before, behind, share, pixel=pixel), over),
                    )
        for gap in begins[at]:
            waiting[gap] = section_crop(at, gap.particle)


def interpolate(before: Crop, behind: Crop, share: float, *, pixel: tuple[float, float]) -> Crop:
    """Return the shape at ``share`` of the way from one section to the next.

    The signed distance to the outline (positive inside) is interpolated linearly and cut at 0. Before
    that the two sections are moved onto a common centre on the straight line between their own, so that a
    section that has moved is moved, not melted.
    """
    centre_before, centre_behind = _centre(before), _centre(behind)
    centre = np.round((1 - share) * centre_before + share * centre_behind).astype(int)
    one = _moved(before, centre - np.round(centre_before).astype(int))
    other = _moved(behind, centre - np.round(centre_behind).astype(int))
    top, left, shape = _box_around(one, other)
    depth = (1 - share) * signed_depth(one, top, left, shape, pixel=pixel)
    depth += share * signed_depth(other, top, left, shape, pixel=pixel)
    return _trimmed(top, left, depth > 0)


def signed_depth(
    crop: Crop, top: int, left: int, shape: tuple[int, int], *, pixel: tuple[float, float]
) -> Depth:
    """Return each pixel's distance from the outline, positive inside, in a window of the slice."""
    from scipy.ndimage import distance_transform_edt

    mask = np.zeros(shape, np.bool_)
    height, width = crop.mask.shape
    mask[crop.top - top : crop.top - top + height, crop.left - left : crop.left - left + width] = crop.mask
    inside = distance_transform_edt(mask, sampling=pixel)
    outside = distance_transform_edt(~mask, sampling=pixel)
    return np.asarray(inside - outside, dtype=np.float32)


def _centre(crop: Crop) -> NDArray[np.float64]:
    centre: NDArray[np.float64] = np.argwhere(crop.mask).mean(axis=0) + np.array([crop.top, crop.left])
    return centre


def _moved(crop: Crop, by: NDArray[np.int64]) -> Crop:
    return Crop(crop.top + int(by[0]), crop.left + int(by[1]), crop.mask)


def _box_around(one: Crop, other: Crop) -> tuple[int, int, tuple[int, int]]:
    """Return a window with both crops and one pixel of room around them."""
    top, left = min(one.top, other.top) - 1, min(one.left, other.left) - 1
    bottom = max(one.top + one.mask.shape[0], other.top + other.mask.shape[0]) + 1
    right = max(one.left + one.mask.shape[1], other.left + other.mask.shape[1]) + 1
    return top, left, (bottom - top, right - left)


def _trimmed(top: int, left: int, mask: Mask) -> Crop:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return Crop(max(top, 0), max(left, 0), np.zeros((0, 0), np.bool_))
    # What reaches beyond the slice's upper or left edge is cut here; the lower and right ones on drawing.
    first_row, first_column = max(rows[0], -top), max(columns[0], -left)
    part = mask[first_row : rows[-1] + 1, first_column : columns[-1] + 1]
    return Crop(top + int(first_row), left + int(first_column), part)
