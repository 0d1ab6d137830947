"""What the layers of a network are called in the graph that is exported of it."""

from __future__ import annotations

import re
from typing import Any

# What the layers of `electrodej.export.own_operations` are in place of.
_STANDS_FOR = {
    "Upsampling": "UpSampling2D",
    "BlockPooling": "ArgmaxPooling2D",
    "BlockUnpooling": "ArgmaxUnpooling2D",
}
_AUTOMATIC = re.compile(r"(_\d+)+$")


def all_layers(model: Any) -> list[Any]:
    """Return the layers, those of inner models after them, each once."""
    found: list[Any] = []
    for layer in model.layers:
        if not any(layer is other for other in found):
            found.append(layer)
        if hasattr(layer, "layers"):
            found += [inner for inner in all_layers(layer) if not any(inner is other for other in found)]
    return found


def layer_names(model: Any) -> list[str]:
    """Return one name for each layer: the author's own, or the kind of layer counted from the start."""
    names: list[str] = []
    layers = all_layers(model)
    taken = {layer.name for layer in layers if not _is_automatic(layer)}
    for layer in layers:
        if not _is_automatic(layer):
            names.append(layer.name)
            continue
        stem = _AUTOMATIC.sub("", layer.name)
        name, count = stem, 0
        while name in taken:
            count += 1
            name = f"{stem}_{count}"
        taken.add(name)
        names.append(name)
    return [re.sub(r"[^A-Za-z0-9_.\-]", "_", name) for name in names]


def _is_automatic(layer: Any) -> bool:
    kind = type(layer).__name__
    snake = re.sub(r"\W+", "", _STANDS_FOR.get(kind, kind))
    snake = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", snake)
    snake = re.sub(r"([a-z])([A-Z])", r"\1_\2", snake).lower()
    return _AUTOMATIC.sub("", layer.name) == snake
