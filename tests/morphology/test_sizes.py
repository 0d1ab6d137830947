"""Sizes of phases: against geometry, SciPy and PoreSpy."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from electrodej.errors import InputError
from electrodej.morphology import (
    PhaseImage,
    chords,
    distances,
    intrusion,
    local_thickness,
    measure_sizes,
    size_distribution,
)
from electrodej.run import Run

CUBE = (1.0, 1.0, 1.0)
DATA = Path(__file__).parents[1] / "transport" / "data"
PEERS: dict[str, Any] = json.loads((DATA / "peers.json").read_text(encoding="utf-8"))


def structure() -> NDArray[np.uint8]:
    with np.load(DATA / "structures.npz") as stored:
        bits = np.unpackbits(stored["open"])
    return bits[: math.prod(PEERS["shape"])].reshape(PEERS["shape"])


@pytest.mark.parametrize("spacing", [CUBE, (2.0, 1.0, 0.5), (0.1, 1.0, 1.0)])
def test_distances_are_those_of_scipy(spacing: tuple[float, float, float]):
    mask = structure()
    found = np.sqrt(distances(mask, spacing=spacing)) * min(spacing)
    assert found == pytest.approx(distance_transform_edt(mask, sampling=spacing), rel=1e-5)


def test_local_thickness_has_the_values_of_porespy():
    found = np.bincount(local_thickness(structure(), spacing=CUBE).ravel())
    assert found[1:].tolist() == PEERS["local_thickness"]["counts"]


def test_local_thickness_is_the_largest_ball_that_holds_a_voxel():
    """By trying every ball, on voxels that are no cubes."""
    spacing = (2.0, 1.0, 1.0)
    mask = structure()[:10, :14, :14]
    depth = np.floor(distance_transform_edt(mask, sampling=spacing) + 1e-9)
    places = np.argwhere(mask) * spacing
    radii = depth[mask > 0]
    expected = np.zeros(mask.shape, int)
    for place in np.argwhere(mask):
        away = np.linalg.norm(places - place * spacing, axis=1)
        expected[tuple(place)] = radii[away < radii - 1e-9].max()
    assert local_thickness(mask, spacing=spacing).tolist() == expected.tolist()


def test_a_ball_is_as_thick_as_it_is():
    z, y, x = np.indices((41, 41, 41)) - 20
    ball = (z**2 + y**2 + x**2 < 15**2).astype(np.uint8)
    found = size_distribution(local_thickness(ball, spacing=(0.1, 0.1, 0.1)), spacing=(0.1, 0.1, 0.1))
    # A diameter of 3 um, within a voxel's edge on either side.
    assert found.percentile(50) == pytest.approx(3.0, abs=0.2)


def test_thickness_does_not_depend_on_threads_or_axes():
    mask = structure()
    one = local_thickness(mask, spacing=(1.5, 1.0, 2.0), run=Run(jobs=1))
    turned = local_thickness(np.ascontiguousarray(mask.transpose(2, 0, 1)), spacing=(2.0, 1.5, 1.0))
    assert np.array_equal(one, turned.transpose(1, 2, 0))


def test_a_wide_pore_behind_a_throat_counts_with_the_throat():
    pore = np.zeros((11, 30, 11), np.uint8)
    pore[4:7, :, 4:7] = 1  # a throat three voxels wide
    pore[1:10, 10:20, 1:10] = 1
    thick, entered = (work(pore, spacing=CUBE) for work in (local_thickness, intrusion))
    assert thick[5, 15, 5] == 5
    assert entered[5, 15, 5] == 2
    assert entered[5, 2, 5] == thick[5, 2, 5] == 2


def test_intrusion_is_what_its_definition_gives_voxel_by_voxel():
    """SciPy's distances, and its clusters of places for a ball that reach a face of the volume."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter, label

    mask = gaussian_filter(np.random.default_rng(7).standard_normal((20, 22, 24)), 1.8) > -0.01
    away = distance_transform_edt(mask)
    expected = np.zeros(mask.shape, int)
    for radius in range(int(away.max()) + 1, 0, -1):
        places, _ = label(away >= radius)
        faces = [np.take(places, end, axis) for axis in range(3) for end in (0, -1)]
        reached = np.isin(places, np.setdiff1d(np.concatenate([face.ravel() for face in faces]), 0))
        if reached.any():
            expected[(expected == 0) & (distance_transform_edt(~reached) < radius)] = radius
    assert (intrusion(mask, spacing=CUBE) == expected).all()


def test_nothing_comes_into_a_slice_from_above():
    slice_ = np.zeros((1, 9, 9), np.uint8)
    slice_[0, 3:6, 3:6] = slice_[0, 0, 0] = 1
    assert np.argwhere(intrusion(slice_, spacing=CUBE)).tolist() == [[0, 0, 0]]


def test_nothing_comes_into_a_closed_pore():
    pore = np.zeros((9, 9, 9), np.uint8)
    pore[3:6, 3:6, 3:6] = 1
    assert intrusion(pore, spacing=CUBE).max() == 0
    pore[:4, 4, 4] = 1
    assert intrusion(pore, spacing=CUBE).max() == 1
    assert intrusion(pore, spacing=CUBE, axis=2).max() == 0


def test_chords_cut_by_a_face_do_not_count():
    layers = np.zeros((3, 20, 3), np.uint8)
    layers[:, :3] = layers[:, 5:9] = layers[:, 12:14] = layers[:, 18:] = 1
    found = chords(layers, 1, spacing=(1.0, 0.5, 1.0))
    middles = (found.sizes[1:] + found.sizes[:-1]) / 2
    assert dict(zip(middles[found.shares > 0], found.shares[found.shares > 0], strict=True)) == {
        1.0: 0.5,
        2.0: 0.5,
    }


def test_slits_have_their_width_in_every_measure():
    phases = np.zeros((40, 12, 12), np.uint8)
    for first in range(4, 40, 10):
        phases[first : first + 5] = 1
    found, shares = measure_sizes(PhaseImage(phases, spacing=(0.2, 0.2, 0.2), names={1: "slit"}))
    values = {each.name: each.value for each in found}
    assert values["ChordMean_slit_z"] == pytest.approx(1.0)
    assert math.isnan(values["ChordMean_slit_x"])
    assert values["DistanceMax_slit"] == pytest.approx(0.6)
    assert values["DistanceMean_slit"] == pytest.approx(0.2 * (1 + 2 + 3 + 2 + 1) / 5)
    # 5 voxels of 0.2: balls of a radius from 3 to 4 voxels between centres.
    assert 1.2 <= values["Thickness_slit_D50"] <= 1.6
    assert values["Intrusion_slit_D50"] == pytest.approx(values["Thickness_slit_D50"])
    assert shares["Chord_slit_z"].shares.sum() == pytest.approx(1)


def test_a_phase_without_an_end_has_no_size():
    found, _ = measure_sizes(PhaseImage(np.ones((5, 5, 5), np.uint8), spacing=CUBE))
    assert all(math.isnan(each.value) for each in found)


def test_a_single_image_is_measured_too():
    image = np.zeros((1, 20, 20), np.uint8)
    image[0, 5:10] = 1
    found, _ = measure_sizes(PhaseImage(image[0], spacing=CUBE))
    assert {each.name: each.value for each in found}["ChordMean_class1_y"] == 5


def test_grey_images_are_refused():
    with pytest.raises(InputError, match="and not the grey one"):
        PhaseImage(np.arange(400, dtype=np.uint16).reshape(4, 10, 10), spacing=CUBE)
