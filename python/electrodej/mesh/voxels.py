"""Voxels of phases as a mesh of bricks for finite elements."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import Spacing
from electrodej.volume import check_spacing

_BRICK = 12  # the number of a hexahedron in VTK


@dataclass(frozen=True)
class Bricks:
    """Bricks that share corners.

    Attributes
    ----------
    corners
        Positions (x, y, z) in micrometres, shape (n, 3).
    cells
        Eight corners each, in the order of VTK's hexahedron, shape (m, 8).
    phases
        The phase of each brick.
    """

    corners: NDArray[np.float64]
    cells: NDArray[np.int64]
    phases: NDArray[Any]


def bricks_of(phases: NDArray[Any], *, spacing: Spacing, keep: Sequence[int] | None = None) -> Bricks:
    """Return a brick for each voxel of some phases; bricks that touch share their corners.

    Parameters
    ----------
    phases
        Shape (Z, Y, X).
    spacing
        Voxel size (z, y, x) in micrometres.
    keep
        Which phases; all by default.

    Notes
    -----
    The volume's corner is at (0, 0, 0), so voxel (0, 0, 0) reaches from there to one voxel size.

    Examples
    --------
    >>> bricks = bricks_of(np.array([[[0, 1, 1]]]), spacing=(1, 1, 0.5), keep=(1,))
    >>> bricks.cells.shape, bricks.corners.shape, bricks.corners[:, 0].max().item()
    ((2, 8), (12, 3), 1.5)
    """
    step = check_spacing(spacing)
    if phases.ndim != 3:
        raise InputError(f"phases have the axes z, y and x, not the shape {phases.shape}")
    chosen = np.ones(phases.shape, np.bool_) if keep is None else np.isin(phases, list(keep))
    places = np.argwhere(chosen)
    if not len(places):
        raise InputError("no voxel has one of these phases, so there is nothing to be meshed")
    counts = [n + 1 for n in phases.shape]
    # VTK goes round the bottom, then round the top, in (x, y) of each.
    around = [(z, y, x) for z in (0, 1) for y, x in ((0, 0), (0, 1), (1, 1), (1, 0))]
    nodes = np.stack(
        [np.ravel_multi_index(tuple((places + np.array(offset)).T), tuple(counts)) for offset in around],
        axis=1,
    )
    used, cells = np.unique(nodes, return_inverse=True)
    z, y, x = np.unravel_index(used, tuple(counts))
    corners = np.stack([x * step[2], y * step[1], z * step[0]], axis=1).astype(np.float64)
    return Bricks(corners, cells.reshape(nodes.shape).astype(np.int64), phases[chosen])


def write_bricks(path: str | Path, bricks: Bricks, *, force: bool = False) -> Path:
    """Write bricks as an unstructured grid of VTK (.vtu), with ``phase`` of each cell."""
    from electrodej.files import whole_file

    target = Path(path)
    if target.suffix.lower() != ".vtu":
        raise InputError(f"voxel meshes are written as .vtu, not as {target.suffix!r}")
    with whole_file(target, force=force) as scratch:
        scratch.write_text(_vtu(bricks), encoding="ascii")
    return target


def _vtu(bricks: Bricks) -> str:
    n, m = len(bricks.corners), len(bricks.cells)
    phase = np.asarray(bricks.phases, "<i4")
    return (
        '<?xml version="1.0"?>\n'
        '<VTKFile type="UnstructuredGrid" version="1.0" byte_order="LittleEndian" header_type="UInt64">\n'
        f'<UnstructuredGrid><Piece NumberOfPoints="{n}" NumberOfCells="{m}">\n'
        f"<Points>{_array('Points', bricks.corners.astype('<f8'), 3)}</Points>\n<Cells>\n"
        + _array("connectivity", bricks.cells.astype("<i8"))
        + _array("offsets", np.arange(8, 8 * m + 1, 8, dtype="<i8"))
        + _array("types", np.full(m, _BRICK, "u1"))
        + f'</Cells>\n<CellData Scalars="phase">{_array("phase", phase)}</CellData>\n'
        "</Piece></UnstructuredGrid>\n</VTKFile>\n"
    )


def _array(name: str, values: NDArray[Any], components: int = 1) -> str:
    kind = {"f8": "Float64", "i8": "Int64", "i4": "Int32", "u1": "UInt8"}[values.dtype.str[1:]]
    content = values.tobytes()
    coded = base64.b64encode(np.array([len(content)], "<u8").tobytes() + content).decode("ascii")
    return (
        f'<DataArray type="{kind}" Name="{name}" NumberOfComponents="{components}" format="binary">'
        f"{coded}</DataArray>\n"
    )
