"""What comes beside the 21 attributes: against SciPy, edt, scikit-image and closed forms."""

from __future__ import annotations

from typing import Any

import edt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage
from scipy.spatial.distance import pdist

from electrodej.features import features

UNEVEN = (0.5, 0.3, 0.1)
SPACINGS = [(1.0, 1.0, 1.0), (3.0, 4.0, 5.0), UNEVEN]


@pytest.fixture(scope="module")
def scene(blobs: Any) -> Any:
    return blobs((30, 34, 70), 14, seed=11, size=(3.0, 9.0))


def fills(reference: Any, labels: Any, spacing: Any, radius: float) -> Any:
    """Each label with raw and fill in its box, by the literal program."""
    for label, box in reference.particle_boxes(labels):
        raw = labels[box] == label
        closed = reference.close(raw, spacing=spacing, radius=radius, closing="distance")
        yield label, raw, ndimage.binary_fill_holes(closed)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_feret_is_the_largest_distance_of_two_voxel_corners(scene: Any, spacing: Any) -> None:
    grey, labels = scene
    table = features(grey, labels, spacing=spacing, attributes=["Feret"])
    for label, feret in zip(table["Label"], table["Feret"], strict=True):
        raw = labels == label
        surface = np.argwhere(raw & ~ndimage.binary_erosion(raw))
        corners = (surface[:, None] + np.array(list(np.ndindex(2, 2, 2)))).reshape(-1, 3)
        assert_allclose(feret, pdist(np.unique(corners, axis=0) * spacing).max(), rtol=1e-12)


@pytest.mark.parametrize(
    ("shape", "longest"), [((1, 1, 1), 3**0.5), ((1, 1, 7), 51**0.5), ((1, 5, 5), 51**0.5), ((3, 4, 12), 13)]
)
def test_feret_of_a_block_is_its_diagonal(shape: Any, longest: float) -> None:
    labels = np.pad(np.ones(shape, np.uint8), 1)
    assert_allclose(features(labels, labels, spacing=(1, 1, 1), attributes=["Feret"])["Feret"], longest)


def test_pieces_are_counted_with_26_neighbours(scene: Any) -> None:
    grey, labels = scene
    table = features(grey, labels, spacing=UNEVEN, attributes=["Pieces"])
    expected = [ndimage.label(labels == label, np.ones((3, 3, 3)))[1] for label in table["Label"]]
    assert max(expected) > 1
    assert_array_equal(table["Pieces"], expected)


def test_pieces_are_flagged_in_the_notes() -> None:
    labels = np.zeros((3, 3, 9), np.uint8)
    labels[1, 1, [1, 7]] = 5
    notes = features(labels, labels, spacing=(1, 1, 1)).notes
    assert "In more than one piece, measured as one: label 5." in notes


@pytest.mark.parametrize("spacing", SPACINGS)
def test_crack_shares_and_width_follow_the_distance_transform(
    scene: Any, reference: Any, spacing: Any
) -> None:
    grey, labels = scene
    radius = 3 * min(spacing)
    names = ["CrackOuter", "CrackMiddle", "CrackInner", "CrackWidth"]
    table = features(grey, labels, spacing=spacing, radius=radius, attributes=names)
    for row, (_, raw, fill) in enumerate(fills(reference, labels, spacing, radius)):
        depth = ndimage.distance_transform_edt(np.pad(fill, 1), sampling=spacing)[1:-1, 1:-1, 1:-1]
        thirds = depth / depth.max() * (1 - 1e-9)
        for name, low, high in (
            ("CrackOuter", 0, 1 / 3), ("CrackMiddle", 1 / 3, 2 / 3), ("CrackInner", 2 / 3, 1)
        ):  # fmt: skip
            here = fill & (thirds > low) & (thirds <= high)
            share = (here & ~raw).sum() / here.sum() if here.any() else np.nan
            assert_allclose(table[name][row], share, rtol=1e-12, err_msg=name)
        crack = np.pad(fill & ~raw, 1)
        width = 2 * edt.edt(crack, anisotropy=spacing).max()
        assert_allclose(table["CrackWidth"][row], width, rtol=1e-5, err_msg="edt works in 32 bits")


def test_crack_width_of_a_slit_of_two_voxels() -> None:
    labels = np.pad(np.ones((12, 20, 20), np.uint8), 1)
    labels[6:8] = 0
    table = features(labels, labels, spacing=(0.5, 0.5, 0.5), radius=4, attributes=["CrackWidth"])
    assert table["CrackWidth"] == 1.0


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.6, 0.8, 1.0)])
def test_area_of_a_ball_is_right_to_two_percent(spacing: Any) -> None:
    axes = np.meshgrid(*(np.arange(-16, 17) * s for s in spacing), indexing="ij")
    radius = 9.3
    ball = np.where(sum(a**2 for a in axes) <= radius**2, 1, 0).astype(np.uint8)
    table = features(ball, ball, spacing=spacing, attributes=["AreaRaw", "AreaFill", "EqDiameter"])
    assert_allclose(table["AreaRaw"], 4 * np.pi * radius**2, rtol=0.02)
    assert_allclose(table["AreaFill"], 4 * np.pi * radius**2, rtol=0.02)
    assert_allclose(table["EqDiameter"], 2 * radius, rtol=0.01)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.6, 0.8, 1.0)])
def test_area_of_a_box_is_what_crofton_gives_for_its_known_crossings(spacing: Any) -> None:
    # A box of n voxels shares prod(n - |d|) of them with itself moved by d, so the crossings are known;
    # each direction's share of the sphere is counted with 400,000 points (three digits).
    size = np.array([20, 24, 28])
    steps = np.array([d for d in np.ndindex(3, 3, 3) if d > (1, 1, 1)]) - 1
    lengths = np.linalg.norm(steps * spacing, axis=1)
    i = np.arange(400_000) + 0.5
    z, turn = 1 - i / 200_000, np.pi * (1 + 5**0.5) * i
    points = np.stack([z, np.sqrt(1 - z**2) * np.sin(turn), np.sqrt(1 - z**2) * np.cos(turn)], axis=1)
    nearest = np.abs(points @ (steps * spacing / lengths[:, None]).T).argmax(axis=1)
    shares = np.bincount(nearest, minlength=13) / len(points)
    crossings = 2 * (size.prod() - np.prod(size - np.abs(steps), axis=1))
    expected = 2 * np.sum(shares * crossings / lengths) * np.prod(spacing)
    box = np.pad(np.ones(size, np.uint8), 1)
    assert_allclose(
        features(box, box, spacing=spacing, attributes=["AreaRaw"])["AreaRaw"], expected, rtol=1e-3
    )


def test_hollow_ball_has_both_its_surfaces_raw_and_one_filled() -> None:
    z, y, x = np.ogrid[-16:17, -16:17, -16:17]
    square = z**2 + y**2 + x**2
    shell = ((square <= 14.2**2) & (square > 7.2**2)).astype(np.uint8)
    table = features(shell, shell, spacing=(1, 1, 1), radius=2, attributes=["AreaRaw", "AreaFill"])
    assert_allclose(table["AreaRaw"], 4 * np.pi * (14.2**2 + 7.2**2), rtol=0.02)
    assert_allclose(table["AreaFill"], 4 * np.pi * 14.2**2, rtol=0.02)


def test_boxes_radii_and_counts_are_those_of_scikit_image(scene: Any) -> None:
    from skimage.measure import regionprops

    grey, labels = scene
    table = features(grey, labels, spacing=(1, 1, 1), attributes="basic")
    for row, region in enumerate(regionprops(labels, grey)):
        box = [int(table[f"Box{a}{i}"][row]) for i in (0, 1) for a in "ZYX"]
        assert box == list(region.bbox)
        assert table["Voxels"][row] == region.area
        assert_allclose([table[a][row] for a in "ZYX"], region.centroid)
        assert_allclose(table["GreyMean"][row], region.intensity_mean)
        values = grey[labels == region.label]
        assert_allclose(table["GreyDeviation"][row], values.std(ddof=1))
        # The ellipsoid of the covariance: scikit-image gives the eigenvalues of the inertia tensor.
        a, b, c = region.inertia_tensor_eigvals
        half = np.sqrt(5 * (np.array([a + b - c, a + c - b, b + c - a]) / 2 + 1 / 12))
        assert_allclose([table[f"Radius{i}"][row] for i in "ABC"], half, rtol=1e-9)


def test_contacts_count_the_faces_between_every_pair(scene: Any) -> None:
    grey, labels = scene
    expected: dict[tuple[int, int], float] = {}
    faces = dict(zip(range(3), (0.3 * 0.1, 0.5 * 0.1, 0.5 * 0.3), strict=True))
    for axis in range(3):
        one, two = np.moveaxis(labels, axis, 0)[:-1], np.moveaxis(labels, axis, 0)[1:]
        touching = (one != two) & (one > 0) & (two > 0)
        for pair in zip(one[touching].tolist(), two[touching].tolist(), strict=True):
            key = (min(pair), max(pair))
            expected[key] = expected.get(key, 0) + faces[axis]
    table = features(grey, labels, spacing=UNEVEN, attributes=["Neighbours"])
    contacts = table.contacts
    found = zip(contacts["Label1"].tolist(), contacts["Label2"].tolist(), strict=True)
    assert list(found) == sorted(expected)
    assert_allclose(contacts["Area"], [expected[pair] for pair in sorted(expected)])
    ends = np.array(sorted(expected)).ravel()
    assert_array_equal(table["Neighbours"], [(ends == label).sum() for label in table["Label"]])


def test_border_flag_says_which_particles_are_cut() -> None:
    labels = np.zeros((4, 4, 9), np.uint8)
    labels[1:3, 1:3, 1:3] = 1
    labels[1:3, 1:3, 7:9] = 2
    table = features(labels, labels, spacing=(1, 1, 1), attributes=["TouchesBorder"])
    assert_array_equal(table["TouchesBorder"], [0, 1])
    cropped = features(labels, labels, spacing=(1, 1, 1), attributes=["TouchesBorder"], crop=1)
    assert_array_equal(cropped["TouchesBorder"], [1, 1])


def test_many_touching_labels_and_pairs_in_one_block() -> None:
    # More labels and pairs than the tables of a block first have room for.
    labels = np.arange(1, 16 * 16 * 16 + 1, dtype=np.uint16).reshape(16, 16, 16)
    table = features(labels, labels, spacing=(1, 1, 1), attributes=["Voxels", "Neighbours"])
    assert_array_equal(table["Voxels"], np.ones(4096))
    assert len(table.contacts["Label1"]) == 3 * 15 * 16 * 16
    assert_array_equal(table.contacts["Faces"], 1)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.8, 0.8)])
def test_sphericity_by_crofton_is_one_for_a_ball_and_known_for_a_cube(spacing: Any) -> None:
    radius = 16.0
    places = np.indices([int(2.4 * radius / step) for step in spacing])
    away = sum((axis * step - 1.2 * radius) ** 2 for axis, step in zip(places, spacing, strict=True))
    ball = (away <= radius**2).astype(np.uint8)
    found = features(ball, ball, spacing=spacing, radius=0, attributes=["SphericityCrofton"])
    assert_allclose(found["SphericityCrofton"], 1, rtol=0.02)
    cube = np.pad(np.ones([int(24 / step) for step in spacing], np.uint8), 1)
    found = features(cube, cube, spacing=spacing, radius=0, attributes=["SphericityCrofton"])
    # Of a cube it is (pi / 6)^(1/3); thirteen directions see its faces 7 % too small, and its edges more.
    assert_allclose(found["SphericityCrofton"], (np.pi / 6) ** (1 / 3), rtol=0.12)


FIFTHS = [f"GreyDepth{k}" for k in range(1, 6)]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_grey_by_depth_follows_the_distance_transform(
    scene: Any, reference: Any, spacing: Any, kind: Any
) -> None:
    grey, labels = scene
    grey = grey.astype(kind)
    radius = 3 * min(spacing)
    names = ["GreyRim", "GreyCore", *FIFTHS]
    table = features(grey, labels, spacing=spacing, radius=radius, attributes=names)
    parts = {"GreyRim": (0, 1 / 3), "GreyCore": (2 / 3, 1)}
    parts |= {name: (k / 5, (k + 1) / 5) for k, name in enumerate(FIFTHS)}
    boxes = [box for _, box in reference.particle_boxes(labels)]
    for row, (_, raw, fill) in enumerate(fills(reference, labels, spacing, radius)):
        depth = ndimage.distance_transform_edt(np.pad(fill, 1), sampling=spacing)[1:-1, 1:-1, 1:-1]
        share = depth / depth.max() * (1 - 1e-9)
        for name, (low, high) in parts.items():
            here = raw & (share > low) & (share <= high)
            mean = grey[boxes[row]][here].astype(float).mean() if here.any() else np.nan
            assert_allclose(table[name][row], mean, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.6, 0.8, 1.0)])
def test_grey_by_depth_of_a_ball_that_darkens_outward_is_its_integral(spacing: Any) -> None:
    axes = np.meshgrid(*(np.arange(-34, 35) * s for s in spacing), indexing="ij")
    away = np.sqrt(sum(a**2 for a in axes))
    radius = 18.0
    ball = (away <= radius).astype(np.uint8)
    # Grey 200 at the centre, and 6 less each micrometre outward.
    grey = np.where(ball > 0, 200 - 6 * away, 0).astype(np.float32)
    table = features(grey, ball, spacing=spacing, radius=0, attributes=["GreyRim", "GreyCore", *FIFTHS])

    def mean(inner: float, outer: float) -> float:
        # Of 200 - 6 s over the shell: the integral of s^3 over that of s^2.
        return 200 - 6 * 0.75 * (outer**4 - inner**4) / (outer**3 - inner**3)

    assert_allclose(table["GreyRim"], mean(2 * radius / 3, radius), atol=1.5)
    assert_allclose(table["GreyCore"], mean(0, radius / 3), atol=1.5)
    for k, name in enumerate(FIFTHS):
        assert_allclose(table[name], mean(radius * (4 - k) / 5, radius * (5 - k) / 5), atol=1.5)


def test_grey_by_depth_is_of_the_material_and_empty_where_grey_is_undefined() -> None:
    labels = np.zeros((15, 15, 15), np.uint8)
    labels[1:14, 1:14, 1:14] = 1
    grey = np.full(labels.shape, 100, np.float32)
    labels[7, 7, 2:13] = 0  # a crack, dark
    grey[7, 7, 2:13] = 1
    names = ["GreyRim", "GreyCore", "Edensity"]
    table = features(grey, labels, spacing=(1, 1, 1), radius=2, attributes=names)
    assert_allclose([table["GreyRim"][0], table["GreyCore"][0]], 100)
    assert table["Edensity"][0] < 100
    grey[1, 1, 1] = np.nan
    table = features(grey, labels, spacing=(1, 1, 1), radius=2, attributes=names)
    assert np.isnan(table["GreyRim"][0])
    assert table["GreyCore"][0] == 100
