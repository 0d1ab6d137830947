"""The network: a U-Net of residual blocks in three dimensions, on a grid."""

from __future__ import annotations

from typing import Any

from electrodej.models.libraries import load_keras
from electrodej.networks.stardist3d.settings import Halvings

# Filters of a level are twice those of the level above, up to so many times the first.
_MOST_WIDER = 4


def build_network(halvings: Halvings, *, rays: int, filters: int) -> Any:
    """Return the Keras model: a volume (batch, Z, Y, X, 1) in, ``prob`` and ``dist`` on the grid out.

    All convolutions go over three dimensions. Nothing in it looks at the volume as a whole: what a voxel far
    away is, changes nothing, so that tiles give what the whole volume gives.
    """
    keras = load_keras("building a network")
    layers = keras.layers
    volume = layers.Input((None, None, None, 1), name="volume")
    found = _convolved(volume, filters // 2, "stem_1")
    found = _convolved(found, filters, "stem_2", step=halvings.grid)
    sides: list[Any] = []
    widths = [filters * min(2**level, _MOST_WIDER) for level in range(len(halvings.pools) + 1)]
    for level, pool in enumerate(halvings.pools):
        found = _block(found, widths[level], f"down_{level}")
        sides.append(found)
        found = layers.MaxPooling3D(pool, name=f"down_{level}_pool")(found)
    found = _block(found, widths[-1], "bottom_1")
    found = _block(found, widths[-1], "bottom_2")
    for level in reversed(range(len(halvings.pools))):
        found = _convolved(found, widths[level], f"up_{level}_narrow", kernel=1)
        found = layers.UpSampling3D(halvings.pools[level], name=f"up_{level}_larger")(found)
        found = layers.Concatenate(name=f"up_{level}_join")([sides[level], found])
        found = _block(found, widths[level], f"up_{level}")
    found = _convolved(found, 4 * filters, "head")
    chance = layers.Conv3D(1, 1, activation="sigmoid", dtype="float32", name="prob")(found)
    reach = layers.Conv3D(rays, 1, dtype="float32", name="dist")(found)
    return keras.Model(volume, [chance, reach], name="stardist3d")


def _convolved(
    found: Any, filters: int, name: str, *, kernel: int = 3, step: Any = 1, active: bool = True
) -> Any:
    layers = load_keras("building a network").layers
    found = layers.Conv3D(
        filters,
        kernel,
        strides=step,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(found)
    found = layers.BatchNormalization(momentum=0.95, epsilon=1e-3, name=f"{name}_norm")(found)
    return layers.Activation("relu", name=f"{name}_relu")(found) if active else found


def _block(found: Any, filters: int, name: str) -> Any:
    """Two convolutions beside a way around them."""
    layers = load_keras("building a network").layers
    around = found
    if found.shape[-1] != filters:
        around = _convolved(found, filters, f"{name}_around", kernel=1, active=False)
    found = _convolved(found, filters, f"{name}_1")
    found = _convolved(found, filters, f"{name}_2", active=False)
    found = layers.Add(name=f"{name}_add")([found, around])
    return layers.Activation("relu", name=f"{name}_relu")(found)
