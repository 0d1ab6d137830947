"""How the learning rate goes over a training."""

from __future__ import annotations

from typing import Any

from electrodej.models.libraries import load_keras


def falling_rate(rate: float, *, epochs: int, steps: int) -> Any:
    """Return a learning rate that rises in the first epoch, then falls along a cosine to a fiftieth.

    Parameters
    ----------
    rate
        The highest.
    epochs, steps
        Epochs of the training, and steps of an epoch.
    """
    return load_keras("training a network").optimizers.schedules.CosineDecay(
        rate / 10,
        decay_steps=max(1, (epochs - 1) * steps),
        alpha=0.02,
        warmup_target=rate,
        warmup_steps=steps,
    )
