from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from electrodej.models import ModelInfo
from electrodej.networks.stardist.candidates import Candidates, predict_sections
from electrodej.networks.stardist.instances import choose, draw
from electrodej.networks.stardist.model import StarDistModel


def smoothing_model(reach: int, *, grid: int = 2, divisor: int = 8) -> StarDistModel:
    """A network that sees exactly ``reach`` pixels: means over squares, on a grid."""
    from scipy.ndimage import uniform_filter

    class Smoothing:
        channels = 9

        def run(self, images):
            assert images.shape[1] % divisor == 0
            assert images.shape[2] % divisor == 0
            means = [uniform_filter(image[..., 0], 2 * reach + 1, mode="constant") for image in images]
            chance = np.stack(means)[:, ::grid, ::grid, np.newaxis]
            return np.concatenate([chance, np.repeat(chance * 10, 8, axis=-1)], axis=-1)

    info = ModelInfo(kind="stardist", grid=(grid, grid), rays=8, size_divisor=divisor, context=reach)
    return StarDistModel("smoothing", info, Smoothing())


@settings(max_examples=25)
@given(
    height=st.integers(9, 150),
    width=st.integers(9, 150),
    edge=st.integers(40, 200),
    reach=st.integers(0, 12),
)
def test_tiles_leave_no_trace(height: int, width: int, edge: int, reach: int):
    model = smoothing_model(reach)
    images = np.random.default_rng(0).random((3, height, width), np.float32)
    whole = predict_sections(model, images, threshold=0.4, batch_pixels=10**7)
    tiled = predict_sections(model, images, threshold=0.4, batch_pixels=edge**2)
    for one, other in zip(whole, tiled, strict=True):
        np.testing.assert_allclose(one.probability, other.probability, atol=1e-6)
        assert one.probability.shape == (-(-height // 2), -(-width // 2))
        near = np.abs(one.probability - 0.4) < 1e-5
        if not near.any():
            ours = {tuple(point) for point in one.candidates.points}
            assert ours == {tuple(point) for point in other.candidates.points}


def test_candidates_are_those_above_the_threshold_and_off_the_rim():
    model = smoothing_model(0, grid=1, divisor=1)
    image = np.zeros((20, 30), np.float32)
    image[[0, 1, 2, 10, 17, 18], [5, 5, 5, 10, 27, 20]] = [0.9, 0.9, 0.9, 0.8, 0.7, 0.9]
    found = predict_sections(model, image[np.newaxis], threshold=0.5)[0].candidates
    assert found.points.tolist() == [[2, 5], [10, 10], [17, 27]]
    np.testing.assert_allclose(found.probability, [0.9, 0.8, 0.7], atol=1e-6)


def test_sections_of_one_pixel_go_through():
    model = smoothing_model(3)
    found = predict_sections(model, np.ones((2, 1, 1), np.float32), threshold=0.5)
    assert [one.probability.shape for one in found] == [(1, 1), (1, 1)]
    assert all(len(one.candidates.points) == 0 for one in found)


def outlines_of(*given: tuple[float, float, float, float]) -> Candidates:
    """Circles as row, column, radius, probability."""
    values = np.array(given, np.float32)
    return Candidates(
        values[:, :2].astype(np.int64), values[:, 3], np.repeat(values[:, 2:3], 64, axis=1).copy()
    )


def test_the_more_probable_of_two_outlines_stays():
    both = outlines_of((20, 20, 8, 0.9), (21, 21, 8, 0.8), (60, 60, 8, 0.7))
    kept = choose(both, overlap=0.4)
    assert kept.points.tolist() == [[20, 20], [60, 60]]


@pytest.mark.parametrize("overlap", [0.0, 0.1, 0.4, 0.5, 0.9])
@pytest.mark.parametrize(
    ("radius", "ragged", "spread"), [(3, 0.3, 40), (9, 0.1, 60), (25, 0.5, 120), (40, 0, 90)]
)
def test_telling_many_apart_first_keeps_those_that_stardist_alone_keeps(
    overlap: float, radius: float, ragged: float, spread: int
):
    chance = np.random.default_rng(int(radius))
    count = 120
    offered = Candidates(
        chance.integers(-spread, spread, (count, 2)),
        np.linspace(1, 0.5, count, dtype=np.float32),
        (radius * (1 + ragged * chance.standard_normal((count, 32)))).clip(1e-3).astype(np.float32),
    )
    alone = choose(offered, overlap=overlap, many=False)
    assert choose(offered, overlap=overlap).points.tolist() == alone.points.tolist()
    assert len(alone.points) > 1


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 0.0])
def test_distances_that_are_none_change_nothing_about_the_others(wrong: float):
    offered = outlines_of((20, 20, 8, 0.9), (200, 200, wrong, 0.8), (21, 21, 8, 0.8), (60, 60, 8, 0.7))
    kept = choose(offered, overlap=0.4).points.tolist()
    assert [20, 20] in kept
    assert [60, 60] in kept
    assert [21, 21] not in kept


def test_nothing_offered_gives_nothing():
    nothing = Candidates(np.zeros((0, 2), np.int64), np.zeros(0, np.float32), np.zeros((0, 32), np.float32))
    assert draw(choose(nothing, overlap=0.4), (5, 6), factor=(1.0, 1.0)).tolist() == np.zeros((5, 6)).tolist()


@pytest.mark.parametrize("factor", [(1.0, 1.0), (0.5, 2.0)])
def test_a_circle_is_drawn_with_its_area(factor: tuple[float, float]):
    labels = draw(outlines_of((100, 100, 40, 0.9)), (300, 400), factor=factor)
    area = np.pi * 40**2 * factor[0] * factor[1]
    assert np.count_nonzero(labels) == pytest.approx(area, rel=0.02)
    rows, columns = np.nonzero(labels)
    assert rows.mean() == pytest.approx(100 * factor[0], abs=0.6)
    assert columns.mean() == pytest.approx(100 * factor[1], abs=0.6)


def test_the_more_probable_outline_lies_on_top():
    labels = draw(outlines_of((20, 20, 10, 0.9), (20, 34, 10, 0.5)), (40, 60), factor=(1.0, 1.0))
    assert labels[20, 27] == 1
    assert labels[20, 40] == 2


def test_labels_are_those_of_stardist_itself(make_discs):
    """An untrained network offers many outlines that overlap; sizes that need padding."""
    import contextlib
    import io

    import keras
    from stardist.models import Config2D, StarDist2D

    from electrodej.networks.stardist.model import from_network

    # Some networks of chance offer too few outlines to tell anything.
    keras.utils.set_random_seed(1)
    config = Config2D(n_rays=32, grid=(2, 2), unet_n_depth=2, unet_n_filter_base=4, net_conv_after_unet=16)
    with contextlib.redirect_stdout(io.StringIO()):
        star = StarDist2D(config, basedir=None)
    # Distances from 3 to 9 pixels instead of the untrained network's, which are next to nothing.
    star.keras_model.get_layer("dist").bias.assign(np.linspace(3, 9, 32, dtype=np.float32))
    info = ModelInfo(kind="stardist", grid=(2, 2), rays=32, size_divisor=8, context=None)
    model = from_network(star.keras_model, info)
    image = make_discs(3).grey[:83, :70].astype(np.float32) / 200
    threshold = float(np.quantile(model.run(image[np.newaxis, :80, :64])[0], 0.9))
    expected, _ = star.predict_instances(image, prob_thresh=threshold, nms_thresh=0.3)
    offered = predict_sections(model, image[np.newaxis], threshold=threshold)[0].candidates
    found = draw(choose(offered, overlap=0.3), image.shape, factor=(1.0, 1.0))
    assert expected.max() > 5
    assert found.max() == expected.max()
    pairs = np.unique(np.stack([found.ravel(), expected.ravel()]), axis=1)
    assert pairs.shape[1] == expected.max() + 1, "the same pixels, in whatever order of numbers"


def test_context_unknown_is_taken_as_wide():
    model = smoothing_model(3)
    unknown = dataclasses.replace(model, info=dataclasses.replace(model.info, context=None))
    assert unknown.needs.reach >= 102


@pytest.mark.parametrize("distance", [1e30, np.inf, np.nan])
def test_a_network_that_says_nonsense_ends_no_process(distance):
    """Weights that are damaged give such distances; StarDist's own code aborts on them."""

    class Nonsense:
        name, channels = "nonsense", 33

        def run(self, images):
            found = np.full((len(images), images.shape[1] // 2, images.shape[2] // 2, 33), 4, np.float32)
            found[..., 0] = 0.9
            found[:, 8::16, 8::16, 1:] = distance
            return found

    info = ModelInfo(kind="stardist", grid=(2, 2), rays=32, size_divisor=16, context=16)
    model = StarDistModel("nonsense", info, Nonsense())
    offered = predict_sections(model, np.ones((1, 64, 64), np.float32), threshold=0.5)[0].candidates
    found = draw(choose(offered, overlap=0.3, many=False), (64, 64), factor=(1.0, 1.0))
    assert found.max() > 0
