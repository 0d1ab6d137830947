"""Model files as somebody with bad intentions would make them, written field by field."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

FLOAT, INT32, STRING, RESOURCE = 1, 3, 7, 20
SIDECAR = {
    "format": "electrodej-model",
    "version": 1,
    "kind": "unet",
    "channels_out": 1,
    "size_divisor": 1,
    "context": 0,
}


def number(field: int, value: int) -> bytes:
    """A field that holds a whole number."""
    return varint(field << 3) + varint(value)


def part(field: int, content: bytes | str) -> bytes:
    """A field that holds a text, bytes or a message."""
    raw = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def entry(field: int, key: str, value: bytes) -> bytes:
    """An entry of a map."""
    return part(field, part(1, key) + part(2, value))


def node(name: str, kind: str, *inputs: str, **attributes: bytes) -> bytes:
    """A ``NodeDef``; attributes are ``AttrValue``."""
    given = b"".join(entry(5, key, value) for key, value in attributes.items())
    return part(1, name) + part(2, kind) + b"".join(part(3, each) for each in inputs) + given


def kind_of(value: int) -> bytes:
    return number(6, value)


def tensor(kind: int, *lengths: int) -> bytes:
    """An ``AttrValue`` with a tensor of one repeated value."""
    shape = b"".join(part(2, number(1, length)) for length in lengths)
    return part(8, number(1, kind) + part(2, shape) + part(5, b"\0\0\0\0"))


def image(name: str, channels: int = 1) -> bytes:
    """A ``TensorInfo`` of images of any size."""
    lengths = [2**64 - 1, 2**64 - 1, 2**64 - 1, channels]
    shape = b"".join(part(2, number(1, length)) for length in lengths)
    return part(1, name) + number(2, FLOAT) + part(3, shape)


HARMLESS = [
    node("input", "Placeholder", dtype=kind_of(FLOAT)),
    node("output", "Identity", "input", T=kind_of(FLOAT)),
]


def meta(
    nodes: list[bytes], *, tag: str = "serve", functions: tuple[bytes, ...] = (), more: bytes = b""
) -> bytes:
    """A ``MetaGraphDef`` with the signature of a model for Fiji."""
    graph = b"".join(part(1, each) for each in nodes)
    graph += part(2, b"".join(part(1, each) for each in functions))
    signature = entry(1, "input", image("input:0")) + entry(2, "output", image("output:0"))
    return part(1, part(4, tag)) + part(2, graph) + entry(5, "serving_default", signature) + more


def saved_model(*metas: bytes) -> bytes:
    """The bytes of ``saved_model.pb``."""
    return number(1, 1) + b"".join(part(2, each) for each in metas)


def written(path: Path, content: bytes, **about: Any) -> Path:
    """A zip with that ``saved_model.pb``, and the JSON beside it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("saved_model.pb", content)
        archive.writestr("variables/", b"")
    path.with_suffix(".json").write_text(json.dumps({**SIDECAR, **about}), encoding="utf-8")
    return path


def onnx(*nodes: bytes, weights: tuple[bytes, ...] = (), more: bytes = b"", graph: bytes = b"") -> bytes:
    """An ONNX model; nodes as `onnx_node` makes them."""
    value = part(1, "input"), part(1, "output")
    content = b"".join(part(1, each) for each in nodes) + b"".join(part(5, each) for each in weights)
    content += part(11, value[0]) + part(12, value[1]) + graph
    return number(1, 8) + part(7, content) + part(8, number(2, 13)) + more


def onnx_node(kind: str, *, domain: str = "", attributes: tuple[bytes, ...] = ()) -> bytes:
    return (
        part(1, "input")
        + part(2, "output")
        + part(4, kind)
        + part(7, domain)
        + b"".join(part(5, each) for each in attributes)
    )
