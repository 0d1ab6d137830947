"""The Keras callback of a training run. A module of its own, because the class needs Keras to be defined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from electrodej.models.libraries import load_keras
from electrodej.progress import Progress


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

    class TrainingCallback(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras's form
            self._tell(run.epoch, {})

        def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
            steps = self.params.get("steps") or 0
            self._tell(run.epoch + ((batch + 1) / steps if steps else 0.0), logs or {})

        def on_test_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras's form
            # Only so that a wish to stop is heard here, too.
            self._tell(min(run.epoch + 1, run.epochs), logs or {})

        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras's form
            run.end_epoch(self.model, {name: float(value) for name, value in (logs or {}).items()})
            self._tell(run.epoch, logs or {})
            if run.finished:
                self.model.stop_training = True

        def _tell(self, done: float, logs: Mapping[str, float]) -> None:
            now = min(int(done) + 1, run.epochs)
            loss = f", loss {float(logs['loss']):.3g}" if "loss" in logs else ""
            progress(done, run.epochs, f"{stage}, epoch {now} of {run.epochs}{loss}")

    return TrainingCallback()
