"""How well each particle is wired: how much of its surface lies at each phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.morphology.image import find_phases, phase_names, phase_numbers
from electrodej.vocabulary import UNLABELLED, Spacing
from electrodej.volume import check_spacing

OTHER_PARTICLES = "ContactParticle"
"""The column of what lies at other particles."""


class ContactCounts:
    """Counts what the faces of particles' voxels touch, slab by slab.

    Parameters
    ----------
    labels
        Numbers of the particles that have a row, from small to large; any other one is a particle too.
    ids
        Numbers of the phases; any other one, and 255, is not labelled.
    spacing
        Voxel size (z, y, x) in micrometres.

    Examples
    --------
    >>> counts = ContactCounts(np.array([4]), (0, 1), spacing=(1, 1, 1))
    >>> counts.add(np.array([[[0, 4]]]), np.array([[[1, 2]]]))
    >>> counts.add(np.array([[[0, 0]]]), np.array([[[1, 0]]]))
    >>> counts.columns({0: "pore", 1: "binder"})["ContactBinder"].tolist()
    [0.5]
    """

    def __init__(self, labels: NDArray[Any], ids: Sequence[int], *, spacing: Spacing) -> None:
        z, y, x = check_spacing(spacing)
        self._faces = np.array([y * x, z * x, z * y])
        self._labels, self._ids = np.asarray(labels), tuple(ids)
        self._table = np.full(256, len(ids), np.uint8)
        self._table[list(ids)] = np.arange(len(ids))
        # A row for each particle behind one for the background, and one for those without a row; a column
        # for each phase, one for what is not labelled, one for other particles.
        self._areas = np.zeros((len(self._labels) + 2, len(ids) + 2))
        self._last: tuple[NDArray[Any], NDArray[np.uint8]] | None = None

    def add(self, labels: NDArray[Any], phases: NDArray[Any]) -> None:
        """Count the next slices, shape (z, Y, X)."""
        from electrodej.morphology.kernels.contacts import count_contacts

        for number, kind in zip(labels, phase_numbers(phases), strict=True):
            here = (self._numbers(number), self._table[kind])
            pair = [here] if self._last is None else [self._last, here]
            count_contacts(
                np.stack([numbers for numbers, _ in pair]),
                np.stack([kinds for _, kinds in pair]),
                self._faces,
                self._areas,
            )
            self._last = here

    def _numbers(self, labels: NDArray[Any]) -> NDArray[np.int32]:
        """Return the row of each label; each particle without one has a row below 0 of its own."""
        place = np.searchsorted(self._labels, labels)
        known = place < len(self._labels)
        known[known] = self._labels[place[known]] == labels[known]
        numbers = np.where(known, place + 1, -np.asarray(labels, np.int64))
        return np.asarray(numbers, np.int32)

    def columns(self, names: Mapping[int, str] | None) -> dict[str, NDArray[Any]]:
        """Return ``Label``, ``ContactNAME`` of each phase, ``ContactParticle``; see `particle_contacts`."""
        areas = self._areas[1:-1]
        total = areas.sum(axis=1)
        with np.errstate(invalid="ignore"):
            shares = np.where(total[:, None] > 0, areas / total[:, None], np.nan)
        columns = contact_columns(phase_names(self._ids, names)).values()
        return {
            "Label": self._labels,
            **{column: shares[:, place] for place, column in enumerate(columns)},
            OTHER_PARTICLES: shares[:, -1],
        }


def contact_columns(names: Mapping[int, str]) -> dict[int, str]:
    """Return the column of each phase; where a column is taken, the phase's number is put behind it.

    So a phase "particle", as where no label covers it, is not mixed up with the other particles.

    >>> contact_columns({0: "pore", 1: "Pore", 2: "particle"})
    {0: 'ContactPore', 1: 'ContactPore1', 2: 'ContactParticle2'}
    """
    columns: dict[int, str] = {}
    for phase, name in names.items():
        column = f"Contact{name[:1].upper()}{name[1:]}"
        while column in (OTHER_PARTICLES, *columns.values()):
            column += str(phase)
        columns[phase] = column
    return columns


def particle_contacts(
    labels: NDArray[Any],
    phases: NDArray[Any],
    *,
    spacing: Spacing,
    names: Mapping[int, str] | None = None,
) -> dict[str, NDArray[Any]]:
    """Return the share of each particle's surface that lies at each phase, and at other particles.

    Parameters
    ----------
    labels
        Particles, shape (Z, Y, X), 0 is background; with or without gaps.
    phases
        Phases of the same shape, numbers from 0 to 254; 255 is not labelled.
    spacing
        Voxel size (z, y, x) in micrometres.
    names
        What phases are called, by their numbers.

    Returns
    -------
    dict
        ``Label`` and, for each phase of the background, ``ContactNAME`` (``ContactBinder``, with the
        phase's number behind it where that name is taken), then
        ``ContactParticle``: area of the voxel faces between the particle and the phase, or another particle,
        over the area of all its faces inside the volume. NaN for a particle that has none.

    Examples
    --------
    >>> labels = np.array([[[0, 4, 4, 0]]])
    >>> phases = np.array([[[1, 2, 2, 0]]])
    >>> found = particle_contacts(labels, phases, spacing=(1, 1, 1), names={0: "pore", 1: "binder"})
    >>> {name: column.tolist() for name, column in found.items()}
    {'Label': [4], 'ContactPore': [0.5], 'ContactBinder': [0.5], 'ContactParticle': [0.0]}
    """
    if labels.shape != phases.shape or labels.ndim != 3:
        raise InputError(
            f"labels of shape {labels.shape} and phases of shape {phases.shape} must be volumes of one shape"
        )
    found = np.unique(labels)
    ids = find_phases([np.where(labels == 0, phases, UNLABELLED)]) if (labels == 0).any() else ()
    counts = ContactCounts(found[found != 0], ids, spacing=spacing)
    counts.add(labels, phases)
    return counts.columns(names)
