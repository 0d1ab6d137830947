"""Surfaces as files that other programs read: STL, PLY, OBJ, and glTF in one file (GLB)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from electrodej.errors import InputError
from electrodej.mesh.surface import Surface

FORMATS = (".stl", ".ply", ".obj", ".glb")


def surface_bytes(surface: Surface, suffix: str) -> bytes:
    """Return a surface as the content of a file; positions are micrometres.

    Parameters
    ----------
    surface
        What is written.
    suffix
        ".stl" (binary), ".ply" (binary), ".obj" or ".glb".

    Raises
    ------
    InputError
        The format is none of these.
    """
    makers = {".stl": _stl, ".ply": _ply, ".obj": _obj, ".glb": _glb}
    maker = makers.get(suffix.lower())
    if maker is None:
        raise InputError(f"surfaces are written as {', '.join(FORMATS)}, not as {suffix!r}")
    return maker(surface)


def write_surface(path: str | Path, surface: Surface, *, force: bool = False) -> Path:
    """Write a surface in the format that its name ends in; see `surface_bytes`."""
    from electrodej.files import whole_file

    target = Path(path)
    content = surface_bytes(surface, target.suffix)
    with whole_file(target, force=force) as scratch:
        scratch.write_bytes(content)
    return target


def _stl(surface: Surface) -> bytes:
    triangles = surface.corners[surface.faces].astype("<f4")
    normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    rows = np.zeros(
        len(triangles), np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("end", "<u2")])
    )
    rows["normal"] = normals / np.where(length > 0, length, 1)
    rows["corners"] = triangles
    head = b"ElectrodeJ surface, micrometres".ljust(80)
    return head + np.array([len(rows)], "<u4").tobytes() + rows.tobytes()


def _ply(surface: Surface) -> bytes:
    head = (
        "ply\nformat binary_little_endian 1.0\ncomment micrometres\n"
        f"element vertex {len(surface.corners)}\nproperty float x\nproperty float y\nproperty float z\n"
        f"element face {len(surface.faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    rows = np.zeros(len(surface.faces), np.dtype([("count", "u1"), ("corners", "<i4", 3)]))
    rows["count"], rows["corners"] = 3, surface.faces
    return head.encode("ascii") + surface.corners.astype("<f4").tobytes() + rows.tobytes()


def _obj(surface: Surface) -> bytes:
    lines = ["# micrometres"]
    lines += [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in surface.corners]
    lines += [f"f {a} {b} {c}" for a, b, c in surface.faces + 1]
    return ("\n".join(lines) + "\n").encode("ascii")


def _glb(surface: Surface) -> bytes:
    """One binary glTF 2.0: a JSON chunk and a binary chunk with corners and faces, each padded to 4 bytes."""
    corners = surface.corners.astype("<f4")
    places, faces = corners.tobytes(), surface.faces.astype("<u4").tobytes()
    about = {
        "asset": {"version": "2.0", "generator": "ElectrodeJ"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"byteLength": len(places) + len(faces)}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": len(places), "target": 34962},
            {"buffer": 0, "byteOffset": len(places), "byteLength": len(faces), "target": 34963},
        ],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": 5126,
                "count": len(corners),
                "type": "VEC3",
                "min": corners.min(axis=0).tolist(),
                "max": corners.max(axis=0).tolist(),
            },
            {"bufferView": 1, "componentType": 5125, "count": surface.faces.size, "type": "SCALAR"},
        ],
    }
    text = json.dumps(about).encode("ascii")
    text += b" " * (-len(text) % 4)
    chunks = _chunk(text, b"JSON") + _chunk(places + faces, b"BIN\0")
    return b"glTF" + np.array([2, 12 + len(chunks)], "<u4").tobytes() + chunks


def _chunk(content: bytes, kind: bytes) -> bytes:
    return np.array([len(content)], "<u4").tobytes() + kind + content
