"""Tracks become particles: pieces are joined, and what hangs together by a neck is cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.linking.sections import Whole
from electrodej.linking.tracks import Tracks

# A piece that broke off begins large; a neighbour that begins inside another's outline starts from a point.
_BLUNT = 1 / 3
# A piece lies in the other track in so many slices; one seen in fewer slices, in as many as it was seen in.
_WITNESSES = 3


def particles_of(tracks: Tracks, *, neck: float) -> Whole:
    """Return the particle that each section belongs to, numbered from 0 in the order of first sections."""
    particle = join_pieces(tracks)[tracks.track]
    return number_in_order(cut_necks(tracks, particle, neck=neck))


def join_pieces(tracks: Tracks) -> Whole:
    """Return for each track the one it is a piece of; a whole particle is its own.

    A track that begins inside another one and ends into it is a piece of it, whatever its shape. One that
    only begins, or only ends, inside another is a piece if its section there is at least a third of its
    largest and lies inside the other track in at least three slices, or in as many as it was seen in.
    """
    ends = _Ends(tracks)
    begun = {(contact.track, contact.other) for contact in tracks.births}
    best: dict[int, tuple[bool, int, int, int]] = {}
    for first, contacts in ((True, tracks.births), (False, tracks.deaths)):
        for contact in contacts:
            loop = not first and (contact.track, contact.other) in begun
            needed = min(_WITNESSES, int(ends.sections[contact.track]))
            if loop or (contact.inside >= needed and ends.is_blunt(contact.track, first=first)):
                found = (loop, -contact.step, contact.inside, contact.other)
                best[contact.track] = max(best.get(contact.track, found), found)
    return _joined(tracks.count, [(track, found[-1]) for track, found in best.items()])


def _joined(count: int, pairs: list[tuple[int, int]]) -> Whole:
    """Return for each of ``count`` tracks the first one that pairs connect it with."""
    from electrodej.linking.kernels.sections import group_pairs

    root = np.empty(count, np.int64)
    one, other = np.array(pairs, np.int64).reshape(-1, 2).T
    group_pairs(one, other, root)
    return root


class _Ends:
    """The first, last and largest sections of tracks."""

    def __init__(self, tracks: Tracks) -> None:
        area, track = tracks.area, tracks.track
        self.largest = np.zeros(tracks.count, np.int64)
        np.maximum.at(self.largest, track, area)
        self.sections = np.bincount(track, minlength=tracks.count)
        self.first = np.zeros(tracks.count, np.int64)
        self.first[track[::-1]] = area[::-1]
        self.last = np.zeros(tracks.count, np.int64)
        self.last[track] = area

    def is_blunt(self, track: int, *, first: bool) -> bool:
        """Tell whether a track's end is no tip."""
        end = self.first if first else self.last
        return bool(end[track] >= _BLUNT * self.largest[track])


def cut_necks(tracks: Tracks, particle: Whole, *, neck: float) -> Whole:
    """Return new particles, of which none narrows below ``neck`` of its largest sections on both sides."""
    if neck == 0 or particle.size == 0:
        return particle
    particle = particle.copy()
    order = np.lexsort((tracks.slice, particle))
    groups = np.split(order, np.flatnonzero(np.diff(particle[order])) + 1)
    free = int(particle.max()) + 1
    while groups:
        group = groups.pop()
        at = _neck(tracks.slice[group], tracks.area[group], tracks.score[group], neck)
        if at is None:
            continue
        upper = tracks.slice[group] >= at
        particle[group[upper]] = free
        free += 1
        groups += [group[~upper], group[upper]]
    return particle


def _neck(slices: Whole, areas: Whole, scores: NDArray[np.float64], neck: float) -> int | None:
    """Return the slice that the part behind the deepest neck begins with; None where there is no neck."""
    seen, start = np.unique(slices, return_index=True)
    if seen.size < 5:
        return None
    area = np.add.reduceat(areas, start).astype(np.float64)
    # One section that came out too small is no neck.
    area[1:-1] = np.median([area[:-2], area[1:-1], area[2:]], axis=0)
    before, behind = np.maximum.accumulate(area), np.maximum.accumulate(area[::-1])[::-1]
    ratio = area / np.minimum(before, behind)
    deepest = int(np.argmin(ratio))
    if ratio[deepest] >= neck:
        return None
    # Cut on the side where more slices are missing, or the sections fit worse.
    fit, step = np.minimum.reduceat(scores, start), np.diff(seen, prepend=seen[0])
    behind_it = min(deepest + 1, seen.size - 1)
    worst = max((deepest, behind_it), key=lambda at: (step[at], -fit[at]))
    return int(seen[max(worst, 1)])


def number_in_order(values: Whole) -> Whole:
    """Number the distinct values from 0 in the order of their first places."""
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    number = np.empty(first.size, np.int64)
    number[np.argsort(first)] = np.arange(first.size)
    return number[inverse.reshape(-1)]
