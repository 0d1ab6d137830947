"""Which engine computes a model: the lightest that can, or the one that was asked for."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from electrodej.errors import InputError
from electrodej.models.engines.base import Engine
from electrodej.models.engines.names import EngineName
from electrodej.models.engines.onnx_recipe import onnx_by_recipe, recipe_of
from electrodej.models.info import read_json
from electrodej.models.safety.onnx_graph import read_onnx
from electrodej.models.safety.tensorflow_graph import RefusedError, SavedGraph
from electrodej.models.safety.wire import DamagedError
from electrodej.models.zips import read_zip

if TYPE_CHECKING:
    from electrodej.models.engines.onnxruntime import OnnxRuntimeEngine

# A graph in ONNX that is larger than this was not written for images.
_MOST_ONNX_BYTES = 1 << 30
_LIBRARIES = {"openvino": "openvino", "onnxruntime": "onnxruntime", "keras": "tensorflow"}
_LIGHT = "bundled and exported models, models of volumes, Mask R-CNN"


def has(engine: EngineName) -> bool:
    """Whether the library of an engine is installed."""
    return engine == "auto" or importlib.util.find_spec(_LIBRARIES[engine]) is not None


def runs_networks() -> bool:
    """Whether anything is installed that runs the bundled networks."""
    return has("openvino") or has("keras")


def is_light(zipped: Path) -> bool:
    """Whether an engine is installed that needs seconds less than TensorFlow to start, and runs the zip."""
    return has("openvino") or (has("onnxruntime") and _has_onnx(zipped))


def _has_onnx(zipped: Path) -> bool:
    """Whether the ONNX form of a zip is there, or what it is made again of."""
    return zipped.with_suffix(".onnx").is_file() or recipe_of(zipped).is_file()


def engine_report() -> tuple[str, ...]:
    """Return which engine is taken for what, and why; the first is that of exported and bundled networks."""
    lines = []
    cards = _graphics()
    if cards:
        lines.append(f"onnxruntime, on the graphics card ({', '.join(cards)}): {_LIGHT}")
    if has("openvino"):
        reason = "" if cards else _why_no_graphics()
        lines.append(f"openvino, on the processor: {_LIGHT}{reason}")
    elif has("onnxruntime"):
        reason = "; OpenVINO is missing" + ("" if cards else _why_no_graphics())
        lines.append(f"onnxruntime, on the processor: {_LIGHT}{reason}")
    if has("keras"):
        lines.append("keras: models that were not exported, LIBNet's .h5 files, dropout, training")
    return tuple(lines)


def _graphics() -> tuple[str, ...]:
    """Return the kinds of graphics card that ONNX Runtime was built for, if it is installed."""
    if not has("onnxruntime"):
        return ()
    from electrodej.models.engines.onnxruntime import graphics

    return graphics()


def _why_no_graphics() -> str:
    from electrodej.models.engines.cards import nvidia_cards

    cards = nvidia_cards()
    if cards:
        there = f"{cards[0]} is there, and would be taken with"
        replaced = " in place of onnxruntime, which uses no card" if has("onnxruntime") else ""
        return f" ({there} pip install onnxruntime-gpu{replaced}; or --engine keras on JAX or PyTorch)"
    if has("onnxruntime"):
        return " (ONNX Runtime is installed, but for no graphics card)"
    return " (a graphics card would need ONNX Runtime built for it, onnxruntime-gpu or onnxruntime-directml)"


def engine_for_zip(path: Path, grid: tuple[int, int], wanted: EngineName = "auto") -> Engine:
    """Return the engine of a zip for Fiji, or of the ONNX model that was exported with it.

    On a graphics card ONNX Runtime comes first, where there is an ONNX model. Then comes OpenVINO, which
    reads the zip's own graph and is there in a second, where TensorFlow takes ten to start; then ONNX Runtime
    on the processor. TensorFlow runs what has its weights in files beside the graph.

    Parameters
    ----------
    path
        The zip.
    grid
        Pixels for which the network predicts once, see `electrodej.models.ModelInfo`.
    wanted
        "auto", or the one to take.

    Raises
    ------
    electrodej.errors.InputError
        The zip or the ONNX model would do more than compute, or the engine cannot run it.
    """
    zipped = read_zip(path)
    by_openvino = has("openvino") and not zipped.saved.has_variables
    if wanted == "onnxruntime" or (wanted == "auto" and (_graphics() or not by_openvino)):
        engine = _by_onnxruntime(path, zipped.saved, wanted)
        if engine is not None and (wanted != "auto" or engine.on_graphics or not by_openvino):
            return _thinned(engine, grid)
    if wanted in ("auto", "openvino") and by_openvino:
        from electrodej.models.engines.openvino import OpenVinoEngine

        return OpenVinoEngine(zipped.saved.graph, "pb", channels=zipped.saved.channels, grid=grid)
    if wanted == "openvino":
        _refuse_missing(wanted)
        raise InputError(
            f"{path} has its weights in files beside its graph, which openvino does not read; "
            "leave --engine out, or export the model anew"
        )
    from electrodej.models.engines.tensorflow_zip import TensorflowZip

    return _thinned(TensorflowZip(zipped), grid)


def _by_onnxruntime(path: Path, saved: SavedGraph, wanted: EngineName) -> OnnxRuntimeEngine | None:
    """Return ONNX Runtime with the ONNX form of a zip; None where there is none and nobody asked for it."""
    if wanted == "auto" and not (has("onnxruntime") and _has_onnx(path)):
        return None
    _refuse_missing("onnxruntime")
    from electrodej.models.engines.onnxruntime import OnnxRuntimeEngine

    content, said = _onnx_beside(path, saved)
    return OnnxRuntimeEngine(content, channels=said or saved.channels)


def _onnx_beside(path: Path, saved: SavedGraph) -> tuple[bytes, int]:
    """Return the ONNX model beside a zip, which was looked through, and its channels."""
    onnx = path.with_suffix(".onnx")
    if onnx.is_file():
        content, said = _onnx(onnx)
        wanted_sum = onnx_checksum(path)
        if wanted_sum is not None and hashlib.sha256(content).hexdigest() != wanted_sum:
            raise InputError(
                f"{onnx} is not the one that was exported with {path.name}; export the model anew"
            )
        return content, said
    recipe = recipe_of(path)
    if recipe.is_file():
        content = onnx_by_recipe(recipe, saved.graph)
        return content, _looked_through(content, recipe)
    raise InputError(
        f"{onnx} is missing, which onnxruntime would run; electrodej export writes it beside the zip, "
        "or leave --engine out"
    )


def _refuse_missing(engine: EngineName) -> None:
    if not has(engine):
        raise InputError(
            f"{engine} is not installed (pip install {_LIBRARIES[engine]} brings it); or leave --engine out"
        )


def onnx_checksum(zipped: Path) -> str | None:
    """Return the checksum of the ONNX model that was exported with a zip, if the JSON beside it says it."""
    about = zipped.with_suffix(".json")
    said = read_json(about).get("onnx_sha256") if about.is_file() else None
    return said if isinstance(said, str) else None


def engine_for_onnx(path: Path, channels: int, wanted: EngineName = "auto") -> Engine | None:
    """Return the engine of an ONNX model, or None where none is installed that runs it.

    ``channels`` are those of the output, where the model does not say. With "auto" a graphics card that ONNX
    Runtime was built for comes first, then OpenVINO.
    """
    content, said = _onnx(path)
    on_graphics = wanted == "auto" and bool(_graphics())
    if has("openvino") and wanted in ("auto", "openvino") and not on_graphics:
        from electrodej.models.engines.openvino import OpenVinoEngine

        return OpenVinoEngine(content, "onnx", channels=said or channels)
    if has("onnxruntime") and wanted in ("auto", "onnxruntime"):
        from electrodej.models.engines.onnxruntime import OnnxRuntimeEngine

        return OnnxRuntimeEngine(content, channels=said or channels)
    return None


def _thinned(engine: Engine, grid: tuple[int, int]) -> Engine:
    from electrodej.models.engines.thinned import ThinnedEngine

    return engine if grid == (1, 1) else ThinnedEngine(engine, grid)


def _onnx(path: Path) -> tuple[bytes, int]:
    if path.stat().st_size > _MOST_ONNX_BYTES:
        raise InputError(f"{path} is too large for a network of images; it is not opened")
    content = path.read_bytes()
    return content, _looked_through(content, path)


def _looked_through(content: bytes, path: Path) -> int:
    """Return the channels of an ONNX model; one that may do more than compute is an `InputError`."""
    try:
        return read_onnx(content).channels
    except RefusedError as error:
        raise InputError(f"{path} is not run: {error}; do not use it unless you know who made it") from error
    except (DamagedError, RecursionError) as error:
        raise InputError(f"{path} is damaged ({error}); export the model anew") from error
