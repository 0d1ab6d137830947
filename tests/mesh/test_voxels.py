"""Voxel meshes: bricks of the right volume and orientation, in a file by VTK's definition."""

from __future__ import annotations

import base64
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.mesh import bricks_of, write_bricks

PHASES = np.random.default_rng(0).integers(0, 3, (3, 4, 5))
SPACING = (0.5, 1.0, 2.0)


def test_every_brick_has_a_voxel_s_volume_and_turns_the_right_way():
    bricks = bricks_of(PHASES, spacing=SPACING)
    corners = bricks.corners[bricks.cells]
    edges = corners[:, [1, 3, 4]] - corners[:, [0, 0, 0]]
    assert np.linalg.det(edges) == pytest.approx(1.0)
    assert len(bricks.corners) == 4 * 5 * 6


def test_bricks_lie_where_their_voxels_are():
    bricks = bricks_of(PHASES, spacing=SPACING, keep=(1,))
    middles = bricks.corners[bricks.cells].mean(axis=1)
    expected = (np.argwhere(PHASES == 1) + 0.5) * SPACING
    assert middles == pytest.approx(expected[:, ::-1])
    assert (bricks.phases == 1).all()


def test_the_file_holds_the_mesh(tmp_path: Path):
    bricks = bricks_of(PHASES, spacing=SPACING)
    path = write_bricks(tmp_path / "mesh.vtu", bricks)
    kinds = {"Float64": "<f8", "Int64": "<i8", "Int32": "<i4", "UInt8": "u1"}
    read = {}
    for each in ElementTree.parse(path).iter("DataArray"):
        content = base64.b64decode(each.text or "")
        assert int(np.frombuffer(content[:8], "<u8")[0]) == len(content) - 8
        read[each.attrib["Name"]] = np.frombuffer(content[8:], kinds[each.attrib["type"]])
    assert read["Points"].tolist() == bricks.corners.ravel().tolist()
    assert read["connectivity"].tolist() == bricks.cells.ravel().tolist()
    assert read["offsets"].tolist() == list(range(8, 8 * PHASES.size + 1, 8))
    assert set(read["types"].tolist()) == {12}
    assert read["phase"].tolist() == PHASES.ravel().tolist()


def test_what_cannot_be_meshed_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="nothing to be meshed"):
        bricks_of(PHASES, spacing=SPACING, keep=(9,))
    with pytest.raises(InputError, match="axes z, y and x"):
        bricks_of(PHASES[0], spacing=SPACING)
    with pytest.raises(InputError, match=r"\.vtu"):
        write_bricks(tmp_path / "mesh.msh", bricks_of(PHASES, spacing=SPACING))
