from __future__ import annotations

import json

import numpy as np
import pytest

from electrodej.errors import InputError, OutputError
from electrodej.networks.stardist.augment import cut
from electrodej.networks.stardist.candidates import predict_sections
from electrodej.networks.stardist.instances import choose, draw
from electrodej.networks.stardist.model import load_stardist
from electrodej.networks.stardist.patches import prepare, split, targets, training_patches, without_small
from electrodej.networks.stardist.settings import StarDistSettings
from electrodej.networks.stardist.thresholds import choose_thresholds
from electrodej.networks.stardist.train import train_stardist
from electrodej.run import Run
from electrodej.score import InstanceSettings, score_instances

pytestmark = pytest.mark.slow

TINY = StarDistSettings(
    filters=8, depth=1, grid=(2, 2), patch=64, batch=4, epochs=10, steps=30, learning_rate=3e-3, patience=0
)


def test_small_sections_are_left_out_and_the_rest_numbered():
    labels = np.zeros((30, 30), np.uint16)
    labels[2:4, 2:4] = 9
    labels[10:25, 10:25] = 40_000
    assert np.unique(without_small(labels, 10)).tolist() == [0, 1]
    assert np.unique(without_small(labels, 0)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_image_and_labels_are_varied_alike(strength: float):
    """An image made of its labels still shows them after every variation of place."""
    labels = np.zeros((80, 90), np.int32)
    labels[20:60, 25:70] = 1
    for seed in range(20):
        image, truth = cut(
            labels.astype(np.float32), labels, patch=64, strength=strength, chance=np.random.default_rng(seed)
        )
        assert image.shape == truth.shape == (64, 64)
        if truth.min() == truth.max():
            continue
        inside, outside = image[truth == 1].mean(), image[truth == 0].mean()
        assert inside - outside > 0.55
        if strength == 0:
            assert np.array_equal(image, truth)


def test_past_the_edge_of_the_scan_all_is_alike_and_nothing_is_outlined():
    """Particles of four pixels' distance; the scan ends somewhere in every patch."""
    labels = np.zeros((96, 96), np.int32)
    for number in range(36):
        y, x = 16 * (number // 6), 16 * (number % 6)
        labels[y + 2 : y + 14, x + 2 : x + 14] = number + 1
    texture = np.random.default_rng(0).uniform(0.2, 0.9, labels.shape).astype(np.float32)
    straight = round_ = 0
    for seed in range(40):
        options = {"patch": 96, "strength": 0.0}
        image, truth = cut(texture, labels, chance=np.random.default_rng(seed), blank=1.0, **options)
        whole_image, whole = cut(texture, labels, chance=np.random.default_rng(seed), blank=0.0, **options)
        beyond = image != whole_image
        assert not truth[beyond].any()
        assert len(np.unique(image[beyond])) <= 1
        for number in range(1, 37):
            share = (beyond & (whole == number)).sum() / 144
            left = (truth == number).sum() / 144
            assert left == (0 if share > 0.6 else pytest.approx(1 - share))
        by_rows, by_columns = (beyond == beyond[:, :1]).all(), (beyond == beyond[:1]).all()
        straight += beyond.any() and (by_rows or by_columns)
        round_ += not (by_rows or by_columns)
    assert straight > 8
    assert round_ > 5


def test_patches_depend_on_seed_epoch_and_step_alone(make_discs):
    examples = [prepare(make_discs(seed), TINY) for seed in range(3)]
    first = training_patches(examples, TINY, epoch=0)
    first.on_epoch_end()
    again = training_patches(examples, TINY, epoch=1)
    assert np.array_equal(first[7][0], again[7][0])
    assert np.array_equal(first[7][1][1], again[7][1][1])
    assert not np.array_equal(again[7][0], again[8][0])


def test_an_image_smaller_than_a_patch_is_enlarged_by_mirroring(make_discs):
    small = make_discs(1, edge=40, count=4)
    example = prepare(small, TINY)
    assert example.image.shape == example.labels.shape == (64, 64)
    # A mirrored particle is none to learn from, and no background either.
    assert (example.labels[40:] == -1).all()
    assert (example.labels[:, 40:] == -1).all()
    assert (example.labels[:40, :40] >= 0).all()
    for edge in range(20):
        patch = cut(example.image, example.labels, patch=64, strength=1.0, chance=np.random.default_rng(edge))
        assert (patch[1] >= 0).any()


def test_every_patch_holds_some_known_pixel():
    labels = np.full((200, 300), -1, np.int32)
    labels[:6, 290:] = 0
    image = np.zeros(labels.shape, np.float32)
    for seed in range(200):
        _, truth = cut(image, labels, patch=64, strength=0.0, chance=np.random.default_rng(seed))
        assert (truth == 0).any()


def test_what_is_unknown_is_passed_over_as_in_stardists_own_training(make_discs):
    """StarDist makes the same of a patch in which labels are negative."""
    from stardist.models.model2d import StarDistData2D

    drawn = make_discs(3, edge=64)
    labels = drawn.labels.astype(np.int32)
    labels[labels == 2] = -1
    labels[:, 40:] = -1
    theirs = StarDistData2D(
        [drawn.grey.astype(np.float32)], [labels], 1, TINY.rays, 1, patch_size=(64, 64), grid=TINY.grid
    )
    _, (chance, rays) = theirs[0]
    ours = targets(labels, TINY)
    np.testing.assert_allclose(ours[0], chance[0], atol=1e-6)
    np.testing.assert_allclose(ours[1], rays[0], atol=1e-5)
    assert (ours[0] == -1).mean() > 0.3


def test_every_image_is_either_trained_on_or_kept(make_discs):
    examples = [prepare(make_discs(seed), TINY) for seed in range(9)]
    training, kept = split(examples, TINY)
    assert sorted(e.name for e in training + kept) == sorted(e.name for e in examples)
    assert len(kept) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_images_are_refused(tmp_path, make_discs, count):
    with pytest.raises(InputError, match="image"):
        train_stardist([make_discs(n) for n in range(count)], tmp_path / "m", settings=TINY)
    assert list(tmp_path.iterdir()) == []


def test_images_without_particles_are_refused(tmp_path, make_discs):
    empty = [make_discs(n)._replace(labels=np.zeros((96, 96), np.uint16)) for n in range(3)]
    with pytest.raises(InputError, match="no image has a particle"):
        train_stardist(empty, tmp_path / "m", settings=TINY)


def test_labels_of_another_size_are_refused(tmp_path, make_discs):
    wrong = make_discs(0)._replace(labels=np.zeros((96, 95), np.uint16))
    with pytest.raises(InputError, match=r"discs 0.*same size"):
        train_stardist([wrong, make_discs(1)], tmp_path / "m", settings=TINY)


@pytest.mark.parametrize(
    "wrong",
    [{"patch": 60}, {"grid": (3, 3)}, {"rays": 2}, {"validation": 1.0}, {"learning_rate": float("nan")}],
)
def test_settings_that_fit_no_network_are_refused(wrong):
    with pytest.raises(InputError):
        StarDistSettings(**wrong)


def test_the_threshold_parts_what_is_there_from_what_is_not(make_discs, perfect_model):
    """Particles as a perfect model tells them, and spots of probability 0.55 where nothing is."""
    import dataclasses

    drawn = [make_discs(seed) for seed in range(3)]

    class Spotted:
        channels = 33

        def run(self, images):
            both = perfect_model.engine.run(images)
            chance = both[..., 0]
            chance = np.where(chance > 0, np.maximum(chance, 0.6 * (chance > 0.3)), 0)
            chance[:, 8::24, 8::24] = np.maximum(chance[:, 8::24, 8::24], 0.55)
            return np.concatenate([chance[..., np.newaxis], np.maximum(both[..., 1:], 4)], axis=-1)

    model = dataclasses.replace(perfect_model, engine=Spotted())
    settings = dataclasses.replace(TINY, percentiles=(0.0, 100.0), least_diameter=8)
    examples = [
        dataclasses.replace(
            prepare(one, settings), image=prepare(one, settings).labels.astype(np.float32) / 1000
        )
        for one in drawn
    ]
    _check_where_nobody_knows(model, examples)
    chosen = choose_thresholds(model, examples)
    assert chosen.probability >= 0.55
    assert chosen.f1[0] > 0.9
    for row in chosen.table[::7]:
        assert row["f1"] == pytest.approx(_mean_f1(model, examples, row), abs=1e-4)


def _check_where_nobody_knows(model, examples):
    """Particles that were not drawn cost nothing where that is said."""
    import dataclasses

    hidden, missing = (
        [
            dataclasses.replace(one, labels=np.where(one.labels % 3 == 1, number, one.labels))
            for one in examples
        ]
        for number in (-1, 0)
    )
    assert choose_thresholds(model, hidden).f1[0] > 0.9 > 0.85 > choose_thresholds(model, missing).f1[0]


def _mean_f1(model, examples, pair):
    """F1 of one pair of thresholds, as a prediction with these alone would have it."""
    totals = np.zeros((2, 3))
    for example in examples:
        (found,) = predict_sections(model, example.image[np.newaxis], threshold=pair["probability"])
        chosen = choose(found.candidates, overlap=pair["overlap"])
        labels = draw(chosen, example.image.shape, factor=(1.0, 1.0))
        scores = score_instances(labels, example.labels, settings=InstanceSettings(thresholds=(0.5, 0.75)))
        totals += [[score.tp, score.fp, score.fn] for score in scores.thresholds]
    return np.mean([2 * tp / (2 * tp + fp + fn) for tp, fp, fn in totals])


@pytest.fixture(scope="module")
def trained(tmp_path_factory, make_discs):
    folder = tmp_path_factory.mktemp("training") / "model"
    result = train_stardist([make_discs(seed) for seed in range(12)], folder, settings=TINY)
    return folder, result


def test_training_learns_discs(trained):
    _, result = trained
    assert result.thresholds.f1[0] > 0.8
    assert result.images == (10, 2)


def test_nothing_is_learnt_where_nobody_knows(trained, tmp_path, make_discs):
    """Half of each image is unknown; taken for background, it would halve the probability of discs."""
    half = [
        one._replace(labels=np.where(np.arange(96) < 48, one.labels.astype(np.int32), -1))
        for one in map(make_discs, range(12))
    ]
    train_stardist(half, tmp_path / "model", settings=TINY)
    image, inside = (
        make_discs(70).grey[np.newaxis].astype(np.float32) / 160,
        make_discs(70).labels[::2, ::2] > 0,
    )
    of_all, of_half = (
        load_stardist(folder).run(image)[0][0][inside].mean() for folder in (trained[0], tmp_path / "model")
    )
    assert of_half > 0.8 * of_all > 0.2


def test_the_folder_is_whole_and_the_run_is_gone(trained):
    folder, result = trained
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "thresholds.json", "electrodej.json", "history.csv", "curves.png"} <= names
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    stored = json.loads((folder / "thresholds.json").read_text())
    assert stored == {"prob": result.thresholds.probability, "nms": result.thresholds.overlap}


def test_stardist_itself_loads_the_folder_and_says_the_same(trained, make_discs):
    from stardist.models import StarDist2D

    folder, result = trained
    theirs = StarDist2D(None, name=folder.name, basedir=str(folder.parent))
    image = make_discs(50).grey.astype(np.float32) / 200
    chance, rays = load_stardist(folder).run(image[np.newaxis])
    expected_chance, expected_rays = theirs.predict(image)
    np.testing.assert_allclose(chance[0], expected_chance, atol=1e-5)
    np.testing.assert_allclose(np.maximum(rays[0], 1e-3), expected_rays, rtol=1e-4, atol=1e-4)
    assert theirs.thresholds.prob == pytest.approx(result.thresholds.probability)


def test_the_exported_zip_finds_the_same_particles(trained, make_discs, tmp_path):
    from electrodej.export import export_model
    from electrodej.networks.stardist.views import predict_view
    from electrodej.volume import ArrayVolume, open_volume

    def read(name):
        with open_volume(tmp_path / name) as volume:
            return volume.read()

    folder, _ = trained
    export_model(folder, tmp_path / "m.zip")
    grey = ArrayVolume(np.stack([make_discs(seed).grey for seed in (60, 61)]), spacing=(0.1,) * 3)
    for model, name in ((folder, "folder.tif"), (tmp_path / "m.zip", "zip.tif")):
        predict_view(grey, load_stardist(model), spacing=(0.1,) * 3, labels=tmp_path / name)
    one, other = (read(name) for name in ("folder.tif", "zip.tif"))
    assert one.max() > 6
    assert np.count_nonzero(one != other) <= 1e-4 * one.size


def test_a_zip_without_its_json_is_refused(trained, tmp_path):
    from electrodej.export import export_model

    export_model(trained[0], tmp_path / "m.zip")
    (tmp_path / "m.json").unlink()
    with pytest.raises(InputError, match=r"m\.json is missing"):
        load_stardist(tmp_path / "m.zip")


def test_a_model_is_not_replaced_without_force(trained, make_discs):
    folder, _ = trained
    with pytest.raises(OutputError, match="--force"):
        train_stardist([make_discs(0), make_discs(1)], folder, settings=TINY)


def test_a_training_that_was_stopped_goes_on_to_the_same_end(tmp_path, make_discs):
    import dataclasses

    short = dataclasses.replace(TINY, epochs=3, steps=4)
    drawn = [make_discs(seed) for seed in range(4)]
    whole = train_stardist(drawn, tmp_path / "whole", settings=short)

    class Stop(Exception):
        pass

    def stop(done, total, stage):
        if stage.startswith("training") and done >= 0.7 * total:
            raise Stop

    with pytest.raises(Stop):
        train_stardist(drawn, tmp_path / "parts", settings=short, run=Run(progress=stop))
    assert not (tmp_path / "parts").exists()
    parts = train_stardist(drawn, tmp_path / "parts", settings=short, resume=True)
    assert parts.epochs == whole.epochs
    one = [
        load_stardist(tmp_path / name).run(np.ones((1, 64, 64), np.float32))[0] for name in ("whole", "parts")
    ]
    np.testing.assert_allclose(one[0], one[1], atol=2e-3)


@pytest.mark.parametrize("name", ["thesis.txt", "data"])
def test_a_folder_that_holds_more_than_a_model_is_never_replaced(tmp_path, make_discs, name):
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "thesis.txt").write_text("mine")
    (folder / "thresholds.json").write_text("{}")
    (folder / ("data" if name == "thesis.txt" else "thesis.txt")).rename(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="more than a model"):
        train_stardist([make_discs(0), make_discs(1)], folder, settings=TINY, run=Run(force=True))
    assert (folder / name).exists()


def test_transfer_starts_from_the_weights_given(tmp_path, trained, make_discs):
    import dataclasses

    frozen = dataclasses.replace(TINY, epochs=1, steps=1, learning_rate=1e-9)
    train_stardist([make_discs(0), make_discs(1)], tmp_path / "next", settings=frozen, init=trained[0])
    image = make_discs(70).grey.astype(np.float32)[np.newaxis] / 200
    before, after = (load_stardist(folder).run(image)[0] for folder in (trained[0], tmp_path / "next"))
    np.testing.assert_allclose(before, after, atol=1e-4)
