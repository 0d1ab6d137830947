"""The Keras callback of a training run. A module of its own, because the class needs Keras to be defined."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

from electrodej.models.libraries import load_keras
from electrodej.progress import Progress

# Of an epoch, when only its judgement is left.
_NEARLY = 1 - 1e-6


class Followed(Protocol):
    """The training that is told of its epochs."""

    @property
    def epoch(self) -> int: ...
    @property
    def epochs(self) -> int: ...
    @property
    def finished(self) -> bool: ...
    def end_epoch(self, model: Any, logs: Mapping[str, float]) -> None: ...


def make_callback(run: Followed, progress: Progress, stage: str) -> Any:
    """Return the callback that tells ``run`` of every epoch and ``progress`` of every batch."""
    load_keras("training a network")
    import keras

    class TrainingCallback(keras.callbacks.Callback):  # type: ignore[misc] # Keras has no types
        def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras's form
            self._first, self._began, self._known = run.epoch, time.monotonic(), ""
            self._tell(run.epoch)

        def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras's form
            steps = self.params.get("steps") or 0
            # The last batch of an epoch still belongs to it: the next one begins when it was judged.
            self._tell(run.epoch + ((batch + 1) / (steps + 1) if steps else 0.0))

        def on_test_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras's form
            # Only so that a wish to stop is heard here, too.
            self._tell(run.epoch + _NEARLY)

        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras's form
            figures = {name: float(value) for name, value in (logs or {}).items()}
            run.end_epoch(self.model, figures)
            self._known = _text(figures)
            seconds = (time.monotonic() - self._began) / (run.epoch - self._first)
            if run.epoch < run.epochs:
                self._known += f", about {time_text(seconds * (run.epochs - run.epoch))} left"
            self._tell(run.epoch)
            if run.finished:
                self.model.stop_training = True

        def _tell(self, done: float) -> None:
            # The text stays the same for an epoch, so that a log has one line for each.
            now = min(int(done) + 1, run.epochs)
            progress(done, run.epochs, f"{stage}, epoch {now} of {run.epochs}{self._known}")

    return TrainingCallback()


def _text(figures: Mapping[str, float]) -> str:
    """Return what an epoch gave: the loss, and what is known of the images that were held out."""
    shown = {
        "loss": "loss",
        "val_loss": "held out",
        "val_accuracy": "right",
        "val_dist_dist_iou_metric": "overlap",
    }
    found = [f"{word} {figures[name]:.3g}" for name, word in shown.items() if name in figures]
    return f" (last: {', '.join(found)})" if found else ""


def time_text(seconds: float) -> str:
    """Return a time in the unit that suits it.

    >>> time_text(42), time_text(150), time_text(9000)
    ('42 s', '2.5 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
