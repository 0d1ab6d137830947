"""Training runs: what they keep, how they end and how they go on."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.errors import Cancelled, Enough, InputError, OutputError
from electrodej.files.parts import part_name
from electrodej.models import load_keras
from electrodej.networks import RunSettings, TrainingRun
from electrodej.networks.training.rate import falling_rate

X = np.linspace(-1, 1, 64, dtype=np.float32).reshape(32, 2)
Y = (2 * X[:, :1] - X[:, 1:] + 0.5).astype(np.float32)


def small_model(rate: float = 0.05, *, scaled: bool = False) -> Any:
    keras = load_keras("testing")
    model = keras.Sequential(
        [keras.layers.Input((2,)), keras.layers.Dropout(0.2), keras.layers.Dense(1, name="line")]
    )
    optimizer = keras.optimizers.Adam(rate)
    model.compile(keras.optimizers.LossScaleOptimizer(optimizer) if scaled else optimizer, "mse")
    return model


def train(
    out: Path,
    settings: RunSettings,
    *,
    stop_at: float | None = None,
    model: Any = None,
    **options: Any,
) -> TrainingRun:
    run = TrainingRun(out, settings, **options)
    model = model or small_model()

    def progress(done: float, total: float, stage: str) -> None:  # noqa: ARG001
        if stop_at is not None and done >= stop_at:
            raise Cancelled("stopped")

    run.fit(model, X, y=Y, validation_data=(X, Y), batch_size=8, shuffle=False, progress=progress)
    run.model = model  # type: ignore[attr-defined]
    return run


@pytest.mark.slow
def test_the_history_has_a_row_for_each_epoch_and_the_best_weights_are_kept(tmp_path: Path):
    run = train(tmp_path / "model", RunSettings(epochs=5, patience=0))
    run.write_into(tmp_path)
    rows = list(csv.DictReader((tmp_path / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5"]
    losses = [float(row["val_loss"]) for row in rows]
    assert run.best == min(losses)
    best = run.model.evaluate(X, Y, verbose=0)  # type: ignore[attr-defined]
    assert best == pytest.approx(min(losses), rel=1e-5)


@pytest.mark.slow
def test_the_curves_are_a_png_and_the_summary_says_what_was_trained(tmp_path: Path):
    run = train(tmp_path / "model", RunSettings(epochs=2), facts={"network": "line"})
    run.write_into(tmp_path, note="more")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    summary = json.loads((tmp_path / "training.json").read_text())
    assert summary["facts"] == {"network": "line"}
    assert (summary["epochs"], summary["note"]) == (2, "more")


@pytest.mark.slow
def test_a_stopped_run_goes_on_as_if_it_had_never_stopped(tmp_path: Path):
    settings = RunSettings(epochs=6, patience=0, checkpoint_seconds=0, seed=3)
    whole = train(tmp_path / "whole", settings)
    with pytest.raises(Cancelled):
        train(tmp_path / "parts", settings, stop_at=3.1)
    second = train(tmp_path / "parts", settings, resume=True)
    np.testing.assert_allclose(second.history.column("loss"), whole.history.column("loss"), rtol=1e-5)
    np.testing.assert_allclose(second.history.column("val_loss"), whole.history.column("val_loss"), rtol=1e-5)


@pytest.mark.slow
def test_a_run_of_before_in_half_precision_goes_on_with_a_scaled_loss(tmp_path: Path):
    """Scales are powers of two, which change no digit of a gradient."""
    settings = RunSettings(epochs=6, patience=0, checkpoint_seconds=0, seed=3)
    whole = train(tmp_path / "whole", settings)
    with pytest.raises(Cancelled):
        train(tmp_path / "parts", settings, stop_at=3.1)
    parts = train(tmp_path / "parts", settings, resume=True, model=small_model(scaled=True))
    for one, other in zip(parts.history.rows, whole.history.rows, strict=True):
        assert one["val_loss"] == pytest.approx(other["val_loss"], rel=1e-5)


@pytest.mark.slow
def test_a_run_with_another_optimizer_is_not_called_another_network(tmp_path: Path):
    keras = load_keras("testing")
    settings = RunSettings(epochs=6, patience=0, checkpoint_seconds=0)
    with pytest.raises(Cancelled):
        train(tmp_path / "model", settings, stop_at=3.1)
    other = small_model()
    other.compile(keras.optimizers.SGD(0.1), "mse")
    with pytest.raises(InputError, match="optimizer was another one"):
        train(tmp_path / "model", settings, resume=True, model=other)
    wide = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3)])
    wide.compile("adam", "mse")
    with pytest.raises(InputError, match="weights of another network"):
        train(tmp_path / "model", settings, resume=True, model=wide)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_training_and_another_seed_another(tmp_path: Path):
    first, second, other = (
        train(tmp_path / str(index), RunSettings(epochs=2, seed=seed)).history.column("loss")
        for index, seed in enumerate((1, 1, 2))
    )
    assert first == second
    assert first != other


@pytest.mark.slow
def test_a_run_ends_early_when_nothing_gets_better(tmp_path: Path):
    run = TrainingRun(tmp_path / "model", RunSettings(epochs=50, patience=2))
    model = small_model(rate=0.0)
    run.fit(model, X, y=Y, validation_data=(X, Y))
    assert (run.epoch, run.best_epoch) == (3, 1)


def test_the_learning_rate_is_halved_when_nothing_gets_better(tmp_path: Path):
    # The loss falls, and the larger one counts as the better one.
    settings = RunSettings(epochs=4, patience=0, halve_after=2, mode="max")
    run = TrainingRun(tmp_path / "model", settings)
    model = small_model()
    model.compile(load_keras("testing").optimizers.SGD(0.125), "mse")
    run.fit(model, X, y=Y, validation_data=(X, Y))
    assert run.history.column("learning_rate") == [0.125, 0.125, 0.125, 0.0625]


def test_a_falling_rate_is_highest_after_one_epoch_and_a_fiftieth_at_the_end():
    rate = falling_rate(0.5, epochs=5, steps=10)
    assert float(rate(10)) == pytest.approx(0.5)
    # Half way down a cosine from 0.5 to 0.01.
    assert float(rate(30)) == pytest.approx(0.255)
    assert float(rate(50)) == pytest.approx(0.01)


@pytest.mark.slow
def test_progress_ends_at_the_total(tmp_path: Path):
    told: list[tuple[float, float]] = []
    run = TrainingRun(tmp_path / "model", RunSettings(epochs=2))
    run.fit(
        small_model(), X, y=Y, validation_data=(X, Y), batch_size=8,
        progress=lambda done, total, stage: told.append((done, total)),  # noqa: ARG005
    )  # fmt: skip
    assert told[0] == (0, 2)
    assert told[-1] == (2, 2)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.slow
def test_a_stopped_run_is_not_forgotten_unawares(tmp_path: Path):
    settings = RunSettings(epochs=6, checkpoint_seconds=0)
    with pytest.raises(Cancelled):
        train(tmp_path / "model", settings, stop_at=2.1)
    with pytest.raises(OutputError, match="--resume"):
        TrainingRun(tmp_path / "model", settings)
    assert TrainingRun(tmp_path / "model", settings, force=True).epoch == 0
    assert not (tmp_path / "model.run").exists()


class Killed(BaseException):
    """Ends a training where it is."""


@pytest.mark.slow
@pytest.mark.parametrize("again", ["resume", "force"])
@pytest.mark.parametrize("at", ["note", "weights", "best", "curves"])
def test_a_run_killed_in_its_first_checkpoint_goes_on_or_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str, again: str
):
    settings = RunSettings(epochs=3, patience=0, checkpoint_seconds=0, seed=3)
    whole = train(tmp_path / "whole", settings)
    saved: list[Path] = []

    def save(self: Path, target: Path) -> Path:
        """Fail where the part of a file would get its name, and leave it, as a power cut does."""
        saved.append(target)
        if {"note": 1, "weights": 2, "best": 3, "curves": 6}[at] == len(saved):
            shutil.copy(self, self.with_name(part_name(target).name))
            raise Killed
        return rename(self, target)

    rename = Path.replace
    monkeypatch.setattr(Path, "replace", save)
    with pytest.raises(Killed):
        train(tmp_path / "parts", settings)
    monkeypatch.undo()
    second = train(tmp_path / "parts", settings, **{again: True})
    np.testing.assert_allclose(second.history.column("loss"), whole.history.column("loss"), rtol=1e-5)


@pytest.mark.slow
def test_a_run_that_is_enough_ends_with_the_best_network_so_far(tmp_path: Path):
    def progress(done: float, total: float, stage: str) -> None:  # noqa: ARG001
        if done >= enough:
            raise Enough("enough")

    run, model = TrainingRun(tmp_path / "model", RunSettings(epochs=50, patience=0)), small_model()
    enough = 2.5
    run.fit(model, X, y=Y, validation_data=(X, Y), batch_size=8, progress=progress)
    assert run.epoch == 2
    assert run.best == min(run.history.column("val_loss"))
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(run.best, rel=1e-5)
    # Before the first epoch has ended there is nothing to keep.
    enough = 0
    with pytest.raises(Cancelled):
        TrainingRun(tmp_path / "other").fit(small_model(), X, y=Y, batch_size=8, progress=progress)


@pytest.mark.slow
def test_a_run_does_not_go_on_with_other_facts(tmp_path: Path):
    settings = RunSettings(epochs=6, checkpoint_seconds=0)
    with pytest.raises(Cancelled):
        train(tmp_path / "model", settings, stop_at=2.1, facts={"n_filters": 8})
    with pytest.raises(InputError, match="n_filters"):
        TrainingRun(tmp_path / "model", settings, facts={"n_filters": 16}, resume=True)


def test_a_folder_of_somebody_is_never_removed(tmp_path: Path):
    (tmp_path / "model.run").mkdir()
    (tmp_path / "model.run" / "diary.txt").write_text("mine")
    with pytest.raises(OutputError, match="in the way"):
        TrainingRun(tmp_path / "model", RunSettings(), force=True)
    assert (tmp_path / "model.run" / "diary.txt").read_text() == "mine"


def test_values_that_are_no_numbers_end_the_training_with_advice(tmp_path: Path):
    run = TrainingRun(tmp_path / "model", RunSettings(epochs=2))
    with pytest.raises(InputError, match="learning-rate"):
        run.fit(small_model(), np.full_like(X, np.nan), y=Y, validation_data=(X, Y))


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"patience": -1}, {"mode": "best"}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]):
    with pytest.raises(InputError):
        RunSettings(**wrong)


@pytest.mark.slow
def test_importing_keras_prints_nothing():
    code = "from electrodej.models import load_keras; load_keras('testing')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """The folder of a training that was stopped."""
    with pytest.raises(Cancelled):
        train(tmp_path / "model", RunSettings(epochs=6, checkpoint_seconds=0), stop_at=2.1)
    return tmp_path / "model.run"


@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "text", "another file"])
def test_damaged_weights_are_said_in_a_sentence(stopped: Path, damage: str):
    path = next(iter(sorted(stopped.glob("last-*.npz"))))
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        other = {"cut": content[: len(content) // 2], "empty": b"", "text": b"weights"}
        path.write_bytes(other.get(damage, content[:40] + bytes(40) + content[80:]))
    with pytest.raises(InputError, match=r"damaged.*--force") as said:
        TrainingRun(stopped.with_name("model"), RunSettings(epochs=6), resume=True)
    assert path.name in str(said.value)


@pytest.mark.parametrize("name", ["history", "best", "best_epoch", "files", "facts"])
def test_a_state_that_lacks_something_is_said_in_a_sentence(stopped: Path, name: str):
    state = json.loads((stopped / "state.json").read_text())
    del state[name]
    (stopped / "state.json").write_text(json.dumps(state))
    with pytest.raises(InputError, match=r"state\.json is missing or damaged"):
        TrainingRun(stopped.with_name("model"), RunSettings(epochs=6), resume=True)
