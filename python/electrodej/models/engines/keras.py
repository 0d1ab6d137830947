"""A Keras model as an engine, on any of Keras's backends and the graphics cards that they find."""

from __future__ import annotations

from typing import Any

import numpy as np

from electrodej.models.engines.base import FloatArray
from electrodej.models.libraries import load_keras


class KerasEngine:
    """A functional Keras model with one image as its input; several outputs are joined by their channels.

    Attributes
    ----------
    network
        The Keras model.
    """

    name = "Keras"

    def __init__(self, network: Any) -> None:
        self.network = network
        self.channels = sum(int(output.shape[-1]) for output in network.outputs)
        backend = load_keras("running a network").backend.backend()
        with_all_digits()
        self._call = _traced(network) if backend == "tensorflow" else network.predict_on_batch

    def run(self, images: FloatArray) -> FloatArray:
        """Return the output for images (N, Y, X, channels)."""
        found = self._call(images)
        if isinstance(found, list | tuple):
            found = np.concatenate([np.asarray(each) for each in found], axis=-1)
        return np.asarray(found, np.float32)


def with_all_digits() -> None:
    """Have a graphics card compute in single precision.

    By themselves all three round the factors of a convolution to 10 bits there, which distances do not bear.
    """
    backend = load_keras("running a network").backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(False)
    elif backend == "jax":
        import jax

        jax.config.update("jax_default_matmul_precision", "highest")  # type: ignore[no-untyped-call] # JAX has no types here
    elif backend == "torch":
        import torch

        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False


def _traced(network: Any) -> Any:
    """Return the network as one graph for images of any size.

    Not through Keras's predict: on images of ever new sizes that costs more than the network itself.
    """
    import tensorflow as tf

    signature = [tf.TensorSpec(tuple(network.inputs[0].shape), tf.float32)]

    def call(images: Any) -> Any:
        found = network(images, training=False)
        return tf.concat(found, axis=-1) if isinstance(found, list | tuple) else found

    return tf.function(call, input_signature=signature)
