"""The fast pipeline against the literal program: every attribute of every particle.

Counts and ratios of counts must be the same to the last digits (1e-13: the order of two multiplications
may differ), everything else to 1e-6 of its size.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from electrodej.features import features
from electrodej.run import Run

UNIT = (1.0, 1.0, 1.0)
COARSE = (3.0, 4.0, 5.0)
NANO = (0.07, 0.07, 0.07)
UNEVEN = (0.5, 0.3, 0.1)

COUNTED = (
    "Volume", "SurfOuter", "SurfInner", "RoughOuter", "RoughInner", "Vsratio", "Sphericity", "Contact",
    "PDensity", "Damage",
)  # fmt: skip
# A spread of equal values is zero or the rounding of those values, likewise an angle of zero: 1e-9 of
# this column's largest value, or of 90 degrees, counts as nothing.
SIZE_FROM = {
    "Homogeneity": "Edensity",
    "locVolume": "Volume",
    "locElongation": "Elongation",
    "locSphericity": "Sphericity",
}
DEGREES = 90.0


def assert_same(fast: dict[str, Any], literal: dict[str, Any], names: tuple[str, ...]) -> None:
    """Compare all columns, empty cells included."""
    assert_array_equal(fast["Label"], literal["Label"])
    for name in names[1:]:
        source = literal[SIZE_FROM.get(name, name)]
        size = max(np.abs(source[np.isfinite(source)]), default=0.0)
        if name in ("Roll", "Pitch", "Yaw", "locOri"):
            size = DEGREES
        relative, absolute = (1e-13, 0.0) if name in COUNTED else (1e-6, 1e-9 * size)
        assert_allclose(fast[name], literal[name], rtol=relative, atol=absolute, err_msg=name)


def assert_agreement(
    reference: ModuleType,
    grey: NDArray[Any],
    labels: NDArray[Any],
    *,
    spacing: tuple[float, float, float],
    radius: float,
) -> None:
    """Measure twice and compare."""
    fast = features(grey, labels, spacing=spacing, radius=radius, run=Run(jobs=1)).columns
    literal = reference.reference_table(grey, labels, spacing=spacing, radius=radius)
    assert_same(fast, literal, reference.COLUMNS)


@pytest.mark.parametrize("spacing", [UNIT, COARSE, NANO, UNEVEN])
@pytest.mark.parametrize("radius_in_voxels", [1.0, 3.0, 10.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_random_particles(
    reference: ModuleType, blobs: Any, spacing: Any, radius_in_voxels: float, seed: int
) -> None:
    voxel = min(spacing)
    grey, labels = blobs((20, 24, 28), 12, seed=seed, spacing=spacing, size=(2 * voxel, 7 * voxel))
    assert_agreement(reference, grey, labels, spacing=spacing, radius=radius_in_voxels * voxel)


@pytest.mark.slow
@pytest.mark.parametrize(
    "grey_type", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64]
)
def test_every_type_of_grey(reference: ModuleType, blobs: Any, grey_type: Any) -> None:
    grey, labels = blobs((16, 18, 20), 8, seed=4, dtype=np.float64)
    if np.issubdtype(grey_type, np.floating):
        grey = grey * 1e-3 + (grey != 0) * 1e4  # a small spread on a large mean
    elif np.issubdtype(grey_type, np.signedinteger):
        grey = grey - 100
    assert_agreement(reference, grey.astype(grey_type), labels, spacing=UNIT, radius=3.0)


@pytest.mark.slow
@pytest.mark.parametrize("label_type", [np.uint8, np.int16, np.uint32, np.int64])
def test_every_type_of_label(reference: ModuleType, blobs: Any, label_type: Any) -> None:
    grey, labels = blobs((16, 18, 20), 8, seed=5)
    assert_agreement(reference, grey, labels.astype(label_type), spacing=UNIT, radius=3.0)


def test_labels_with_gaps_up_to_two_to_the_31(reference: ModuleType, blobs: Any) -> None:
    grey, labels = blobs((16, 18, 20), 8, seed=6)
    names = np.array([0, 2**31, 3, 70_000, 2**31 - 1, 12, 65_535, 65_536, 900], np.uint32)
    assert_agreement(reference, grey, names[labels], spacing=UNIT, radius=3.0)


@pytest.mark.parametrize("shape", [(1, 24, 28), (24, 1, 28), (24, 28, 1), (1, 1, 60), (70, 9, 5)])
def test_thin_and_long_volumes(reference: ModuleType, blobs: Any, shape: Any) -> None:
    grey, labels = blobs(shape, 10, seed=7)
    assert_agreement(reference, grey, labels, spacing=UNIT, radius=2.5)


@pytest.mark.slow
def test_volumes_that_are_views_of_others(reference: ModuleType, blobs: Any) -> None:
    grey, labels = blobs((20, 18, 24), 8, seed=8)
    grey, labels = np.asfortranarray(grey)[::-1, 1:, ::2], np.swapaxes(labels, 0, 2)[::2, 1:, ::-1]
    labels = np.ascontiguousarray(np.swapaxes(labels, 0, 2))
    labels.setflags(write=False)
    assert_agreement(reference, grey, labels, spacing=UNEVEN, radius=0.8)


@pytest.mark.parametrize("crop", [1, 4])
def test_crop_measures_the_cut_volume_at_its_old_place(reference: ModuleType, blobs: Any, crop: int) -> None:
    grey, labels = blobs((24, 26, 28), 14, seed=9, spacing=COARSE, size=(8.0, 24.0))
    fast = features(grey, labels, spacing=COARSE, radius=9.0, crop=crop).columns
    inner = (slice(crop, -crop),) * 3
    literal = reference.reference_table(grey[inner], labels[inner], spacing=COARSE, radius=9.0)
    for axis, step in zip("ZYX", COARSE, strict=True):
        literal[axis] = literal[axis] + crop * step
    assert_same(fast, literal, reference.COLUMNS)


@pytest.mark.parametrize("crop", [0, 3])
def test_exclude_border_only_leaves_out_rows(reference: ModuleType, blobs: Any, crop: int) -> None:
    grey, labels = blobs((24, 26, 28), 20, seed=10, size=(2.0, 5.0))
    fast = features(grey, labels, spacing=UNIT, radius=3.0, crop=crop, exclude_border=True).columns
    inner = (slice(crop, size - crop) for size in labels.shape)
    cut = tuple(inner)
    literal = reference.reference_table(grey[cut], labels[cut], spacing=UNIT, radius=3.0)
    for axis in "ZYX":
        literal[axis] = literal[axis] + crop
    interior = np.zeros(labels[cut].shape, bool)
    interior[1:-1, 1:-1, 1:-1] = True
    at_border = np.unique(labels[cut][~interior])
    kept = ~np.isin(literal["Label"], at_border)
    assert 0 < kept.sum() < len(kept)
    literal = {name: column[kept] for name, column in literal.items()}
    assert_same(fast, literal, reference.COLUMNS)


def test_particles_of_awkward_form(reference: ModuleType) -> None:
    labels = np.zeros((12, 14, 16), np.uint16)
    labels[0, 0, 0] = 1  # one voxel in the corner
    labels[5, 3:9, 2:7] = 2  # a sheet
    labels[7, 2, :] = 3  # a line from face to face
    labels[2, 2, 2] = labels[10, 12, 13] = 4  # two pieces far apart
    labels[9:11, 5:7, 5:7] = 5  # a cube: equal axes
    labels[8:12, 5, 10] = 6  # a line along z
    labels[0:3, 11:14, 8:16] = 7
    labels[1, 12, 9:15] = 8  # one particle inside another
    grey = np.full(labels.shape, 7, np.uint8)
    grey[5] = 0
    for spacing in (UNIT, COARSE, UNEVEN):
        for voxels in (0.5, 1.0, 5.0, 12.0):  # of the smallest edge
            assert_agreement(reference, grey, labels, spacing=spacing, radius=voxels * min(spacing))


def test_cavities_that_leak_over_an_edge_or_a_corner_are_holes(reference: ModuleType) -> None:
    # Background is 6-connected: the middle voxel meets the gap in the wall only over an edge or a corner.
    labels = np.zeros((7, 7, 15), np.uint8)
    labels[2:5, 2:5, 1:4], labels[2:5, 2:5, 6:9], labels[2:5, 2:5, 11:14] = 1, 2, 3
    labels[3, 3, [2, 7, 12]] = 0
    labels[2, 2, 2] = labels[2, 2, 6] = labels[3, 2, 12] = 0  # over an edge, over a corner, through a face
    grey = np.ones(labels.shape, np.uint8)
    assert_agreement(reference, grey, labels, spacing=UNIT, radius=0.5)
    table = features(grey, labels, spacing=UNIT, radius=0.5)
    assert_allclose(table["Damage"], [1 / 26, 1 / 26, 0])


def test_one_particle_that_touches_all_faces(reference: ModuleType) -> None:
    grey = np.arange(6 * 7 * 8, dtype=np.uint16).reshape(6, 7, 8)
    assert_agreement(reference, grey, np.ones(grey.shape, np.uint8), spacing=UNIT, radius=2.0)
    cross = np.zeros(grey.shape, np.uint8)
    cross[3] = 1
    cross[:, 3] = 1
    cross[:, :, 3] = 1
    assert_agreement(reference, grey, cross, spacing=COARSE, radius=9.0)


def test_nan_and_infinite_grey_empty_only_the_grey_of_their_particle(
    reference: ModuleType, blobs: Any
) -> None:
    grey, labels = blobs((16, 18, 20), 8, seed=11, dtype=np.float32)
    present = np.unique(labels)[1:]
    for label, value in zip(present, (np.nan, np.inf, -np.inf, 0.0), strict=False):
        grey[tuple(np.argwhere(labels == label)[0])] = value
    literal = reference.reference_table(grey, labels, spacing=UNIT, radius=2.0)
    assert np.isnan(literal["Edensity"]).sum() >= 3
    assert_agreement(reference, grey, labels, spacing=UNIT, radius=2.0)


def test_empty_label_volume_has_the_header_only(reference: ModuleType) -> None:
    zeros = np.zeros((4, 5, 6), np.uint16)
    table = features(zeros, zeros, spacing=UNIT)
    assert set(reference.COLUMNS) <= set(table.columns)
    assert all(len(column) == 0 for column in table.columns.values())
    assert table.notes


def test_neighbours_on_a_lattice_tie_the_same_way(reference: ModuleType) -> None:
    # Boxes of growing size on a cubic lattice: many centroids at one distance, so ties decide who counts.
    labels = np.zeros((21, 21, 21), np.uint16)
    rng = np.random.default_rng(12)
    for number, corner in enumerate(np.ndindex(3, 3, 3), start=1):
        middle = np.array(corner) * 7 + 3
        half = rng.integers(0, 3, size=3)
        labels[tuple(slice(m - h, m + h + 1) for m, h in zip(middle, half, strict=True))] = number
    grey = np.ones(labels.shape, np.uint8)
    for spacing in (UNIT, NANO, COARSE):
        assert_agreement(reference, grey, labels, spacing=spacing, radius=2 * spacing[0])


tiny_labels = hnp.arrays(
    np.uint16,
    hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=6),
    elements=st.sampled_from([0, 0, 1, 1, 2, 40_000]),
)


@given(
    labels=tiny_labels,
    spacing=st.sampled_from([UNIT, COARSE, NANO, UNEVEN]),
    # 5 um is 3-4-0 and 0-0-1 voxels of 3 x 4 x 5 um: distances that are exactly the radius.
    radius=st.sampled_from([0.07, 0.14, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0]),
    grey_at=st.integers(0, 2**32 - 1),
)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_tiny_volume(
    reference: ModuleType, labels: NDArray[Any], spacing: Any, radius: float, grey_at: int
) -> None:
    radius = min(radius, 12 * min(spacing))  # a ball far larger than the volume only costs time
    grey = np.random.default_rng(grey_at).integers(0, 4, size=labels.shape).astype(np.uint8)
    assert_agreement(reference, grey, labels, spacing=spacing, radius=radius)
