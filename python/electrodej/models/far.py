"""Networks on the workers of a cluster: each opens the image and the model itself, by their names."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from electrodej.errors import InputError
from electrodej.files import checksum
from electrodej.models.engines.base import Engine
from electrodej.models.engines.mirrored import Mirrored
from electrodej.models.engines.names import EngineName
from electrodej.models.libraries import use_threads
from electrodej.vocabulary import Spacing
from electrodej.volume import Volume, open_volume

# How the engines are asked for that have these names.
_ENGINES: dict[str, EngineName] = {"OpenVINO": "openvino", "ONNX Runtime": "onnxruntime", "Keras": "keras"}


@dataclass(frozen=True)
class FarVolume:
    """A volume as the workers of a cluster know it.

    Attributes
    ----------
    path
        Which they see as well, whole.
    changed
        When, so that an older file of that name is not taken for it.
    spacing
        Voxel size.
    changes
        What is done with the voxels where they are read, see `electrodej.volume.Volume.changes`.
    """

    path: str
    changed: int
    spacing: Spacing
    changes: tuple[Callable[[Volume], Volume], ...] = ()

    @classmethod
    def of(cls, volume: Volume) -> FarVolume:
        """Return what workers need to open a volume.

        Raises
        ------
        electrodej.errors.InputError
            It is no file.
        """
        path = Path(volume.path)
        if not path.exists():
            raise InputError(
                f"{volume.path} is no file, and the workers of a cluster open the image themselves; write it "
                "to a folder that they see too, as OME-Zarr best"
            )
        where = path.resolve()
        changed = where.stat().st_mtime_ns
        return cls(str(where), changed, volume.require_spacing(), volume.changes)

    def open(self) -> Volume:
        """Return the volume; a worker keeps the last files open."""
        volume = _opened(self.path, self.changed, self.spacing)
        for change in self.changes:
            volume = change(volume)
        return volume


@functools.lru_cache(maxsize=4)
def _opened(path: str, changed: int, spacing: Spacing) -> Volume:  # noqa: ARG001 - a file that changed is another
    return open_volume(path, spacing=spacing)


@dataclass(frozen=True)
class FarModel:
    """A model as the workers of a cluster know it, which keep the last ones loaded.

    Attributes
    ----------
    place
        A path of this machine that they must see too.
    contents
        Checksum of what lies there, so that an older model of that name is not taken for it.
    engine
        Name of the library that computes it here, and is to compute it there.
    mirrored
        Whether it is asked about mirror images too.
    """

    place: str
    contents: str
    engine: str
    mirrored: bool = False

    @classmethod
    def of(cls, place: str | os.PathLike[str] | None, engine: Engine, name: str) -> Self:
        """Return what workers need to load a model.

        Raises
        ------
        electrodej.errors.InputError
            It was made or changed in memory, with dropout for instance.
        """
        if place is None:
            raise InputError(
                f"the workers of a cluster load the model themselves, and {name or 'this one'} is in memory "
                "only (dropout changes it there); leave the scheduler out"
            )
        where = Path(place).resolve()
        return cls(str(where), _contents(where), engine.name, isinstance(engine, Mirrored))

    def load(self, load: Callable[..., Any]) -> Any:
        """Return the model; ``load`` takes its path and the option ``engine``."""
        model = load(self.place)
        if model.engine.name != self.engine and self.engine in _ENGINES:
            model = load(self.place, engine=_ENGINES[self.engine])
        return model

    def asked(self, engine: Engine) -> Engine:
        """Return the engine of the loaded model as it is asked."""
        return Mirrored(engine) if self.mirrored else engine


def _contents(place: Path) -> str:
    """Return the checksum of a model's folder, or those of a zip and of the JSON beside it."""
    files = [place] if place.is_dir() else [place, *sorted(place.parent.glob("*.json"))]
    return " ".join(map(checksum, files))


def use_worker_threads() -> None:
    """Let networks compute with as many threads as this worker was given."""
    from distributed import get_worker

    use_threads(get_worker().state.nthreads)


def parts(first: int, last: int, count: int) -> list[tuple[int, int]]:
    """Part a range into at most ``count`` ranges of about one length.

    Examples
    --------
    >>> parts(10, 17, 3)
    [(10, 13), (13, 16), (16, 17)]
    """
    step = max(1, -(-(last - first) // max(1, count)))
    return [(start, min(start + step, last)) for start in range(first, last, step)]
