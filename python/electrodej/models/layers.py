"""Pooling that remembers where the largest values stood, and its reverse. Needs Keras to be imported.

Written in `keras.ops`, of operations that TensorFlow 1.15 has, too: the exporter turns them into its graph.
"""

from __future__ import annotations

from typing import Any

from electrodej.models.libraries import load_keras

load_keras("building a network")

import keras  # noqa: E402 - only after its greetings are kept back
from keras import ops  # noqa: E402


@keras.saving.register_keras_serializable(package="electrodej")
class ArgmaxPooling2D(keras.layers.Layer):  # type: ignore[misc] # Keras has no types
    """Largest value of each 2x2 block, and where in the block it stood.

    Gives two images of half the size: the values, and the weights of the four places, one after the other in
    the channels (row by row).

    Parameters
    ----------
    softness
        0: the place of the largest value has the weight 1, the first of several equal ones, as published.
        Above 0: a value that is smaller by d has the weight 1 - d / softness, down to 0. Then rounding, which
        differs between TensorFlow 1.15 and 2, changes the weights a little where two values are nearly
        equal; without it, the place would jump.
    """

    def __init__(self, softness: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.softness = float(softness)

    def call(self, image: Any) -> tuple[Any, Any]:
        """Pool an image (batch, Y, X, channels) of even height and width."""
        largest = ops.max_pool(image, 2, 2)
        quarters = self.quarters(image)
        weights = self._soft(largest, quarters) if self.softness else _first(largest, quarters)
        return largest, ops.stop_gradient(ops.concatenate(weights, axis=-1))

    def quarters(self, image: Any) -> list[Any]:
        """Return the four places of all blocks, row by row, each an image of half the size."""
        return [image[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]

    def _soft(self, largest: Any, quarters: list[Any]) -> list[Any]:
        return [ops.maximum(1 - (largest - quarter) * (1 / self.softness), 0) for quarter in quarters]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Half the height and width, twice."""
        batch, height, width, channels = input_shape
        half = (batch, _half(height), _half(width))
        return (*half, channels), (*half, 4 * channels)

    def get_config(self) -> dict[str, Any]:
        """Return what the layer is made with."""
        return {**super().get_config(), "softness": self.softness}


@keras.saving.register_keras_serializable(package="electrodej")
class ArgmaxUnpooling2D(keras.layers.Layer):  # type: ignore[misc] # Keras has no types
    """The reverse: each value at its remembered place in a 2x2 block, 0 at the other three."""

    def call(self, inputs: Any) -> Any:
        """Unpool the values, by the weights of the places, to twice the height and width."""
        values, weights = inputs
        batch, height, width, channels = ops.shape(values)
        quarters = [values * weight for weight in ops.split(weights, 4, axis=-1)]
        rows = [
            ops.reshape(ops.stack(pair, axis=3), (batch, height, 2 * width, channels))
            for pair in (quarters[:2], quarters[2:])
        ]
        return ops.reshape(ops.stack(rows, axis=2), (batch, 2 * height, 2 * width, channels))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Twice the height and width."""
        batch, height, width, channels = input_shape[0]
        return (batch, _twice(height), _twice(width), channels)


def _first(largest: Any, quarters: list[Any]) -> list[Any]:
    """Return 1 for the first of the four that is the largest, 0 for the others."""
    left = ops.ones_like(largest)
    weights = []
    for quarter in quarters:
        found = left * ops.cast(quarter >= largest, largest.dtype)
        left = left - found
        weights.append(found)
    return weights


def own_layers() -> dict[str, Any]:
    """Return our layers by their names, for reading a model that has them."""
    return {layer.__name__: layer for layer in (ArgmaxPooling2D, ArgmaxUnpooling2D)}


def _half(length: int | None) -> int | None:
    return None if length is None else length // 2


def _twice(length: int | None) -> int | None:
    return None if length is None else length * 2
