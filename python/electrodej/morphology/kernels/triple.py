"""Edges of voxels around which three phases lie."""

from __future__ import annotations

from typing import Any

from electrodej.compiled import compiled


@compiled
def count_triple_edges(bits: Any, counts: Any) -> None:
    """Count the edges along z, y and x whose four voxels have all of the bits 1, 2 and 4 between them."""
    nz, ny, nx = bits.shape
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                here = bits[z, y, x]
                if y < ny - 1 and x < nx - 1:
                    around = here | bits[z, y + 1, x] | bits[z, y, x + 1] | bits[z, y + 1, x + 1]
                    counts[0] += around == 7
                if z < nz - 1 and x < nx - 1:
                    around = here | bits[z + 1, y, x] | bits[z, y, x + 1] | bits[z + 1, y, x + 1]
                    counts[1] += around == 7
                if z < nz - 1 and y < ny - 1:
                    around = here | bits[z + 1, y, x] | bits[z, y + 1, x] | bits[z + 1, y + 1, x]
                    counts[2] += around == 7
