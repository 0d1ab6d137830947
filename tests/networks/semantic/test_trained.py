"""Networks trained for seconds: they learn, are stored, run without seams, and run in TensorFlow 1.15."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from electrodej.errors import Cancelled, InputError
from electrodej.export import export_model, verify_zip
from electrodej.models.entropy import entropy_of
from electrodej.models.grey import measure_levels
from electrodej.models.tiles import plan_tiles
from electrodej.networks import RunSettings
from electrodej.networks.semantic import (
    LrcsConfig,
    PredictSettings,
    Sample,
    SemanticModel,
    SemanticSettings,
    Trained,
    UNetConfig,
    load_model,
    make_sample,
    predict_slabs,
    train_semantic,
)
from electrodej.networks.semantic.predict import measure_volume
from electrodej.phantom import make_phantom
from electrodej.run import Run
from electrodej.score import score_phases
from electrodej.volume import ArrayVolume

pytestmark = pytest.mark.slow


def predicted(model: SemanticModel, grey: NDArray[Any], folder: Path, **options: Any) -> NDArray[np.float32]:
    volume = ArrayVolume(grey, spacing=(1, 1, 1))
    # From the whole array in sorted order, so that a turned volume has the same.
    levels = measure_levels([np.sort(grey.ravel())], model.percentiles)
    run = Run(memory=options.pop("memory", None))
    slabs = predict_slabs(
        volume, model, levels=levels, settings=PredictSettings(**options), scratch=folder / "sum", run=run
    )
    return np.concatenate([found for _, _, found in slabs])


@pytest.fixture(scope="module")
def unseen() -> Any:
    return make_phantom((6, 100, 84), spacing=(0.28, 0.28, 0.28), seed=11, jobs=1)


@pytest.fixture(scope="module")
def wide() -> NDArray[np.uint8]:
    """A section wider than two margins of a tile, so that tiles are cut."""
    grey = make_phantom((1, 204, 188), spacing=(0.28, 0.28, 0.28), seed=12, jobs=1).grey
    return np.asarray(grey)


@pytest.mark.parametrize("kind", ["unet", "lrcs"])
def test_a_network_finds_particles_that_it_has_not_seen(
    kind: str, request: pytest.FixtureRequest, unseen: Any, tmp_path: Path
):
    trained: Trained = request.getfixturevalue(kind)
    found = predicted(trained.model, unseen.grey, tmp_path)
    assert found.shape == (*unseen.grey.shape, 2)
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-5)
    scores = score_phases(found.argmax(axis=-1).astype(np.uint8), (unseen.phases >= 2).astype(np.uint8))
    assert scores.mean_iou is not None
    # Calling everything one phase scores 0.26 at most.
    assert scores.mean_iou > 0.7


@pytest.mark.parametrize("kind", ["unet", "lrcs"])
def test_tiles_and_slabs_change_nothing(
    kind: str, request: pytest.FixtureRequest, wide: NDArray[np.uint8], tmp_path: Path
):
    model = request.getfixturevalue(kind).model
    whole = predicted(model, wide, tmp_path)
    for options in ({"tile": 16}, {"tile": 48}, {"memory": 2_000_000}):
        assert len(plan_tiles(wide.shape[1:], model.needs, **options).tiles) > 1
        parts = predicted(model, wide, tmp_path, **options)
        np.testing.assert_allclose(parts, whole, atol=1e-4)
        changed = (parts.argmax(axis=-1) != whole.argmax(axis=-1)).mean()
        assert changed < 0.001


def test_the_mean_over_three_views_is_the_mean_of_the_views(unet: Trained, unseen: Any, tmp_path: Path):
    each = []
    for axis in range(3):
        turned = predicted(unet.model, np.moveaxis(unseen.grey, axis, 0), tmp_path)
        each.append(np.moveaxis(turned, 0, axis))
    together = predicted(unet.model, unseen.grey, tmp_path, views=("xy", "xz", "yz"))
    # Sums are kept in steps of 1/65535.
    np.testing.assert_allclose(together, np.mean(each, axis=0), atol=1e-4)
    assert list(tmp_path.iterdir()) == []


def test_an_image_smaller_than_the_network_s_step_is_segmented(unet: Trained, tmp_path: Path):
    assert predicted(unet.model, np.arange(15, dtype=np.uint8).reshape(1, 3, 5), tmp_path).shape == (
        1,
        3,
        5,
        2,
    )


def test_16_bit_of_another_range_gives_the_same_phases(unet: Trained, unseen: Any, tmp_path: Path):
    bright = unseen.grey.astype(np.uint16) * 100 + 5000
    np.testing.assert_allclose(
        predicted(unet.model, bright, tmp_path), predicted(unet.model, unseen.grey, tmp_path), atol=1e-3
    )


def test_grey_values_unlike_the_training_s_are_noted(unet: Trained, unseen: Any):
    _, notes = measure_volume(ArrayVolume(unseen.grey, spacing=(1, 1, 1)), unet.model)
    assert notes == []
    stark = np.where(unseen.grey > 140, 255, 0).astype(np.uint8)
    _, notes = measure_volume(ArrayVolume(stark, spacing=(1, 1, 1)), unet.model)
    assert "unlike" in notes[0]


@pytest.mark.parametrize("kind", ["unet", "lrcs"])
def test_a_stored_network_is_the_trained_one(
    kind: str, request: pytest.FixtureRequest, unseen: Any, tmp_path: Path
):
    trained: Trained = request.getfixturevalue(kind)
    stored = load_model(trained.folder)
    assert (stored.config, stored.classes, stored.histogram) == (
        trained.model.config,
        trained.model.classes,
        pytest.approx(trained.model.histogram, abs=1e-6),
    )
    np.testing.assert_allclose(
        predicted(stored, unseen.grey[:1], tmp_path),
        predicted(trained.model, unseen.grey[:1], tmp_path),
        atol=1e-5,
    )


@pytest.mark.parametrize("kind", ["unet", "lrcs"])
def test_a_network_runs_in_tensorflow_1_15(kind: str, request: pytest.FixtureRequest, tmp_path: Path):
    folder = request.getfixturevalue(kind).folder
    exported = export_model(folder, tmp_path / "model.zip")
    assert exported.info.kind == kind
    assert exported.info.context is not None
    assert exported.info.context <= load_model(folder).needs.reach
    found = verify_zip(tmp_path / "model.zip", source=folder)
    assert [finding.text for finding in found.findings if finding.status == "problem"] == []
    assert found.difference is not None
    assert found.difference < 1e-5


def test_the_folder_tells_how_it_was_trained(lrcs: Trained):
    summary = json.loads((lrcs.folder / "training.json").read_text())
    assert summary["facts"]["network"]["kind"] == "lrcs"
    assert lrcs.model.classes.names == ("matrix", "particle")
    assert (lrcs.folder / "curves.png").is_file()
    assert not lrcs.folder.with_name(lrcs.folder.name + ".run").exists()


def test_the_dense_middle_is_trained_and_blended(electrode: Any, binary: Any, unseen: Any, tmp_path: Path):
    config = LrcsConfig(n_filters=4, middle="dense", size=48, dropout=0.0)
    settings = SemanticSettings(
        run=RunSettings(epochs=8, patience=0), batch=8, steps=25, learning_rate=2e-3, held_out=0
    )
    trained = train_semantic(
        [make_sample(electrode.grey, binary)], tmp_path / "dense", config=config, settings=settings
    )
    found = predicted(trained.model, unseen.grey, tmp_path)
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-5)
    right = (found.argmax(axis=-1) == (unseen.phases >= 2)).mean()
    assert right > 0.7
    assert any("judged by what it was trained on" in note for note in trained.notes)


def test_few_labelled_slices_gaps_in_the_classes_and_names_without_voxels(electrode: Any, tmp_path: Path):
    phases = np.full(electrode.phases.shape, 255, np.uint8)
    phases[::4] = np.where(electrode.phases[::4] >= 2, 7, 3)
    run = RunSettings(epochs=1, seed=1)
    trained = train_semantic(
        [make_sample(electrode.grey, phases)], tmp_path / "sparse", config=UNetConfig(n_filters=2, depth=1),
        settings=SemanticSettings(run=run, patch=32, batch=4, steps=4),
        names={3: "matrix", 7: "solid", 9: "foil"},
    )  # fmt: skip
    assert trained.model.classes.ids == (3, 7)
    assert any("foil" in note for note in trained.notes)
    assert math.isfinite(trained.summary["best_val_loss"])


def test_training_goes_on_from_another_network_with_its_encoder_kept(
    unet: Trained, electrode: Any, binary: Any, tmp_path: Path
):
    run = RunSettings(epochs=1, seed=1)
    settings = SemanticSettings(run=run, patch=32, batch=4, steps=4, freeze="encoder", init=unet.folder)
    sample = make_sample(electrode.grey, binary)
    config = UNetConfig(n_filters=4, depth=2, dropout=0.1, head="sigmoid")
    new = train_semantic([sample], tmp_path / "new", config=config, settings=settings)
    assert new.summary["facts"]["init"] == unet.folder.name
    old = load_model(unet.folder).network
    for name in ("encoder_0_1", "encoder_1_2_norm", "encoder_2_1"):
        for before, after in zip(
            old.get_layer(name).get_weights(), new.model.network.get_layer(name).get_weights(), strict=True
        ):
            np.testing.assert_array_equal(before, after)
    before, after = (net.get_layer("decoder_0_1").get_weights()[0] for net in (old, new.model.network))
    assert np.abs(before - after).max() > 0
    with pytest.raises(InputError, match="same --filters"):
        train_semantic(
            [sample], tmp_path / "other", config=UNetConfig(n_filters=3, depth=2), settings=settings
        )


def test_a_rate_that_falls_to_the_last_epoch_does_not_end_early():
    with pytest.raises(InputError, match="without patience"):
        SemanticSettings(run=RunSettings(patience=5), falling=True)


def stop_late(done: float, total: float, stage: str) -> None:  # noqa: ARG001 - Progress's form
    if done > 1.5:
        raise Cancelled("stopped")


def test_a_stopped_training_goes_on_with_the_same_patches(electrode: Any, binary: Any, tmp_path: Path):
    sample = make_sample(electrode.grey, binary)
    settings = SemanticSettings(
        run=RunSettings(epochs=3, patience=0, checkpoint_seconds=0, seed=2), patch=32, batch=4, steps=4
    )
    config = UNetConfig(n_filters=2, depth=1)

    def train(name: str, **options: Any) -> list[dict[str, str]]:
        trained = train_semantic([sample], tmp_path / name, config=config, settings=settings, **options)
        lines = (trained.folder / "history.csv").read_text().splitlines()
        return [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]

    whole = train("whole")
    with pytest.raises(Cancelled):
        train("parts", run=Run(progress=stop_late))
    assert not (tmp_path / "parts").exists()
    parts = train("parts", resume=True)
    for one, other in zip(whole, parts, strict=True):
        assert float(one["loss"]) == pytest.approx(float(other["loss"]), rel=1e-3)


def test_a_stopped_training_goes_on_with_the_same_images_only(electrode: Any, binary: Any, tmp_path: Path):
    sample, judge = (make_sample(electrode.grey[part], binary[part]) for part in (slice(8), slice(8, 12)))
    settings = SemanticSettings(
        run=RunSettings(epochs=2, patience=0, checkpoint_seconds=0, seed=2), patch=32, batch=4, steps=2
    )

    def train(sample: Sample, judge: Sample, **options: Any) -> Trained:
        return train_semantic(
            [sample], tmp_path / "model", config=UNetConfig(n_filters=2, depth=1), settings=settings,
            held_out=[judge], **options,
        )  # fmt: skip

    with pytest.raises(Cancelled):
        train(sample, judge, run=Run(progress=stop_late))
    for others, said in (
        ((replace(sample, grey=255 - sample.grey), judge), "data"),
        ((sample, replace(judge, grey=255 - judge.grey)), "held_out"),
        ((sample, replace(judge, phases=1 - judge.phases)), "held_out"),
        ((replace(sample, percentiles=(5.0, 95.0)), judge), "percentiles"),
    ):
        with pytest.raises(InputError, match=f"another '{said}'"):
            train(*others, resume=True)
    assert train(sample, judge, resume=True).summary["epochs"] == 2


def test_what_learnt_in_half_precision_computes_in_full(electrode: Any, binary: Any, tmp_path: Path):
    trained = train_semantic(
        [make_sample(electrode.grey, binary)], tmp_path / "half", config=UNetConfig(n_filters=2, depth=1),
        settings=SemanticSettings(
            run=RunSettings(epochs=1, seed=1), patch=32, batch=4, steps=2, mixed_precision=True
        ),
    )  # fmt: skip
    for network in (trained.model.network, load_model(trained.folder).network):
        assert {layer.compute_dtype for layer in network.layers} == {"float32"}
    image = np.random.default_rng(0).random((1, 32, 32, 1), np.float32)
    found = load_model(trained.folder).engine.run(image)
    np.testing.assert_allclose(found, trained.model.engine.run(image), atol=1e-6)


def test_entropy_is_one_where_all_classes_are_as_likely():
    assert entropy_of(np.full((1, 4), 0.25, np.float32)) == pytest.approx(1)
    assert entropy_of(np.array([[0.75, 0.25]], np.float32)) == pytest.approx(
        -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    )
