"""Layers said in operations of TensorFlow itself: fewer than Keras makes of them, quicker in every engine.

Keras 3 spells the nearest neighbour out in twenty operations, and it has none that takes an image apart into
2 x 2 blocks. TensorFlow 1.15 has all of these.
"""

from __future__ import annotations

from typing import Any


def in_own_operations(layer: Any) -> Any:
    """Return a layer that does the same in TensorFlow's own operations, or the layer itself.

    Upsampling of Keras 3 needs to know the size of the image besides, but for the nearest neighbour.
    """
    import keras

    from electrodej.models.layers import ArgmaxPooling2D, ArgmaxUnpooling2D

    kind = type(layer)
    if kind is ArgmaxPooling2D:
        return _argmax_pooling(layer)
    if kind is ArgmaxUnpooling2D:
        return _argmax_unpooling(layer)
    known = ("nearest", "bilinear", "bicubic")
    if kind is keras.layers.UpSampling2D and layer.data_format == "channels_last":
        return _upsampling(layer) if layer.interpolation in known else layer
    return layer


def _upsampling(layer: Any) -> Any:
    import keras
    import tensorflow as tf

    class Upsampling(keras.layers.Layer):  # type: ignore[misc] # Keras has no types
        def call(self, image: Any) -> Any:
            size = tf.shape(image)[1:3] * tf.constant(factors)
            if layer.interpolation == "nearest":
                return tf.raw_ops.ResizeNearestNeighbor(images=image, size=size)
            if layer.interpolation == "bilinear":
                return tf.raw_ops.ResizeBilinear(images=image, size=size, half_pixel_centers=True)
            return tf.raw_ops.ResizeBicubic(images=image, size=size, half_pixel_centers=True)

        def compute_output_shape(self, shape: Any) -> Any:
            grown = [None if n is None else n * f for n, f in zip(shape[1:3], factors, strict=True)]
            return (shape[0], *grown, shape[3])

    factors = tuple(int(factor) for factor in layer.size)
    return Upsampling(name=layer.name, dtype=layer.dtype_policy)


def _argmax_pooling(layer: Any) -> Any:
    import tensorflow as tf

    from electrodej.models.layers import ArgmaxPooling2D

    class BlockPooling(ArgmaxPooling2D):
        def quarters(self, image: Any) -> list[Any]:
            return list(tf.split(tf.nn.space_to_depth(image, 2), 4, axis=-1))

    return BlockPooling(layer.softness, name=layer.name, dtype=layer.dtype_policy)


def _argmax_unpooling(layer: Any) -> Any:
    import tensorflow as tf

    from electrodej.models.layers import ArgmaxUnpooling2D

    class BlockUnpooling(ArgmaxUnpooling2D):
        def call(self, inputs: Any) -> Any:
            values, weights = inputs
            return tf.nn.depth_to_space(tf.concat([values] * 4, axis=-1) * weights, 2)

    return BlockUnpooling(name=layer.name, dtype=layer.dtype_policy)
