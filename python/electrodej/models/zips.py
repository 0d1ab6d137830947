"""A zip for Fiji from anybody: looked through, and only then given to an engine."""

from __future__ import annotations

import contextlib
import io
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from electrodej.errors import InputError
from electrodej.models.archive import open_archive, read_entry
from electrodej.models.contract import MODEL_FILE, VARIABLES
from electrodej.models.safety.tensorflow_graph import RefusedError, SavedGraph, read_saved_model
from electrodej.models.safety.wire import DamagedError
from electrodej.vocabulary import PathLike


@dataclass(frozen=True)
class ZippedModel:
    """What a zip holds.

    Attributes
    ----------
    saved
        What was found in its graph.
    model
        The bytes of ``saved_model.pb``: those that were looked through are those that are run.
    variables
        Names and bytes of the files of its weights, where these do not stand in the graph.
    """

    saved: SavedGraph
    model: bytes
    variables: dict[str, bytes]

    @contextlib.contextmanager
    def unpacked(self) -> Iterator[Path]:
        """Yield a folder with what was looked through, and nothing else; it goes away after."""
        with tempfile.TemporaryDirectory(prefix="electrodej-zip-", ignore_cleanup_errors=True) as place:
            folder = Path(place)
            (folder / MODEL_FILE).write_bytes(self.model)
            (folder / "variables").mkdir()
            for name, content in self.variables.items():
                (folder / "variables" / name).write_bytes(content)
            yield folder


def read_zip(source: PathLike | io.BytesIO) -> ZippedModel:
    """Read and check a zip, or its bytes.

    Raises
    ------
    electrodej.errors.InputError
        It is no zip of a model, it is damaged, or it would do more than compute.
    """
    if isinstance(source, io.BytesIO):
        with zipfile.ZipFile(source) as archive:
            return _read(archive, "the zip")
    with open_archive(source) as archive:
        return _read(archive, source)


def _read(archive: zipfile.ZipFile, path: PathLike) -> ZippedModel:
    if MODEL_FILE not in archive.namelist():
        raise InputError(f"{path} holds no {MODEL_FILE}, so it is no model for Fiji")
    content = read_entry(archive, MODEL_FILE)
    saved = looked_through(content, path)
    variables = {}
    for name in archive.namelist() if saved.has_variables else ():
        plain = name.removeprefix(VARIABLES)
        if name.startswith(VARIABLES) and plain and "/" not in plain:
            variables[plain] = read_entry(archive, name)
    return ZippedModel(saved, content, variables)


def looked_through(content: bytes, path: PathLike) -> SavedGraph:
    """Return what is in ``saved_model.pb``; one that may do more than compute is an `InputError`."""
    try:
        return read_saved_model(content)
    except RefusedError as error:
        raise InputError(f"{path} is not run: {error}; do not use it unless you know who made it") from error
    except (DamagedError, RecursionError) as error:
        raise InputError(f"{path}: {MODEL_FILE} in it is damaged ({error}); export the model anew") from error
