"""Three probability volumes as one source of 8-bit slabs."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, VoxelSizeError
from electrodej.vocabulary import VIEWS, PathLike, Spacing, View
from electrodej.volume import ArrayVolume, Volume, same_spacing

Bytes = NDArray[np.uint8]
Probability = NDArray[Any] | Volume


class Views:
    """The probabilities of the xy, xz and yz sections of one volume, all in the volume's own ZYX order.

    Parameters
    ----------
    xy, xz, yz
        Arrays or open volumes of one shape (Z, Y, X). uint8 means 0 to 255 for 0 to 1, uint16 0 to 65,535,
        floats are the probabilities themselves.
    spacing
        Voxel size (z, y, x) in micrometres. Volumes that carry another are refused.

    Raises
    ------
    electrodej.errors.InputError
        A view is missing, has another shape or a type of number that is no probability.
    electrodej.errors.VoxelSizeError
        A view has another voxel size.
    """

    def __init__(
        self, xy: Probability | None, xz: Probability | None, yz: Probability | None, *, spacing: Spacing
    ) -> None:
        given = dict(zip(VIEWS, (xy, xz, yz), strict=True))
        missing = [name for name, view in given.items() if view is None]
        if missing:
            raise InputError(
                f"the probabilities of the {' and '.join(missing)} sections are missing; fusion needs all "
                "three views (slices of one view are joined by 'electrodej link')"
            )
        self.volumes = tuple(_as_volume(view, name, spacing) for name, view in given.items())
        self.spacing = spacing
        self.shape = self.volumes[0].shape
        for name, view in zip(VIEWS[1:], self.volumes[1:], strict=True):
            if view.shape != self.shape:
                raise InputError(
                    f"{view.path}: the {name} view has the shape {_text(view.shape)} and the xy view "
                    f"{self.volumes[0].path} has {_text(self.shape)}; all are given in the volume's own "
                    "order, Z Y X"
                )
        for name, view in zip(VIEWS, self.volumes, strict=True):
            _check_type(name, view)
            check_voxel_size(view, f"{name} view", spacing)
        self._highest = dict.fromkeys(VIEWS, 0)
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker elsewhere opens the files itself: only their names travel.
        if self.travels_light:
            paths = [volume.path.resolve() for volume in self.volumes]
            return _reopened, (
                tuple(str(path) for path in paths),
                tuple(path.stat().st_mtime_ns for path in paths),
                self.spacing,
            )
        return _remade, (tuple(volume.read() for volume in self.volumes), self.spacing)

    @property
    def travels_light(self) -> bool:
        """Whether a worker elsewhere gets the files' names instead of the voxels."""
        return all(not isinstance(volume, ArrayVolume) and volume.path.exists() for volume in self.volumes)

    def read(self, z0: int, z1: int) -> tuple[Bytes, Bytes, Bytes]:
        """Return the slices ``z0`` to ``z1`` of the three views, 0 to 255."""
        xy, xz, yz = (
            self._read_one(name, view, z0, z1) for name, view in zip(VIEWS, self.volumes, strict=True)
        )
        return xy, xz, yz

    def check_highest(self) -> None:
        """Refuse views of 16 bit in which no more than 8 were used; told once all has been read.

        Raises
        ------
        electrodej.errors.InputError
            The largest value that was read of a view of 16 bit lies between 1 and 255.
        """
        for name, view in zip(VIEWS, self.volumes, strict=True):
            if 1 <= self._highest[name] <= 255:
                raise InputError(
                    f"{view.path}: the {name} view has 16 bit, and the largest value is "
                    f"{self._highest[name]} of 65,535; convert it to 8 bit, without scaling its values"
                )

    def _read_one(self, name: View, view: Volume, z0: int, z1: int) -> Bytes:
        values = view[z0:z1]
        if values.dtype == np.uint16:
            highest = int(values.max(initial=0))
            with self._lock:
                self._highest[name] = max(self._highest[name], highest)
        return as_bytes(values, f"{view.path} (the {name} view)")


@functools.lru_cache(maxsize=4)
def _reopened(paths: tuple[str, ...], changed: tuple[int, ...], spacing: Spacing) -> Views:  # noqa: ARG001 - a key
    """The views in another process; ``changed`` keeps older files of these names apart."""
    from electrodej.volume import open_volume

    xy, xz, yz = (open_volume(path, spacing=spacing) for path in paths)
    return Views(xy, xz, yz, spacing=spacing)


def _remade(arrays: tuple[NDArray[Any], ...], spacing: Spacing) -> Views:
    return Views(*arrays, spacing=spacing)


def as_bytes(values: NDArray[Any], name: PathLike = "the probability") -> Bytes:
    """Return probabilities as uint8, 0 to 255 for 0 to 1.

    Raises
    ------
    electrodej.errors.InputError
        A number is NaN or outside 0 to 1.

    Examples
    --------
    >>> as_bytes(np.array([0.0, 0.5, 1.0], np.float32)), as_bytes(np.array([65535], np.uint16))
    (array([  0, 128, 255], dtype=uint8), array([255], dtype=uint8))
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.view(np.uint8) * np.uint8(255)
    if values.dtype == np.uint16:
        # The nearest of the 256 levels: 65535 is 255 times 257.
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if values.size:
        low, high = float(values.min()), float(values.max())
        if not (low >= 0 and high <= 1):
            wrong = "NaN" if low != low or high != high else f"{high if high > 1 else low:g}"
            raise InputError(
                f"{name} has the value {wrong}; probabilities lie between 0 and 1 as floats, or fill the "
                "range of 8 or 16 bit integers"
            )
    return np.asarray(np.rint(values * values.dtype.type(255)), np.uint8)


def _as_volume(view: Probability | None, name: str, spacing: Spacing) -> Volume:
    if isinstance(view, Volume):
        return view
    assert view is not None
    if view.ndim != 3:
        raise InputError(f"the {name} view has {view.ndim} dimensions; a volume has three, Z Y X")
    return ArrayVolume(view, spacing=spacing, name=f"the {name} probabilities")


def check_voxel_size(volume: Volume, name: str, spacing: Spacing) -> None:
    """Refuse a volume that says it has another voxel size."""
    if volume.spacing is not None and not same_spacing(volume.spacing, spacing):
        raise VoxelSizeError(
            f"{volume.path}: the {name} has voxels of {_text(volume.spacing)} um, and {_text(spacing)} um "
            "are expected; say which is right with --spacing"
        )


def _check_type(name: str, view: Volume) -> None:
    if view.dtype not in (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(bool)) and view.dtype.kind != "f":
        raise InputError(
            f"{view.path}: the {name} view has values of type {view.dtype}; give probabilities as 8 or 16 "
            "bit unsigned integers or as floats from 0 to 1"
        )


def _text(numbers: Sequence[float]) -> str:
    return " x ".join(f"{number:g}" for number in numbers)
