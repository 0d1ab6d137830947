"""Several networks, dropout that stays on, little memory, and zips: on networks that were never trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.models.entropy import entropy_of
from electrodej.models.grey import Levels, measure_levels
from electrodej.models.memory_errors import is_out_of_memory
from electrodej.models.tiles import plan_tiles, predict_planes, smaller_plan
from electrodej.networks.semantic import (
    Classes,
    PredictSettings,
    SemanticModel,
    UNetConfig,
    build_network,
    load_model,
    make_members,
    predict_ensemble,
    predict_slabs,
)
from electrodej.networks.semantic.model import from_network, needs_of
from electrodej.run import Run
from electrodej.volume import ArrayVolume

GREY = np.random.default_rng(0).integers(0, 255, (5, 24, 20), np.uint8)


class Constant:
    """A network that says the same everywhere."""

    def __init__(self, *shares: float) -> None:
        self.shares = np.array(shares, np.float32)
        self.channels = len(shares)

    def run(self, tiles: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.broadcast_to(self.shares, (*tiles.shape[:3], self.shares.size)).copy()


def model(network: Any, ids: tuple[int, ...] = (0, 1), **options: Any) -> SemanticModel:
    config = UNetConfig(n_filters=2, depth=1, **options)
    classes = Classes(ids, tuple(map(str, ids)))
    return SemanticModel(network, classes, needs_of(config), config, name=f"model {ids}")


def asked(members: list[SemanticModel], **options: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    volume = ArrayVolume(GREY, spacing=(1, 1, 1))
    levels = [measure_levels([GREY], (1, 99.8))] * len(members)
    slabs = list(predict_ensemble(volume, members, levels=levels, **options))
    return tuple(np.concatenate([slab[part] for slab in slabs]) for part in (2, 3))  # type: ignore[return-value] # as many as in (2, 3)


@pytest.fixture(scope="module")
def dropping() -> SemanticModel:
    from electrodej.models import load_keras

    load_keras("testing").utils.set_random_seed(1)
    config = UNetConfig(n_filters=2, depth=1, dropout=0.5)
    return from_network(build_network(config), config, Classes((0, 1), ("a", "b")), name="net")


def test_networks_that_agree_do_not_disagree_however_unsure_they_are():
    mean, disagreement = asked([model(Constant(0.5, 0.5))] * 3)
    np.testing.assert_allclose(mean, 0.5)
    np.testing.assert_allclose(entropy_of(mean), 1, atol=1e-6)
    np.testing.assert_allclose(disagreement, 0, atol=1e-6)


def test_networks_that_are_sure_of_different_classes_disagree_wholly():
    mean, disagreement = asked([model(Constant(1, 0)), model(Constant(0, 1))])
    np.testing.assert_allclose(mean, 0.5)
    np.testing.assert_allclose(disagreement, 1, atol=1e-5)


def test_mean_and_disagreement_are_those_of_the_formula_whatever_the_slabs():
    p, q = np.array([0.8, 0.2]), np.array([0.4, 0.6])
    expected = [-(each * np.log2(each)).sum() for each in ((p + q) / 2, p, q)]
    for settings in (PredictSettings(), PredictSettings(slab=2, tile=8)):
        mean, disagreement = asked([model(Constant(*p)), model(Constant(*q))], settings=settings)
        assert mean.shape == (5, 24, 20, 2)
        np.testing.assert_allclose(mean, np.broadcast_to((p + q) / 2, mean.shape), atol=1e-6)
        np.testing.assert_allclose(disagreement, expected[0] - (expected[1] + expected[2]) / 2, atol=1e-5)


def test_each_network_is_looked_at_and_progress_reaches_the_end():
    seen: dict[int, int] = {}
    told: list[float] = []

    def look(number: int, found: NDArray[np.float32]) -> None:
        seen[number] = seen.get(number, 0) + len(found)

    asked(
        [model(Constant(1, 0)), model(Constant(0, 1))],
        look=look,
        settings=PredictSettings(slab=2),
        run=Run(progress=lambda done, total, stage: told.append(done / total)),  # noqa: ARG005 - Progress's form
    )
    assert seen == {0: 5, 1: 5}
    assert told[-1] == 1
    assert max(told) == 1


def test_several_views_of_several_networks_leave_no_scratch_files(tmp_path: Path):
    members = [model(Constant(0.9, 0.1)), model(Constant(0.3, 0.7))]
    options = {"settings": PredictSettings(views=("xy", "xz"), slab=2), "scratch": tmp_path / "o"}
    mean, _ = asked(members, **options)
    np.testing.assert_allclose(mean[..., 0], 0.6, atol=1e-4)
    assert list(tmp_path.iterdir()) == []


class Enlarging(Constant):
    """A network that gives an image of twice the size."""

    def run(self, tiles: NDArray[np.float32]) -> NDArray[np.float32]:
        return super().run(tiles).repeat(2, axis=1).repeat(2, axis=2)


def test_a_network_that_enlarges_its_image_is_refused():
    with pytest.raises(InputError, match=r"56 x 48 results for 28 x 24 pixels"):
        asked([model(Enlarging(1, 0))])


def test_models_for_other_classes_are_refused():
    with pytest.raises(InputError, match="different classes"):
        make_members([model(Constant(1, 0)), model(Constant(1, 0), (0, 3))])


def test_dropout_gives_another_answer_each_time_and_none_without(dropping: SemanticModel):
    tiles = np.random.default_rng(1).random((1, 16, 16, 1), np.float32)
    member, same = make_members([dropping], dropout=2, seed=3)
    assert member is same
    one, two = (member.engine.run(tiles) for _ in range(2))
    assert np.abs(one - two).max() > 1e-4
    again = make_members([dropping], dropout=1, seed=3)[0].engine.run(tiles)
    np.testing.assert_allclose(again, one, atol=1e-6)
    # The model itself is as it was, and the mean of many passes goes towards it.
    plain = dropping.engine.run(tiles)
    np.testing.assert_array_equal(dropping.engine.run(tiles), plain)
    many = np.mean([member.engine.run(tiles) for _ in range(40)], axis=0)
    assert np.abs(many - plain).mean() < np.abs(one - plain).mean()


def test_a_network_without_dropout_and_a_zip_cannot_drop():
    config = UNetConfig(n_filters=2, depth=1, dropout=0.0)
    plain = from_network(build_network(config), config, Classes((0, 1), ("a", "b")), name="net")
    with pytest.raises(InputError, match="without dropout"):
        make_members([plain], dropout=2)
    with pytest.raises(InputError, match="zip"):
        make_members([model(Constant(1, 0))], dropout=2)
    with pytest.raises(InputError, match="passes"):
        make_members([plain], dropout=-1)


class Greedy(Constant):
    """A network that has memory for so many pixels only."""

    def __init__(self, pixels: int, error: Exception) -> None:
        super().__init__(0.25, 0.75)
        self.pixels, self.error = pixels, error

    def run(self, tiles: NDArray[np.float32]) -> NDArray[np.float32]:
        if tiles.size > self.pixels:
            raise self.error
        return super().run(tiles)


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


def segmented(network: Any, said: list[str]) -> NDArray[np.float32]:
    volume = ArrayVolume(GREY, spacing=(1, 1, 1))
    levels = Levels(0, 255, ())
    slabs = predict_slabs(volume, model(network), levels=levels, run=Run(hear=said.append))
    return np.concatenate([found for _, _, found in slabs])


@pytest.mark.parametrize(
    "error", [MemoryError(), ResourceExhaustedError("OOM"), RuntimeError("CUDA out of memory")]
)
def test_where_the_memory_does_not_do_smaller_tiles_are_taken_and_that_is_said(error: Exception):
    said: list[str] = []
    # The smallest tile is a step of 2 pixels wide, and twice the margin of 10.
    found = segmented(Greedy(22 * 22, error), said)
    np.testing.assert_allclose(found[..., 1], 0.75)
    assert found.shape == (*GREY.shape, 2)
    assert said
    assert all("going on with" in text for text in said)


def test_where_no_tile_is_small_enough_that_is_the_error_and_other_errors_pass():
    with pytest.raises(InputError, match="smallest tile"):
        segmented(Greedy(10, MemoryError()), [])
    with pytest.raises(RuntimeError, match="shapes"):
        segmented(Greedy(10, RuntimeError("shapes differ")), [])
    assert not is_out_of_memory(OSError("no such file"))


def test_each_smaller_plan_sees_fewer_pixels_at_once_down_to_none():
    needs = model(Constant(1, 0)).needs
    plan: Any = plan_tiles((200, 300), needs)
    sizes = []
    while plan is not None:
        sizes.append(plan.batch * np.prod(plan.size))
        plan = smaller_plan(plan, needs, (200, 300))
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes) > 3


def test_slabs_from_a_later_slice_on_are_those_of_the_whole():
    volume = ArrayVolume(GREY, spacing=(1, 1, 1))
    slabs = predict_slabs(
        volume, model(Constant(1, 0)), levels=Levels(0, 255, ()), settings=PredictSettings(slab=2), start=2
    )
    assert [(z0, z1) for z0, z1, _ in slabs] == [(2, 4), (4, 5)]
    with pytest.raises(ValueError, match="first slice"):
        list(
            predict_slabs(
                volume, model(Constant(1, 0)), levels=Levels(0, 255, ()), start=2, scratch="x",
                settings=PredictSettings(views=("xz",)),
            )
        )  # fmt: skip
    with pytest.raises(InputError, match="from 0"):
        PredictSettings(slab=-1)


@pytest.mark.slow
def test_an_exported_zip_gives_what_the_folder_gives(tmp_path: Path):
    from electrodej.export import export_model
    from electrodej.networks.semantic.model import write_model

    config = UNetConfig(n_filters=2, depth=1, dropout=0.0, head="sigmoid")
    made = from_network(build_network(config), config, Classes((2, 7), ("pore", "solid")), name="net")
    folder = tmp_path / "net"
    folder.mkdir()
    write_model(folder, made)
    export_model(folder, folder / "model.zip")
    zipped = load_model(folder / "model.zip")
    # The folder's own settings say what the numbers of the classes are; elsewhere they are counted.
    assert zipped.classes == made.classes
    (tmp_path / "model.zip").write_bytes((folder / "model.zip").read_bytes())
    with pytest.raises(InputError, match=r"model\.json is missing"):
        load_model(tmp_path / "model.zip")
    (tmp_path / "model.json").write_bytes((folder / "model.json").read_bytes())
    assert load_model(tmp_path / "model.zip").classes.ids == (0, 1)
    volume = ArrayVolume(GREY, spacing=(1, 1, 1))
    levels = measure_levels([GREY], made.percentiles)
    one, other = (
        np.concatenate([found for _, _, found in predict_slabs(volume, each, levels=levels)])
        for each in (made, zipped)
    )
    np.testing.assert_allclose(other, one, atol=1e-5)


class Marked(Constant):
    """A network whose answer is wrong, as wrong as can be, within its reach of a tile's edges."""

    def __init__(self, reach: int) -> None:
        super().__init__(1, 0)
        self.reach = reach

    def run(self, tiles: NDArray[np.float32]) -> NDArray[np.float32]:
        found = super().run(tiles)
        found[:, : self.reach] = found[:, -self.reach :] = (0, 1)
        found[:, :, : self.reach] = found[:, :, -self.reach :] = (0, 1)
        return found


@pytest.mark.parametrize("shape", [(60, 47), (33, 100), (1, 64)])
@pytest.mark.parametrize("tile", [2, 8, 22])
def test_only_the_plane_s_own_edges_reach_the_result(shape: tuple[int, int], tile: int):

    made = model(Marked(9))
    assert made.needs.reach == 9
    planes = np.zeros((2, *shape), np.float32)
    whole = predict_planes(planes, made.engine, plan_tiles(shape, made.needs, tile=1000))
    plan = plan_tiles(shape, made.needs, tile=tile)
    assert len(plan.tiles) > 1
    parts = predict_planes(planes, made.engine, plan)
    np.testing.assert_array_equal(parts, whole)
    # The image goes on by a step of 2 pixels on each side, so 7 of the 9 lie in it.
    inside = whole[0, 7:-9, 7:-9, 1]
    assert (inside == 0).all()
