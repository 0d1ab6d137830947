"""How well each particle is wired: how much of its surface lies at each phase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.morphology.phases import find_phases, phase_names
from electrodej.vocabulary import Spacing
from electrodej.volume import check_spacing, relabel_sequential


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
        ``Label`` and, for each phase of the background, ``ContactNAME`` (``ContactBinder``), then
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
    from electrodej.morphology.kernels.contacts import count_contacts

    if labels.shape != phases.shape or labels.ndim != 3:
        raise InputError(
            f"labels of shape {labels.shape} and phases of shape {phases.shape} must be volumes of one shape"
        )
    z, y, x = check_spacing(spacing)
    numbers, old = relabel_sequential(labels)
    outside = np.where(numbers == 0, phases, 255)
    ids = find_phases([outside]) if (numbers == 0).any() else ()
    table = np.full(256, len(ids), np.uint8)
    table[list(ids)] = np.arange(len(ids))
    # One column for each phase, one for what is not labelled, one for other particles.
    areas = np.zeros((len(old), len(ids) + 2))
    count_contacts(numbers, table[outside], np.array([y * x, z * x, z * y]), areas)
    total = areas[1:].sum(axis=1)
    with np.errstate(invalid="ignore"):
        shares = np.where(total[:, None] > 0, areas[1:] / total[:, None], np.nan)
    called = [_capital(name) for name in phase_names(ids, names).values()]
    return {
        "Label": old[1:],
        **{f"Contact{name}": shares[:, place] for place, name in enumerate(called)},
        "ContactParticle": shares[:, -1],
    }


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
