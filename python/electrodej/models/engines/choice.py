"""Which engine computes a model: the lightest that can, or the one that was asked for."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from electrodej.errors import InputError
from electrodej.models.engines.base import Engine
from electrodej.models.safety.onnx_graph import read_onnx
from electrodej.models.safety.tensorflow_graph import RefusedError
from electrodej.models.safety.wire import DamagedError
from electrodej.models.zips import read_zip

EngineName: TypeAlias = Literal["auto", "openvino", "onnxruntime", "keras"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
# A graph in ONNX that is larger than this was not written for images.
_MOST_ONNX_BYTES = 1 << 30


def has(engine: EngineName) -> bool:
    """Whether the library of an engine is installed."""
    library = "tensorflow" if engine == "keras" else engine
    return engine == "auto" or importlib.util.find_spec(library) is not None


def runs_networks() -> bool:
    """Whether anything is installed that runs the bundled networks."""
    return has("openvino") or has("keras")


def engine_report() -> str:
    """Return which engines are installed, and what each is taken for; imports none of them."""
    what = {
        "openvino": "OpenVINO runs exported and bundled networks",
        "onnxruntime": "ONNX Runtime runs them where there is ONNX and no OpenVINO",
        "keras": "TensorFlow runs the rest, and dropout",
    }
    return "; ".join(text for name, text in what.items() if has(name))  # type: ignore[arg-type]


def engine_for_zip(path: Path, grid: tuple[int, int], wanted: EngineName = "auto") -> Engine:
    """Return the engine of a zip for Fiji, and of the ONNX model that lies beside it under the same name.

    OpenVINO comes first: in half a second it computes what TensorFlow takes ten to start for. ONNX Runtime
    comes next, where there is an ONNX model. TensorFlow runs what has its weights in files beside the graph.

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
    onnx = path.with_suffix(".onnx")
    zipped = read_zip(path)
    if wanted in ("auto", "openvino") and has("openvino") and not zipped.saved.has_variables:
        from electrodej.models.engines.openvino import OpenVinoEngine

        if onnx.is_file():
            content, channels = _onnx(onnx)
            return OpenVinoEngine(content, "onnx", channels=channels or zipped.saved.channels, grid=grid)
        return OpenVinoEngine(zipped.saved.graph, "pb", channels=zipped.saved.channels, grid=grid)
    if wanted in ("auto", "onnxruntime") and has("onnxruntime") and onnx.is_file():
        from electrodej.models.engines.onnxruntime import OnnxRuntimeEngine

        content, channels = _onnx(onnx)
        return _thinned(OnnxRuntimeEngine(content, channels=channels or zipped.saved.channels), grid)
    if wanted in ("openvino", "onnxruntime"):
        raise InputError(
            f"{path} cannot be run by {wanted}: it is not installed, or has no form of the model that it "
            "reads; leave --engine out"
        )
    from electrodej.models.engines.tensorflow_zip import TensorflowZip

    return _thinned(TensorflowZip(zipped), grid)


def engine_for_onnx(path: Path, channels: int) -> Engine | None:
    """Return the engine of an ONNX model, or None where none is installed that runs it.

    ``channels`` are those of the output, where the model does not say.
    """
    content, said = _onnx(path)
    if has("openvino"):
        from electrodej.models.engines.openvino import OpenVinoEngine

        return OpenVinoEngine(content, "onnx", channels=said or channels)
    if has("onnxruntime"):
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
    try:
        return content, read_onnx(content).channels
    except RefusedError as error:
        raise InputError(f"{path} is not run: {error}; do not use it unless you know who made it") from error
    except (DamagedError, RecursionError) as error:
        raise InputError(f"{path} is damaged ({error}); export the model anew") from error
