"""What must not change the table, and what must change it by a known factor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from electrodej.features import features
from electrodej.run import Run

COARSE = (3.0, 4.0, 5.0)
RADIUS = 9.0
ANGLES = ("Roll", "Pitch", "Yaw")
# What is measured of a particle without looking at any other.
OWN = (
    "X", "Y", "Z", *ANGLES, "Elongation", "Volume", "Edensity", "Homogeneity", "SurfOuter", "SurfInner",
    "RoughOuter", "RoughInner", "Vsratio", "Sphericity", "Damage",
)  # fmt: skip
SURROUNDINGS = (
    "Contact", "PDensity", "DisNearest", "locVolume", "locOri", "locElongation", "locSphericity",
)  # fmt: skip
POWER_OF_LENGTH = {
    "X": 1, "Y": 1, "Z": 1, "DisNearest": 1, "SurfOuter": 2, "SurfInner": 2, "Volume": 3, "locVolume": 3,
}  # fmt: skip

Table = dict[str, NDArray[Any]]


def table_of(grey: Any, labels: Any, *, spacing: Any = COARSE, radius: float = RADIUS, **more: Any) -> Table:
    """Columns of the table."""
    return features(grey, labels, spacing=spacing, radius=radius, run=Run(jobs=1), **more).columns


def assert_equal_tables(one: Table, other: Table, names: Any = (*OWN, *SURROUNDINGS)) -> None:
    """Equal up to the order of additions."""
    for name in names:
        assert_allclose(one[name], other[name], rtol=1e-9, atol=1e-9, err_msg=name)


@pytest.fixture
def scene(blobs: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Grey and labels with room on all sides, more than the ball and the packing box need."""
    grey, labels = blobs((14, 16, 18), 10, seed=25, spacing=COARSE, size=(7.0, 22.0))
    return np.pad(grey, 5), np.pad(labels, 5)


def test_names_of_labels_do_not_matter(scene: Any) -> None:
    grey, labels = scene
    names = np.array([0, 7, 300, 5, 65_535, 1, 9, 1000, 2, 50, 12], np.uint16)
    before, after = table_of(grey, labels), table_of(grey, names[labels])
    assert_array_equal(np.sort(names[before["Label"]]), after["Label"])
    moved = np.searchsorted(after["Label"], names[before["Label"]])
    assert_equal_tables(before, {name: column[moved] for name, column in after.items()})


def test_the_place_in_the_volume_does_not_matter(scene: Any) -> None:
    grey, labels = scene
    widths = [(3, 1), (0, 4), (7, 2)]
    before, after = table_of(grey, labels), table_of(np.pad(grey, widths), np.pad(labels, widths))
    for axis, step, (shift, _) in zip("ZYX", COARSE, widths, strict=True):
        before[axis] = before[axis] + shift * step
    assert_equal_tables(before, after)


@pytest.mark.parametrize(
    ("axis", "turned"), [(0, ("Pitch", "Roll")), (1, ("Yaw", "Roll")), (2, ("Yaw", "Pitch"))]
)
def test_a_mirror_turns_only_the_position_and_two_angles(scene: Any, axis: int, turned: Any) -> None:
    # All attributes but these are the same in a mirror. A mirrored axis is the axis turned by 180 degrees
    # about the mirrored direction, which reverses the two angles that turn away from it.
    grey, labels = scene
    before, after = table_of(grey, labels), table_of(np.flip(grey, axis), np.flip(labels, axis))
    # At 90 degrees exactly the convention keeps +90 in the mirror too; no particle of this scene is there.
    assert all(np.nanmax(np.abs(before[angle])) < 89.999 for angle in ANGLES)
    position = "ZYX"[axis]
    before[position] = (labels.shape[axis] - 1) * COARSE[axis] - before[position]
    for angle in turned:
        before[angle] = -before[angle]
    assert_equal_tables(before, after)


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 1, 0), (1, 2, 0)])
def test_axis_order_matters_only_to_position_and_angles(scene: Any, order: Any) -> None:
    grey, labels = scene
    before = table_of(grey, labels)
    spacing = tuple(COARSE[axis] for axis in order)
    after = table_of(grey.transpose(order), labels.transpose(order), spacing=spacing)
    for new, old in enumerate(order):
        assert_allclose(after["ZYX"[new]], before["ZYX"[old]], rtol=1e-12)
    same = [name for name in (*OWN, *SURROUNDINGS) if name not in (*"XYZ", *ANGLES, "locOri")]
    assert_equal_tables(before, after, same)


@pytest.mark.parametrize("scale", [0.01, 0.07, 2.0])
@pytest.mark.parametrize("spacing", [(0.03, 0.04, 0.05), (0.07, 0.07, 0.07)])
def test_every_attribute_scales_by_its_dimension(scene: Any, scale: float, spacing: Any) -> None:
    # The packing box has a fixed size of 10 um; here it is wider than the volume before and after.
    grey, labels = scene
    before = table_of(grey, labels, spacing=spacing, radius=0.12)
    larger = tuple(step * scale for step in spacing)
    after = table_of(grey, labels, spacing=larger, radius=0.12 * scale)
    for name in (*OWN, *SURROUNDINGS):
        factor = scale ** POWER_OF_LENGTH.get(name, 0)
        assert_allclose(after[name], before[name] * factor, rtol=1e-9, atol=1e-9 * factor, err_msg=name)


def test_grey_scales_only_its_own_two_attributes(scene: Any) -> None:
    grey, labels = scene
    before, after = table_of(grey, labels), table_of(grey.astype(np.uint16) * 3, labels)
    for name in ("Edensity", "Homogeneity"):
        before[name] = before[name] * 3
    assert_equal_tables(before, after)


def test_a_particle_alone_has_the_same_form(scene: Any) -> None:
    grey, labels = scene
    together = table_of(grey, labels)
    for row, label in enumerate(together["Label"][:4]):
        alone = table_of(grey, np.where(labels == label, labels, 0))
        assert_equal_tables(alone, {name: together[name][row : row + 1] for name in OWN}, OWN)
        assert alone["Contact"] == 0
        assert np.isnan(alone["DisNearest"])


@pytest.mark.parametrize("grey_type", [np.uint8, np.float32])
def test_jobs_and_memory_do_not_change_a_bit(blobs: Any, grey_type: Any) -> None:
    grey, labels = blobs((60, 30, 34), 30, seed=22, dtype=grey_type)
    if grey_type is np.float32:
        grey += np.random.default_rng(0).random(grey.shape, dtype=np.float32)  # sums that depend on order
    whole = features(grey, labels, spacing=COARSE, radius=9.0, run=Run(jobs=1))
    for options in ({"jobs": 2}, {"jobs": 3}, {"jobs": 1, "memory": 2e5}, {"jobs": 2, "memory": 2e6}):
        parts = features(grey, labels, spacing=COARSE, radius=9.0, run=Run(**options))
        assert list(parts.columns) == list(whole.columns)
        for name, column in whole.columns.items():
            assert_array_equal(parts[name], column, err_msg=f"{name} with {options}")
        for name, column in whole.contacts.items():
            assert_array_equal(parts.contacts[name], column, err_msg=f"{name} with {options}")


def test_asking_for_few_attributes_gives_the_same_numbers(scene: Any) -> None:
    grey, labels = scene
    whole = table_of(grey, labels)
    for name in (*OWN, *SURROUNDINGS):
        alone = table_of(grey, labels, attributes=[name])
        assert list(alone) == ["Label", name]
        assert_array_equal(alone[name], whole[name], err_msg=name)
