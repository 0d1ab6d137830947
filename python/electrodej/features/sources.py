"""Where voxels come from: an array in memory, or a volume of which boxes are read as they are needed."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from electrodej.errors import InputError
from electrodej.features.typing import Array
from electrodej.vocabulary import Shape, counted
from electrodej.volume import check_opened

Box = tuple[int, int, int, int, int, int]


class Sliceable(Protocol):
    """A NumPy array, a memory map or an `electrodej.volume.Volume`."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...

    def __getitem__(self, key: Any, /) -> Any: ...


class Window(NamedTuple):
    """Voxels, and the place in the measured volume of the first one."""

    array: Array
    origin: tuple[int, int, int]


# What the kernels are compiled for; everything else is brought to one of these.
_WHOLE_GREY = ("uint8", "uint16", "int16")
_REAL_GREY = ("float32", "float64")

LARGEST_LABEL = 2**31


@dataclass(frozen=True)
class Source:
    """One of the two inputs. ``crop`` voxels are left out at each face; what is left is the volume."""

    data: Sliceable
    role: str
    crop: int = 0

    def __reduce__(self) -> tuple[Any, ...]:
        # A worker elsewhere opens the file itself: only its name travels.
        path = getattr(self.data, "path", None)
        if isinstance(path, Path) and path.exists() and not getattr(self.data, "changes", ()):
            where = path.resolve()
            return _reopened, (str(where), where.stat().st_mtime_ns, self.role, self.crop)
        return Source, (self.data, self.role, self.crop)

    @property
    def travels_light(self) -> bool:
        """Whether a worker elsewhere gets a file's name instead of the voxels."""
        return self.__reduce__()[0] is _reopened

    @property
    def shape(self) -> Shape:
        z, y, x = self.data.shape
        return z - 2 * self.crop, y - 2 * self.crop, x - 2 * self.crop

    @property
    def in_memory(self) -> bool:
        """Whether every window is the whole array, at no cost."""
        data = self.data
        return (
            isinstance(data, np.ndarray)
            and data.flags.c_contiguous
            and self.crop == 0
            and _view(data, self.role) is not None
        )

    @property
    def voxel_bytes(self) -> int:
        """Memory for one voxel of a window, with what converting it takes for a while."""
        return 2 * max(np.dtype(self.data.dtype).itemsize, 1) if _plain(self) else 16

    def read(self, box: Box) -> Window:
        """The window that holds ``box`` (z0, z1, y0, y1, x0, x1), for the kernels."""
        if self.in_memory:
            whole = _view(np.asarray(self.data), self.role)
            assert whole is not None
            return Window(whole, (0, 0, 0))
        z0, z1, y0, y1, x0, x1 = box
        c = self.crop
        part = np.asarray(self.data[z0 + c : z1 + c, y0 + c : y1 + c, x0 + c : x1 + c])
        ready = _view(part, self.role)
        if ready is None:
            ready = _converted(part, self.role)
        return Window(np.ascontiguousarray(ready), (z0, y0, x0))


@functools.lru_cache(maxsize=8)
def _reopened(path: str, changed: int, role: str, crop: int) -> Source:  # noqa: ARG001
    """The source in another process; ``changed`` keeps an older file of that name apart."""
    from electrodej.volume import open_volume

    return Source(open_volume(path), role, crop)


def _plain(source: Source) -> bool:
    return _view(np.empty(0, dtype=source.data.dtype), source.role) is not None


def _view(array: Array, role: str) -> Array | None:
    """``array`` in a type of the kernels without a copy, or None where a copy is needed.

    Negative labels come out as very large or negative ones here; `refuse_bad_labels` finds them.
    """
    dtype = array.dtype
    if not dtype.isnative:
        return None
    if dtype == np.bool_:
        return array.view(np.uint8)
    if role == "labels":
        if dtype.kind in "iu":
            return array.view(f"uint{8 * dtype.itemsize}" if dtype.itemsize < 8 else "int64")
        return None
    return array if dtype.name in (*_WHOLE_GREY, *_REAL_GREY) else None


def _converted(array: Array, role: str) -> Array:
    array = array.astype(array.dtype.newbyteorder("="))
    if role == "grey":
        return array.astype("int16" if array.dtype == np.int8 else "float64")
    if array.dtype.kind in "iu":
        ready = _view(array, role)
        assert ready is not None
        return ready
    # What is no label becomes -1, and is refused by place once the whole volume was seen.
    within = (array >= 0) & (array <= LARGEST_LABEL)
    whole = np.where(within, array, 0).astype(np.int64)
    whole[whole != array] = -1
    return whole


def checked_sources(grey: Sliceable, labels: Sliceable, crop: int) -> tuple[Source, Source]:
    """The two inputs, once it is sure that they fit together."""
    for role, data in (("grey", grey), ("labels", labels)):
        check_opened(data, role)
        if len(data.shape) != 3:
            raise InputError(
                f"{role}: expected a volume with the axes z, y, x, got {len(data.shape)} axes; "
                "give a single image an axis of its own: image[None]"
            )
        if np.dtype(data.dtype).kind not in "biuf":
            raise InputError(f"{role}: the type {data.dtype} is no grey value and no label; convert it first")
    if tuple(grey.shape) != tuple(labels.shape):
        raise InputError(
            f"grey and labels differ in shape, {tuple(grey.shape)} and {tuple(labels.shape)}; "
            "they must show the same voxels"
        )
    if crop < 0 or any(n <= 2 * crop for n in labels.shape):
        raise InputError(
            f"a crop of {counted(crop, 'voxel')} at each face leaves nothing of a volume of "
            f"{tuple(labels.shape)}; choose a smaller one"
        )
    return Source(grey, "grey", crop), Source(labels, "labels", crop)


def grey_kind(source: Source) -> int:
    """1 where the grey is summed exactly as integers, 2 where it is summed as real numbers."""
    dtype = np.dtype(source.data.dtype)
    return 1 if dtype.kind == "b" or (dtype.kind in "iu" and dtype.itemsize <= 2) else 2
