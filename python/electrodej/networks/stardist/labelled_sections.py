"""Sections of a volume with the particles that were found in it, for a network to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from electrodej.annotation import Pair
from electrodej.models.grey import FloatArray
from electrodej.models.sections import Sections, section_scale
from electrodej.networks.stardist.augment import nearest
from electrodej.networks.stardist.model import StarDistModel
from electrodej.networks.stardist.patches import UNKNOWN
from electrodej.vocabulary import VIEWS, Spacing, View, across
from electrodej.volume import Volume

# Of 255. What a view sees reaches to the lower one and comes to the upper one somewhere: the rim that is left
# around a particle does not.
_RIM, _SEEN = 26, 77
# Of the convex hull of a section, what it fills at least.
_SOLID = 0.85


class LabelledSections(Sequence[Pair]):
    """Evenly spaced sections of all three views, as large as the network sees them.

    Parameters
    ----------
    grey, labels
        The volume and its particles.
    least_area
        Of each label, from 0, how large its section is at least where the network learns from it, um^2;
        infinite for labels that are not to be learnt from at all.
    views
        The probability that each view gives, 0 to 255. Where one of them sees something and there is no
        such section, nobody knows what is there, and nothing is learnt; so too of sections that are far
        from convex, which may be two particles.
    spacing
        Voxel size (z, y, x) in micrometres.
    model, scales
        The network that looks at the sections, and `ViewSettings.scale` of each view for it.
    count
        At most so many sections of each view.
    """

    def __init__(
        self,
        grey: Volume,
        labels: Volume,
        least_area: NDArray[np.float64],
        views: Sequence[Volume],
        *,
        spacing: Spacing,
        model: StarDistModel,
        scales: Mapping[View, float | None],
        count: int,
    ) -> None:
        self._grey, self._labels, self._least_area, self._views = grey, labels, least_area, views
        self._pixels = {view: across(spacing, axis) for axis, view in enumerate(VIEWS)}
        self._sections = {
            view: Sections(grey, view, section_scale(pixel, model.info.spacing, scales[view]))
            for view, pixel in self._pixels.items()
        }
        self._places: list[tuple[View, int]] = []
        for view, sections in self._sections.items():
            taken = min(count, sections.count)
            # In the middle of equal parts, so that none is at the volume's own surface.
            self._places += [(view, (2 * part + 1) * sections.count // (2 * taken)) for part in range(taken)]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Pair]: ...
    def __getitem__(self, index: int | slice) -> Pair | Sequence[Pair]:
        """Return a section with its particles, read now."""
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        view, number = self._places[index]
        sections, pixel = self._sections[view], self._pixels[view]
        place = sections.place(number)
        grey, labels = self._grey[place], self._labels[place]
        areas = np.bincount(labels.ravel(), minlength=len(self._least_area)) * pixel[0] * pixel[1]
        drawn = np.where((areas >= self._least_area)[labels], labels.astype(np.int32), 0)
        drawn[np.isin(drawn, _bent(drawn))] = 0
        seen = np.max([volume[place] for volume in self._views], axis=0)
        drawn[_doubtful(np.where(labels > 0, 255, seen), drawn)] = UNKNOWN
        return Pair(
            f"{view}-{number}",
            sections.prepared(grey[np.newaxis], _as_it_is)[0],
            nearest(drawn, sections.shown),
            (pixel[0] / sections.scale[0], pixel[1] / sections.scale[1]),
        )

    @property
    def smallest_edge(self) -> int:
        """How many pixels the network sees along the shortest edge of any section."""
        return min(edge for sections in self._sections.values() for edge in sections.shown)


def _as_it_is(section: NDArray[Any]) -> FloatArray:
    return section.astype(np.float32)


def _bent(drawn: NDArray[np.int32]) -> list[int]:
    """Return the sections that may be two neighbours in one."""
    from skimage.measure import regionprops

    return [section.label for section in regionprops(drawn) if section.solidity < _SOLID]


def _doubtful(seen: NDArray[Any], drawn: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where something was seen beside what is drawn."""
    from scipy import ndimage

    pieces, count = ndimage.label((seen >= _RIM) & (drawn == 0))
    highest = ndimage.maximum(seen, pieces, np.arange(count + 1))
    doubtful: NDArray[np.bool_] = (np.asarray(highest) >= _SEEN)[pieces] & (pieces > 0)
    return doubtful
