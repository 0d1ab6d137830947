"""One call from a model to everything that Fiji needs."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from electrodej import __version__
from electrodej.errors import ElectrodeJError, InputError, OutputError
from electrodej.export.card import (
    Authorship,
    FloatArray,
    card_for,
    documentation_for,
    normalised,
    npy_bytes,
    sample_image,
)
from electrodej.export.macro import macro_for
from electrodej.export.onnx import NotInOnnxError, onnx_bytes
from electrodej.export.package import CARD, END, package_bytes
from electrodej.export.savedmodel import saved_model, zipped
from electrodej.export.sources import Source, load_source
from electrodej.export.verify import ONNX_TOLERANCE
from electrodej.files import check_target, whole_file
from electrodej.models.context import measure_context
from electrodej.models.engines.choice import has
from electrodej.models.info import ModelInfo, to_json
from electrodej.models.model import weights_of
from electrodej.run import Run
from electrodej.vocabulary import PathLike

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes
    ----------
    files
        The zip, then what stands beside it.
    info
        What the JSON beside the zip says.
    difference
        Largest difference between the graph in the zip and the Keras model, on the test image.
    onnx_difference
        The same of the ONNX model and the zip, where an engine for it is installed; or None.
    """

    files: tuple[Path, ...]
    info: ModelInfo
    difference: float
    onnx_difference: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "files": [str(path) for path in self.files],
            "info": self.info.as_dict(),
            "difference": self.difference,
            "onnx_difference": self.onnx_difference,
        }


def export_model(
    model: PathLike,
    out: PathLike,
    run: Run | None = None,
    *,
    name: str | None = None,
    authorship: Authorship | None = None,
    package: bool = False,
    onnx: bool = True,
) -> Export:
    """Write a model as a zip for Fiji's StarDist and CSBDeep plugins, and what belongs to it.

    Beside ``name.zip`` stand ``name.json`` (thresholds and all that the zip cannot tell), ``name.onnx`` (the
    same network in ONNX), ``name.ijm`` (a macro that runs it), ``name.rdf.yaml`` (bioimage.io card),
    ``name.md`` and two test images. The same model gives the same bytes.

    Parameters
    ----------
    model
        StarDist (2D) or CSBDeep folder, a folder of ours, or a ``.keras`` or ``.h5`` file.
    out
        Path of the zip; must end in ``.zip``.
    name
        Name of the model in its card; by default that of the folder or file.
    authorship
        Who made the model, for the card.
    package
        Also write ``name.bioimage.io.zip``: card, zip, ONNX and test images in one file, as bioimage.io,
        DeepImageJ and JDLL read it.
    onnx
        Whether the network is written in ONNX, too.
    run
        Whether files that exist may be replaced, and who is told of the stages. A note says where ONNX has no
        form of the network.

    Raises
    ------
    electrodej.errors.InputError
        The model cannot be read, or does something that TensorFlow 1.15 cannot do.
    electrodej.errors.OutputError
        A file exists already, or cannot be written.

    Examples
    --------
    ::

        export_model("my-stardist", "my-stardist.zip").files[0]  # Path("my-stardist.zip")
    """
    zip_path = Path(out)
    if zip_path.suffix != ".zip":
        raise OutputError(f"{zip_path} must end in .zip, because that is what Fiji's plugins open")
    run, targets = run or Run(), _targets(zip_path, package=package, onnx=onnx)
    for target in targets.values():
        check_target(target, force=run.force)
    run.progress(0, 4, "exporting")
    source = load_source(model)
    if name is not None:
        source = dataclasses.replace(source, info=dataclasses.replace(source.info, name=name))
    run.progress(1, 4, "exporting")
    # A zip in the model's own folder tells which weights it was made of, so that it can stand for them.
    own = Path(model).is_dir() and zip_path.resolve().parent == Path(model).resolve()
    more = {"weights": weights_of(Path(model))} if own else {}
    made = _Made(source, targets, run)
    contents = made.contents(authorship or Authorship(), more)
    for role in targets.keys() - contents.keys():
        # What an earlier export left there would be taken for this one's.
        targets[role].unlink(missing_ok=True)
    targets = {role: path for role, path in targets.items() if role in contents}
    with contextlib.ExitStack() as stack:
        for role, path in targets.items():
            stack.enter_context(whole_file(path, force=run.force)).write_bytes(contents[role])
    run.progress(4, 4, "exporting")
    return Export(tuple(targets.values()), made.info, made.difference, made.onnx_difference)


def frozen(source: Source) -> Any:
    """Return the graph of a loaded model as TensorFlow 1.15 knows it."""
    from electrodej.export.graph import freeze
    from electrodej.export.rewrite import rewrite

    return rewrite(freeze(source.model))


def zip_bytes(source: Source, graph: Any = None) -> bytes:
    """Return the zip of a loaded model, in memory; ``graph`` is its frozen graph, if that is there."""
    info = source.info
    graph = frozen(source) if graph is None else graph
    return zipped(saved_model(graph, channels_in=info.channels_in, channels_out=info.channels_out))


def _targets(zip_path: Path, *, package: bool, onnx: bool) -> dict[str, Path]:
    stem = zip_path.with_suffix("")
    ends = {
        "zip": ".zip",
        "info": ".json",
        "onnx": ".onnx",
        "macro": ".ijm",
        "card": ".rdf.yaml",
        "documentation": ".md",
        "input": ".test-input.npy",
        "output": ".test-output.npy",
    }
    if not onnx:
        del ends["onnx"]
    if package:
        ends["package"] = END
    return {role: stem.with_name(stem.name + end) for role, end in ends.items()}


class _Made:
    """What an export writes, made of one model."""

    def __init__(self, source: Source, targets: Mapping[str, Path], run: Run) -> None:
        self._source, self._targets, self._run = source, targets, run
        self.info = source.info
        self.difference = 0.0
        self.onnx_difference: float | None = None

    def contents(self, authorship: Authorship, more: Mapping[str, Any]) -> dict[str, bytes]:
        """Return the bytes of each file, by its role; ``more`` goes into the JSON."""
        from electrodej.models.engines.tensorflow_zip import TensorflowZip

        source, zip_name = self._source, self._targets["zip"].name
        graph = frozen(source)
        archive = zip_bytes(source, graph)
        with TensorflowZip(archive) as engine:
            context = measure_context(
                engine.run, channels=source.info.channels_in, divisor=source.info.size_divisor
            )
            self._run.progress(2, 4, "exporting")
            self.info = dataclasses.replace(source.info, context=context.pixels)
            tiled = dataclasses.replace(self.info, context=None) if context.whole_image else self.info
            image = sample_image(tiled)
            prepared = normalised(image, source.info.percentiles)
            output = engine.run(prepared)
            self.difference = _compare(source, output, prepared)
        contents = {
            "zip": archive,
            "input": npy_bytes(image),
            "output": npy_bytes(output),
            "documentation": documentation_for(self.info, zip_name).encode(),
            "macro": macro_for(self.info, zip_name).encode(),
        }
        self._run.progress(3, 4, "exporting")
        if "onnx" in self._targets:
            self._add_onnx(contents, graph, prepared, output)
        made = {
            "file": zip_name,
            "sha256": hashlib.sha256(archive).hexdigest(),
            "made_with": f"ElectrodeJ {__version__}",
        }
        if "onnx" in contents:
            made["onnx_sha256"] = hashlib.sha256(contents["onnx"]).hexdigest()
        contents["info"] = to_json(self.info, **made, **more).encode()
        referred: dict[str, tuple[str, bytes]] = {
            role: (self._targets[role].name, contents[role])
            for role in ("zip", "onnx", "input", "output", "documentation")
            if role in contents
        }
        contents["card"] = card_for(tiled, referred, authorship).encode()
        if "package" in self._targets:
            contents["package"] = package_bytes({CARD: contents["card"], **dict(referred.values())})
        return contents

    def _add_onnx(
        self, contents: dict[str, bytes], graph: Any, prepared: FloatArray, output: FloatArray
    ) -> None:
        try:
            content = onnx_bytes(graph)
            self.onnx_difference = _difference_of_onnx(content, prepared, output)
        except (NotInOnnxError, InputError) as error:
            self._run.note(f"ONNX has no form of this network, so there is only the zip ({error})")
            return
        largest = max(1.0, float(np.abs(output).max()))
        if self.onnx_difference is not None and not self.onnx_difference <= ONNX_TOLERANCE * largest:
            self._run.note(
                f"in ONNX the network would differ from the zip by {self.onnx_difference:.2g}, so there is "
                "only the zip"
            )
            return
        contents["onnx"] = content


def _difference_of_onnx(content: bytes, image: FloatArray, output: FloatArray) -> float | None:
    """Return the largest difference between an ONNX model and the zip, or None without an engine for it."""
    if not has("openvino"):
        return None
    from electrodej.models.engines.openvino import OpenVinoEngine

    found = OpenVinoEngine(content, "onnx", channels=output.shape[-1]).run(image)
    return float(np.max(np.abs(found - output), initial=0.0))


def _compare(source: Source, exported: FloatArray, image: FloatArray) -> float:
    """Return the difference between the graph and Keras; a real one would be a fault of ours."""
    wanted = np.asarray(source.model(image, training=False))
    difference = float(np.max(np.abs(exported - wanted), initial=0.0))
    if exported.shape != wanted.shape or not difference <= TOLERANCE * max(1.0, float(np.abs(wanted).max())):
        raise ElectrodeJError(
            f"the exported graph differs from the Keras model by {difference:.3g}, so it is not written; "
            "please report this with the model"
        )
    return difference
