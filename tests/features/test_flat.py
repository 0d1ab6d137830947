"""Particles in slices, against scikit-image, arithmetic and the formulas of circles."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from skimage import draw, measure, morphology

from electrodej.errors import InputError, UsageError
from electrodej.features.flat import NAMES, flat_features, saltykov
from electrodej.verbs import do
from electrodej.volume import write_volume

SQUARE = (1.0, 0.5, 0.5)


def blobs(seed: int = 3, size: int = 160) -> np.ndarray:
    """Some twenty particles of any shape, some of which touch."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(size, size)), 4)
    distance = ndimage.distance_transform_edt(noise > 0.01)
    peaks = ndimage.label(distance > 4)[0]
    nearest = ndimage.distance_transform_edt(peaks == 0, return_indices=True)[1]
    labels = np.where(noise > 0.01, peaks[tuple(nearest)], 0)
    return labels.astype(np.uint16)


@pytest.fixture(scope="module")
def slice_() -> tuple[np.ndarray, np.ndarray]:
    labels = blobs()
    grey = np.random.default_rng(0).integers(0, 200, labels.shape).astype(np.uint8)
    return grey, labels


def test_table_is_that_of_scikit_image_where_it_has_the_measure(slice_):
    grey, labels = slice_
    # Radius 0 closes nothing; what is filled then are the holes.
    table = flat_features(grey[None], labels[None], spacing=SQUARE, radius=0.0)
    regions = measure.regionprops(labels, intensity_image=grey, spacing=SQUARE[1:])
    assert len(regions) > 15
    assert table["Label"].tolist() == [region.label for region in regions]
    step = SQUARE[1]
    for row, region in enumerate(regions):
        found = {name: table[name][row] for name in NAMES}
        filled = measure.regionprops(region.image_filled.astype(np.uint8))[0]
        assert found["Pixels"] == region.num_pixels
        assert found["RawArea"] == pytest.approx(region.area)
        assert found["Area"] == pytest.approx(region.area_filled)
        assert found["EqDiameter"] == pytest.approx(math.sqrt(4 / math.pi * region.area_filled))
        assert (found["Y"], found["X"]) == pytest.approx(region.centroid)
        assert found["GreyMean"] == pytest.approx(region.intensity_mean)
        assert found["Perimeter"] == pytest.approx(step * measure.perimeter_crofton(filled.image, 4))
        whole = found["Perimeter"] + found["PerimeterInner"]
        assert whole == pytest.approx(step * measure.perimeter_crofton(region.image, 4))
        assert found["Solidity"] == pytest.approx(filled.solidity)
        # Its axes are those of points; ours have the extent of a pixel too.
        for name, axis in (("RadiusA", region.axis_major_length), ("RadiusB", region.axis_minor_length)):
            assert (found[name] / 2) ** 2 - step**2 / 12 == pytest.approx((axis / 4) ** 2)
        # Its Feret diameter is that of a hull drawn in pixels; ours ends at corners of the particle's own.
        assert found["Feret"] == pytest.approx(region.feret_diameter_max, abs=2 * step)
        corners = np.concatenate([region.coords + at for at in ((0, 0), (0, 1), (1, 0), (1, 1))])
        turns = np.radians(np.arange(180))
        widths = np.ptp(corners @ [np.cos(turns), np.sin(turns)], axis=0)
        assert found["Feret"] == pytest.approx(step * widths.max(), rel=2e-4)
        assert found["Damage"] == pytest.approx(1 - region.area / region.area_filled)
        box = region.bbox
        assert [found[f"Box{name}"] for name in ("Y0", "X0", "Y1", "X1")] == list(box)
        if not math.isnan(found["Orientation"]):
            # Its orientation is the angle from the rows' axis to the major one.
            turned = (90 - math.degrees(region.orientation)) % 180
            assert found["Orientation"] % 180 == pytest.approx(turned, abs=1e-6)


def test_a_closing_is_that_of_scikit_image_with_the_disc(slice_):
    grey, labels = slice_
    radius = 3.0
    table = flat_features(grey[None], labels[None], spacing=(1, 1, 1), radius=radius)
    for row, label in enumerate(table["Label"]):
        alone = np.pad(labels == label, 8)
        fill = ndimage.binary_fill_holes(morphology.closing(alone, morphology.disk(int(radius))))
        assert table["Area"][row] == fill.sum()
        inside = np.pad(grey, 8)[fill]
        inside = inside[inside > 0]
        assert table["Edensity"][row] == pytest.approx(inside.mean())
        assert table["Homogeneity"][row] == pytest.approx(inside.std(ddof=1))
        shell = morphology.dilation(fill, morphology.disk(int(radius))) & ~fill
        there, others = np.pad(np.ones_like(alone[8:-8, 8:-8]), 8) & shell, np.pad(labels, 8)[shell] > 0
        assert table["Contact"][row] == pytest.approx(others.sum() / there.sum())


def test_neighbours_and_their_borders_are_counted_edge_by_edge():
    labels = np.array([[1, 1, 2], [1, 3, 2], [0, 3, 3]], np.uint8)
    table = flat_features(labels[None], labels[None], spacing=(9, 2, 3), radius=0.0)
    assert table["Neighbours"].tolist() == [2, 2, 2]
    assert table.contacts["Label1"].tolist() == [1, 1, 2]
    assert table.contacts["Label2"].tolist() == [2, 3, 3]
    # A border across x is as long as a pixel is high, 2 um; one across y as it is wide, 3 um.
    assert table.contacts["Length"].tolist() == [2.0, 2.0 + 3.0, 2.0 + 3.0]
    assert table.contacts["Edges"].tolist() == [1, 2, 2]
    assert table["PDensity"].tolist() == pytest.approx([8 / 9] * 3)


def test_a_crack_is_damage_and_has_a_width_and_a_depth():
    labels = np.zeros((1, 15, 15), np.uint8)
    labels[0, 1:14, 1:14] = 1
    labels[0, 6:9, 6:9] = 0
    table = flat_features(labels, labels, spacing=(1, 1, 1), radius=0.0)
    assert table["Damage"][0] == pytest.approx(9 / 169)
    # The depths of a square of 13 are 1 to 7; its inner third is that above 14/3, the 5 x 5 in the middle.
    assert table["CrackInner"][0] == pytest.approx(9 / 25)
    assert (table["CrackOuter"][0], table["CrackMiddle"][0]) == (0, 0)
    # From the middle of 3 x 3 it is 2 pixels to the next that is no crack.
    assert table["CrackWidth"][0] == 4.0
    assert table["Pieces"][0] == 1


def test_a_circle_is_round_and_an_ellipse_has_its_axes_on_uneven_pixels():
    pixel = (0.1, 0.2)
    labels = np.zeros((1, 640, 380), np.uint8)
    rows, columns = draw.ellipse(160, 100, 12 / pixel[0], 12 / pixel[1])
    labels[0, rows, columns] = 1
    rows, columns = draw.ellipse(470, 190, 8 / pixel[0], 32 / pixel[1])
    labels[0, rows, columns] = 2
    table = flat_features(labels, labels, spacing=(1, *pixel), radius=0.0)
    assert table["EqDiameter"][0] == pytest.approx(24, rel=0.01)
    assert table["Perimeter"][0] == pytest.approx(24 * math.pi, rel=0.02)
    assert table["Circularity"][0] == pytest.approx(1, rel=0.03)
    assert table["Feret"][0] == pytest.approx(24, rel=0.02)
    assert (table["RadiusA"][1], table["RadiusB"][1]) == pytest.approx((32, 8), rel=0.01)
    assert table["Orientation"][1] == pytest.approx(0, abs=0.5)
    assert table["Elongation"][1] == pytest.approx(4, rel=0.01)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 1)])
def test_particles_of_few_pixels_are_measured(shape: tuple[int, int]):
    labels = np.zeros((1, 9, 9), np.uint8)
    labels[0, 2 : 2 + shape[0], 2 : 2 + shape[1]] = 7
    table = flat_features(labels, labels, spacing=(1, 1, 1), radius=1.0)
    assert table["Area"][0] == shape[0] * shape[1]
    assert table["Feret"][0] == pytest.approx(math.hypot(*shape))
    assert table["Solidity"][0] == 1
    assert table["Elongation"][0] == pytest.approx(max(shape) / min(shape))


def test_slices_of_a_stack_know_nothing_of_one_another(slice_):
    grey, labels = slice_
    alone = flat_features(grey[None], labels[None], spacing=SQUARE)
    stack = flat_features(np.stack([grey] * 2), np.stack([labels] * 2), spacing=SQUARE)
    n = len(alone)
    assert stack["Slice"].tolist() == [0] * n + [1] * n
    for name in NAMES:
        np.testing.assert_array_equal(stack[name], np.tile(alone[name], 2))


def test_a_crop_leaves_out_the_edge_and_places_stay(slice_):
    grey, labels = slice_
    c = 12
    cropped = flat_features(grey[None], labels[None], spacing=SQUARE, crop=c)
    inner = flat_features(grey[None, c:-c, c:-c], labels[None, c:-c, c:-c], spacing=SQUARE)
    assert cropped["Label"].tolist() == inner["Label"].tolist()
    np.testing.assert_allclose(cropped["X"], inner["X"] + c * SQUARE[2])
    np.testing.assert_array_equal(cropped["BoxY0"], inner["BoxY0"] + c)
    for name in ("Area", "PDensity", "Contact", "TouchesBorder"):
        np.testing.assert_array_equal(cropped[name], inner[name])


def test_an_attribute_of_volumes_is_refused_with_what_a_slice_has():
    labels = np.ones((1, 3, 3), np.uint8)
    with pytest.raises(InputError, match=r"Roll is measured in volumes only.*Area"):
        flat_features(labels, labels, spacing=(1, 1, 1), attributes=["Roll"])
    with pytest.raises(UsageError, match="Aera"):
        flat_features(labels, labels, spacing=(1, 1, 1), attributes=["Aera"])


def test_measure_takes_a_slice_as_2d_by_itself(tmp_path: Path, slice_):
    grey, labels = slice_
    for name, image in (("grey", grey), ("labels", labels)):
        write_volume(tmp_path / f"{name}.tif", image, spacing=SQUARE, labels=name == "labels")
    outcome = do(
        "measure", tmp_path / "grey.tif", tmp_path / "labels.tif", saltykov=True, out=tmp_path / "t.csv"
    )
    table = outcome.result.table
    assert {"Area", "Perimeter", "Circularity"} <= set(table.columns)
    assert not {"Volume", "Sphericity", "Roll", "Z"} & set(table.columns)
    assert table.units["Area"] == "um^2"
    assert any("2D" in note for note in table.notes)
    assert (tmp_path / "t_contacts.csv").exists()
    assert "PerVolume" in (tmp_path / "t_saltykov.csv").read_text().splitlines()[0]


def test_a_volume_has_no_use_for_saltykov(tmp_path: Path):
    labels = np.zeros((3, 8, 8), np.uint8)
    labels[1, 2:5, 2:5] = 1
    write_volume(tmp_path / "v.tif", labels, spacing=(1, 1, 1))
    with pytest.raises(UsageError, match="slices"):
        do("measure", tmp_path / "v.tif", tmp_path / "v.tif", saltykov=True, out=tmp_path / "t.csv")
    flat = do("measure", tmp_path / "v.tif", tmp_path / "v.tif", flat=True, out=tmp_path / "t.csv")
    assert flat.result.table["Slice"].tolist() == [1]


def test_saltykov_finds_the_one_size_of_balls_that_were_cut():
    # A plane cuts a ball of radius 1 at a distance h that is uniform on 0 to 1: the circle has the
    # radius sqrt(1 - h^2). So many balls in a volume are cut as often as their diameter is long.
    heights = (np.arange(20_000) + 0.5) / 20_000
    per_volume = 0.01
    area = len(heights) / (per_volume * 2.0)
    table, notes = saltykov(2 * np.sqrt(1 - heights**2), area=area)
    assert table["PerVolume"][-1] == pytest.approx(per_volume, rel=0.01)
    assert table["PerVolume"][:-1].sum() < 0.02 * per_volume
    assert all("negative" in note for note in notes)


def test_grey_by_depth_of_a_square_is_that_of_its_rings():
    labels = np.zeros((1, 17, 17), np.uint8)
    labels[0, 1:16, 1:16] = 1
    # Rings of a square of 15 have the depths 1 to 8, and here the grey 10 to 80.
    far = np.maximum(*np.abs(np.mgrid[-8:9, -8:9]))
    grey = (80 - 10 * far).clip(0).astype(np.uint8)[None]
    table = flat_features(grey, labels, spacing=(1, 1, 1), radius=0.0)
    rings = {depth: 4 * (16 - 2 * depth) if depth < 8 else 1 for depth in range(1, 9)}

    def mean(depths):
        return sum(10 * depth * rings[depth] for depth in depths) / sum(rings[depth] for depth in depths)

    # Thirds end at 8/3 and 16/3, fifths at 1.6, 3.2, 4.8 and 6.4.
    assert table["GreyRim"][0] == pytest.approx(mean([1, 2]))
    assert table["GreyCore"][0] == pytest.approx(mean([6, 7, 8]))
    fifths = [[1], [2, 3], [4], [5, 6], [7, 8]]
    assert [table[f"GreyDepth{k}"][0] for k in range(1, 6)] == pytest.approx([mean(each) for each in fifths])
