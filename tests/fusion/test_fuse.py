"""Three views to particles: what is parted, what is bridged, where a particle ends; slabs do not show."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from scipy import ndimage

from electrodej.errors import Cancelled, InputError, VoxelSizeError
from electrodej.fusion import FusionSettings, Views, fuse_views, start_fusion
from electrodej.run import Run
from electrodej.score import score_instances
from electrodej.volume import ArrayVolume

UNIT = (1.0, 1.0, 1.0)
METHODS = ["flow", "watershed", "kmeans"]
# Peaks as they are: no smoothing, no bridging, nothing dropped, everything from the floor on.
BARE = FusionSettings(bridge=0, smoothing=0, edge=0, edge_blur=0, min_volume=0, necking=0, peak=0.1)


def fuse(views, spacing=UNIT, *, run=None, **options):
    return fuse_views(*views, spacing=spacing, run=run or Run(jobs=1), **options)


def profile(*levels):
    """Three equal views of a row of voxels with these sums, 0 to 3."""
    row = np.array(levels, np.float32).reshape(1, 1, -1) / 3
    return [row, row, row]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["flow", "watershed"])
def test_particles_that_touch_are_parted_where_components_merge_them(crowd, method):
    truth, views, spacing = crowd
    scores = score_instances(fuse(views, spacing, method=method).labels, truth, run=Run(jobs=1))
    assert scores.n_pred == scores.n_true == 16
    assert scores.at(0.75).f1 == 1
    assert fuse(views, spacing, method="kmeans").count < 16


def test_a_particle_ends_where_it_should_whatever_its_size(balls, views_of):
    radii = [7, 12, 20]
    truth = balls((48, 48, 96), [(24, 24, 9), (24, 24, 32), (24, 24, 70)], radii, UNIT)
    blurred = [ndimage.gaussian_filter(view, 1.0) for view in views_of(truth, UNIT, noise=0.03)]
    scores = score_instances(fuse(blurred).labels, truth, run=Run(jobs=1), particles=True)
    # A shell two thirds of a voxel thick is 2 / radius of a ball's volume.
    for overlap, radius in zip(scores.particles.columns()["IoU"], radii, strict=True):
        assert overlap > 1 - 2 / radius


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_that_one_view_lost_do_not_cut_a_particle(balls, views_of, axis):
    truth = balls((40, 40, 40), [(20, 20, 20)], [15], UNIT)
    views = views_of(truth, UNIT)
    np.moveaxis(views[axis], axis, 0)[[12, 20, 21, 28]] = 0
    fused = fuse(views)
    assert fused.count == 1
    lost = np.moveaxis(fused.labels, axis, 0)[20] > 0
    shown = np.moveaxis(truth, axis, 0)[20] > 0
    assert np.count_nonzero(lost & shown) / np.count_nonzero(lost | shown) > 0.9


def test_lengths_are_physical_in_each_direction(balls, views_of):
    spacing = (0.3, 0.4, 0.5)
    truth = balls((40, 30, 44), [(5.8, 5.8, 5.8), (5.8, 5.8, 15.4)], [5, 4.7], spacing)
    fused = fuse(views_of(truth, spacing, lost=0.05, noise=0.02), spacing)
    assert fused.count == 2
    assert fused.table["Volume"] == pytest.approx(
        np.bincount(truth.ravel())[1:] * math.prod(spacing), rel=0.15
    )
    order = np.argsort(fused.table["X"])
    assert fused.table["X"][order] == pytest.approx([5.8, 15.4], abs=0.25)
    assert fused.table["Z"] == pytest.approx([5.8, 5.8], abs=0.25)


def test_a_volume_turned_with_its_views_has_the_same_particles_turned(crowd):
    _, (xy, xz, yz), spacing = crowd
    upright = fuse((xy, xz, yz), spacing)
    # z becomes x, y becomes z, x becomes y: the xz view is then the one across z.
    turned = fuse([np.moveaxis(view, 0, 2) for view in (xz, yz, xy)], spacing)
    back = np.moveaxis(turned.labels, 2, 0)
    assert turned.count == upright.count
    assert score_instances(back, upright.labels, run=Run(jobs=1)).at(0.95).f1 == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("slab", [1, 2, 5, 23])
def test_labels_do_not_depend_on_slabs_or_threads(method, slab):
    # Structure of every size, plateaus and ties: rough and smooth noise in few levels.
    random = np.random.default_rng(4)
    views = []
    for sigma in (0.7, 1, 1.5):
        noise = ndimage.gaussian_filter(random.standard_normal((24, 28, 26)), sigma)
        views.append(np.clip(noise / noise.std() * 2 + 1, 0, 7).astype(np.uint8) * 36)
    settings = FusionSettings(min_volume=0, edge_blur=0.2, clusters=2)
    whole = fuse(views, method=method, settings=settings, slab=24)
    cut = fuse_views(*views, spacing=UNIT, method=method, settings=settings, slab=slab, run=Run(jobs=3))
    assert whole.count > 1
    assert np.array_equal(whole.labels, cut.labels)
    for name, column in whole.table.items():
        assert np.array_equal(column, cut.table[name])


class Elsewhere:
    """Workers that get everything as pickles and hand back the last result first."""

    count = 3

    def share(self, value):
        return pickle.loads(pickle.dumps(value))

    def run(self, function, tasks):
        for number in reversed(range(len(tasks))):
            yield number, pickle.loads(pickle.dumps(function(*pickle.loads(pickle.dumps(tasks[number])))))

    def close(self):
        """Nothing is held."""


@pytest.mark.parametrize("slab", [1, 5, None])
def test_workers_elsewhere_give_the_same_labels(crowd, slab):
    _, views, spacing = crowd
    here = fuse(views, spacing)
    fusion = start_fusion(Views(*views, spacing=spacing), slab=slab, run=Run(scheduler=Elsewhere()))
    slabs = list(fusion.slabs())
    assert fusion.count == here.count == 16
    assert [z0 for z0, _ in slabs] == np.cumsum([0, *(len(part) for _, part in slabs[:-1])]).tolist()
    assert np.array_equal(np.concatenate([part for _, part in slabs]), here.labels)


@pytest.mark.parametrize("method", ["watershed", "kmeans"])
def test_methods_that_cannot_work_elsewhere_say_so(crowd, method):
    _, views, spacing = crowd
    with pytest.raises(InputError, match=f"not on {method}"):
        start_fusion(Views(*views, spacing=spacing), method=method, run=Run(scheduler=Elsewhere()))


@pytest.mark.parametrize("slab", [4, 9])
def test_labels_at_reduced_size_do_not_depend_on_slabs(crowd, slab):
    _, views, spacing = crowd
    settings = FusionSettings(reduce=4)
    whole = fuse(views, spacing, method="kmeans", settings=settings)
    cut = fuse(views, spacing, method="kmeans", settings=settings, slab=slab)
    assert np.array_equal(whole.labels, cut.labels)


def test_basins_are_those_of_following_the_steepest_way_voxel_by_voxel():
    random = np.random.default_rng(0)
    values = random.integers(1, 86, (5, 6, 7), dtype=np.uint8)
    fused = fuse(
        [values] * 3,
        settings=FusionSettings(
            bridge=0, smoothing=0, floor=0, depth=0, necking=0, peak=0, edge=0, edge_blur=0, min_volume=0
        ),
    )
    ends = {}
    for start in np.ndindex(values.shape):
        at = start
        while True:
            near = [
                tuple(np.add(at, step))
                for step in np.ndindex(3, 3, 3)
                for step in [np.subtract(step, 1)]
                if any(step) and all(0 <= p < n for p, n in zip(np.add(at, step), values.shape, strict=True))
            ]
            rises = {
                other: (int(values[other]) - int(values[at])) / math.dist(other, at)
                for other in near
                if (int(values[other]), other) > (int(values[at]), at)
            }
            if not rises:
                break
            # Weights are whole 1024ths, so slopes nearer than that to each other are decided by order.
            at = max(
                rises,
                key=lambda other: (
                    round(1024 / math.dist(other, at)) * (int(values[other]) - int(values[at])),
                    other,
                ),
            )
        ends[start] = at
    numbers = {end: n for n, end in enumerate(sorted(set(ends.values())), start=1)}
    expected = np.array([numbers[ends[at]] for at in np.ndindex(values.shape)]).reshape(values.shape)
    assert np.array_equal(fused.labels, expected)


@pytest.mark.parametrize(
    ("levels", "depth", "expected"),
    [
        ((0, 1, 2, 1.5, 2.5, 1, 0), 0.4, [0, 1, 1, 2, 2, 2, 0]),  # rises 0.5 over its neck
        ((0, 1, 2, 1.5, 2.5, 1, 0), 0.6, [0, 1, 1, 1, 1, 1, 0]),
        # The middle one goes to the neighbour over the higher neck, though the other is higher.
        ((0, 2, 1.6, 1.8, 1.5, 3, 0), 0.25, [0, 1, 1, 1, 2, 2, 0]),
    ],
)
def test_a_shallow_maximum_belongs_to_the_one_across_its_highest_neck(levels, depth, expected):
    from dataclasses import replace

    fused = fuse(profile(*levels), settings=replace(BARE, depth=depth))
    assert fused.labels[0, 0].tolist() == expected


def test_pieces_below_the_smallest_volume_are_dropped(balls, views_of):
    truth = balls((30, 30, 60), [(15, 15, 15), (15, 15, 45)], [10, 5], UNIT)
    views = views_of(truth, UNIT)
    both = fuse(views)
    small = int(both.table["Voxels"].min())
    assert fuse(views, settings=FusionSettings(min_volume=small)).count == 2
    assert fuse(views, settings=FusionSettings(min_volume=small + 1)).count == 1


def test_agreement_tells_which_view_does_not_see_a_particle(balls, views_of):
    truth = balls((30, 30, 60), [(15, 15, 15), (15, 15, 45)], [10, 10], UNIT)
    views = views_of(truth, UNIT)
    views[1][:, :, 30:] = 0
    table = fuse(views).table
    blind = np.argmax(table["X"])
    assert table["SeenXZ"][blind] == table["LeastAgreement"][blind] == 0
    assert table["SeenXY"][blind] > 0.9
    assert table["Agreement"][blind] == pytest.approx((table["SeenXY"][blind] + table["SeenYZ"][blind]) / 3)
    assert table["LeastAgreement"][1 - blind] > 0.9


@pytest.mark.parametrize("method", METHODS)
def test_numbers_of_any_type_give_the_same_particles(crowd, method):
    _, views, spacing = crowd
    plain = fuse(views, spacing, method=method)
    wide = fuse([view.astype(np.uint16) * 257 for view in views], spacing, method=method)
    shares = fuse([view.astype(np.float32) / 255 for view in views], spacing, method=method)
    assert np.array_equal(plain.labels, wide.labels)
    assert np.array_equal(plain.labels, shares.labels)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_and_everything(method):
    nothing = fuse([np.zeros((6, 7, 8), np.uint8)] * 3, method=method)
    assert nothing.count == 0
    assert not nothing.labels.any()
    assert len(nothing.table["Agreement"]) == 0
    everything = np.full((6, 7, 8), 255, np.uint8)
    everything[0] = 0
    full = fuse([everything] * 3, method=method)
    assert full.count == 1
    assert full.labels[3:].all()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["flow", "kmeans"])
def test_more_than_65535_particles_are_numbered_without_wrapping(method):
    views = np.zeros((82, 82, 82), np.uint8)
    views[::2, ::2, ::2] = 255
    fused = fuse([views] * 3, method=method, settings=BARE)
    assert fused.labels.dtype == np.uint32
    assert fused.count == 41**3 == 68_921
    assert len(np.unique(fused.labels)) == 68_922


def test_kmeans_brings_labels_back_without_steps(balls, views_of):
    truth = balls((64, 64, 64), [(32, 32, 32)], [24], UNIT)
    views = views_of(truth, UNIT)
    fine = fuse(views, method="kmeans").labels > 0
    coarse = fuse(views, method="kmeans", settings=FusionSettings(reduce=4)).labels > 0
    blocks = fine[::4, ::4, ::4].repeat(4, 0).repeat(4, 1).repeat(4, 2)

    def overlap(found):
        return np.count_nonzero(found & fine) / np.count_nonzero(found | fine)

    assert overlap(coarse) > 0.95 > overlap(blocks)
    # A stair of blocks has flat faces: as many voxels with an odd number in a row as with an even one.
    widths = coarse.sum(axis=2)[coarse.any(axis=2)]
    assert 0.3 < np.mean(widths % 4 != 0) < 1


def test_views_of_different_shape_are_refused_with_both_shapes():
    with pytest.raises(InputError, match=r"yz view has the shape 4 x 5 x 7 .*4 x 5 x 6"):
        fuse([np.zeros((4, 5, 6), np.uint8)] * 2 + [np.zeros((4, 5, 7), np.uint8)])


def test_a_missing_view_is_named():
    with pytest.raises(InputError, match="the xz sections are missing"):
        Views(np.zeros((4, 5, 6), np.uint8), None, np.zeros((4, 5, 6), np.uint8), spacing=UNIT)


def test_views_of_different_voxel_size_are_refused():
    array = np.zeros((4, 5, 6), np.uint8)
    odd = ArrayVolume(array, spacing=(1, 1, 1.1), name="odd.tif")
    with pytest.raises(VoxelSizeError, match=r"odd\.tif: the xz view has voxels of 1 x 1 x 1\.1"):
        Views(array, odd, array, spacing=UNIT)


@pytest.mark.parametrize(
    ("value", "kind", "match"),
    [
        (1.5, np.float32, "value 1.5"),
        (255, np.float64, "255"),
        (-0.1, np.float32, "-0.1"),
        (np.nan, np.float32, "NaN"),
    ],
)
def test_floats_that_are_no_probabilities_are_refused_with_view_and_value(value, kind, match):
    good = np.zeros((4, 5, 6), np.uint8)
    bad = np.zeros((4, 5, 6), kind)
    bad[1, 2, 3] = value
    with pytest.raises(InputError, match=rf"the xz view.*{match}"):
        fuse([good, bad, good])


def test_signed_integers_are_refused():
    good = np.zeros((4, 5, 6), np.uint8)
    with pytest.raises(InputError, match="xy view has values of type int32"):
        fuse([good.astype(np.int32), good, good])


def test_a_method_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="flow, watershed, kmeans"):
        fuse([np.zeros((4, 5, 6), np.uint8)] * 3, method="magic")


@pytest.mark.parametrize(
    "wrong",
    [{"depth": -1}, {"smoothing": math.nan}, {"bridge": 9}, {"clusters": 1}, {"reduce": 0}, {"necking": 1.1}],
)
def test_settings_that_make_no_sense_are_refused_by_name(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        FusionSettings(**wrong)


def test_a_watershed_that_does_not_fit_names_the_method_that_does(crowd):
    _, views, spacing = crowd
    with pytest.raises(InputError, match="flow"):
        fuse(views, spacing, method="watershed", run=Run(memory=2**20))


@pytest.mark.parametrize("method", METHODS)
def test_progress_ends_with_all_slices_and_can_stop_the_work(crowd, method):
    _, views, spacing = crowd
    told = []
    fuse(
        views,
        spacing,
        method=method,
        slab=7,
        run=Run(jobs=1, progress=lambda done, total, stage: told.append((done, total, stage))),
    )
    assert told[-1][:2] == (44, 44)
    assert len(told) >= 10

    def stop(*_):
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        fuse(views, spacing, method=method, slab=7, run=Run(jobs=1, progress=stop))


@pytest.mark.parametrize("method", ["flow", "kmeans"])
def test_scratch_files_give_the_same_labels_and_are_gone_afterwards(crowd, method, tmp_path):
    _, views, spacing = crowd
    fusion = start_fusion(
        Views(*views, spacing=spacing), method=method, slab=7, folder=tmp_path, run=Run(jobs=1, memory=2**20)
    )
    labels = np.concatenate([part for _, part in fusion.slabs()])
    fusion.close()
    assert list(tmp_path.iterdir()) == []
    assert np.array_equal(labels, fuse(views, spacing, method=method).labels)
