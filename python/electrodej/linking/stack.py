"""Slice labels to 3D labels: the sections of one particle are found by optimal assignment.

A stack of slices, each labelled on its own, has labels that mean nothing from one slice to the next. Each
slice's sections are assigned to the tracks so far so that the sum of their overlaps is largest; tracks
that pause are taken up again; pieces of one particle are joined, and what hangs together by a neck is cut.
The stack is read three times, slice by slice, and never held whole. The rules: docs/link.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.linking.fill import (
    BACKGROUND,
    Gap,
    Patch,
    draw_patches,
    gaps_of,
    merged_sections,
)
from electrodej.linking.particles import number_in_order, particles_of
from electrodej.linking.sections import Crop, SectionFinder, Whole
from electrodej.linking.settings import LinkSettings
from electrodej.linking.tracks import Tracker, Tracks
from electrodej.progress import Progress
from electrodej.run import Run
from electrodej.vocabulary import AXIS_OF, VIEWS, Spacing, View, across
from electrodej.volume import ArrayVolume, Volume, check_labels, check_spacing, compact_dtype

_MOST_PARTICLES = 2**31 - 1
# Larger blocks of slices make nothing faster.
_MOST_MEMORY = 512 * 2**20
# Labels below this are looked up in a table; above, by bisection.
_LARGEST_TABLE = 2**24


def link(
    labels: NDArray[Any],
    settings: LinkSettings | None = None,
    run: Run | None = None,
    *,
    spacing: Sequence[float],
    view: View = "xy",
) -> NDArray[Any]:
    """Return the 3D labels of slices that were labelled one by one.

    Parameters
    ----------
    labels
        (Z, Y, X), or (Y, X) for a single slice; whole numbers, 0 is background. A number means something
        within its slice only.
    spacing
        Voxel size (z, y, x) in micrometres.
    view
        The plane of the slices; they are linked across it.
    settings
        How sections are linked.
    run
        Progress, slice by slice.

    Returns
    -------
    array of uint16 or uint32
        Same shape; particles are numbered from 1 in the order in which they begin.

    Examples
    --------
    >>> slices = np.array([[[7, 7, 0, 1]], [[1, 1, 0, 9]]], np.uint8)
    >>> link(slices, spacing=(0.07, 0.07, 0.07)).tolist()
    [[[1, 1, 0, 2]], [[1, 1, 0, 2]]]
    """
    volume = ArrayVolume(labels, spacing=spacing, name="the label image")
    linked = link_volume(volume, settings, run, spacing=spacing, view=view)
    out = np.empty(linked.shape, linked.dtype)
    for z0, z1, slab in linked.slabs():
        out[z0:z1] = slab
    return out.reshape(labels.shape)


def link_volume(
    volume: Volume,
    settings: LinkSettings | None = None,
    run: Run | None = None,
    *,
    spacing: Sequence[float],
    view: View = "xy",
) -> LinkedVolume:
    """Link the slices of an open volume, which may be larger than the memory.

    Parameters
    ----------
    volume
        Slice labels; must stay open while the result is read.
    spacing, view, settings
        See `link`.
    run
        Progress, and the memory that the part of the stack being read may take; it takes a few slices at
        least.

    Returns
    -------
    LinkedVolume
        The 3D labels, made slab by slab when they are asked for.
    """
    settings, run = settings or LinkSettings(), run or Run()
    size = check_spacing(spacing)
    source = _Slices(volume, view, run.room)
    pixel = across(size, source.axis)
    tracks = _track(source, settings, pixel, run.progress)
    particle = particles_of(tracks, neck=settings.neck)
    smallest = settings.min_volume / math.prod(size)
    particle, count = _drop_small(tracks.area, particle, smallest)
    patches = _patches(source, tracks, particle, settings, pixel, run.progress)
    return LinkedVolume(source, size, tracks, particle, count, patches)


def label_dtype(count: int) -> np.dtype[Any]:
    """Return uint16 or uint32 for so many particles; more than 2,147,483,647 are refused."""
    if count > _MOST_PARTICLES:
        raise InputError(
            f"{count} particles were linked, and no more than {_MOST_PARTICLES} can be numbered; drop small "
            "ones with --min-volume, or link a part of the stack"
        )
    return compact_dtype(count)


class LinkedVolume:
    """3D labels made from slices.

    Attributes
    ----------
    shape, spacing
        Those of the slices' volume, (z, y, x).
    dtype
        uint16 while the particles fit, else uint32.
    count
        Number of particles.
    sections
        Number of sections in the slices.
    drawn
        Number of sections that were missing, or covered by another particle's, and are drawn.
    """

    def __init__(
        self,
        source: _Slices,
        spacing: Spacing,
        tracks: Tracks,
        particle: Whole,
        count: int,
        patches: dict[int, list[Patch]],
    ) -> None:
        self.shape = source.volume.shape
        self.spacing = spacing
        self.count = count
        self.dtype = label_dtype(count)
        self.sections = tracks.label.size
        self.drawn = sum(len(found) for found in patches.values())
        self._source = source
        self._tracks = tracks
        self._number = (particle + 1).astype(self.dtype)
        self._patches = patches
        self._table = np.zeros(2**16, self.dtype)

    def slabs(self, thickness: int | None = None) -> Iterator[tuple[int, int, NDArray[Any]]]:
        """Yield ``(z0, z1, labels)`` from the first slice to the last, whatever the view."""
        source = self._source
        for z0, z1, raw in source.volume.slabs(thickness, memory=source.memory // 4):
            labels = check_labels(raw, source.volume.path, start=z0)
            out = np.empty(labels.shape, self.dtype)
            images = np.moveaxis(labels, source.axis, 0)
            drawn = np.moveaxis(out, source.axis, 0)
            # Across z a slab holds whole slices, from z0 on; along it, z0 is a row of every slice.
            first, row = (z0, 0) if source.axis == 0 else (0, z0)
            for at, (image, target) in enumerate(zip(images, drawn, strict=True), start=first):
                self._apply(at, image, target)
                for patch in self._patches.get(at, ()):
                    self._draw(patch, target, row)
            yield z0, z1, out

    def _apply(self, at: int, image: NDArray[Any], target: NDArray[Any]) -> None:
        """Give the sections of slice ``at`` their particles' numbers."""
        from electrodej.linking.kernels.sections import apply_numbers

        part = slice(*self._tracks.first[at : at + 2])
        labels, numbers = self._tracks.label[part], self._number[part]
        largest = int(labels.max(initial=0))
        if largest >= _LARGEST_TABLE:
            order = np.argsort(labels)
            known = np.concatenate([[0], labels[order]])
            new = np.concatenate([np.zeros(1, self.dtype), numbers[order]])
            target[...] = new[np.searchsorted(known, image)]
            return
        if largest >= self._table.size:
            self._table = np.zeros(largest + 1, self.dtype)
        self._table[labels] = numbers
        apply_numbers(image, self._table, target)
        self._table[labels] = 0

    def _draw(self, patch: Patch, target: NDArray[Any], row: int) -> None:
        """Draw a patch into a slice of which ``target`` has the rows from ``row`` on."""
        crop = patch.crop()
        top = max(crop.top - row, 0)
        bottom = min(crop.top + crop.mask.shape[0] - row, target.shape[0])
        if bottom <= top:
            return
        mask = crop.mask[top + row - crop.top : bottom + row - crop.top]
        window = target[top:bottom, crop.left : crop.left + mask.shape[1]]
        below = np.isin(window, [0 if over == BACKGROUND else over + 1 for over in patch.over])
        window[mask[:, : window.shape[1]] & below] = patch.particle + 1


class _Slices:
    """The slices of a volume across one of its axes, read in order and in blocks."""

    def __init__(self, volume: Volume, view: View, memory: int) -> None:
        if view not in VIEWS:
            raise InputError(f"a view is xy, xz or yz, not {view!r}")
        self.volume = volume
        self.axis = AXIS_OF[view]
        self.memory = min(memory, _MOST_MEMORY)
        self.count = volume.shape[self.axis]

    def read(self) -> Iterator[NDArray[Any]]:
        """Yield slice after slice as unsigned integers."""
        volume, memory = self.volume, self.memory // 4
        each = volume.nbytes // self.count
        depth = volume.slab_thickness(memory) if self.axis == 0 else max(1, memory // max(1, each))
        for start in range(0, self.count, depth):
            box = [slice(None)] * 3
            box[self.axis] = slice(start, min(start + depth, self.count))
            block = check_labels(volume[tuple(box)], volume.path, start=start, axis=self.axis)
            yield from np.moveaxis(block, self.axis, 0)


def _track(source: _Slices, settings: LinkSettings, pixel: tuple[float, float], progress: Progress) -> Tracks:
    tracker, finder = Tracker(settings, pixel), SectionFinder()
    for at, image in enumerate(source.read()):
        progress(at, source.count, "linking slices")
        tracker.add(finder.find(image))
    progress(source.count, source.count, "linking slices")
    return tracker.finish()


def _drop_small(area: Whole, particle: Whole, smallest: float) -> tuple[Whole, int]:
    """Set particles of fewer than ``smallest`` voxels to -1 and number the others; return their count too."""
    if particle.size == 0:
        return particle, 0
    large_enough = np.bincount(particle, weights=area)[particle] >= smallest
    out = np.full(particle.size, -1, np.int64)
    out[large_enough] = number_in_order(particle[large_enough])
    return out, int(out.max()) + 1


def _patches(
    source: _Slices,
    tracks: Tracks,
    particle: Whole,
    settings: LinkSettings,
    pixel: tuple[float, float],
    progress: Progress,
) -> dict[int, list[Patch]]:
    """Return what is to be drawn in each slice, in the order of particles."""
    gaps = gaps_of(tracks, particle, gap=settings.gap)
    merged = merged_sections(tracks, particle)
    if not settings.fill:
        gaps = [gap for gap in gaps if _is_covered(gap, merged)]
    patches: dict[int, list[Patch]] = {}
    if not gaps:
        return patches
    reader = _CropReader(source, tracks, particle, progress)
    drawn = draw_patches(
        gaps, section_crop=reader.crop, slices=reader, merged=merged, fill=settings.fill, pixel=pixel
    )
    for at, patch in drawn:
        patches.setdefault(at, []).append(patch)
    for found in patches.values():
        found.sort(key=lambda patch: patch.particle)
    return patches


def _is_covered(gap: Gap, merged: dict[tuple[int, int], set[int]]) -> bool:
    return any((at, gap.particle) in merged for at in range(gap.before + 1, gap.behind))


class _CropReader:
    """Reads the slices again, one after the other, for the pixels of particles in them."""

    def __init__(self, source: _Slices, tracks: Tracks, particle: Whole, progress: Progress) -> None:
        self._source, self._tracks, self._particle, self._progress = source, tracks, particle, progress
        self._image: NDArray[Any] = np.zeros((0, 0), np.uint8)

    def __iter__(self) -> Iterator[int]:
        for at, image in enumerate(self._source.read()):
            self._progress(at, self._source.count, "drawing missed sections")
            self._image = image
            yield at

    def crop(self, at: int, particle: int) -> Crop:
        """Return the pixels of a particle in the present slice."""
        first, past = self._tracks.first[at : at + 2]
        own = first + np.flatnonzero(self._particle[first:past] == particle)
        top, bottom, left, right = self._tracks.box[own].T
        window = self._image[top.min() : bottom.max(), left.min() : right.max()]
        return Crop(int(top.min()), int(left.min()), np.isin(window, self._tracks.label[own]))
