"""Small whole models of every kind, as folders and files, and ways to damage them that suit models.

The reader's process writes them at its start, for it has TensorFlow loaded; the test reads them from there.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

OLD = Path(__file__).parents[1] / "export" / "data"
# What each is called, and how it is read: see `worker.KINDS`.
KINDS = {
    "stardist": "particles",
    "care": "network",
    "unet": "phases",
    "lrcs": "phases",
    "zipped": "particles",
    "onnx": "onnx",
    "keras.h5": "network",
    "maskrcnn": "maskrcnn",
    "solid": "particles",
    "solid-keras": "solid",
}
GREY = "grey.tif"
HUGE, DEEP = 10**5, 20_000


def write_models(folder: Path) -> None:
    """Write all of them, and an image that they are given."""
    from electrodej.volume import write_volume

    grey = np.random.default_rng(0).integers(40, 200, (2, 48, 48), dtype=np.uint8)
    write_volume(folder / GREY, grey, spacing=(0.1, 0.1, 0.1))
    for name in ("stardist", "care"):
        shutil.copytree(OLD / f"{name}-keras-2.3.1", folder / name, ignore=shutil.ignore_patterns("tf1.*"))
    _semantic(folder)
    _zips(folder)
    _maskrcnn(folder / "maskrcnn")
    _solid(folder)


def _semantic(folder: Path) -> None:
    import keras

    from electrodej.networks.semantic import Classes, LrcsConfig, UNetConfig
    from electrodej.networks.semantic.builders import build_network
    from electrodej.networks.semantic.model import from_network, write_model

    for config in (UNetConfig(n_filters=2, depth=1), LrcsConfig(n_classes=2, n_filters=2)):
        (folder / config.kind).mkdir()
        network = build_network(config)
        known = from_network(network, config, Classes((1, 5), ("pore", "particle")), name=config.kind)
        write_model(folder / config.kind, known)
        if config.kind == "unet":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a form that Keras keeps for old files
                keras.Model(network.inputs, network.outputs).save(folder / "keras.h5")


def _zips(folder: Path) -> None:
    """A zip with the JSON beside it, with and without the ONNX file."""
    from electrodej.export import export_model

    for name, model in {"zipped": folder / "stardist", "onnx": folder / "unet"}.items():
        (folder / name).mkdir()
        made = folder / name / "made"
        made.mkdir()
        export_model(model, made / "model.zip")
        for kept in ("model.zip", "model.json") + (("model.onnx",) if name == "onnx" else ()):
            (made / kept).rename(folder / name / kept)
        shutil.rmtree(made)


def _maskrcnn(folder: Path) -> None:
    from electrodej.models.info import ModelInfo
    from electrodej.networks.maskrcnn.model import write_model
    from electrodej.networks.maskrcnn.network import build
    from electrodej.networks.maskrcnn.shape import NetworkShape

    folder.mkdir()
    parts = build(NetworkShape(pyramid=8, proposing=8, head=16, mask=8))
    write_model(folder, parts, ModelInfo(kind="maskrcnn", name="regions"), packed=True)


def _solid(folder: Path) -> None:
    from electrodej.models.info import ModelInfo
    from electrodej.networks.stardist3d.model import write_solid
    from electrodej.networks.stardist3d.network import build_network
    from electrodej.networks.stardist3d.settings import Plan, plan_halvings

    spacing, rays = (0.1, 0.1, 0.1), 8
    plan = Plan(plan_halvings(spacing, grid=2, depth=1), rays, 2)
    network = build_network(plan.halvings, rays=rays, filters=plan.filters)
    info = ModelInfo(kind="stardist3d", channels_out=1 + rays, rays=rays, spacing=spacing, size_divisor=4)
    (folder / "solid").mkdir()
    write_solid(folder / "solid", network, info, plan)
    shutil.copytree(folder / "solid", folder / "solid-keras")
    (folder / "solid-keras" / "model.onnx").unlink()


def files_of(path: Path) -> dict[str, bytes]:
    """Return the files of a folder, or the one file under the name ""."""
    if path.is_file():
        return {"": path.read_bytes()}
    return {each.name: each.read_bytes() for each in sorted(path.iterdir())}


def sealed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return a model whose checksums are those of its files: what somebody would see to who means harm."""
    done = dict(files)
    for name in files:
        try:
            said = json.loads(files[name]) if name.endswith(".json") else None
        except (ValueError, RecursionError):
            continue
        if not isinstance(said, dict):
            continue
        for field, file in (("sha256", "model.zip"), ("onnx_sha256", "model.onnx")):
            if field in said and isinstance(files.get(file), bytes):
                said[field] = hashlib.sha256(files[file]).hexdigest()
                done[name] = json.dumps(said).encode()
        parts = said.get("onnx_sha256")
        if isinstance(parts, dict):
            said["onnx_sha256"] = {
                file: hashlib.sha256(files[file]).hexdigest()
                if isinstance(files.get(file), bytes)
                else digest
                for file, digest in parts.items()
            }
            done[name] = json.dumps(said).encode()
    return done


def set_h5(data: bytes, b: int, c: int) -> bytes:
    """Change what an HDF5 file holds: an attribute, the kind or size of an array, a link."""
    import h5py

    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as file:
        places = [""]
        file.visit(places.append)
        path = places[b % len(places)]
        entry = file[path] if path else file
        changes = CHANGES if path else CHANGES[:1]
        changes[c % len(changes)](file, path, entry, c // len(changes))
    return buffer.getvalue()


def _attribute(file: Any, path: str, entry: Any, c: int) -> None:  # noqa: ARG001 - the form of a damage
    names = [*entry.attrs, "model_config", "weight_names", "layer_names"]
    name = names[c % len(names)]
    value = ATTRIBUTES[c // len(names) % len(ATTRIBUTES)]
    if name in entry.attrs:
        del entry.attrs[name]
    if value is not None:
        entry.attrs[name] = value


def _array(file: Any, path: str, entry: Any, c: int) -> None:
    shape = getattr(entry, "shape", (2,))
    del file[path]
    if c % 4 == 0:  # says that it is large, and is not there
        file.create_dataset(path, (HUGE, HUGE), "f4", chunks=(64, 64))
    elif c % 4 == 1:
        file[path] = np.full(shape, (np.nan, np.inf, 1e38)[c // 4 % 3], np.float32)
    elif c % 4 == 2:
        file[path] = np.zeros(shape, ("S4", "i8", "c8", "?", "f8", "u1")[c // 4 % 6])
    else:
        file[path] = np.ones(((), (0,), (1,), (*shape, 2), shape[::-1])[c // 4 % 5], np.float32)


def _link(file: Any, path: str, entry: Any, c: int) -> None:  # noqa: ARG001 - the form of a damage
    import h5py

    del file[path]
    if c % 4 == 0:
        file[path] = h5py.SoftLink("/nowhere")
    elif c % 4 == 1:
        file[path] = h5py.ExternalLink("other.h5", "/")
    elif c % 4 == 2:
        file[path] = file["/"]  # a circle


CHANGES: tuple[Callable[[Any, str, Any, int], None], ...] = (_attribute, _array, _link)
ATTRIBUTES: tuple[Any, ...] = (
    None, 0, -1.5, b"\xff\xfe", "x", "", np.zeros(0), np.arange(6), "[" * DEEP, b"[]", '{"class_name": []}',
    np.array([b"x"] * 50), '{"class_name": "Functional", "config": {"layers": [[1]]}}',
)  # fmt: skip


def set_inside(data: bytes, b: int, c: int, ways: dict[str, Callable[[bytes, int, int], bytes]]) -> bytes:
    """Change a file in a zip that stays whole."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    name = sorted(inside)[b % len(inside)]
    way = (
        ("h5", "h5", "byte")
        if name.endswith(".h5")
        else ("json",)
        if name.endswith(".json")
        else ("byte", "number")
    )
    inside[name] = ways[way[c % len(way)]](inside[name], b // len(inside), c // len(way))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in inside.items():
            archive.writestr(each, content)
    return buffer.getvalue()
