"""Linking sections of bodies whose identity is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from electrodej.errors import InputError, VoxelSizeError
from electrodej.linking import LinkSettings, link, link_volume
from electrodej.linking.stack import label_dtype
from electrodej.run import Run
from electrodej.vocabulary import AXIS_OF
from electrodej.volume import ArrayVolume

UNIT = (1.0, 1.0, 1.0)
ODD = (3.0, 4.0, 5.0)


def ellipsoids(shape, centres, radii):
    """Bodies 1, 2, 3 ...; centres and half axes in voxels."""
    labels = np.zeros(shape, np.uint16)
    grids = np.indices(shape)
    for number, (centre, radius) in enumerate(zip(centres, radii, strict=True), start=1):
        far = sum(
            ((grid - at) / half) ** 2
            for grid, at, half in zip(grids, centre, np.broadcast_to(radius, 3), strict=True)
        )
        labels[far <= 1] = number
    return labels


@pytest.fixture
def separated():
    """Five ellipsoids that keep away from each other in every section."""
    centres = [(12, 12, 12), (14, 34, 36), (36, 12, 36), (35, 36, 10), (33, 37, 37)]
    radii = [(10, 8, 7), (9, 9, 9), (7, 10, 8), (9, 6, 8), (8, 8, 9)]
    return ellipsoids((48, 48, 48), centres, radii)


def shuffled(labels, *, axis=0, seed=0, low=1, high=60_000):
    """Every slice numbered anew, at random."""
    generator = np.random.default_rng(seed)
    out = np.zeros_like(labels)
    for source, target in zip(np.moveaxis(labels, axis, 0), np.moveaxis(out, axis, 0), strict=True):
        present = np.unique(source[source > 0])
        new = low + generator.choice(high - low, present.size, replace=False)
        for label, number in zip(present, new, strict=True):
            target[source == label] = number
    return out


def same_partition(found, truth):
    """Whether two label images part the voxels in the same way, whatever the numbers."""
    pairs = np.unique(np.stack([found.ravel(), truth.ravel()]), axis=1)
    return all(len(np.unique(side)) == pairs.shape[1] for side in pairs) and np.array_equal(
        found == 0, truth == 0
    )


@pytest.mark.slow
@pytest.mark.parametrize("by", ["overlap", "distance"])
@pytest.mark.parametrize("view", AXIS_OF)
@pytest.mark.parametrize("spacing", [UNIT, ODD])
def test_separated_particles_come_back_from_slices_numbered_at_random(separated, by, view, spacing):
    slices = shuffled(separated, axis=AXIS_OF[view])
    linked = link(slices, spacing=spacing, view=view, settings=LinkSettings(by=by))
    assert same_partition(linked, separated)
    assert linked.dtype == np.uint16
    assert sorted(np.unique(linked)) == [0, 1, 2, 3, 4, 5]


def test_numbers_given_to_the_slices_do_not_change_the_result(separated):
    first = link(shuffled(separated, seed=1), spacing=UNIT)
    second = link(shuffled(separated, seed=2), spacing=UNIT)
    assert np.array_equal(first, second)


@pytest.mark.parametrize("view", ["xz", "yz"])
def test_a_view_is_the_first_one_on_the_turned_volume(separated, view):
    slices = shuffled(separated, axis=AXIS_OF[view])
    turned = np.moveaxis(slices, AXIS_OF[view], 0)
    spacing = np.array(ODD)
    turned_spacing = [ODD[AXIS_OF[view]], *np.delete(spacing, AXIS_OF[view])]
    settings = LinkSettings(by="distance", fill=True)
    linked = link(slices, spacing=ODD, view=view, settings=settings)
    expected = link(turned, spacing=turned_spacing, settings=settings)
    assert np.array_equal(np.moveaxis(linked, AXIS_OF[view], 0), expected)


def test_numbers_that_run_on_over_slices_and_wrap_are_no_matter(separated):
    """As Fiji's plugin numbers: on from slice to slice, and from 65,535 back to 1."""
    slices = np.zeros_like(separated)
    last = 65_530
    for source, target in zip(separated, slices, strict=True):
        for label in np.unique(source[source > 0]):
            last = last % 65_535 + 1
            target[source == label] = last
    assert slices.max() == 65_535
    assert (np.diff([int(image.max()) for image in slices if image.any()]) < 0).any()
    assert same_partition(link(slices, spacing=UNIT), separated)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int16, np.int32, np.int64, np.float32])
def test_whole_numbers_of_every_type_are_labels(separated, dtype):
    slices = shuffled(separated, high=120).astype(dtype)
    assert same_partition(link(slices, spacing=UNIT), separated)


@pytest.mark.parametrize("low", [65_530, 70_000, 2**24 - 3, 2**24, 2**32 - 12])
def test_label_numbers_above_65535_are_labels(separated, low):
    slices = shuffled(separated.astype(np.uint32), low=low, high=low + 11)
    assert same_partition(link(slices, spacing=UNIT), separated)


@pytest.mark.parametrize("bad", [0.5, math.nan, math.inf, -1.0])
def test_what_is_no_label_is_refused(bad):
    with pytest.raises(InputError, match="label"):
        link(np.array([[[1.0, bad]]]), spacing=UNIT)


def test_empty_slices_at_both_ends_stay_empty(separated):
    padded = np.pad(shuffled(separated), [(3, 4), (0, 0), (0, 0)])
    linked = link(padded, spacing=UNIT, settings=LinkSettings(fill=True))
    assert not linked[:3].any()
    assert not linked[-4:].any()
    assert same_partition(linked[3:-4], separated)


@pytest.mark.parametrize("shape", [(1, 6, 7), (6, 7)])
def test_a_single_slice_keeps_its_sections(shape):
    image = np.zeros((6, 7), np.uint8)
    image[0, 0], image[2:4, 2:5], image[5, 6] = 200, 7, 9
    linked = link(image.reshape(shape), spacing=UNIT)
    assert linked.shape == shape
    assert same_partition(linked.reshape(6, 7), image)


@pytest.mark.parametrize("fill", [False, True])
def test_a_stack_without_any_section_stays_empty(fill):
    linked = link(np.zeros((4, 5, 6), np.uint8), spacing=UNIT, settings=LinkSettings(fill=fill))
    assert linked.shape == (4, 5, 6)
    assert not linked.any()


@pytest.mark.parametrize("by", ["overlap", "distance"])
def test_touching_particles_side_by_side_stay_two(by):
    truth = np.zeros((20, 20, 20), np.uint8)
    truth[2:18, 4:16, 2:10], truth[2:18, 4:16, 10:18] = 1, 2
    linked = link(shuffled(truth, high=200), spacing=UNIT, settings=LinkSettings(by=by))
    assert same_partition(linked, truth)


def test_sections_are_assigned_for_the_best_sum_and_not_one_by_one():
    """IoU is 0.5 for the first with the second's successor, 0.4 for the first and 0.2 for the second pair."""
    slices = np.zeros((2, 3, 28), np.uint8)
    slices[0, :, 0:20], slices[0, :, 20:28] = 1, 2
    slices[1, :, 0:8], slices[1, :, 8:24] = 3, 4
    linked = link(slices, spacing=UNIT)
    assert linked[1, 0, [0, 8]].tolist() == linked[0, 0, [0, 20]].tolist() == [1, 2]


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_gap_is_bridged_up_to_the_limit_and_no_further(missing):
    slices = np.zeros((9, 6, 6), np.uint8)
    slices[:3, 1:5, 1:5] = 1
    slices[3 + missing :, 1:5, 1:5] = 1
    bridged = link(slices, spacing=UNIT, settings=LinkSettings(gap=missing))
    parted = link(slices, spacing=UNIT, settings=LinkSettings(gap=missing - 1))
    assert (bridged.max(), parted.max()) == (1, 2)
    assert not bridged[3 : 3 + missing].any()


def test_a_slice_that_is_lost_as_a_whole_breaks_nothing(separated):
    slices = shuffled(separated)
    slices[[10, 11, 30]] = 0
    truth = separated.copy()
    truth[[10, 11, 30]] = 0
    assert same_partition(link(slices, spacing=UNIT), truth)


def test_fill_draws_the_missing_slices_of_a_cylinder_exactly():
    truth = np.zeros((9, 21, 21), np.uint8)
    y, x = np.indices((21, 21))
    truth[:, (y - 10) ** 2 + (x - 10) ** 2 <= 64] = 1
    slices = truth.copy()
    slices[3:6] = 0
    linked = link(slices, spacing=UNIT, settings=LinkSettings(fill=True))
    assert np.array_equal(linked, truth)


@pytest.mark.parametrize("spacing", [UNIT, (2.0, 1.0, 3.0)])
def test_fill_draws_a_cone_with_the_radius_between(spacing):
    """The missing slice of a cone has the mean radius; half a pixel is what the grid leaves open."""
    shape = (5, 81, 61)
    y = (np.arange(81) - 40) * spacing[1]
    x = (np.arange(61) - 30) * spacing[2]
    far = np.hypot(y[:, None], x[None, :])
    radii = [20.0, 22.0, 24.0, 26.0, 28.0]
    truth = np.stack([far <= radius for radius in radii]).astype(np.uint8)
    assert truth.shape == shape
    slices = truth.copy()
    slices[2] = 0
    linked = link(slices, spacing=spacing, settings=LinkSettings(fill=True))
    pixel = max(spacing[1:])
    assert not (linked[2] > 0)[far > 24 + pixel].any()
    assert (linked[2] > 0)[far <= 24 - pixel].all()


def test_fill_moves_a_section_that_moves():
    """A bar that moves 2 columns a slice is, in the missing slice, half way."""
    slices = np.zeros((5, 6, 24), np.uint8)
    truth = slices.copy()
    for z in range(5):
        truth[z, 1:5, 2 + 2 * z : 12 + 2 * z] = 1
    slices = truth.copy()
    slices[2] = 0
    assert np.array_equal(link(slices, spacing=UNIT, settings=LinkSettings(fill=True)), truth)


def test_fill_never_draws_over_another_particle():
    slices = np.zeros((5, 8, 8), np.uint8)
    slices[:, 1:7, 1:5] = 1
    slices[2] = 0
    slices[2, 1:7, 4:8] = 9
    slices[1, 1:7, 5:8] = 9
    slices[3, 1:7, 5:8] = 9
    linked = link(slices, spacing=UNIT, settings=LinkSettings(fill=True))
    assert (linked[2, 1:7, 4:8] == linked[1, 3, 6]).all()
    assert (linked[2, 1:7, 1:4] == linked[0, 3, 2]).all()


def test_a_section_in_two_pieces_is_one_particle():
    """A crack cuts the middle slices; above and below, the particle is whole."""
    truth = np.zeros((12, 14, 14), np.uint8)
    truth[1:11, 2:12, 2:12] = 1
    truth[4:8, 2:12, 6:8] = 0
    slices = truth.copy()
    slices[4:8, :, 8:][slices[4:8, :, 8:] > 0] = 2
    linked = link(slices, spacing=UNIT)
    assert np.array_equal(linked, truth)


@pytest.mark.parametrize("upwards", [False, True])
def test_a_crack_that_is_open_to_one_side_does_not_part_a_particle(upwards):
    truth = np.zeros((14, 14, 14), np.uint8)
    truth[1:13, 2:12, 2:12] = 1
    truth[7:, :, 6:8] = 0
    slices = truth.copy()
    slices[7:, :, 8:][slices[7:, :, 8:] > 0] = 2
    if upwards:
        truth, slices = truth[::-1], slices[::-1]
    assert np.array_equal(link(slices, spacing=UNIT), truth)


def test_a_section_over_two_particles_is_shared_between_them():
    """In one slice two neighbours came out as one section; the particles go on apart below it."""
    truth = np.zeros((11, 12, 20), np.uint8)
    truth[:, 2:10, 2:10], truth[:, 2:10, 10:16] = 1, 2
    slices = truth.copy()
    slices[5][slices[5] > 0] = 7
    assert np.array_equal(link(slices, spacing=UNIT), truth)


def test_particles_one_above_the_other_are_parted_at_their_neck():
    """Two balls that touch along z: no section says where one ends, only that the outline narrows."""
    truth = ellipsoids((44, 24, 24), [(11, 12, 12), (32, 12, 12)], [10.6, 10.6])
    slices = (truth > 0).astype(np.uint8)
    linked = link(slices, spacing=UNIT)
    assert linked.max() == 2
    assert np.array_equal(linked > 0, truth > 0)
    assert len(np.unique(linked[:20][truth[:20] > 0])) == 1
    assert len(np.unique(linked[24:][truth[24:] > 0])) == 1
    assert link(slices, spacing=UNIT, settings=LinkSettings(neck=0)).max() == 1


@pytest.mark.parametrize(("jump", "count"), [(5.9, 4), (6.1, 1), (None, 1)])
@pytest.mark.parametrize("by", ["overlap", "distance"])
def test_a_jump_is_measured_in_micrometres_along_each_axis(by, jump, count):
    """A section of 8 columns that moves by 2 of them, 3 um wide, from slice to slice."""
    slices = np.zeros((4, 8, 16), np.uint8)
    for z in range(4):
        slices[z, :, 2 * z : 2 * z + 8] = 1
    settings = LinkSettings(by=by, max_jump=jump)
    assert link(slices, spacing=(9.0, 2.0, 3.0), settings=settings).max() == count


def test_sections_that_do_not_overlap_are_linked_by_distance_alone():
    slices = np.zeros((3, 6, 18), np.uint8)
    for z in range(3):
        slices[z, 1:5, 5 * z : 5 * z + 4] = 1
    assert link(slices, spacing=UNIT).max() == 3
    assert link(slices, spacing=UNIT, settings=LinkSettings(by="distance", max_jump=5.5)).max() == 1


@pytest.mark.parametrize(("least", "left"), [(0.0, 3), (24.0, 3), (24.1, 2), (60.0, 1), (1e9, 0)])
def test_particles_below_the_least_volume_are_dropped(least, left):
    """2, 4 and 5 sections of one pixel, at 12 um^3 a voxel: 24, 48 and 60 um^3."""
    slices = np.zeros((5, 5, 5), np.uint8)
    slices[:2, 0, 0], slices[:4, 2, 2], slices[:, 4, 4] = 1, 2, 3
    linked = link(slices, spacing=(2.0, 2.0, 3.0), settings=LinkSettings(min_volume=least))
    assert sorted(np.unique(linked)) == list(range(left + 1))


def test_particles_are_numbered_in_the_order_in_which_they_begin():
    slices = np.zeros((3, 4, 8), np.uint8)
    slices[1:, 0, 0], slices[0:, 2, 5], slices[2, 3, 7] = 9, 200, 1
    linked = link(slices, spacing=UNIT)
    assert [int(linked[2, 2, 5]), int(linked[2, 0, 0]), int(linked[2, 3, 7])] == [1, 2, 3]


def test_more_than_65535_particles_are_numbered_in_32_bits():
    slices = np.zeros((1, 520, 512), np.uint32)
    slices[0, ::2, ::2] = np.arange(1, 260 * 256 + 1).reshape(260, 256)
    linked = link(slices, spacing=UNIT)
    assert linked.dtype == np.uint32
    assert linked.max() == 260 * 256
    assert np.array_equal(linked, slices)


def test_a_number_of_particles_is_never_wrapped():
    assert label_dtype(65_535) == np.uint16
    assert label_dtype(65_536) == np.uint32
    assert label_dtype(2**31 - 1) == np.uint32
    with pytest.raises(InputError, match="2147483648 particles"):
        label_dtype(2**31)


@pytest.mark.slow
@given(
    labels=hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 9), *[st.integers(1, 7)] * 2), elements=st.integers(0, 4)
    ),
    thickness=st.integers(1, 9),
    view=st.sampled_from(list(AXIS_OF)),
    fill=st.booleans(),
    by=st.sampled_from(["overlap", "distance"]),
)
def test_slabs_of_any_thickness_and_memory_give_the_same_labels(labels, thickness, view, fill, by):
    settings = LinkSettings(fill=fill, by=by, gap=2)
    whole = link(labels, spacing=ODD, view=view, settings=settings)
    volume = ArrayVolume(labels, spacing=ODD)
    linked = link_volume(volume, spacing=ODD, view=view, settings=settings, run=Run(memory=1))
    slabs = list(linked.slabs(thickness))
    assert [z0 for z0, _, _ in slabs] == list(range(0, len(labels), thickness))
    assert np.array_equal(np.concatenate([slab for _, _, slab in slabs]), whole)


@given(
    labels=hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 8), *[st.integers(1, 6)] * 2), elements=st.integers(0, 4)
    ),
    view=st.sampled_from(list(AXIS_OF)),
    gap=st.integers(0, 3),
)
def test_sections_stay_whole_and_background_stays_empty_without_fill(labels, view, gap):
    linked = link(labels, spacing=UNIT, view=view, settings=LinkSettings(gap=gap))
    assert np.array_equal(linked > 0, labels > 0)
    assert set(np.unique(linked[linked > 0])) == set(range(1, int(linked.max()) + 1))
    axis = AXIS_OF[view]
    filled = link(labels, spacing=UNIT, view=view, settings=LinkSettings(gap=gap, fill=True))
    assert np.array_equal(filled[labels > 0], linked[labels > 0])
    assert filled.shape == np.moveaxis(np.moveaxis(labels, axis, 0), 0, axis).shape


@pytest.mark.parametrize(
    "options",
    [
        {"by": "size"},
        {"gap": -1},
        {"gap": 1.5},
        {"gap": True},
        {"max_jump": 0.0},
        {"max_jump": math.nan},
        {"min_overlap": 1.0},
        {"min_overlap": -0.1},
        {"neck": math.nan},
        {"neck": 1.0},
        {"min_volume": -1.0},
        {"min_volume": math.inf},
    ],
)
def test_settings_that_make_no_sense_are_refused(options):
    (name,) = options
    with pytest.raises(InputError, match=name):
        LinkSettings(**options)


def test_a_view_that_is_none_is_refused():
    with pytest.raises(InputError, match="'zx'"):
        link(np.zeros((2, 2, 2), np.uint8), spacing=UNIT, view="zx")


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.0, 1.0, 1.0), (1.0, math.nan, 1.0)])
def test_a_voxel_size_that_is_none_is_refused(spacing):
    with pytest.raises(VoxelSizeError):
        link(np.zeros((2, 2, 2), np.uint8), spacing=spacing)


def test_progress_hears_of_every_slice_and_can_stop_the_work(separated):
    heard = []
    link(separated, spacing=UNIT, run=Run(progress=lambda *what: heard.append(what)))
    assert [done for done, _, stage in heard if stage == "linking slices"] == list(range(49))

    def stop(done, _total, _stage):
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        link(separated, spacing=UNIT, run=Run(progress=stop))
