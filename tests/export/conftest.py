"""One TensorFlow 1.15 for all tests of the room, and models of every kind, exported once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# Before TensorFlow is imported, which reads them then.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the old models."""
    return DATA


@pytest.fixture(scope="session")
def tf115() -> Iterator[Any]:
    """TensorFlow Java 1.15.0, running."""
    from electrodej.export.tf115 import Tf115

    with Tf115(threads=1) as running:
        yield running


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Export one of the old models, once; returns the zip."""
    from electrodej.export import export_model

    folder = tmp_path_factory.mktemp("exported")
    done: dict[str, Path] = {}

    def export(name: str) -> Path:
        if name not in done:
            done[name] = export_model(DATA / name, folder / f"{name}.zip").files[0]
        return done[name]

    return export


@pytest.fixture(scope="session")
def unet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small U-Net with most of the layers that people use, for 64x64 images, untrained but not trivial."""
    import keras
    import numpy as np

    layers = keras.layers
    keras.utils.set_random_seed(5)
    image = keras.Input((64, 64, 2))
    left = layers.Conv2D(4, 3, padding="same", use_bias=False)(image)
    left = layers.LeakyReLU()(layers.BatchNormalization()(left))
    down = layers.SeparableConv2D(6, 3, padding="same", activation="gelu")(layers.MaxPooling2D(2)(left))
    down = layers.AveragePooling2D(2)(layers.Dropout(0.5)(down))
    deep = layers.Conv2D(6, 3, padding="same", dilation_rate=2, activation="elu", name="deepest")(down)
    up = layers.Conv2DTranspose(5, 3, strides=2, padding="same")(deep)
    up = layers.UpSampling2D(2, interpolation="bilinear")(up)
    both = layers.Concatenate()([left, up])
    out = layers.Conv2D(3, 1, activation="softmax")(
        layers.Conv2D(4, 3, padding="same", activation="relu")(both)
    )
    model = keras.Model(image, out)
    random = np.random.default_rng(2)
    model.set_weights([weight + random.uniform(0.05, 0.2, weight.shape) for weight in model.get_weights()])
    path = tmp_path_factory.mktemp("unet") / "unet.keras"
    model.save(path)
    return path
