"""One call from a model to everything that Fiji needs."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from electrodej import __version__
from electrodej.errors import ElectrodeJError, OutputError
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
from electrodej.export.savedmodel import saved_model, zipped
from electrodej.export.sources import Source, load_source
from electrodej.files import check_target, whole_file
from electrodej.models.context import measure_context
from electrodej.models.info import ModelInfo, to_json
from electrodej.progress import Progress, silent

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
    """

    files: tuple[Path, ...]
    info: ModelInfo
    difference: float

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "files": [str(path) for path in self.files],
            "info": self.info.as_dict(),
            "difference": self.difference,
        }


def export_model(
    model: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    force: bool = False,
    name: str | None = None,
    authorship: Authorship | None = None,
    progress: Progress = silent,
) -> Export:
    """Write a model as a zip for Fiji's StarDist and CSBDeep plugins, and what belongs to it.

    Beside ``name.zip`` stand ``name.json`` (thresholds and all that the zip cannot tell), ``name.ijm`` (a
    macro that runs it), ``name.rdf.yaml`` (bioimage.io card), ``name.md`` and two test images. The same
    model gives the same bytes.

    Parameters
    ----------
    model
        StarDist (2D) or CSBDeep folder, a folder of ours, or a ``.keras`` or ``.h5`` file.
    out
        Path of the zip; must end in ``.zip``.
    force
        Replace files that exist.
    name
        Name of the model in its card; by default that of the folder or file.
    authorship
        Who made the model, for the card.
    progress
        Told of the stages.

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
    targets = _targets(zip_path)
    for target in targets.values():
        check_target(target, force=force)
    progress(0, 4, "exporting")
    source = load_source(model)
    if name is not None:
        source = dataclasses.replace(source, info=dataclasses.replace(source.info, name=name))
    progress(1, 4, "exporting")
    contents, info, difference = _contents(source, targets, authorship or Authorship(), progress)
    with contextlib.ExitStack() as stack:
        parts = {role: stack.enter_context(whole_file(path, force=force)) for role, path in targets.items()}
        for role, part in parts.items():
            part.write_bytes(contents[role])
    progress(4, 4, "exporting")
    return Export(tuple(targets.values()), info, difference)


def zip_bytes(source: Source) -> bytes:
    """Return the zip of a loaded model, in memory."""
    from electrodej.export.graph import freeze
    from electrodej.export.rewrite import rewrite

    graph = rewrite(freeze(source.model))
    info = source.info
    return zipped(saved_model(graph, channels_in=info.channels_in, channels_out=info.channels_out))


def _targets(zip_path: Path) -> dict[str, Path]:
    stem = zip_path.with_suffix("")
    ends = {
        "zip": ".zip",
        "info": ".json",
        "macro": ".ijm",
        "card": ".rdf.yaml",
        "documentation": ".md",
        "input": ".test-input.npy",
        "output": ".test-output.npy",
    }
    return {role: stem.with_name(stem.name + end) for role, end in ends.items()}


def _contents(
    source: Source, targets: Mapping[str, Path], authorship: Authorship, progress: Progress
) -> tuple[dict[str, bytes], ModelInfo, float]:
    from electrodej.models.engines.tensorflow_zip import TensorflowZip

    archive = zip_bytes(source)
    image = sample_image(source.info)
    prepared = normalised(image, source.info.percentiles)
    with TensorflowZip(archive) as tf2:
        difference = _compare(source, tf2.run(prepared), prepared)
        progress(2, 4, "exporting")
        context = measure_context(tf2.run, channels=source.info.channels_in, divisor=source.info.size_divisor)
        info = dataclasses.replace(source.info, context=context.pixels)
        contents = {
            "zip": archive,
            "input": npy_bytes(image),
            "output": npy_bytes(tf2.run(prepared)),
            "documentation": documentation_for(info, targets["zip"].name).encode(),
            "macro": macro_for(info, targets["zip"].name).encode(),
        }
    progress(3, 4, "exporting")
    checksum = hashlib.sha256(archive).hexdigest()
    about = to_json(info, file=targets["zip"].name, sha256=checksum, made_with=f"ElectrodeJ {__version__}")
    contents["info"] = about.encode()
    referred = {
        role: (targets[role].name, contents[role]) for role in ("zip", "input", "output", "documentation")
    }
    contents["card"] = card_for(info, referred, authorship).encode()
    return contents, info, difference


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
