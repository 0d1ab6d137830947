"""An image in three dimensions with its voxel size, read piece by piece."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.progress import Progress, silent
from electrodej.vocabulary import PathLike, Spacing
from electrodej.volume.bounds import check_read, check_shape
from electrodej.volume.checks import check_opened
from electrodej.volume.units import VoxelSize, check_spacing

Array = NDArray[Any]
Index = slice | int
Box = tuple[slice, slice, slice]

_SLAB_BYTES = 128 * 2**20


class Volume(abc.ABC):
    """A 3D image that is read when, and only where, it is asked for.

    ``volume[z0:z1, y0:y1, x0:x1]`` reads that box as numpy does, with a step of one. Several threads
    may read at once. A volume is closed with `close` or by leaving its ``with`` block.

    Attributes
    ----------
    path
        Where it lies.
    shape
        Voxels along Z, Y and X.
    dtype
        Of the arrays that are read, in the machine's byte order.
    voxel_size
        What the file says of the voxel size, see `electrodej.volume.units.VoxelSize`.
    is_2d
        Whether the file holds a single image.
    """

    ndim = 3

    def __init__(
        self,
        path: PathLike,
        shape: Sequence[int],
        dtype: np.dtype[Any],
        voxel_size: VoxelSize,
        *,
        is_2d: bool | None = None,
    ) -> None:
        z, y, x = (int(n) for n in shape)
        self.path = Path(path)
        self.shape = (z, y, x)
        self.dtype = np.dtype(dtype).newbyteorder("=")
        self.voxel_size = voxel_size
        self.is_2d = z == 1 if is_2d is None else is_2d
        self.closed = False
        if min(self.shape) == 0:
            raise InputError(f"{self.path} holds an image without voxels, {z} x {y} x {x}; give another file")
        check_shape(self.path, self.shape)

    @abc.abstractmethod
    def _read(self, box: Box) -> Array:
        """Return the voxels of a box that is not empty and lies inside; a new array of ``dtype``."""

    def _release(self) -> None:
        """Give back files and handles."""
        return

    @property
    def spacing(self) -> Spacing | None:
        """Voxel size ``(z, y, x)`` in micrometres, or None where the file does not say all three.

        A single image has no depth; its voxel is then taken to be as deep as it is high.
        """
        size = self.voxel_size
        if self.is_2d and size.z is None and size.y is not None and not size.problem:
            return VoxelSize(size.y, size.y, size.x).spacing
        return size.spacing

    def require_spacing(self) -> Spacing:
        """Return `spacing`, or raise `electrodej.errors.VoxelSizeError` saying what is missing."""
        spacing = self.spacing
        return self.voxel_size.require(str(self.path)) if spacing is None else spacing

    @property
    def changes(self) -> tuple[Callable[[Volume], Volume], ...]:
        """What is done, one after the other, with the file's voxels where they are read.

        A process that opens the file itself does the same with it.
        """
        return ()

    @property
    def size(self) -> int:
        """Number of voxels."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def nbytes(self) -> int:
        """Bytes of the whole image in memory."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Index | tuple[Index, ...] | Any) -> Array:
        box, dropped = _box_of(key, self.shape)
        self._check_open()
        lengths = tuple(part.stop - part.start for part in box)
        check_read(self.path, lengths[0] * lengths[1] * lengths[2] * self.dtype.itemsize)
        data = np.empty(lengths, self.dtype) if min(lengths) == 0 else self._read(box)
        return data[tuple(0 if drop else slice(None) for drop in dropped)] if any(dropped) else data

    def read(self, *, progress: Progress = silent) -> Array:
        """Return the whole image as one array."""
        self._check_open()
        if self.nbytes <= _SLAB_BYTES:
            return self[:]
        check_read(self.path, self.nbytes)
        whole = np.empty(self.shape, self.dtype)
        for z0, z1, slab in self.slabs():
            whole[z0:z1] = slab
            progress(z1, self.shape[0], f"reading {self.path.name}")
        return whole

    def slabs(
        self, thickness: int | None = None, *, memory: int | None = None
    ) -> Iterator[tuple[int, int, Array]]:
        """Yield ``(z0, z1, voxels)`` from the first slice to the last.

        Parameters
        ----------
        thickness
            Slices in a slab. By default as many as fit ``memory``, in whole chunks of the file.
        memory
            Bytes that one slab may take, 128 MiB by default. A slab is never less than one slice.
        """
        depth = self.slab_thickness(memory) if thickness is None else int(thickness)
        if depth < 1:
            raise ValueError(f"a slab has at least one slice, not {depth}")
        for z0 in range(0, self.shape[0], depth):
            z1 = min(z0 + depth, self.shape[0])
            yield z0, z1, self[z0:z1]

    def slab_thickness(self, memory: int | None = None) -> int:
        """Return how many slices fit ``memory`` bytes, in whole chunks of the file where they fit."""
        slice_bytes = max(1, self.shape[1] * self.shape[2] * self.dtype.itemsize)
        depth = max(1, (_SLAB_BYTES if memory is None else memory) // slice_bytes)
        chunk = self._chunk_depth()
        if depth > chunk:
            depth -= depth % chunk
        return min(depth, self.shape[0])

    def _chunk_depth(self) -> int:
        return 1

    def close(self) -> None:
        """Give the file back; reading afterwards is an error."""
        if not self.closed:
            self.closed = True
            self._release()

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError(f"{self.path} is closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        z, y, x = self.shape
        spacing = self.spacing
        size = (
            "voxel size unknown"
            if spacing is None
            else "voxel " + " x ".join(f"{s:g}" for s in spacing) + " um"
        )
        return f"<{type(self).__name__} {self.path} {z} x {y} x {x} {self.dtype} {size}>"


class ArrayVolume(Volume):
    """An array in memory that is used like a file.

    Examples
    --------
    >>> volume = ArrayVolume(np.zeros((4, 5, 6), np.uint8), spacing=(0.1, 0.07, 0.07))
    >>> volume.shape, volume[1:3, :, 2].shape
    ((4, 5, 6), (2, 5))
    """

    def __init__(self, array: Array, *, spacing: Sequence[float] | None, name: str = "array") -> None:
        check_opened(array, name)
        if array.ndim not in (2, 3):
            raise InputError(f"{name} has {array.ndim} dimensions; an image has two (YX) or three (ZYX)")
        size = VoxelSize() if spacing is None else VoxelSize(*check_spacing(spacing))
        data = array[np.newaxis] if array.ndim == 2 else array
        super().__init__(name, data.shape, data.dtype, size)
        self._data = data

    def _read(self, box: Box) -> Array:
        return np.array(self._data[box], dtype=self.dtype, order="C")


class BorrowedVolume(Volume):
    """A volume that somebody else opened and closes, where need be with another voxel size."""

    def __init__(self, volume: Volume, voxel_size: VoxelSize | None = None) -> None:
        super().__init__(
            volume.path, volume.shape, volume.dtype, voxel_size or volume.voxel_size, is_2d=volume.is_2d
        )
        self._volume = volume

    @property
    def changes(self) -> tuple[Callable[[Volume], Volume], ...]:
        """Those of the borrowed volume."""
        return self._volume.changes

    def _read(self, box: Box) -> Array:
        return self._volume[box]

    def _chunk_depth(self) -> int:
        return self._volume._chunk_depth()


def _box_of(key: Any, shape: tuple[int, int, int]) -> tuple[Box, tuple[bool, ...]]:
    """Return the box that a numpy-like key means, and which axes an integer drops."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if Ellipsis in keys:
        at = keys.index(Ellipsis)
        keys[at : at + 1] = [slice(None)] * (4 - len(keys))
    if len(keys) > 3:
        raise IndexError(f"a volume has 3 axes, not {len(keys)}")
    keys += [slice(None)] * (3 - len(keys))
    box = []
    for one, length in zip(keys, shape, strict=True):
        if isinstance(one, slice):
            start, stop, step = one.indices(length)
            if step != 1:
                raise IndexError(
                    "a volume is read in steps of one; take every n-th voxel of the array instead"
                )
            box.append(slice(start, max(start, stop)))
        else:
            at = int(one.__index__())
            if not -length <= at < length:
                raise IndexError(f"index {at} is outside an axis of {length} voxels")
            box.append(slice(at % length, at % length + 1))
    return (box[0], box[1], box[2]), tuple(not isinstance(one, slice) for one in keys)
