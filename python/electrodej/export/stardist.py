"""StarDist's outputs for its Fiji plugin: one image, at the full size."""

from __future__ import annotations

from typing import Any

from electrodej.errors import InputError


def at_full_size(model: Any, grid: tuple[int, int], *, where: str = "the model") -> Any:
    """Return a model with the probability and, behind it, the ray distances at the size of the image.

    As StarDist's own exporter did: the probability is spread thinly, each value on one pixel of its cell of
    the grid and 0 on the others, so that the plugin has no more candidates than the network gave; the
    distances are repeated.

    Parameters
    ----------
    model
        Keras model with the outputs probability and distances (and classes perhaps, which are left out).
    grid
        Pixels (Y, X) for one prediction.
    """
    import keras

    if len(model.outputs) < 2:
        raise InputError(f"{where} has one output, and a StarDist model has two: probability and distances")
    probability, distances = model.outputs[0], model.outputs[1]
    if probability.shape[-1] != 1:
        raise InputError(
            f"{where}: its first output has {probability.shape[-1]} channels, "
            "and StarDist's probability has one"
        )
    if grid != (1, 1):
        spread = keras.layers.Conv2DTranspose(
            1,
            (1, 1),
            strides=grid,
            padding="same",
            kernel_initializer="ones",
            use_bias=False,
            name="prob_full",
        )
        probability = spread(probability)
        distances = keras.layers.UpSampling2D(grid, name="dist_full")(distances)
    joined = keras.layers.Concatenate(name="prob_and_dist")([probability, distances])
    return keras.Model(model.inputs[0], joined)
