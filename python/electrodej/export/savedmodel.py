"""The bytes of a zip that Fiji loads: ``saved_model.pb`` and an empty ``variables/`` at its root."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from electrodej.models.contract import INPUT, MODEL_FILE, OUTPUT, SIGNATURE, TAG, VARIABLES

_METHOD = "tensorflow/serving/predict"
_FLOAT = 1  # DT_FLOAT
# The first moment that a zip can tell: the same model gives the same bytes on any day.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16
_FOLDER = (0o040755 << 16) | 0x10


def saved_model(graph: Any, *, channels_in: int, channels_out: int) -> bytes:
    """Return ``saved_model.pb`` around a graph with the nodes ``input`` and ``output``."""
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel(saved_model_schema_version=1)
    meta = model.meta_graphs.add()
    meta.meta_info_def.tags.append(TAG)
    meta.meta_info_def.tensorflow_version = "1.15.0"
    meta.graph_def.CopyFrom(graph)
    signature = meta.signature_def[SIGNATURE]
    signature.method_name = _METHOD
    _describe(signature.inputs[INPUT], INPUT, channels_in)
    _describe(signature.outputs[OUTPUT], OUTPUT, channels_out)
    return bytes(model.SerializeToString(deterministic=True))


def zipped(model: bytes) -> bytes:
    """Return the zip around ``saved_model.pb``, the same for the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr(zip_entry(MODEL_FILE), model, zipfile.ZIP_DEFLATED)
        archive.writestr(zip_entry(VARIABLES, _FOLDER), b"", zipfile.ZIP_STORED)
    return buffer.getvalue()


def zip_entry(name: str, attributes: int = _PLAIN_FILE) -> zipfile.ZipInfo:
    """Return the head of a file in a zip, the same on any day and machine."""
    entry = zipfile.ZipInfo(name, _MOMENT)
    entry.create_system = 3  # the same wherever it is written
    entry.external_attr = attributes
    return entry


def _describe(info: Any, name: str, channels: int) -> None:
    info.name = f"{name}:0"
    info.dtype = _FLOAT
    for length in (-1, -1, -1, channels):
        info.tensor_shape.dim.add(size=length)
