"""Surfaces: closed, of the right volume, and readable by the formats' definitions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from electrodej.errors import InputError, OutputError
from electrodej.mesh import Surface, coarser_surface, surface_bytes, surface_of, write_surface


def ball(radius: float = 12.0) -> np.ndarray:
    z, y, x = np.indices((31, 31, 31)) - 15
    return (z**2 + y**2 + x**2 <= radius**2).astype(np.uint8)


@pytest.mark.parametrize("smoothing", [0, 10])
@pytest.mark.parametrize("spacing", [(0.1, 0.1, 0.1), (0.3, 0.1, 0.2)])
def test_the_surface_of_a_ball_is_closed_and_holds_its_volume(
    spacing: tuple[float, float, float], smoothing: int
):
    mask = ball()
    surface = surface_of(mask, spacing=spacing, smoothing=smoothing)
    assert surface.watertight
    assert surface.volume == pytest.approx(mask.sum() * np.prod(spacing), rel=1e-3)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 2), (1, 1, 20)])
@pytest.mark.parametrize("smoothing", [3, 10, 30])
def test_bodies_of_few_voxels_keep_their_volume(shape: tuple[int, int, int], smoothing: int):
    surface = surface_of(np.ones(shape), spacing=(0.1, 0.1, 0.1), smoothing=smoothing)
    assert surface.watertight
    assert surface.volume == pytest.approx(np.prod(shape) * 1e-3, rel=1e-3)
    # Nothing reaches further than the voxels do, but for what makes up for their corners.
    assert (np.ptp(surface.corners, axis=0)[::-1] < (np.array(shape) + 1) * 0.1).all()


def test_smoothing_brings_the_area_of_a_ball_near_to_the_truth():
    truth = 4 * np.pi * 12**2
    rough, smooth = (surface_of(ball(), spacing=(1, 1, 1), smoothing=n).area for n in (0, 10))
    assert smooth == pytest.approx(truth, rel=0.02)
    assert abs(smooth - truth) < abs(rough - truth)


def points_on(surface: Surface) -> np.ndarray:
    """Corners, and points inside every triangle."""
    corners = surface.corners[surface.faces]
    weights = ((1 / 3, 1 / 3, 1 / 3), (0.6, 0.2, 0.2), (0, 0.5, 0.5))
    return np.concatenate([surface.corners, *(np.einsum("k,ikj->ij", w, corners) for w in weights)])


def away(points: np.ndarray, surface: Surface) -> np.ndarray:
    """Distance of each point to the nearest triangle: to its plane inside of it, else to its sides."""
    nearest = np.full(len(points), np.inf)
    for a, b, c in surface.corners[surface.faces]:
        normal = np.cross(b - a, c - a)
        inside = np.ones(len(points), bool)
        for start, end in ((a, b), (b, c), (c, a)):
            side, from_start = end - start, points - start
            inside &= np.cross(side, from_start) @ normal >= 0
            share = np.clip(from_start @ side / (side @ side), 0, 1)
            nearest = np.minimum(nearest, np.linalg.norm(from_start - share[:, None] * side, axis=1))
        height = np.abs((points - a) @ normal) / np.linalg.norm(normal)
        nearest = np.where(inside, np.minimum(nearest, height), nearest)
    return nearest


@pytest.mark.slow
@pytest.mark.parametrize(("bound", "fewer"), [(0.1, 1.5), (0.3, 6)])
def test_fewer_triangles_are_no_farther_away_than_they_may_be(bound: float, fewer: float):
    """Either way; closed, and with the voxels' volume once that is set right."""
    mask, spacing = ball(6)[8:23, 8:23, 8:23], (0.15, 0.1, 0.1)
    mask[:7, :, 5:10] = 1
    fine = surface_of(mask, spacing=spacing)
    coarse = coarser_surface(fine, bound)
    assert coarse.watertight
    assert len(coarse.faces) < len(fine.faces) / fewer
    for one, other in ((fine, coarse), (coarse, fine)):
        assert away(points_on(one), other).max() <= bound
    set_right = surface_of(mask, spacing=spacing, coarsen=bound)
    assert set_right.watertight
    assert set_right.volume == pytest.approx(mask.sum() * np.prod(spacing), rel=0.01)


def test_positions_are_x_y_z_of_voxel_centres():
    mask = np.zeros((4, 6, 8))
    mask[1, 2, 5] = 1
    surface = surface_of(mask, spacing=(0.5, 1.0, 2.0), smoothing=0)
    assert surface.corners.mean(axis=0) == pytest.approx([10.0, 2.0, 0.5])


def test_bodies_cut_by_the_volume_are_closed():
    surface = surface_of(ball()[15:, :, :20], spacing=(1, 1, 1))
    assert surface.watertight


def test_an_open_surface_is_told_from_a_closed_one():
    surface = surface_of(ball(), spacing=(1, 1, 1), smoothing=0)
    assert not Surface(surface.corners, surface.faces[1:]).watertight


def test_stl_holds_every_triangle_and_its_normal():
    surface = surface_of(ball(4), spacing=(1, 1, 1))
    content = surface_bytes(surface, ".stl")
    count = int(np.frombuffer(content[80:84], "<u4")[0])
    assert len(content) == 84 + 50 * count
    rows = np.frombuffer(content[84:], np.dtype([("v", "<f4", (4, 3)), ("end", "<u2")]))["v"]
    assert rows[:, 1:] == pytest.approx(surface.corners[surface.faces], abs=1e-5)
    # Normals point away from the middle.
    outwards = rows[:, 1:].mean(axis=1) - 15
    assert ((rows[:, 0] * outwards).sum(axis=1) > 0).all()


def test_ply_obj_and_glb_hold_the_same_corners_and_faces():
    surface = surface_of(ball(4), spacing=(1, 1, 1))
    corners, faces = surface.corners, surface.faces

    head, _, body = surface_bytes(surface, ".ply").partition(b"end_header\n")
    assert f"element face {len(faces)}\n".encode() in head
    read = np.frombuffer(body[: 12 * len(corners)], "<f4").reshape(-1, 3)
    assert read == pytest.approx(corners, abs=1e-5)
    rows = np.frombuffer(body[12 * len(corners) :], np.dtype([("n", "u1"), ("f", "<i4", 3)]))
    assert (rows["n"] == 3).all()
    assert np.array_equal(rows["f"], faces)

    lines = [line.split() for line in surface_bytes(surface, ".obj").decode().splitlines()]
    vertices = np.array([line[1:] for line in lines if line[0] == "v"], float)
    assert vertices == pytest.approx(corners, abs=1e-5)
    assert np.array_equal(np.array([line[1:] for line in lines if line[0] == "f"], int) - 1, faces)

    content = surface_bytes(surface, ".glb")
    assert content[:4] == b"glTF"
    assert np.frombuffer(content[4:12], "<u4").tolist() == [2, len(content)]
    length = int(np.frombuffer(content[12:16], "<u4")[0])
    about = json.loads(content[20 : 20 + length])
    binary = content[28 + length :]
    split = about["bufferViews"][1]["byteOffset"]
    assert np.frombuffer(binary[:split], "<f4").reshape(-1, 3) == pytest.approx(corners, abs=1e-5)
    assert np.array_equal(np.frombuffer(binary[split:], "<u4").reshape(-1, 3), faces)


def test_files_are_not_replaced_unseen(tmp_path: Path):
    surface = surface_of(ball(4), spacing=(1, 1, 1))
    path = write_surface(tmp_path / "ball.stl", surface)
    assert path.read_bytes() == surface_bytes(surface, ".stl")
    with pytest.raises(OutputError):
        write_surface(path, surface)
    write_surface(path, surface, force=True)


def test_what_cannot_be_meshed_or_written_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="at least one voxel"):
        surface_of(np.zeros((4, 4, 4)), spacing=(1, 1, 1))
    with pytest.raises(InputError, match=r"\.stl, \.ply, \.obj, \.glb"):
        write_surface(tmp_path / "ball.xyz", surface_of(ball(4), spacing=(1, 1, 1)))
