"""First pass over the slices: sections become tracks, one section a slice, by optimal assignment."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.linking.assignment import assign
from electrodej.linking.sections import Crop, Sections, Whole, overlaps, overlaps_with
from electrodej.linking.settings import LinkSettings

Floats = NDArray[np.float64]

# A section lies in another when at least this share of it does.
INSIDE = 0.75
# So many slices before a track begins, and after it ends, tell whether it is part of another.
_WITNESSES = 4


@dataclass(frozen=True)
class Contact:
    """A track that begins inside, or ends into, another one.

    Attributes
    ----------
    track, other
        The track and the one that its first or last section lies in.
    inside
        In how many of the slices before it begins, or after it ends, the section lies in the other track's.
    step
        How many slices away the nearest of them is.
    """

    track: int
    other: int
    inside: int
    step: int


@dataclass(frozen=True)
class Merge:
    """A section of the track ``cover`` in which another track, which pauses there, would lie."""

    slice: int
    track: int
    cover: int


@dataclass(frozen=True)
class Tracks:
    """The tracks through a stack. Sections are listed by slice; all arrays have one entry a section.

    Attributes
    ----------
    slice, label, area, box
        Where the section is, which label it has there, how many pixels, and its box.
    track
        Which track it belongs to, from 0.
    score
        How well it fits the section before it in the track; 1 for the first one.
    first
        The first section of each slice, and the number of all sections: one entry more than slices.
    births, deaths
        Tracks that begin in, or end into, another.
    merges
        Sections that cover a second track.
    """

    slice: Whole
    label: Whole
    area: Whole
    box: Whole
    track: Whole
    score: Floats
    first: Whole
    births: list[Contact]
    deaths: list[Contact]
    merges: list[Merge]

    @property
    def count(self) -> int:
        """How many tracks there are."""
        return int(self.track.max()) + 1 if self.track.size else 0


@dataclass(frozen=True)
class _End:
    """The last section of a track that pauses."""

    slice: int
    crop: Crop
    area: int
    centre: Floats


@dataclass
class _Candidates:
    """Pairs of a track and a section of the present slice that share pixels."""

    track: Whole
    number: Whole
    pixels: Whole
    last_area: Whole


@dataclass
class Tracker:
    """Takes one slice after the other."""

    settings: LinkSettings
    pixel: tuple[float, float]
    _slices: int = 0
    _seen_before: Whole = field(default_factory=lambda: np.zeros(1, np.int64))
    _began: list[int] = field(default_factory=list)
    _recent: deque[tuple[Sections, Whole]] = field(default_factory=lambda: deque(maxlen=_WITNESSES))
    _paused: dict[int, _End] = field(default_factory=dict)
    _covered: dict[int, list[Merge]] = field(default_factory=dict)
    _deaths: list[Contact] = field(default_factory=list)
    _births: list[Contact] = field(default_factory=list)
    _merges: list[Merge] = field(default_factory=list)
    _parts: list[tuple[Whole, Whole, Whole, Whole, Floats]] = field(default_factory=list)

    def add(self, sections: Sections) -> None:
        """Link the next slice to the tracks so far."""
        candidates = self._candidates(sections)
        rows, numbers, score = self._scored(candidates, sections)
        chosen = assign(rows, numbers, score)
        track = np.full(sections.count + 1, -1, np.int64)
        fit = np.ones(sections.count + 1)
        track[numbers[chosen]] = rows[chosen]
        fit[numbers[chosen]] = score[chosen]
        new = np.flatnonzero(track[1:] < 0) + 1
        track[new] = len(self._began) + np.arange(new.size)
        self._began += [self._slices] * new.size
        self._note_births(candidates, sections, track, new)
        self._resume(rows[chosen].tolist())
        self._pause(track)
        self._note_covered(candidates, sections, track)
        self._parts.append((sections.labels[1:], sections.area[1:], sections.box[1:], track[1:], fit[1:]))
        self._recent.append((sections, track))
        self._slices += 1
        self._seen_before = np.append(self._seen_before, self._seen_before[-1] + (sections.count > 0))

    def finish(self) -> Tracks:
        """Return the tracks, once every slice was added."""
        for paused in list(self._paused):
            self._end(paused)
        counts = np.array([part[0].size for part in self._parts], np.int64)
        columns: list[NDArray[Any]] = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        label, area, box, track, score = columns
        return Tracks(
            slice=np.repeat(np.arange(counts.size), counts),
            label=label,
            area=area,
            box=box.astype(np.int32),
            track=track,
            score=score,
            first=np.concatenate([[0], np.cumsum(counts)]),
            births=self._births,
            deaths=self._deaths,
            merges=self._merges,
        )

    def _candidates(self, sections: Sections) -> _Candidates:
        """Find the tracks that were seen lately and share pixels with a section."""
        oldest = self._slices - 1 - max(self.settings.gap, _WITNESSES - 1)
        for track in [track for track, end in self._paused.items() if end.slice < oldest]:
            self._end(track)
        empty = np.zeros(0, np.int64)
        parts = [(empty, empty, empty, empty)]
        if self._recent and self._recent[-1][0].count and sections.count:
            last, last_track = self._recent[-1]
            before, number, pixels = overlaps(last, sections)
            parts.append((last_track[before], number, pixels, last.area[before]))
        for track, end in self._paused.items():
            number, pixels = overlaps_with(end.crop, sections)
            one = np.ones_like(number)
            parts.append((track * one, number, pixels, end.area * one))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return _Candidates(*columns)

    def _ends(self) -> tuple[Whole, Floats, Whole, Whole]:
        """Return track, centre, area and slice of the last section of every track that may go on."""
        tracks, centres, areas, slices = [], [], [], []
        if self._recent:
            last, last_track = self._recent[-1]
            tracks.append(last_track[1:])
            centres.append(last.centre[1:])
            areas.append(last.area[1:])
            slices.append(np.full(last.count, self._slices - 1))
        if self._paused:
            ends = self._paused.values()
            tracks.append(np.fromiter(self._paused, np.int64))
            centres.append(np.stack([end.centre for end in ends]))
            areas.append(np.array([end.area for end in ends]))
            slices.append(np.array([end.slice for end in ends]))
        if not tracks:
            return np.zeros(0, np.int64), np.zeros((0, 2)), np.zeros(0, np.int64), np.zeros(0, np.int64)
        return (
            np.concatenate(tracks),
            np.concatenate(centres),
            np.concatenate(areas),
            np.concatenate(slices),
        )

    def _scored(self, candidates: _Candidates, sections: Sections) -> tuple[Whole, Whole, Floats]:
        """Return the pairs that may be linked and the score of each, above 0."""
        track, centre, area, last = self._ends()
        order = np.argsort(track)
        track, centre, area, last = track[order], centre[order], area[order], last[order]
        steps = self._slices - last
        # Slices in which it was missing and others were not; those that are lost say nothing against it.
        missed = self._seen_before[self._slices] - self._seen_before[last + 1]
        size = np.array(self.pixel)
        jump = self.settings.max_jump
        if self.settings.by == "overlap":
            end, number = np.searchsorted(track, candidates.track), candidates.number
            union = candidates.last_area + sections.area[number] - candidates.pixels
            score = candidates.pixels / np.maximum(union, 1)
            good = score >= self.settings.min_overlap * (1 + missed[end])
            if jump is not None:
                way = np.linalg.norm((centre[end] - sections.centre[number]) * size, axis=1)
                good &= way <= jump * steps[end]
        else:
            radius = np.sqrt(np.concatenate([area, sections.area[1:]]) * size.prod() / np.pi)
            own, other = radius[: area.size], radius[area.size :]
            end, number, way = _near(centre * size, sections.centre[1:] * size, jump, steps, own, other)
            larger = np.maximum(own[end], other[number])
            reach = larger / (1 + missed[end]) if jump is None else jump * steps[end]
            good = way < reach
            score = 1.0 - way / (larger if jump is None else reach)
            number = number + 1
        good &= steps[end] <= self.settings.gap + 1
        return track[end[good]], number[good], score[good]

    def _note_births(self, found: _Candidates, sections: Sections, track: Whole, new: Whole) -> None:
        """Note the new tracks of which most lies in at least half of another one's sections before."""
        share = found.pixels / np.maximum(sections.area[found.number], 1)
        for number in np.intersect1d(new, found.number[share >= INSIDE]).tolist():
            inside: dict[int, list[int]] = {}
            crop = sections.crop(number)
            for step, (before, before_track) in enumerate(reversed(self._recent), start=1):
                below, pixels = overlaps_with(crop, before)
                for at in below[pixels >= INSIDE * sections.area[number]].tolist():
                    other = int(before_track[at])
                    if (track == other).any() or self._may_follow(
                        step, before.centre[at], sections.centre[number]
                    ):
                        inside.setdefault(other, []).append(step)
            for other, steps in inside.items():
                seen = sum(bool((before_track == other).any()) for _, before_track in self._recent)
                if 2 * len(steps) >= seen:
                    self._births.append(Contact(int(track[number]), other, len(steps), steps[0]))

    def _may_follow(self, step: int, centre: Floats, next_centre: Floats) -> bool:
        """Tell whether the gap and the jump allow a section to follow another one."""
        jump = self.settings.max_jump
        way = float(np.linalg.norm((centre - next_centre) * np.array(self.pixel)))
        return step <= self.settings.gap + 1 and (jump is None or way <= jump * step)

    def _resume(self, tracks: Iterable[int]) -> None:
        for track in tracks:
            if self._paused.pop(track, None) is not None:
                self._merges += self._covered.pop(track, [])

    def _pause(self, track: Whole) -> None:
        """Keep the last section of the tracks that this slice does not go on with."""
        if not self._recent:
            return
        last, last_track = self._recent[-1]
        gone = np.flatnonzero(~np.isin(last_track, track[1:]))
        for number in gone[gone > 0].tolist():
            end = _End(self._slices - 1, last.crop(number), int(last.area[number]), last.centre[number])
            self._paused[int(last_track[number])] = end

    def _note_covered(self, found: _Candidates, sections: Sections, track: Whole) -> None:
        """Note the pausing tracks whose last section lies in a section of another."""
        share = found.pixels / np.maximum(found.last_area, 1)
        for which in np.flatnonzero(share >= INSIDE):
            lost, number = int(found.track[which]), int(found.number[which])
            if lost not in self._paused:
                continue
            end, other = self._paused[lost], int(track[number])
            beside = self._began[other] <= end.slice
            if beside or self._may_follow(self._slices - end.slice, end.centre, sections.centre[number]):
                self._covered.setdefault(lost, []).append(Merge(self._slices, lost, other))

    def _end(self, track: int) -> None:
        """Let a track end, and note where it ended into."""
        end = self._paused.pop(track)
        witnesses = range(end.slice + 1, end.slice + 1 + _WITNESSES)
        covered = [cover for cover in self._covered.pop(track, []) if cover.slice in witnesses]
        for other, times in Counter(cover.cover for cover in covered).items():
            nearest = min(cover.slice for cover in covered if cover.cover == other)
            self._deaths.append(Contact(track, other, times, nearest - end.slice))


def _near(
    ends: Floats, centres: Floats, jump: float | None, steps: Whole, own: Floats, other: Floats
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Return the pairs of an end and a section whose centres may be near enough, and their distance."""
    none = np.zeros(0, np.intp)
    if len(ends) == 0 or len(centres) == 0:
        return none, none, np.zeros(0)
    from scipy.spatial import cKDTree

    tree = cKDTree(centres)
    reach = np.maximum(own, other.max()) if jump is None else jump * steps
    near = tree.query_ball_point(ends, reach)
    end = np.repeat(np.arange(len(ends)), [len(found) for found in near])
    number = np.array([one for found in near for one in found], np.intp)
    return end, number, np.linalg.norm(ends[end] - centres[number], axis=1)
