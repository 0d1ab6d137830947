"""Nothing in a model's file acts: it is refused before it is loaded, in a sentence that says why."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.models import load_model
from electrodej.models.keras_files import load_keras_file
from electrodej.models.safety.onnx_graph import read_onnx
from electrodej.models.safety.tensorflow_graph import RefusedError, read_saved_model
from electrodej.models.safety.wire import DamagedError
from electrodej.models.zips import read_zip


def _crafted() -> ModuleType:
    path = Path(__file__).with_name("crafted.py")
    spec = importlib.util.spec_from_file_location("crafted", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


c: Any = _crafted()
TEXT = {"dtype": c.kind_of(c.STRING), "value": c.tensor(c.STRING)}


def with_operation(kind: str) -> bytes:
    """A graph whose output waits for an operation."""
    return bytes(
        c.saved_model(
            c.meta(
                [
                    c.HARMLESS[0],
                    c.node("what", "Const", **TEXT),
                    c.node("act", kind, "what", "what"),
                    c.node("output", "Identity", "input", "^act", T=c.kind_of(c.FLOAT)),
                ]
            )
        )
    )


def functions(name: str, kind: str) -> bytes:
    """A graph whose output calls a function that holds an operation."""
    called = c.part(10, c.part(1, name))
    function = c.part(1, c.part(1, name)) + c.part(3, c.node("inner", kind))
    call = c.node("output", "PartitionedCall", "input", f=called)
    return bytes(c.saved_model(c.meta([c.HARMLESS[0], call], functions=(function,))))


def restoring() -> bytes:
    """A graph that is loaded with the weights of a file of its choice."""
    nodes = [
        *c.HARMLESS,
        c.node("own", "Placeholder", dtype=c.kind_of(c.STRING)),
        c.node("other", "Const", **TEXT),
        c.node("restore", "RestoreV2", "other", "other", "other"),
    ]
    return bytes(c.saved_model(c.meta(nodes, more=c.part(3, c.part(1, "own:0") + c.part(3, "restore")))))


def initialising(kind: str) -> bytes:
    """A graph that does something when it is loaded."""
    nodes = [*c.HARMLESS, c.node("start", kind)]
    listed = c.entry(4, "saved_model_main_op", c.part(1, c.part(1, "start")))
    return bytes(c.saved_model(c.meta(nodes, more=listed)))


HOSTILE = {
    "writes a file": (with_operation("WriteFile"), "WriteFile"),
    "reads a file": (with_operation("ReadFile"), "ReadFile"),
    "maps a file": (with_operation("ImmutableConst"), "ImmutableConst"),
    "runs Python": (with_operation("PyFunc"), "PyFunc"),
    "reads records": (with_operation("TFRecordReaderV2"), "TFRecordReaderV2"),
    "waits in a queue": (with_operation("QueueDequeueV2"), "QueueDequeueV2"),
    "saves its variables": (with_operation("SaveV2"), "SaveV2"),
    "uses what nobody knows": (with_operation("Anything"), "Anything"),
    "hides it in a function": (functions("__inference_f", "WriteFile"), "WriteFile"),
    "calls a function as an operation": (functions("WriteFile", "NoOp"), "WriteFile"),
    "loads another file": (restoring(), "RestoreV2 of another file"),
    "acts when loaded": (initialising("AssignVariableOp"), "AssignVariableOp when it is loaded"),
    "brings assets": (c.saved_model(c.meta(c.HARMLESS, more=c.part(6, b""))), "assets"),
    "has two graphs": (c.saved_model(c.meta(c.HARMLESS), c.meta(c.HARMLESS)), "2 graphs"),
    "has no graph": (c.saved_model(c.meta(c.HARMLESS, tag="train")), "0 graphs"),
    "fills the memory": (
        c.saved_model(c.meta([*c.HARMLESS, c.node("large", "Const", value=c.tensor(c.FLOAT, 10**6, 10**6))])),
        "constants of",
    ),
}


@pytest.mark.parametrize("engine", ["auto", "openvino", "keras"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_zip_that_does_more_than_compute_is_not_loaded(tmp_path: Path, name: str, engine: Any):
    content, why = HOSTILE[name]
    path = c.written(tmp_path / "model.zip", content)
    before, loaded = sorted(tmp_path.iterdir()), "tensorflow" in sys.modules
    with pytest.raises(InputError, match="is not run") as said:
        load_model(path, engine=engine)
    assert why in str(said.value)
    assert sorted(tmp_path.iterdir()) == before
    assert loaded or engine == "keras" or "tensorflow" not in sys.modules


def test_a_harmless_zip_of_the_same_make_runs(tmp_path: Path):
    path = c.written(tmp_path / "model.zip", c.saved_model(c.meta(c.HARMLESS)))
    images = np.random.default_rng(0).random((2, 8, 12, 1), np.float32)
    np.testing.assert_array_equal(load_model(path).engine.run(images), images)


def test_a_shape_that_does_nothing_at_its_start_is_let_through():
    assert read_saved_model(initialising("NoOp")).output == "output:0"


def onnx_part(field: int) -> bytes:
    return bytes(c.onnx(c.onnx_node("Relu"), more=c.part(field, b"")))


def onnx_with(**options: Any) -> bytes:
    return bytes(c.onnx(c.onnx_node("Relu", **options)))


LARGE = b"".join(c.number(1, length) for length in (10**6, 10**6))
HOSTILE_ONNX = {
    "unknown": (c.onnx(c.onnx_node("Anything")), "Anything"),
    "of another domain": (onnx_with(domain="com.microsoft"), "com.microsoft.Relu"),
    "with a graph in it": (onnx_with(attributes=(c.part(1, "body") + c.part(6, b""),)), "with a graph"),
    "a loop": (c.onnx(c.onnx_node("Loop")), "Loop"),
    "with functions": (onnx_part(25), "functions"),
    "that trains": (onnx_part(20), "a training"),
    "elsewhere": (c.onnx(weights=(c.part(13, c.part(1, "location")),)), "in another file"),
    "external": (c.onnx(weights=(c.number(14, 1),)), "in another file"),
    "large": (c.onnx(weights=(LARGE,)), "constants of"),
    "two inputs": (c.onnx(graph=c.part(11, c.part(1, "second"))), "2 inputs"),
}


@pytest.mark.parametrize("name", HOSTILE_ONNX)
def test_an_onnx_model_that_does_more_than_compute_is_refused(name: str):
    content, why = HOSTILE_ONNX[name]
    with pytest.raises(RefusedError) as said:
        read_onnx(content)
    assert why in str(said.value)


def test_the_onnx_model_beside_a_zip_is_looked_through_too(tmp_path: Path):
    path = c.written(tmp_path / "model.zip", c.saved_model(c.meta(c.HARMLESS)))
    path.with_suffix(".onnx").write_bytes(HOSTILE_ONNX["elsewhere"][0])
    with pytest.raises(InputError, match=r"model\.onnx is not run.*another file"):
        load_model(path, engine="onnxruntime")


def test_a_zip_that_grows_without_bounds_is_not_unpacked(tmp_path: Path):
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("saved_model.pb", bytes(64 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="would unpack to"):
        read_zip(path)


@pytest.mark.parametrize(
    "about",
    [
        {"grid": [10**9, 1]},
        {"spacing": [1e-300, 1.0, 1.0]},
        {"size_divisor": 10**9},
        {"probability_threshold": float("nan")},
        {"overlap_threshold": -1},
        {"rays": 10**7},
        {"percentiles": [float("nan"), 99]},
        {"kind": "other"},
    ],
)
def test_settings_beyond_all_measure_are_refused(tmp_path: Path, about: dict[str, Any]):
    path = c.written(tmp_path / "model.zip", c.saved_model(c.meta(c.HARMLESS)), **about)
    with pytest.raises(InputError, match=next(iter(about))):
        load_model(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"unet_n_depth": 30},
        {"grid": [10**9, 10**9]},
        {"unet_n_filter_base": 10**6},
        {"n_rays": "many"},
        {"unet_kernel_size": [10**4, 3]},
    ],
)
def test_a_network_that_no_memory_holds_is_not_built(tmp_path: Path, wrong: dict[str, Any]):
    config = {"n_rays": 32, "axes": "YXC", "grid": [2, 2], "unet_n_depth": 3, **wrong}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=next(iter(wrong))):
        load_model(tmp_path)


@pytest.mark.parametrize("layer", [{"class_name": []}, {"class_name": "Conv2D", "module": {}}])
def test_layers_that_are_no_names_are_told(tmp_path: Path, layer: dict[str, Any]):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "config.json", json.dumps({"class_name": "Functional", "config": {"layers": [layer]}})
        )
    with pytest.raises(InputError, match=r"model\.keras: the description of the layers in it is damaged"):
        load_keras_file(path)


def mutated(content: bytes, chance: np.random.Generator) -> bytes:
    """Bytes with some of them changed, cut out, repeated or added."""
    found = bytearray(content)
    for _ in range(int(chance.integers(1, 6))):
        place = int(chance.integers(0, max(1, len(found))))
        how = int(chance.integers(4))
        if how == 0 and found:
            found[min(place, len(found) - 1)] = int(chance.integers(256))
        elif how == 1:
            del found[place : place + int(chance.integers(1, 9))]
        elif how == 2:
            found[place:place] = found[place : place + int(chance.integers(1, 40))]
        else:
            found[place:place] = chance.bytes(int(chance.integers(1, 9)))
    return bytes(found)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["graph", "zip", "onnx", "card"])
def test_damaged_files_are_read_or_refused_and_nothing_else(tmp_path: Path, kind: str):
    """5,200 mutations in all."""
    chance = np.random.default_rng(["graph", "zip", "onnx", "card"].index(kind))
    graph = functions("__inference_f", "Relu")
    path = c.written(tmp_path / "model.zip", graph)
    zipped, about = path.read_bytes(), path.with_suffix(".json").read_bytes()
    model = c.onnx(c.onnx_node("Relu"), weights=(c.number(1, 4) + c.part(9, bytes(16)),))
    for _ in range(1300):
        if kind == "zip":
            path.write_bytes(mutated(zipped, chance))
            _reads_or_refuses(read_zip, path)
        elif kind == "card":
            from electrodej.models import read_info

            path.with_suffix(".json").write_bytes(mutated(about, chance))
            _reads_or_refuses(read_info, path.with_suffix(".json"))
        else:
            read, content = (read_saved_model, graph) if kind == "graph" else (read_onnx, model)
            _reads_or_refuses(read, mutated(content, chance))


def _reads_or_refuses(read: Any, what: Any) -> None:
    try:
        found = read(what)
    except (InputError, RefusedError, DamagedError):
        return
    assert dataclasses.is_dataclass(found)
