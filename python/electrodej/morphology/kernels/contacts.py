"""Faces between particles and what lies beside them."""

from __future__ import annotations

from typing import Any

from electrodej.compiled import compiled


@compiled
def _count(one: Any, other: Any, here: Any, there: Any, area: Any, areas: Any) -> None:
    last = areas.shape[1] - 1
    if one == other:
        return
    if one > 0:
        areas[one, last if other != 0 else there] += area
    if other > 0:
        areas[other, last if one != 0 else here] += area


@compiled
def count_contacts(labels: Any, phases: Any, faces: Any, areas: Any) -> None:
    """Add the areas of all faces of the last slice, and of those to the slice before it, if there is one.

    Labels above 0 are rows of ``areas``, others are particles without a row; the last column is for other
    particles.
    """
    nz, ny, nx = labels.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                one, here = labels[z, y, x], phases[z, y, x]
                if z < nz - 1:
                    _count(one, labels[z + 1, y, x], here, phases[z + 1, y, x], faces[0], areas)
                    continue
                if y < ny - 1:
                    _count(one, labels[z, y + 1, x], here, phases[z, y + 1, x], faces[1], areas)
                if x < nx - 1:
                    _count(one, labels[z, y, x + 1], here, phases[z, y, x + 1], faces[2], areas)
