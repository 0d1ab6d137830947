"""Scores of labelled particles, against StarDist's and against scores worked out by hand."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from electrodej import score
from electrodej.errors import InputError, VoxelSizeError
from electrodej.run import Run
from electrodej.score import THRESHOLDS, InstanceScores, InstanceSettings
from electrodej.score.instance_results import Criterion

MakePair = Callable[..., tuple[NDArray[Any], NDArray[Any]]]


def score_instances(
    pred: Any,
    truth: Any,
    *,
    spacing: Any = None,
    particles: bool = False,
    run: Run | None = None,
    **options: Any,
) -> InstanceScores:
    """Score with settings given by name."""
    return score.score_instances(
        pred, truth, settings=InstanceSettings(**options), spacing=spacing, particles=particles, run=run
    )


# StarDist computes its scores in 32-bit floats.
STARDIST_ROUNDING = 2e-6


@pytest.fixture(scope="module")
def stardist_matching() -> Callable[..., Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from stardist.matching import matching

    return matching


@pytest.mark.slow
@pytest.mark.parametrize("criterion", get_args(Criterion))
@pytest.mark.parametrize("shape", [(14, 22, 26), (40, 52)])
@pytest.mark.parametrize("noise", [0.0, 0.15, 0.45])
def test_scores_are_those_of_stardist(
    make_pair: MakePair,
    stardist_matching: Callable[..., Any],
    criterion: Criterion,
    shape: tuple[int, ...],
    noise: float,
) -> None:
    for seed in range(3):
        pred, truth = make_pair(seed, shape, noise=noise)
        ours = score_instances(pred, truth, criterion=criterion, run=Run(memory=5000, jobs=2))
        theirs = stardist_matching(truth, pred, thresh=THRESHOLDS, criterion=criterion)
        assert (ours.n_true, ours.n_pred) == (theirs[0].n_true, theirs[0].n_pred)
        for our, their in zip(ours.thresholds, theirs, strict=True):
            counts = (our.threshold, our.tp, our.fp, our.fn)
            assert counts == (their.thresh, their.tp, their.fp, their.fn)
            for name in ("precision", "recall", "f1", "accuracy", "mean_true_score", "mean_matched_score"):
                assert getattr(our, name) == pytest.approx(getattr(their, name), abs=STARDIST_ROUNDING)
            assert our.panoptic_quality == pytest.approx(their.panoptic_quality, abs=STARDIST_ROUNDING)


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.35])
def test_counts_are_those_of_stardist_where_matches_are_not_unique(
    make_pair: MakePair, stardist_matching: Callable[..., Any], threshold: float
) -> None:
    for seed in range(4):
        pred, truth = make_pair(seed, (30, 30), size=3, noise=0.3)
        our = score_instances(pred, truth, thresholds=(threshold,)).thresholds[0]
        their = stardist_matching(truth, pred, thresh=threshold)
        assert (our.tp, our.fp, our.fn) == (their.tp, their.fp, their.fn)
        # StarDist's tie-break also weighs pairs below the threshold, so ours can only be better.
        assert our.mean_matched_score >= their.mean_matched_score - STARDIST_ROUNDING


@pytest.mark.slow
@given(
    labels=hnp.arrays(np.uint8, st.tuples(st.just(2), *[st.integers(1, 5)] * 2), elements=st.integers(0, 3))
)
@settings(deadline=None, max_examples=100)
def test_any_small_image_scores_as_with_stardist(
    stardist_matching: Callable[..., Any], labels: NDArray[np.uint8]
) -> None:
    pred, truth = labels
    theirs = stardist_matching(truth, pred, thresh=THRESHOLDS)
    ours = score_instances(pred, truth, run=Run(jobs=1)).thresholds
    assert [(o.tp, o.fp, o.fn) for o in ours] == [(t.tp, t.fp, t.fn) for t in theirs]
    assert [o.panoptic_quality for o in ours] == pytest.approx(
        [t.panoptic_quality for t in theirs], abs=STARDIST_ROUNDING
    )


def test_scores_worked_out_by_hand() -> None:
    # IoU of 1 and 4: 3/5; of 2 and 9: 4/4; particle 3 is missed, prediction 8 is invented.
    truth = np.array([[1, 1, 1, 1, 0, 0, 2, 2, 2, 2, 0, 3]], np.uint16)
    pred = np.array([[0, 4, 4, 4, 4, 0, 9, 9, 9, 9, 8, 0]], np.uint16)
    scores = score_instances(pred, truth)
    low = scores.at(0.6)
    assert (low.tp, low.fp, low.fn) == (2, 1, 1)
    assert (low.precision, low.recall, low.f1, low.accuracy) == pytest.approx((2 / 3, 2 / 3, 2 / 3, 0.5))
    assert low.mean_matched_score == pytest.approx(0.8)
    assert low.mean_true_score == pytest.approx(1.6 / 3)
    assert low.panoptic_quality == pytest.approx(1.6 / 3)
    high = scores.at(0.65)
    assert (high.tp, high.fp, high.fn) == (1, 2, 2)
    assert high.accuracy == pytest.approx(0.2)
    # Three thresholds reach down to 0.6, seven do not.
    assert scores.mean["accuracy"] == pytest.approx((3 * 0.5 + 7 * 0.2) / 10)
    assert scores.mean["f1"] == pytest.approx((3 * 2 / 3 + 7 / 3) / 10)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_a_score_that_equals_the_threshold_is_a_match(threshold: float) -> None:
    shared = round(threshold * 20)
    truth = np.ones((1, 20), np.uint8)
    pred = (np.arange(20) < shared).astype(np.uint8)[None]
    assert score_instances(pred, truth).at(threshold).tp == 1
    pred[0, shared - 1] = 0
    assert score_instances(pred, truth).at(threshold).tp == 0


def test_criteria_divide_by_the_union_the_true_or_the_predicted_particle() -> None:
    truth = np.array([[1, 1, 1, 1, 0]], np.uint8)
    pred = np.array([[0, 0, 0, 1, 1]], np.uint8)
    means = {
        criterion: score_instances(pred, truth, criterion=criterion, thresholds=(0.1,)).mean
        for criterion in get_args(Criterion)
    }
    assert means["iou"]["mean_matched_score"] == pytest.approx(1 / 5)
    assert means["iot"]["mean_matched_score"] == pytest.approx(1 / 4)
    assert means["iop"]["mean_matched_score"] == pytest.approx(1 / 2)


def test_two_images_without_particles_score_zero_as_with_stardist(
    stardist_matching: Callable[..., Any],
) -> None:
    empty = np.zeros((3, 4), np.uint8)
    our, their = score_instances(empty, empty).at(0.5), stardist_matching(empty, empty)
    assert (our.tp, our.fp, our.fn) == (0, 0, 0)
    assert our.f1 == their.f1 == 0
    assert our.accuracy == their.accuracy == our.panoptic_quality == their.panoptic_quality == 0


def test_one_empty_image_makes_every_particle_missed_or_invented() -> None:
    empty, two = np.zeros((2, 2), np.uint8), np.array([[5, 5], [0, 70]], np.uint8)
    missed, invented = score_instances(empty, two).at(0.5), score_instances(two, empty).at(0.5)
    assert (missed.tp, missed.fp, missed.fn) == (0, 0, 2)
    assert (invented.tp, invented.fp, invented.fn) == (0, 2, 0)


def test_a_perfect_prediction_scores_one_everywhere(make_pair: MakePair) -> None:
    _, truth = make_pair(1)
    scores = score_instances(truth, truth)
    assert set(scores.mean.values()) == {1.0}
    assert scores.thresholds[-1].tp == scores.n_true == np.unique(truth[truth > 0]).size


def without_particles(scores: InstanceScores) -> dict[str, Any]:
    return scores.as_dict() | {"particles": None}


def test_names_of_labels_and_their_type_do_not_matter(make_pair: MakePair) -> None:
    pred, truth = make_pair(2)
    expected = score_instances(pred, truth)
    rng = np.random.default_rng(0)
    names = np.concatenate([[0], rng.choice(2**31, pred.max(), replace=False) + 1])
    assert score_instances(names[pred], truth.astype(np.float32)) == expected
    assert score_instances(pred.astype(np.int64), names[truth].astype(np.uint32)) == expected


def test_swapping_the_images_exchanges_precision_and_recall(make_pair: MakePair) -> None:
    pred, truth = make_pair(3)
    truth[:4] = 0
    forth, back = score_instances(pred, truth), score_instances(truth, pred)
    assert forth.mean["precision"] != forth.mean["recall"]
    for one, other in zip(forth.thresholds, back.thresholds, strict=True):
        assert (one.precision, one.recall, one.f1) == (other.recall, other.precision, other.f1)
        assert one.panoptic_quality == pytest.approx(other.panoptic_quality)


@pytest.mark.parametrize("memory", [1, 3000, 50_000, 10**9])
@pytest.mark.parametrize("jobs", [1, 2])
def test_box_size_and_threads_do_not_matter(make_pair: MakePair, memory: int, jobs: int) -> None:
    pred, truth = make_pair(4, (6, 12, 14))
    options: dict[str, Any] = {"exclude_border": True, "ignore": int(truth.max())}
    expected = without_particles(score_instances(pred, truth, **options))
    assert (
        without_particles(score_instances(pred, truth, run=Run(memory=memory, jobs=jobs), **options))
        == expected
    )


def test_axis_order_does_not_matter(make_pair: MakePair) -> None:
    pred, truth = make_pair(5)
    turned = score_instances(pred.transpose(2, 0, 1), truth.transpose(2, 0, 1), exclude_border=True)
    assert turned.thresholds == score_instances(pred, truth, exclude_border=True).thresholds


def test_voxels_of_the_ignored_label_count_in_neither_image() -> None:
    truth = np.array([[1, 1, 1, 255, 255, 255, 0, 2]], np.uint8)
    pred = np.array([[4, 4, 4, 4, 4, 0, 0, 7]], np.uint8)
    counted = score_instances(pred, truth, ignore=255).at(0.95)
    assert (counted.tp, counted.fp, counted.fn) == (2, 0, 0)
    plain = score_instances(pred, truth).at(0.6)
    assert (plain.tp, plain.fp, plain.fn) == (2, 0, 1)


def test_a_prediction_mostly_in_the_ignored_region_is_not_invented() -> None:
    truth = np.array([[255, 255, 255, 0, 0, 0, 255]], np.uint8)
    mostly_inside = np.array([[0, 3, 3, 3, 0, 0, 0]], np.uint8)
    mostly_outside = np.array([[0, 0, 0, 0, 3, 3, 3]], np.uint8)
    half = np.array([[0, 0, 3, 3, 0, 0, 0]], np.uint8)
    found = [
        score_instances(pred, truth, ignore=255).at(0.5).fp for pred in (mostly_inside, mostly_outside, half)
    ]
    assert found == [0, 1, 1]


def test_particles_on_the_border_are_neither_missed_nor_invented() -> None:
    truth = np.zeros((7, 9), np.uint8)
    truth[0:3, 1:3] = 1
    truth[3:5, 4:7] = 2
    pred = np.zeros((7, 9), np.uint8)
    pred[3:5, 4:7] = 5
    pred[5:7, 0:2] = 6
    scores = score_instances(pred, truth, exclude_border=True)
    assert (scores.n_true, scores.n_pred) == (1, 1)
    assert (scores.at(0.95).tp, scores.at(0.95).fp, scores.at(0.95).fn) == (1, 0, 0)
    both = score_instances(pred, truth).at(0.95)
    assert (both.tp, both.fp, both.fn) == (1, 1, 1)


def test_a_prediction_just_off_the_border_of_a_true_one_on_it_is_not_invented() -> None:
    truth = np.zeros((7, 9), np.uint8)
    truth[0:4, 2:6] = 1
    pred = np.zeros((7, 9), np.uint8)
    pred[1:4, 2:6] = 4
    scores = score_instances(pred, truth, exclude_border=True).at(0.5)
    assert (scores.tp, scores.fp, scores.fn) == (0, 0, 0)


def test_a_small_prediction_still_matches_a_true_particle_that_is_scored() -> None:
    truth = np.array([[1, 1, 1, 1, 0, 2, 0, 0, 0, 0]], np.uint8)
    pred = np.array([[1, 1, 1, 0, 0, 0, 0, 8, 8, 8]], np.uint8)
    scores = score_instances(pred, truth, min_volume=4, spacing=(1.0, 1.0, 1.0))
    assert (scores.n_true, scores.n_pred) == (1, 0)
    assert (scores.at(0.75).tp, scores.at(0.75).fp, scores.at(0.75).fn) == (1, 0, 0)


@pytest.mark.parametrize(("spacing", "voxels"), [((1.0, 1.0, 1.0), 60), ((3.0, 4.0, 5.0), 1)])
def test_smallest_volume_is_in_cubic_micrometres(spacing: tuple[float, float, float], voxels: int) -> None:
    labels = np.zeros((1, 200), np.uint8)
    labels[0, :voxels] = 1
    assert score_instances(labels, labels, min_volume=60.0, spacing=spacing).n_true == 1
    assert score_instances(labels, labels, min_volume=60.5, spacing=spacing).n_true == 0


def test_a_particle_of_exactly_the_smallest_volume_is_scored_in_spite_of_rounding() -> None:
    labels = np.ones((1, 3), np.uint8)
    assert 0.001029 / 0.07**3 != 3
    assert score_instances(labels, labels, min_volume=0.001029, spacing=(0.07,) * 3).n_true == 1


class Sized(np.ndarray[Any, Any]):
    """An array that carries a voxel size and a path, as an open volume does."""

    spacing: tuple[float, float, float] | None = None
    path: str = "somewhere.tif"


def sized(labels: NDArray[Any], spacing: tuple[float, float, float] | None, path: str) -> Sized:
    image = labels.view(Sized)
    image.spacing, image.path = spacing, path
    return image


def test_voxel_size_of_the_truth_is_used_before_that_of_the_prediction() -> None:
    labels = np.ones((1, 10), np.uint8)
    fine, coarse = sized(labels, (0.1, 0.1, 0.1), "fine.tif"), sized(labels, (1.0, 1.0, 1.0), "coarse.tif")
    assert score_instances(fine, coarse, min_volume=5.0).n_true == 1
    assert score_instances(coarse, fine, min_volume=5.0).n_true == 0
    assert score_instances(coarse, labels, min_volume=5.0).n_true == 1
    assert score_instances(coarse, coarse, min_volume=5.0, spacing=(0.1, 0.1, 0.1)).n_true == 0


def test_a_smallest_volume_without_a_voxel_size_asks_for_one() -> None:
    labels = np.ones((2, 2), np.uint8)
    with pytest.raises(VoxelSizeError, match="--spacing"):
        score_instances(labels, labels, min_volume=1.0)
    with pytest.raises(VoxelSizeError, match="positive"):
        score_instances(labels, labels, min_volume=1.0, spacing=(1.0, 0.0, 1.0))


def test_voxel_sizes_that_differ_are_noted_with_both_files() -> None:
    labels = np.ones((2, 2), np.uint8)
    pred, truth = sized(labels, (0.07, 0.07, 0.07), "p.tif"), sized(labels, (0.1, 0.07, 0.07), "t.tif")
    (note,) = score_instances(pred, truth).notes
    assert "p.tif says 0.07 x 0.07 x 0.07 um and t.tif says 0.1 x 0.07 x 0.07 um" in note
    nearly = sized(labels, (0.07, 0.0700001, 0.07), "t.tif")
    assert score_instances(pred, nearly).notes == ()
    assert score_instances(pred, labels).notes == ()


def test_an_image_in_which_nothing_counts_is_noted() -> None:
    labels = np.array([[1, 1, 0, 2]], np.uint8)
    pred, truth = sized(labels, (1.0, 1.0, 1.0), "p.tif"), sized(labels, (1.0, 1.0, 1.0), "t.tif")
    notes = score_instances(pred, truth, min_volume=100.0, spacing=(1.0, 1.0, 1.0)).notes
    assert [note.split(" has no particle that counts")[0] for note in notes] == ["p.tif", "t.tif"]
    (note,) = score_instances(pred, np.zeros_like(labels)).notes
    assert "has no particle that counts" in note
    assert score_instances(pred, truth).notes == ()


def test_best_partners_are_listed_by_hand() -> None:
    truth = np.array([[2, 2, 2, 2, 0, 5, 5, 0, 9]], np.uint16)
    pred = np.array([[1, 1, 3, 3, 3, 3, 0, 0, 0]], np.uint16)
    particles = score_instances(pred, truth, particles=True).particles
    assert particles is not None
    assert particles.as_dict() == {
        "Label": [2, 5, 9],
        "Voxels": [4, 2, 1],
        "Best": [1, 3, 0],
        "BestVoxels": [2, 4, 0],
        "Overlap": [2, 1, 0],
        "IoU": [0.5, 0.2, 0.0],
        "Covered": [0.5, 0.5, 0.0],
    }


def test_particles_that_are_not_scored_are_not_listed() -> None:
    labels = np.array([[1, 0, 2, 2, 0, 255, 255, 255]], np.uint8)
    scores = score_instances(
        labels, labels, min_volume=2.0, spacing=(1.0, 1.0, 1.0), ignore=255, particles=True
    )
    assert scores.particles is not None
    assert scores.particles.label.tolist() == [2]


def test_results_are_ready_for_json(make_pair: MakePair) -> None:
    pred, truth = make_pair(6)
    scores = score_instances(pred, truth, particles=True)
    read = json.loads(json.dumps(scores.as_dict(), allow_nan=False))
    assert [entry["threshold"] for entry in read["thresholds"]] == list(THRESHOLDS)
    assert read["n_true"] == len(read["particles"]["Label"]) == np.unique(truth[truth > 0]).size
    assert "particles" not in score_instances(pred, truth).as_dict()


def test_asking_for_a_threshold_that_was_not_scored_names_those_that_were() -> None:
    labels = np.ones((2, 2), np.uint8)
    with pytest.raises(KeyError, match=r"there are 0\.5, 0\.75"):
        score_instances(labels, labels, thresholds=(0.5, 0.75)).at(0.6)


@pytest.mark.parametrize(
    "options",
    [
        {"thresholds": ()},
        {"thresholds": (0.0,)},
        {"thresholds": (0.5, 1.2)},
        {"thresholds": (float("nan"),)},
        {"criterion": "dice"},
        {"ignore": 0},
        {"min_volume": -1.0},
    ],
)
def test_senseless_options_are_refused_by_name(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        InstanceSettings(**options)


def shifted_rods(number: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Rods of 5 voxels, predicted 1 voxel further on: an IoU of 4/6, and of 1/9 with the next rod."""
    truth = (np.arange(5 * number, dtype=np.uint32) // 5 + 1).reshape(-1, 500)
    return np.roll(truth.reshape(-1), 1).reshape(truth.shape), truth


def test_a_hundred_thousand_touching_particles_are_matched_one_to_one() -> None:
    pred, truth = shifted_rods(100_000)
    scores = score_instances(pred, truth, thresholds=(0.5, 0.65, 0.7))
    assert [score.tp for score in scores.thresholds] == [100_000, 100_000, 0]
    assert scores.at(0.5).mean_matched_score == pytest.approx(4 / 6)


def test_a_long_chain_of_touching_particles_keeps_the_better_partners() -> None:
    # Below 1/9 the rods are all one group, in which each could also have its neighbour's partner.
    scores = score_instances(*shifted_rods(3_000), thresholds=(0.1,))
    assert scores.at(0.1).tp == 3_000
    assert scores.at(0.1).mean_matched_score == pytest.approx(4 / 6)
