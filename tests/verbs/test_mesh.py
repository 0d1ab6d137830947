"""Meshes from files, opened by an independent reader."""

from __future__ import annotations

from pathlib import Path

import meshio
import numpy as np
import pytest

from electrodej.errors import InputError, OutputError
from electrodej.verbs import do
from electrodej.volume import write_volume

SPACING = (0.4, 0.3, 0.2)


@pytest.fixture
def phases(tmp_path: Path) -> Path:
    image = np.zeros((12, 14, 16), np.uint8)
    image[2:10, 3:11, 4:12], image[0, 0, 0] = 2, 1
    return Path(write_volume(tmp_path / "p.tif", image, spacing=SPACING, labels=True))


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj"])
def test_a_surface_has_the_volume_of_the_voxels(phases: Path, tmp_path: Path, suffix: str):
    do("mesh", phases, select=(2,), out=tmp_path / f"m{suffix}")
    mesh = meshio.read(tmp_path / f"m{suffix}")
    corners = mesh.points[mesh.cells_dict["triangle"]]
    volume = abs(np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6)
    assert volume == pytest.approx(8**3 * 0.4 * 0.3 * 0.2, rel=0.01)


def test_a_coarser_surface_has_fewer_triangles_and_the_same_volume(phases: Path, tmp_path: Path):
    fine, coarse = (
        do("mesh", phases, select=(2,), coarsen=coarsen, out=tmp_path / f"{coarsen}.ply").numbers
        for coarsen in (0.0, 0.5)
    )
    assert coarse["triangles"] < fine["triangles"] / 2
    assert coarse["volume_um3"] == pytest.approx(fine["volume_um3"], rel=0.01)
    assert len(meshio.read(tmp_path / "0.5.ply").cells_dict["triangle"]) == coarse["triangles"]


def test_a_voxel_mesh_has_a_brick_for_each_voxel(phases: Path, tmp_path: Path):
    found = do("mesh", phases, out=tmp_path / "m.vtu").numbers
    mesh = meshio.read(tmp_path / "m.vtu")
    assert found["bricks"] == len(mesh.cells_dict["hexahedron"]) == 8**3 + 1


def test_a_grey_image_is_no_set_of_bodies(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 255, (4, 32, 32), np.uint8)
    write_volume(tmp_path / "grey.tif", noise, spacing=(1, 1, 1))
    with pytest.raises(InputError, match="looks like grey values"):
        do("mesh", tmp_path / "grey.tif", out=tmp_path / "g.stl")


def test_what_is_not_there_is_refused_and_nothing_written(phases: Path, tmp_path: Path):
    with pytest.raises(InputError, match="--select"):
        do("mesh", phases, select=(7,), out=tmp_path / "m.stl")
    with pytest.raises(InputError):
        do("mesh", phases, out=tmp_path / "m.xyz")
    (tmp_path / "m.stl").write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        do("mesh", phases, out=tmp_path / "m.stl")
    assert {path.name for path in tmp_path.iterdir()} == {"p.tif", "m.stl"}
