"""What a training tells whoever waits for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from electrodej.networks.training.callback import make_callback


class Epochs:
    """A run of three epochs."""

    def __init__(self) -> None:
        self.epoch, self.epochs, self.finished = 0, 3, False

    def end_epoch(self, _model: Any, _logs: Any) -> None:
        self.epoch += 1
        self.finished = self.epoch == self.epochs


def test_a_log_has_one_line_for_each_epoch_with_what_is_held_out_and_the_time_left():
    told: list[tuple[float, str]] = []
    run = Epochs()
    callback = make_callback(run, lambda done, _total, stage: told.append((done, stage)), "training")
    callback.set_params({"steps": 50})
    callback.set_model(SimpleNamespace(stop_training=False))
    callback.on_train_begin()
    for epoch in range(3):
        for batch in range(50):
            callback.on_train_batch_end(batch, {"loss": 1 / (1 + batch + 50 * epoch)})
        for batch in range(5):
            callback.on_test_batch_end(batch, {"loss": 0.5})
        callback.on_epoch_end(epoch, {"loss": 0.25, "val_loss": 0.5 - epoch / 10})
    done = [share for share, _ in told]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 3)
    lines = list(dict.fromkeys(stage for _, stage in told))
    assert [line.partition(" (")[0] for line in lines] == [
        "training, epoch 1 of 3",
        "training, epoch 2 of 3",
        "training, epoch 3 of 3",
        "training, epoch 3 of 3",
    ]
    assert all("held out" in line for line in lines[1:])
    assert "left" in lines[1]
    assert "left" not in lines[-1]
