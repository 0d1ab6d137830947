"""A training run: what it remembers, how it ends early, and how it goes on after it was stopped.

Every network of ElectrodeJ is trained through `TrainingRun`. While it runs, a folder beside the future
model (``MODEL.run``) holds the history, the curves and the newest checkpoint; a run that is stopped leaves it
there, and the next one can go on from it. The model's own folder appears when training has ended.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import Enough, InputError, OutputError
from electrodej.files import whole_file
from electrodej.files.checkpoint import Checkpoint
from electrodej.models.libraries import load_keras
from electrodej.networks.training.history import History, draw_curves, write_history
from electrodej.options import Choice, Number, Settings, Text, Whole, option, seed
from electrodej.progress import Progress, silent
from electrodej.unfinished import keep_for_resume
from electrodej.vocabulary import PathLike

STATE = "state.json"
HISTORY = "history.csv"
CURVES = "curves.png"
SUMMARY = "training.json"
_AGAIN = "give --force instead of --resume to begin anew"
_NOT_PLAIN = "NaN or infinite"


@dataclass(frozen=True, kw_only=True)
class RunSettings(Settings):
    """How long a network is trained."""

    epochs: int = option(100, Whole(1), "at most so many epochs", group="training")
    patience: int = option(
        20, Whole(0), "end after so many epochs without gain; 0: never early", group="training"
    )
    halve_after: int = option(
        0, Whole(0), "halve the learning rate after so many epochs without gain; 0: never", expert=True
    )
    monitor: str = option(
        "val_loss", Text(), "which figure of the history tells how good the network is", expert=True
    )
    mode: Literal["min", "max"] = option(
        "min", Choice(("min", "max")), "whether a smaller or a larger one is better", expert=True
    )
    seed: int = seed("seed of everything random")
    checkpoint_seconds: float = option(
        30.0, Number(0), "write a checkpoint when the last one is so old", unit="s", expert=True
    )


class TrainingRun:
    """One training of one network, which may be stopped and gone on with.

    Parameters
    ----------
    out
        Folder that the model will be in. The run's own folder is ``out`` with ``.run`` added.
    settings
        How long to train.
    facts
        What the network depends on, as JSON has it: its configuration, the data's checksums. A run goes on
        only with the same facts.
    resume
        Go on with a run that was stopped, where there is one.
    force
        Begin anew although a run was stopped.

    Raises
    ------
    electrodej.errors.OutputError
        A run was stopped there, and neither ``resume`` nor ``force`` is given.
    electrodej.errors.InputError
        The stopped run was another one.

    Examples
    --------
    ::

        run = TrainingRun("my-model", RunSettings(epochs=50, seed=1), facts={"network": "unet"})
        model = build()                       # seeded: the run has set Keras's seed
        model.compile("adam", "mse")
        run.fit(model, data, validation_data=held_out, progress=progress)
        with whole_directory("my-model", ours=is_model) as folder:
            model.save(folder / "model.keras")
            run.write_into(folder)
        run.discard()
    """

    def __init__(
        self,
        out: PathLike,
        settings: RunSettings | None = None,
        *,
        facts: Mapping[str, Any] | None = None,
        resume: bool = False,
        force: bool = False,
    ) -> None:
        target = Path(out)
        self.folder = target.with_name(target.name + ".run")
        self.settings = settings or RunSettings()
        self._kept = Checkpoint(self.folder, "training", facts or {}, note=STATE, again=_AGAIN)
        self.history = History()
        self.best: float | None = None
        self.best_epoch = 0
        self.since_better = 0
        self.since_halved = 0
        self._best_values: list[NDArray[Any]] | None = None
        self._values: dict[str, NDArray[Any]] | None = None
        self._saved_at = time.monotonic()
        self._until = self.settings.epochs
        self._enough = False
        self._open(resume=resume, force=force)
        keep_for_resume(self.folder)
        load_keras("training a network").utils.set_random_seed(self.settings.seed)

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.history.rows)

    @property
    def epochs(self) -> int:
        """How many there are at most."""
        return self.settings.epochs

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train, or in this stage of it; patience counts in the last one."""
        late = 0 < self.settings.patience <= self.since_better
        return (late and self._until >= self.settings.epochs) or self.epoch >= self._until

    def fit(
        self,
        model: Any,
        data: Any,
        *,
        progress: Progress = silent,
        stage: str = "training",
        until: int | None = None,
        **options: Any,
    ) -> History:
        """Train a compiled Keras model, from where the run stands, and leave its best weights in it.

        Parameters
        ----------
        model
            Compiled. Built in the same way each time, so that a checkpoint fits.
        data
            What ``model.fit`` takes as its first argument.
        progress
            Told of every batch; it stops the training by raising `electrodej.errors.Cancelled`, and ends it
            with the best network so far by raising `electrodej.errors.Enough`.
        stage
            First word of what it is told.
        until
            Train up to this epoch only, for another stage follows; the model keeps its last weights then. A
            checkpoint belongs to the stage of its last epoch: the model is compiled for that stage first.
        options
            Further arguments of ``model.fit``, such as ``validation_data`` and ``steps_per_epoch``.
        """
        self._until = until or self.settings.epochs
        callbacks = [*options.pop("callbacks", []), self.callback(model, progress=progress, stage=stage)]
        if not self.finished:
            try:
                model.fit(
                    data,
                    epochs=self._until,
                    initial_epoch=self.epoch,
                    verbose=0,
                    callbacks=callbacks,
                    **options,
                )
            except Enough:
                if self._best_values is None:
                    raise  # not one epoch was judged
                self._until = self.settings.epochs
                self._enough = True
        if self._until >= self.settings.epochs:
            self.take_best(model)
        return self.history

    def begin_stage(self) -> None:
        """Count the epochs without gain anew."""
        self.since_better = self.since_halved = 0

    @property
    def ended(self) -> bool:
        """Whether somebody had enough of it, so that no further stage follows."""
        return self._enough

    def callback(self, model: Any, *, progress: Progress = silent, stage: str = "training") -> Any:
        """Return the Keras callback that does all this, for a ``model.fit`` of one's own.

        The model gets the weights of the checkpoint at once. ``initial_epoch`` is `epoch`, and `take_best`
        comes after the training.
        """
        from electrodej.networks.training.callback import make_callback

        if self._values is not None:
            _put_values(model, self._values, self.folder)
            self._values = None
        return make_callback(self, progress, stage)

    def end_epoch(self, model: Any, logs: Mapping[str, float]) -> None:
        """Note the figures of an epoch; checkpoint, and slow down where nothing gets better."""
        for name, value in logs.items():
            if not np.isfinite(value):
                raise InputError(
                    f"training broke down: {name} is {_NOT_PLAIN} in epoch {self.epoch + 1}; "
                    "lower --learning-rate, and look for odd grey values"
                )
        rate = float(np.asarray(model.optimizer.learning_rate))
        self.history.add({**logs, "learning_rate": rate})
        self._judge(model, logs)
        if self.finished or time.monotonic() - self._saved_at >= self.settings.checkpoint_seconds:
            self.checkpoint(model)

    @property
    def facts(self) -> dict[str, Any]:
        """What the network depends on."""
        return self._kept.facts

    def checkpoint(self, model: Any) -> None:
        """Write all that the run needs to go on."""
        if not self._kept.is_one:
            # From its first file on the folder says what it is, so that a training stopped now can go on.
            self._kept.write(files={})
        names = {"last": f"last-{self.epoch:06d}", "best": f"best-{self.best_epoch:06d}"}
        self._kept.save(names["last"], _values_of(model))
        if self._best_values is not None and not self._kept.has(names["best"]):
            self._kept.save(names["best"], _numbered(self._best_values))
        # From here on the new files count; before, the old ones did.
        self._kept.write(
            settings=asdict(self.settings),
            history=self.history.rows,
            best=self.best,
            best_epoch=self.best_epoch,
            since_better=self.since_better,
            since_halved=self.since_halved,
            files=names,
        )
        self._kept.keep_only(lambda name: name in names.values())
        write_history(self.folder / HISTORY, self.history)
        draw_curves(self.folder / CURVES, self.history, monitor=self.settings.monitor, best=self.best_epoch)
        self._saved_at = time.monotonic()

    def take_best(self, model: Any) -> None:
        """Give the model the weights of the best epoch."""
        if self._best_values is not None:
            model.set_weights(self._best_values)

    def write_into(self, folder: Path, **more: Any) -> None:
        """Write history, curves and a summary into a model's folder; ``more`` goes into the summary."""
        write_history(folder / HISTORY, self.history)
        draw_curves(folder / CURVES, self.history, monitor=self.settings.monitor, best=self.best_epoch)
        summary = {**self.summary(), **more}
        with whole_file(folder / SUMMARY, force=True) as part:
            part.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def summary(self) -> dict[str, Any]:
        """Return what is worth knowing of the run, as JSON has it."""
        return {
            "settings": asdict(self.settings),
            "facts": self.facts,
            "epochs": self.epoch,
            "best_epoch": self.best_epoch,
            f"best_{self.settings.monitor}": self.best,
        }

    def discard(self) -> None:
        """Remove the run's folder, once the model is written."""
        self._kept.discard()

    def _judge(self, model: Any, logs: Mapping[str, float]) -> None:
        name = self.settings.monitor
        if name not in logs:
            raise InputError(f"the run watches {name!r}, and the training tells of {', '.join(sorted(logs))}")
        value = float(logs[name])
        sign = 1 if self.settings.mode == "min" else -1
        if self.best is None or sign * value < sign * self.best:
            self.best, self.best_epoch = value, self.epoch
            self.since_better = self.since_halved = 0
            self._best_values = [np.array(weight) for weight in model.get_weights()]
            return
        self.since_better += 1
        self.since_halved += 1
        if 0 < self.settings.halve_after <= self.since_halved:
            model.optimizer.learning_rate = float(np.asarray(model.optimizer.learning_rate)) / 2
            self.since_halved = 0

    def _open(self, *, resume: bool, force: bool) -> None:
        self._kept.check_free()
        if resume:
            self._go_on(self._kept.state())
        elif force:
            self.discard()
        elif self._kept.is_one:
            raise OutputError(
                f"{self.folder} holds a training that was stopped; give --resume to go on with it, "
                "or --force to begin anew"
            )

    def _go_on(self, state: Mapping[str, Any]) -> None:
        if not state or state.get("files") == {}:
            return
        try:
            self.history = History([dict(row) for row in state["history"]])
            self.best, self.best_epoch = float(state["best"]), int(state["best_epoch"])
            self.since_better, self.since_halved = int(state["since_better"]), int(state["since_halved"])
            # Trainings of before named the files with their suffix.
            names = [str(state["files"][name]).removesuffix(".npz") for name in ("last", "best")]
        except (KeyError, TypeError, ValueError) as error:
            raise self._kept.damaged(STATE) from error
        self._values, best = (self._kept.load(name) for name in names)
        self._best_values = [best[name] for name in sorted(best)]


def _tracked(model: Any, optimizer: Any = None) -> list[Any]:
    """Return every variable on which the next step depends, in an order that is always the same.

    ``optimizer`` is the model's own, if it is not given.
    """
    weights = list(model.weights)
    seeds = [
        variable
        for variable in model.variables
        if "seed_generator" in variable.path and not any(variable is weight for weight in weights)
    ]
    return [*weights, *seeds, *(optimizer or model.optimizer).variables]


def _values_of(model: Any) -> dict[str, NDArray[Any]]:
    return _numbered([np.array(variable.numpy()) for variable in _tracked(model)])


def _numbered(values: list[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {f"{index:05d}": value for index, value in enumerate(values)}


def _put_values(model: Any, values: Mapping[str, NDArray[Any]], folder: Path) -> None:
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    stored = [values[name] for name in sorted(values)]
    shapes = [value.shape for value in stored]
    # In half precision earlier versions scaled no loss: theirs is the inner optimizer, and the scale begins.
    for known in (optimizer, getattr(optimizer, "inner_optimizer", optimizer)):
        variables = _tracked(model, known)
        if [tuple(variable.shape) for variable in variables] == shapes:
            for variable, value in zip(variables, stored, strict=True):
                variable.assign(value)
            return
    weights = [tuple(weight.shape) for weight in model.weights]
    what = (
        "a training whose optimizer was another one, of another version of ElectrodeJ or Keras"
        if shapes[: len(weights)] == weights
        else "the weights of another network"
    )
    raise InputError(f"{folder} holds {what}; {_AGAIN}")
