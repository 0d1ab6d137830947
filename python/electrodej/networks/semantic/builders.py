"""From a configuration to a Keras model. Layers of the encoder are named ``encoder_...``, see `freeze`."""

from __future__ import annotations

from typing import Any

from electrodej.models.libraries import load_keras
from electrodej.networks.semantic.config import LrcsConfig, NetworkConfig, UNetConfig

ENCODER = "encoder_"


def build_network(config: NetworkConfig) -> Any:
    """Return the functional Keras model: an image (batch, Y, X, channels) in, class probabilities out.

    Examples
    --------
    ::

        build_network(UNetConfig(n_filters=8)).output.shape  # (None, None, None, 2)
    """
    load_keras("building a network")
    return build_lrcs(config) if isinstance(config, LrcsConfig) else build_unet(config)


def build_unet(config: UNetConfig) -> Any:
    """Return CDNet's U-Net."""
    import keras
    from keras import layers

    image = layers.Input((None, None, config.channels), name="image")
    found, sides = image, []
    for level in range(config.depth + 1):
        filters = config.n_filters * 2**level
        for number in (1, 2):
            name = f"{ENCODER}{level}_{number}"
            found = _convolved(found, filters, name, batch_norm=config.batch_norm)
        if level >= config.depth - 1 and config.dropout:
            found = layers.Dropout(config.dropout, name=f"{ENCODER}{level}_dropout")(found)
        if level < config.depth:
            sides.append(found)
            found = layers.MaxPooling2D(2, name=f"{ENCODER}{level}_pool")(found)
    for level in reversed(range(config.depth)):
        filters = config.n_filters * 2**level
        name = f"decoder_{level}"
        found = layers.Conv2DTranspose(filters, 2, strides=2, activation="relu", name=f"{name}_up")(found)
        found = layers.Concatenate(name=f"{name}_join")([sides[level], found])
        for number in (1, 2):
            found = _convolved(found, filters, f"{name}_{number}", batch_norm=config.batch_norm)
    return keras.Model(image, _head(found, config), name="unet")


def build_lrcs(config: LrcsConfig) -> Any:
    """Return LRCS-Net."""
    import keras
    from keras import layers

    from electrodej.models.layers import ArgmaxPooling2D, ArgmaxUnpooling2D

    n = config.n_filters
    softness = 0.0 if config.middle == "dense" else config.softness
    image = layers.Input((config.fixed_size, config.fixed_size, config.channels), name="image")
    found, places = image, []
    for level in range(config.depth + 1):
        for number in (1, 2):
            found = _convolved(found, n * 2**level, f"{ENCODER}{level}_{number}")
        if level < config.depth:
            pool = ArgmaxPooling2D(softness, name=f"{ENCODER}{level}_pool")
            found, where = pool(found)
            places.append(where)
    found = _middle(found, config)
    # Each level ends with the channels whose places the pooling of the level above has kept.
    for level in reversed(range(config.depth + 1)):
        found = _convolved(found, n * 2**level, f"decoder_{level}_1")
        found = _convolved(found, n * 2 ** max(level - 1, 0), f"decoder_{level}_2")
        if level:
            found = ArgmaxUnpooling2D(name=f"decoder_{level}_unpool")([found, places[level - 1]])
    return keras.Model(image, _head(found, config), name="lrcs")


def freeze_encoder(model: Any) -> int:
    """Keep the encoder's weights, and its batch statistics, as they are; return how many layers that are."""
    frozen = [layer for layer in model.layers if layer.name.startswith(ENCODER)]
    for layer in frozen:
        layer.trainable = False
    return len(frozen)


def take_weights(model: Any, other: Any) -> list[str]:
    """Copy the weights of layers that have the same name and shape; return the names of those left alone."""
    there = {layer.name: layer for layer in other.layers}
    left = []
    for layer in model.layers:
        if not layer.weights:
            continue
        source = there.get(layer.name)
        if source is None or [w.shape for w in source.weights] != [w.shape for w in layer.weights]:
            left.append(layer.name)
        else:
            layer.set_weights(source.get_weights())
    return left


def _middle(found: Any, config: LrcsConfig) -> Any:
    from keras import layers

    if config.middle == "convolutional":
        width = config.squeeze or 4 * config.n_filters
        found = _convolved(found, width, "middle_squeeze")
        for number in (1, 2):
            found = layers.Conv2D(width, 1, activation="relu", name=f"middle_{number}")(found)
            if config.dropout:
                found = layers.Dropout(config.dropout, name=f"middle_{number}_dropout")(found)
        return found
    width = config.squeeze or 1
    side = config.size // config.step
    found = layers.Flatten(name="middle_flat")(_convolved(found, width, "middle_squeeze"))
    values = side * side * width
    for number, units in enumerate((max(1, values // 2), values), 1):
        found = layers.Dense(units, activation="relu", name=f"middle_{number}")(found)
        if config.dropout:
            found = layers.Dropout(config.dropout, name=f"middle_{number}_dropout")(found)
    return layers.Reshape((side, side, width), name="middle_image")(found)


def _convolved(image: Any, filters: int, name: str, *, batch_norm: bool = True) -> Any:
    from keras import layers

    if not batch_norm:
        return layers.Conv2D(filters, 3, padding="same", activation="relu", name=name)(image)
    image = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=name)(image)
    image = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(image)
    return layers.ReLU(name=f"{name}_relu")(image)


def _head(image: Any, config: NetworkConfig) -> Any:
    from keras import layers

    channels = 1 if config.head == "sigmoid" else config.n_classes
    # In single precision also where the rest is computed in half, because small probabilities vanish there.
    image = layers.Conv2D(channels, 1, dtype="float32", name="classes")(image)
    return layers.Activation(config.head, dtype="float32", name="probability")(image)
