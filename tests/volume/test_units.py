"""Units as files use them, and what is said where the voxel size is missing."""

import re

import pytest

from electrodej.errors import VoxelSizeError
from electrodej.volume.units import VoxelSize, check_spacing, from_values, micrometres_per, same_spacing


@pytest.mark.parametrize(
    ("unit", "micrometres"),
    [
        ("micron", 1), ("microns", 1), ("um", 1), ("µm", 1), ("μm", 1), (r"\u00B5m", 1), ("micrometer", 1),
        ("micrometre", 1), ("Micrometers", 1), ("Âµm", 1), ("µ", 1), ("nm", 1e-3), ("nanometer", 1e-3),
        ("mm", 1e3), ("millimetres", 1e3), ("cm", 1e4), ("m", 1e6), ("inch", 25400), ("inches", 25400),
        ("in", 25400), ("angstrom", 1e-4), ("Å", 1e-4), (" um ", 1), ("UM", 1),
    ],
)  # fmt: skip
def test_a_unit_becomes_micrometres(unit, micrometres):
    assert micrometres_per(unit) == micrometres


@pytest.mark.parametrize("unit", [None, "", "pixel", "pixels", "Pixels", "px", "voxel", "voxels"])
def test_no_length_is_no_unit(unit):
    assert micrometres_per(unit) is None


@pytest.mark.parametrize("unit", ["furlong", "sec", "µ m", "mmm"])
def test_an_unknown_unit_is_named_with_the_option(unit):
    with pytest.raises(VoxelSizeError, match=f'"{unit}".*--spacing'):
        micrometres_per(unit)


def test_units_may_differ_by_axis():
    assert from_values((1e-4, 70, 0.07), ("mm", "nm", "um")).spacing == (0.1, 0.07, 0.07)


@pytest.mark.parametrize("value", [0.0, -0.07, 1e-9, 1e300, float("nan"), float("inf")])
def test_a_voxel_size_that_is_no_length_is_a_problem_only_when_it_is_needed(value):
    size = from_values((0.1, value, 0.07), ("um", "um", "um"))
    assert size.spacing is None
    with pytest.raises(VoxelSizeError, match=r"grey\.tif.*along Y.*positive.*--spacing"):
        size.require("grey.tif")


def test_the_missing_axis_is_named_with_what_is_known():
    with pytest.raises(VoxelSizeError, match=r"along Z .*Y 0\.07 um, X 0\.065 um.*--spacing"):
        VoxelSize(None, 0.07, 0.065).require("grey.tif")


def test_a_missing_voxel_size_is_one_line():
    with pytest.raises(VoxelSizeError) as caught:
        VoxelSize().require("grey.tif")
    assert re.fullmatch(r"grey\.tif .*voxel size.*--spacing Z,Y,X.*", str(caught.value))


@pytest.mark.parametrize(
    "spacing",
    [
        (0.1, 0.1),
        0.07,
        "abc",
        (1, 1, 0),
        (1, 1, -1),
        (1, 1, 1e-9),
        (1, 1, float("nan")),
        (1, float("inf"), 1),
        (1e300, 1e300, 1e300),
        (10**400, 1, 1),
        None,
    ],
)
def test_a_spacing_that_is_none_is_refused(spacing):
    with pytest.raises(VoxelSizeError, match="voxel size"):
        check_spacing(spacing)


def test_spacings_that_a_file_rounded_are_the_same():
    assert same_spacing((0.1, 0.07, 0.07), (0.1, 0.0700000014, 0.07))
    assert not same_spacing((0.1, 0.07, 0.07), (0.1, 0.071, 0.07))
