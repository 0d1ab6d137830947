"""Writing images, at once or slab by slab; complete or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from electrodej.errors import InputError
from electrodej.files import check_folder_target, check_target, whole_directory, whole_file
from electrodej.progress import Progress, silent
from electrodej.vocabulary import PathLike
from electrodej.volume.labels import cast_labels, check_labels
from electrodej.volume.model import Volume
from electrodej.volume.omezarr import is_zarr
from electrodej.volume.tiff_writer import (
    Compression,
    SliceSink,
    TiffSink,
    check_tiff_dtype,
    is_slice_folder,
    needs_ome,
)
from electrodej.volume.units import check_spacing
from electrodej.volume.zarr_writer import OmeZarrVersion, ZarrSink

Format = Literal["tiff", "ome-tiff", "zarr", "slices"]

_SLAB_BYTES = 64 * 2**20


class _Sink(Protocol):
    def append(self, slab: NDArray[Any]) -> None: ...
    def finish(self) -> None: ...
    def close(self) -> None: ...


class VolumeWriter:
    """Writes an image slab by slab, from the first slice to the last.

    The file appears under its name when the ``with`` block ends, and only if it ends without an error.

    Parameters
    ----------
    path
        ``.tif`` or ``.tiff``: a TIFF with ImageJ's metadata, or OME BigTIFF from 4 GiB on. ``.ome.tif``:
        OME-TIFF. ``.zarr``: OME-Zarr. A folder of slices with ``format="slices"``.
    shape
        Voxels ``(z, y, x)``.
    dtype
        Of the values. They are stored as they are; booleans as uint8 in TIFF.
    spacing
        Voxel size ``(z, y, x)`` in micrometres.
    labels
        Whether the values are labels: Fiji then shows them in label colours, and lower resolutions of an
        OME-Zarr keep label numbers.
    compression
        ``auto``: none for grey TIFF, deflate for labels, zstd in OME-Zarr.
    format
        Instead of what the suffix says.
    version
        Of OME-Zarr.
    force
        Whether an existing output is replaced.

    Raises
    ------
    electrodej.errors.OutputError
        The output exists, or cannot be written.
    electrodej.errors.InputError
        The suffix, the dtype or the values do not fit.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "grey.tif"
    >>> with VolumeWriter(target, (4, 5, 6), np.uint8, spacing=(0.1, 0.07, 0.07)) as writer:
    ...     for z in range(0, 4, 2):
    ...         writer.write(z, np.full((2, 5, 6), z, np.uint8))
    >>> target.exists()
    True
    """

    def __init__(
        self,
        path: PathLike,
        shape: Sequence[int],
        dtype: DTypeLike,
        *,
        spacing: Sequence[float],
        labels: bool = False,
        compression: Compression | Literal["auto"] = "auto",
        format: Format | None = None,
        version: OmeZarrVersion = "0.5",
        force: bool = False,
    ) -> None:
        self.path = Path(path)
        self.shape = _check_shape(shape)
        self.dtype = np.dtype(dtype).newbyteorder("=")
        self.spacing = check_spacing(spacing)
        self.format = format or format_of(self.path)
        self._labels = labels
        self._version: OmeZarrVersion = version
        self._force = force
        self._compression: Compression = _choose(compression, self.format, labels)
        if labels and (self.dtype.kind not in "bu" or self.dtype.itemsize > 4) and self.dtype != np.float32:
            raise InputError(
                f"labels are written as unsigned integers up to 32 bit, not {self.dtype}; convert them"
            )
        self._stored = np.dtype(np.uint8) if self.dtype.kind == "b" and self.format != "zarr" else self.dtype
        if self.format != "zarr":
            check_tiff_dtype(self._stored)
        if self.format in ("tiff", "ome-tiff"):
            check_target(self.path, force=force, file=True)
        self._next = 0
        self._stack = contextlib.ExitStack()
        self._sink: _Sink | None = None

    def write(self, z0: int, slab: NDArray[Any]) -> None:
        """Write the slices from ``z0`` on; slabs come in order and without gaps.

        Parameters
        ----------
        z0
            The slab's first slice.
        slab
            Shape ``(n, y, x)``, or ``(y, x)`` for one slice. Its values must fit the image's dtype.
        """
        if self._sink is None:
            raise ValueError("a VolumeWriter writes inside its with block")
        layer = slab[np.newaxis] if slab.ndim == 2 else slab
        if z0 != self._next or layer.shape[1:] != self.shape[1:] or z0 + len(layer) > self.shape[0]:
            raise ValueError(
                f"slab of shape {slab.shape} at slice {z0} does not continue an image of shape {self.shape} "
                f"at slice {self._next}"
            )
        self._sink.append(self._fit(layer))
        self._next += len(layer)

    def _fit(self, slab: NDArray[Any]) -> NDArray[Any]:
        if slab.dtype == self.dtype:
            return slab.astype(self._stored, copy=False)
        if self._labels:
            return cast_labels(slab, self.dtype).astype(self._stored, copy=False)
        if np.can_cast(slab.dtype, self.dtype, "safe"):
            return slab.astype(self.dtype)
        raise InputError(
            f"{self.path}: values of type {slab.dtype} do not fit {self.dtype} safely; convert them first"
        )

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            if self.format in ("tiff", "ome-tiff"):
                part = stack.enter_context(whole_file(self.path, force=self._force))
            else:
                ours = is_zarr if self.format == "zarr" else is_slice_folder
                part = stack.enter_context(whole_directory(self.path, ours=ours, force=self._force))
            sink = self._open_sink(part)
            stack.callback(sink.close)
            self._sink = sink
            self._stack = stack.pop_all()
        return self

    def _open_sink(self, part: Path) -> _Sink:
        if self.format == "zarr":
            name = self.path.name.removesuffix(".zarr").removesuffix(".ome")
            return ZarrSink(
                part, self.shape, self._stored, self.spacing, name=name, version=self._version,
                compressed=self._compression != "none", labels=self._labels,
            )  # fmt: skip
        if self.format == "slices":
            return SliceSink(
                part,
                self.shape,
                self._stored,
                self.spacing,
                compression=self._compression,
                labels=self._labels,
            )
        return TiffSink(
            part, self.shape, self._stored, self.spacing,
            ome=self.format == "ome-tiff" or needs_ome(self.shape, self._stored),
            compression=self._compression, labels=self._labels,
        )  # fmt: skip

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # In a block of its own, so that an error here, too, leaves nothing half written.
        with self._stack:
            sink, self._sink = self._sink, None
            if error is not None:
                # Handed on, for the stack to clean up by.
                raise error
            if self._next != self.shape[0]:
                raise ValueError(f"{self.path} lacks slices: {self._next} of {self.shape[0]} were written")
            assert sink is not None
            sink.finish()


def write_volume(
    path: PathLike,
    array: NDArray[Any] | Volume,
    *,
    spacing: Sequence[float],
    labels: bool = False,
    compression: Compression | Literal["auto"] = "auto",
    format: Format | None = None,
    version: OmeZarrVersion = "0.5",
    force: bool = False,
    progress: Progress = silent,
) -> Path:
    """Write an image; see `VolumeWriter` for the options. Returns the path.

    Parameters
    ----------
    array
        Shape ``(z, y, x)`` or ``(y, x)``, or an open volume, which is copied slab by slab.
    spacing
        Voxel size ``(z, y, x)`` in micrometres.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "labels.tif"
    >>> written = write_volume(target, np.eye(3, dtype=np.uint16), spacing=(1, 1, 1), labels=True)
    """
    if isinstance(array, Volume):
        source: NDArray[Any] | Volume = array
        depth = array.slab_thickness(_SLAB_BYTES)
    else:
        if array.ndim not in (2, 3):
            raise InputError(
                f"an image has two (YX) or three (ZYX) dimensions, not {array.ndim}; choose one image"
            )
        checked = check_labels(array) if labels and array.dtype.kind != "b" else array
        source = checked[np.newaxis] if checked.ndim == 2 else checked
        slice_bytes = max(1, source.shape[1] * source.shape[2] * source.dtype.itemsize)
        depth = max(1, _SLAB_BYTES // slice_bytes)
    with VolumeWriter(
        path, source.shape, source.dtype, spacing=spacing, labels=labels, compression=compression,
        format=format, version=version, force=force,
    ) as writer:  # fmt: skip
        for z in range(0, source.shape[0], depth):
            writer.write(z, source[z : z + depth])
            progress(min(z + depth, source.shape[0]), source.shape[0], f"writing {writer.path.name}")
    return writer.path


def check_volume_target(path: PathLike, *, force: bool = False, inputs: Iterable[PathLike] = ()) -> Path:
    """Return ``path`` as a path if an image of the format that its suffix says may be written there."""
    target = Path(path)
    if format_of(target) == "zarr":
        return check_folder_target(target, ours=is_zarr, force=force, inputs=inputs)
    return check_target(target, force=force, inputs=inputs, file=True)


def format_of(path: Path) -> Format:
    """Return the format that the suffix of ``path`` says."""
    name = path.name.lower()
    if name.endswith((".ome.tif", ".ome.tiff")):
        return "ome-tiff"
    if name.endswith((".tif", ".tiff")):
        return "tiff"
    if name.endswith(".zarr"):
        return "zarr"
    raise InputError(f"{path}: an image is written as .tif, .ome.tif or .zarr; end the name with one of them")


def _choose(compression: Compression | Literal["auto"], kind: Format, labels: bool) -> Compression:
    if compression != "auto":
        return compression
    if kind == "zarr":
        return "zstd"
    return "deflate" if labels else "none"


def _check_shape(shape: Sequence[int]) -> tuple[int, int, int]:
    lengths = tuple(int(n) for n in shape)
    if len(lengths) != 3 or min(lengths) < 1:
        raise InputError(f"an image has at least one voxel along Z, Y and X, and {lengths} has not")
    return (lengths[0], lengths[1], lengths[2])
