"""How a volume is cut into slabs."""

from __future__ import annotations

from electrodej.errors import InputError
from electrodej.vocabulary import Shape

Slab = tuple[int, int]

# What one worker has at once: three views, their sum, its smoothing, pointers and numbers.
BYTES_PER_VOXEL = 24


def plan_slabs(shape: Shape, *, jobs: int, memory: int, thickness: int | None, halo: int) -> list[Slab]:
    """Cut the slices into slabs ``(z0, z1)`` that with their halo fit the memory of all threads.

    Examples
    --------
    >>> plan_slabs((10, 4, 4), jobs=1, memory=2**20, thickness=4, halo=3)
    [(0, 4), (4, 8), (8, 10)]
    """
    depth = shape[0]
    if thickness is None:
        room = memory // (jobs * BYTES_PER_VOXEL * shape[1] * shape[2])
        # Pointers inside a slab are 32-bit numbers.
        room = min(room, (2**31 - 1) // ((shape[1] + 2) * (shape[2] + 2)))
        # At least a slab for each thread, unless the halo would be most of the work.
        thickness = max(1, min(room - 2 * halo, max(-(-depth // jobs), 4 * halo)))
        thickness = -(-depth // -(-depth // thickness))
    if thickness < 1:
        raise InputError(f"slab: {thickness} is no number of slices; give 1 or more")
    return [(z0, min(z0 + thickness, depth)) for z0 in range(0, depth, thickness)]
