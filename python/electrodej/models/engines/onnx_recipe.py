"""The ONNX form of a bundled model, made again of its zip: a wheel carries each set of weights once.

``NAME.onnx-recipe.json`` beside the zip holds the ONNX file in pieces: bytes as they are, and in place of
each set of weights where in the zip it stands and how ONNX has it. `electrodej.export.onnx_recipe` writes it.
The result is the exported file, byte for byte, which its checksum proves.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.errors import InputError, one_line
from electrodej.models.info import read_json
from electrodej.models.zip_weights import Constants, graph_constants

END = ".onnx-recipe.json"


def recipe_of(zipped: Path) -> Path:
    """Return where the recipe beside a zip lies."""
    return zipped.with_name(zipped.stem + END)


def onnx_by_recipe(recipe: Path, graph: bytes) -> bytes:
    """Return the ONNX file; ``graph`` are the bytes of the ``GraphDef`` in the zip.

    Raises
    ------
    electrodej.errors.InputError
        The recipe is damaged, or of another zip.
    """
    constants = graph_constants(graph)
    said = read_json(recipe)
    try:
        content = b"".join(
            base64.b64decode(piece) if isinstance(piece, str) else weights(piece, constants)
            for piece in said["pieces"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{recipe} is damaged ({one_line(error)}); install ElectrodeJ anew") from error
    if hashlib.sha256(content).hexdigest() != said.get("sha256"):
        raise InputError(f"{recipe} does not belong to the zip beside it; install ElectrodeJ anew")
    return content


def weights(piece: dict[str, Any], constants: Constants) -> bytes:
    """Return one set of weights as ONNX has it.

    A normalisation behind a convolution is a part of its kernel there: each output channel is multiplied by
    its factor, "times". "order" is that of the axes.
    """
    values = constants[piece["constant"]]
    if "times" in piece:
        values = values * np.frombuffer(base64.b64decode(piece["times"]), "<f4")
    return np.ascontiguousarray(values.transpose(piece["order"]), "<f4").tobytes()
