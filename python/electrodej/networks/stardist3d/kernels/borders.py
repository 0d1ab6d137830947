"""Compiled: borders that follow the grey volume as far as its noise lets them be seen."""

from __future__ import annotations

from typing import Any

from electrodej.compiled import compiled, compiled_inline
from electrodej.networks.stardist3d.greys import STEP


@compiled
def where_wanted(
    z0: int, labels: Any, depths: Any, grey: Any, greys: Any, factor: Any, rule: Any, out: Any
) -> None:
    """Write which body each voxel of the slices from ``z0`` on is to belong to, 0 for none, to ``out``.

    A voxel of grey g lies *e = length (g - middle) / contrast* deep in its body by the scan, middle and
    contrast being those of the greys inside and around it, and *d* by the network. It belongs to the body
    where *trust e + (1 - trust) d >= 0*, e being at most ``reach`` either way; deeper than ``reach`` nothing
    changes. Where the greys are not known, d alone counts.

    ``labels`` and ``depths`` are those of bodies drawn larger by ``reach``; ``greys`` are the greys inside
    and around, at every second voxel of the network's, which is ``factor`` (z, y, x) voxels long. ``rule``:
    reach, length, trust.
    """
    inside, around = greys
    reach, length, trust = rule
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                deep = depths[z, y, x]
                if deep >= reach or labels[z, y, x] == 0 or deep <= -reach:
                    out[z, y, x] = labels[z, y, x] if deep >= reach else 0
                    continue
                i = _between(inside, z + z0, y, x, factor)
                o = _between(around, z + z0, y, x, factor)
                if i > o:
                    seen = length * (grey[z, y, x] - 0.5 * (i + o)) / (i - o)
                    deep = trust * min(max(seen, -reach), reach) + (1 - trust) * deep
                out[z, y, x] = labels[z, y, x] if deep >= 0 else 0


@compiled_inline
def _place(at: int, factor: float, length: int) -> Any:
    """Return between which two places a voxel lies, and how near to the second."""
    place = min(max(((at + 0.5) / factor - 0.5) / STEP, 0.0), length - 1.0)
    low = min(int(place), max(length - 2, 0))
    return low, min(low + 1, length - 1), place - low


@compiled_inline
def _between(values: Any, z: int, y: int, x: int, factor: Any) -> Any:
    """The value at a voxel, on straight lines between those at every second voxel of the network."""
    z0, z1, z_share = _place(z, factor[0], values.shape[0])
    y0, y1, y_share = _place(y, factor[1], values.shape[1])
    x0, x1, x_share = _place(x, factor[2], values.shape[2])
    near = _line(values, z0, y0, y1, y_share, x0, x1, x_share)
    far = _line(values, z1, y0, y1, y_share, x0, x1, x_share)
    return near + z_share * (far - near)


@compiled_inline
def _line(values: Any, z: int, y0: int, y1: int, y_share: float, x0: int, x1: int, x_share: float) -> Any:
    near = values[z, y0, x0] + x_share * (values[z, y0, x1] - values[z, y0, x0])
    far = values[z, y1, x0] + x_share * (values[z, y1, x1] - values[z, y1, x0])
    return near + y_share * (far - near)


@compiled
def follow(labels: Any, wanted: Any, out: Any) -> None:
    """Let borders move by one voxel to where they are wanted.

    A voxel becomes what it is wanted to be only beside what is that already: nothing appears apart from its
    body, and no hole within it.
    """
    depth, rows, columns = labels.shape
    for z in range(depth):
        for y in range(rows):
            for x in range(columns):
                own, want = labels[z, y, x], wanted[z, y, x]
                out[z, y, x] = own
                if own == want:
                    continue
                if (
                    (z > 0 and labels[z - 1, y, x] == want)
                    or (z + 1 < depth and labels[z + 1, y, x] == want)
                    or (y > 0 and labels[z, y - 1, x] == want)
                    or (y + 1 < rows and labels[z, y + 1, x] == want)
                    or (x > 0 and labels[z, y, x - 1] == want)
                    or (x + 1 < columns and labels[z, y, x + 1] == want)
                ):
                    out[z, y, x] = want
