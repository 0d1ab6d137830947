"""Networks on the workers of a cluster: each opens the image and the model itself, by their names."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path

from electrodej.errors import InputError
from electrodej.models.libraries import use_threads
from electrodej.vocabulary import Spacing
from electrodej.volume import Volume, open_volume


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
    """

    path: str
    changed: int
    spacing: Spacing

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
        return cls(str(where), where.stat().st_mtime_ns, volume.require_spacing())

    def open(self) -> Volume:
        """Return the volume; a worker keeps the last ones open."""
        return _opened(self)


@functools.lru_cache(maxsize=4)
def _opened(volume: FarVolume) -> Volume:
    return open_volume(volume.path, spacing=volume.spacing)


def far_model(place: str | os.PathLike[str] | None, name: str) -> str:
    """Return where workers find a model: a path of this machine that they must see too.

    Raises
    ------
    electrodej.errors.InputError
        It was made or changed in memory, with dropout for instance.
    """
    if place is None:
        raise InputError(
            f"the workers of a cluster load the model themselves, and {name or 'this one'} is in memory only "
            "(dropout changes it there); leave the scheduler out"
        )
    return str(Path(place).resolve())


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
