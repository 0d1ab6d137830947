"""Whether a zip is laid out as Fiji's plugins expect it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.errors import InputError
from electrodej.export.findings import Finding, note, ok, problem
from electrodej.models.archive import open_archive, read_entry
from electrodej.models.contract import INPUT, MODEL_FILE, OUTPUT, SIGNATURE, TAG
from electrodej.models.libraries import need_tensorflow
from electrodej.models.safety.tensorflow_graph import graphs_of
from electrodej.models.safety.wire import DamagedError

_FLOAT = 1  # DT_FLOAT
_VARIABLES = ("VarHandleOp", "VariableV2", "Variable")
_INDEX = "variables/variables.index"


@dataclass(frozen=True)
class Opened:
    """What was found in a zip.

    Attributes
    ----------
    findings
        Good and bad about its structure.
    graph
        Its ``GraphDef``, or None where there is none to check.
    refused
        Operations and other things in it that are not let through, see `electrodej.models.safety`.
    input, output
        Names of the operations that Fiji feeds and fetches.
    channels_in, channels_out
        Channels, where the signature says.
    """

    findings: tuple[Finding, ...]
    graph: Any = None
    refused: tuple[str, ...] = ()
    input: str = ""
    output: str = ""
    channels_in: int | None = None
    channels_out: int | None = None


def open_zip(path: str | os.PathLike[str]) -> Opened:
    """Look into a zip from anybody.

    Raises
    ------
    electrodej.errors.InputError
        It is no zip, is damaged, or is unsafe to open.
    """
    need_tensorflow("verifying a zip")
    with open_archive(path) as archive:
        names = archive.namelist()
        if MODEL_FILE not in names:
            return Opened((_without_model(names),))
        content = read_entry(archive, MODEL_FILE)
        return _opened(content, names, _extra(archive))


def _without_model(names: list[str]) -> Finding:
    inside = [name for name in names if name.endswith("/" + MODEL_FILE) and not name.startswith("__MACOSX/")]
    if inside:
        folder = inside[0].removesuffix("/" + MODEL_FILE)
        return problem(
            "structure",
            f"the folder {folder!r} was zipped, and Fiji looks for {MODEL_FILE} at the root; "
            "zip what is in the folder, not the folder",
        )
    if "config.json" in names or any(name.endswith(".h5") for name in names):
        return problem(
            "structure", "this is a Keras model, not yet a zip for Fiji; give it to electrodej export"
        )
    if "saved_model.pbtxt" in names:
        return problem("structure", "it holds saved_model.pbtxt, and Fiji reads saved_model.pb only")
    return problem("structure", f"{MODEL_FILE} is missing, so it is no TensorFlow model")


def _extra(archive: zipfile.ZipFile) -> list[str]:
    known = (MODEL_FILE, "variables/", "assets/", "meta.json", "keras_metadata.pb", "fingerprint.pb")
    return [
        name
        for name in archive.namelist()
        if name not in known and not name.startswith(("variables/", "assets/"))
    ]


def _opened(content: bytes, names: list[str], extra: list[str]) -> Opened:
    found = _meta_graph(content)
    if isinstance(found, Finding):
        return Opened((found,))
    meta, refused = found
    findings: list[Finding] = [ok("structure", f"{MODEL_FILE} is at the root, with the tag {TAG!r}")]
    if extra:
        findings.append(note("structure", f"Fiji ignores {', '.join(sorted(extra)[:3])}"))
    findings += _variable_findings(meta.graph_def, names)
    signature = meta.signature_def.get(SIGNATURE) if SIGNATURE in meta.signature_def else None
    if signature is None:
        there = ", ".join(sorted(meta.signature_def)) or "none"
        findings.append(problem("structure", f"the signature {SIGNATURE!r} is missing (there is: {there})"))
        return Opened(tuple(findings), meta.graph_def, refused)
    findings += _signature_findings(signature)
    if not signature.inputs or not signature.outputs:
        return Opened(tuple(findings), meta.graph_def, refused)
    source, target = _pick(signature.inputs, INPUT), _pick(signature.outputs, OUTPUT)
    if not any(finding.status == "problem" for finding in findings):
        findings.append(ok("structure", f"one input {_shape(source)}, one output {_shape(target)}, float32"))
    return Opened(
        tuple(findings),
        meta.graph_def,
        refused,
        source.name.removesuffix(":0"),
        target.name.removesuffix(":0"),
        _channels(source),
        _channels(target),
    )


def _meta_graph(content: bytes) -> Any:
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    try:
        model = saved_model_pb2.SavedModel.FromString(content)
    except DecodeError:
        return problem("structure", f"{MODEL_FILE} is damaged; export the model anew")
    try:
        refused = [found for tags, found in graphs_of(content) if TAG in tags]
    except DamagedError as error:
        return problem("structure", f"{MODEL_FILE} is damaged ({error}); export the model anew")
    metas = [meta for meta in model.meta_graphs if TAG in meta.meta_info_def.tags]
    if not metas:
        tags = sorted({tag for meta in model.meta_graphs for tag in meta.meta_info_def.tags})
        return problem("structure", f"no graph has the tag {TAG!r} (there is: {', '.join(tags) or 'none'})")
    exact = [meta for meta in metas if list(meta.meta_info_def.tags) == [TAG]]
    if not exact:
        return problem("structure", f"Fiji asks for the tag {TAG!r} alone, and the graph has others besides")
    if len(metas) > 1:
        return problem("structure", f"{len(metas)} graphs have the tag {TAG!r}, and a model has one")
    return exact[0], tuple(refused[0])


def _variable_findings(graph: Any, names: list[str]) -> Iterator[Finding]:
    held = sum(node.op in _VARIABLES for node in graph.node)
    if held and _INDEX not in names:
        yield problem("structure", f"the graph has {held} variables, and their values ({_INDEX}) are missing")
    elif not held and not any(name.startswith("variables") for name in names):
        yield note("structure", "the folder variables/ is missing; older plugins look for it")


def _signature_findings(signature: Any) -> Iterator[Finding]:
    for what, tensors in (("input", signature.inputs), ("output", signature.outputs)):
        if len(tensors) != 1:
            found = ", ".join(sorted(tensors)) or "none"
            yield problem(
                "structure",
                f"there are {len(tensors)} {what}s ({found}), and Fiji takes one, whichever comes first; "
                "export a model with exactly one",
            )
        for name, info in tensors.items():
            yield from _tensor_findings(what, name, info)


def _tensor_findings(what: str, name: str, info: Any) -> Iterator[Finding]:
    from tensorflow.core.framework import types_pb2

    if name != what:
        yield note("structure", f"the {what} is called {name!r}; Fiji does not mind")
    if not info.name.endswith(":0"):
        yield problem(
            "structure", f"the {what} is the tensor {info.name!r}, and Fiji reads only names that end in :0"
        )
    if info.dtype != _FLOAT:
        kind = types_pb2.DataType.Name(info.dtype)
        yield problem("structure", f"the {what} holds numbers of type {kind}, and Fiji works with DT_FLOAT")
    lengths = [dimension.size for dimension in info.tensor_shape.dim]
    if info.tensor_shape.unknown_rank or len(lengths) not in (4, 5):
        yield problem(
            "structure", f"the {what} has the shape {_shape(info)}, not that of an image (batch, Y, X, C)"
        )
    elif len(lengths) == 5:
        yield note("structure", f"the {what} is a volume; the StarDist plugin takes images only")
    elif what == "input" and any(length > 0 for length in lengths[1:3]):
        yield problem(
            "structure",
            f"the input takes images of {lengths[1]}x{lengths[2]} only, and Fiji gives tiles of other sizes; "
            "export it with a variable size",
        )


def _pick(tensors: Any, preferred: str) -> Any:
    return tensors[preferred] if preferred in tensors else tensors[sorted(tensors)[0]]


def _channels(info: Any) -> int | None:
    lengths = [dimension.size for dimension in info.tensor_shape.dim]
    return int(lengths[-1]) if lengths and lengths[-1] > 0 else None


def _shape(info: Any) -> str:
    lengths = ["?" if dimension.size < 0 else str(dimension.size) for dimension in info.tensor_shape.dim]
    return f"({', '.join(lengths)})"


def sidecar_of(path: str | os.PathLike[str]) -> Any:
    """Return the `ModelInfo` in the JSON beside a zip, or None where there is none of ours."""
    from electrodej.models.info import read_info

    beside = Path(path).with_suffix(".json")
    if not beside.is_file():
        return None
    try:
        return read_info(beside)
    except InputError:
        return None
