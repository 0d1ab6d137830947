"""OME-Zarr images with their lower resolutions, written slab by slab."""

from __future__ import annotations

import math
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.machine import available_cores
from electrodej.vocabulary import Spacing

OmeZarrVersion = Literal["0.4", "0.5"]

# A chunk of a million voxels: small enough for a viewer, large enough for a disk.
CHUNK = (64, 128, 128)
_BUFFER_BYTES = 256 * 2**20
_KINDS = "buif"
_THREADS = 8


class ZarrSink:
    """Receives slices in order; keeps one layer of chunks in memory and writes it when it is full.

    Lower resolutions are made from the finished image: each halves the axes that are longer than a chunk,
    grey values by the mean and labels by taking every second voxel.
    """

    def __init__(
        self,
        folder: Path,
        shape: tuple[int, int, int],
        dtype: np.dtype[Any],
        spacing: Spacing,
        *,
        name: str,
        version: OmeZarrVersion,
        compressed: bool,
        labels: bool,
    ) -> None:
        import zarr

        if dtype.kind not in _KINDS:
            raise InputError(f"values of type {dtype} are no image; convert them to 8, 16 or 32 bit")
        self._spacing = spacing
        self._name = name
        self._version = version
        self._compressed = compressed
        self._labels = labels
        self._format: Literal[2, 3] = 2 if version == "0.4" else 3
        self._group = zarr.open_group(store=str(folder), mode="w", zarr_format=self._format)
        self._levels = [self._create(0, shape, dtype)]
        self._buffer = np.empty((min(CHUNK[0], shape[0]), *shape[1:]), dtype)
        self._filled = 0
        self._written = 0
        self._range: tuple[float, float] | None = None

    def append(self, slab: NDArray[Any]) -> None:
        """Take the next slices."""
        if slab.size and self._labels:
            highest = float(slab.max())
            self._range = (0.0, max(highest, self._range[1] if self._range else 1.0))
        elif slab.size:
            low, high = float(slab.min()), float(slab.max())
            self._range = (
                (low, high) if self._range is None else (min(low, self._range[0]), max(high, self._range[1]))
            )
        at = 0
        while at < len(slab):
            if self._filled == 0 and len(slab) - at >= len(self._buffer):
                self._put(slab[at : at + len(self._buffer)])
                at += len(self._buffer)
                continue
            count = min(len(self._buffer) - self._filled, len(slab) - at)
            self._buffer[self._filled : self._filled + count] = slab[at : at + count]
            self._filled += count
            at += count
            if self._filled == len(self._buffer):
                self._flush()

    def finish(self) -> None:
        """Write what is left, the lower resolutions and the metadata."""
        self._flush()
        factors = [(1, 1, 1)]
        while any(length > chunk for length, chunk in zip(self._levels[-1].shape, CHUNK, strict=True)):
            factors.append(self._add_level(factors[-1]))
        self._describe(factors)

    def close(self) -> None:
        """Drop the buffer; Zarr holds no file open."""
        self._buffer = self._buffer[:0]

    def _flush(self) -> None:
        if self._filled:
            self._put(self._buffer[: self._filled])
            self._filled = 0

    def _put(self, layer: NDArray[Any]) -> None:
        _write_chunks(self._levels[0], self._written, 0, layer)
        self._written += len(layer)

    def _create(self, level: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        from zarr.codecs import BloscCodec

        chunks = tuple(min(length, chunk) for length, chunk in zip(shape, CHUNK, strict=True))
        options: dict[str, Any] = {"compressors": None}
        if self._format == 2:
            options["chunk_key_encoding"] = {"name": "v2", "separator": "/"}
            if self._compressed:
                from numcodecs import Blosc

                options["compressors"] = Blosc(cname="zstd", clevel=3, shuffle=Blosc.SHUFFLE)
        else:
            options["dimension_names"] = ["z", "y", "x"]
            if self._compressed:
                options["compressors"] = BloscCodec(
                    cname="zstd", clevel=3, shuffle="shuffle", typesize=dtype.itemsize
                )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self._group.create_array(
                str(level), shape=shape, dtype=dtype, chunks=chunks, fill_value=0, **options
            )

    def _add_level(self, factor: tuple[int, ...]) -> tuple[int, int, int]:
        """Write the next lower resolution; return by how much it is coarser than the full one."""
        source = self._levels[-1]
        step = [2 if length > chunk else 1 for length, chunk in zip(source.shape, CHUNK, strict=True)]
        shape = tuple(math.ceil(length / s) for length, s in zip(source.shape, step, strict=True))
        target = self._create(len(self._levels), shape, source.dtype)
        for z in range(0, shape[0], CHUNK[0]):
            for y0, y1 in _strips(
                shape[1], source.shape[2] * CHUNK[0] * source.dtype.itemsize * step[0] * step[1]
            ):
                box = source[z * step[0] : (z + CHUNK[0]) * step[0], y0 * step[1] : y1 * step[1]]
                _write_chunks(target, z, y0, halve(np.asarray(box), step, nearest=self._labels))
        self._levels.append(target)
        z_, y_, x_ = (f * s for f, s in zip(factor, step, strict=True))
        return (z_, y_, x_)

    def _describe(self, factors: list[tuple[int, int, int]]) -> None:
        datasets = []
        for level, factor in enumerate(factors):
            scale = [s * f for s, f in zip(self._spacing, factor, strict=True)]
            # The first voxel of a mean lies in the middle of those it was made of.
            shift = [
                0.0 if self._labels else s * (f - 1) / 2 for s, f in zip(self._spacing, factor, strict=True)
            ]
            transforms: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
            if any(shift):
                transforms.append({"type": "translation", "translation": shift})
            datasets.append({"path": str(level), "coordinateTransformations": transforms})
        multiscale: dict[str, Any] = {
            "name": self._name,
            "axes": [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"],
            "datasets": datasets,
            "type": "nearest" if self._labels else "mean",
        }
        dtype = self._levels[0].dtype
        limits = np.iinfo(dtype) if dtype.kind in "ui" else None
        low, high = self._range or (0.0, 1.0)
        window = {
            "min": float(limits.min) if limits else low,
            "max": float(limits.max) if limits else high,
            "start": low,
            "end": high,
        }
        channel = {"label": self._name, "color": "FFFFFF", "active": True, "window": window}
        omero = {"channels": [channel], "rdefs": {"model": "greyscale"}}
        if self._version == "0.4":
            attributes: dict[str, Any] = {"multiscales": [{"version": "0.4", **multiscale}], "omero": omero}
        else:
            attributes = {"ome": {"version": "0.5", "multiscales": [multiscale], "omero": omero}}
        self._group.attrs.update(attributes)


def halve(array: NDArray[Any], step: list[int], *, nearest: bool) -> NDArray[Any]:
    """Return ``array`` at half the resolution along the axes whose ``step`` is 2.

    Integers are rounded to the nearest, halves up. Where an axis is odd, its last voxel stands for two.
    """
    if nearest or array.dtype.kind == "b":
        return array[tuple(slice(None, None, s) for s in step)]
    padded = np.pad(
        array, [(0, length % s) for length, s in zip(array.shape, step, strict=True)], mode="edge"
    )
    small = array.dtype.kind in "ui" and array.dtype.itemsize <= 2
    # The sum of eight fits 32 bit there; 32-bit integers are exact in a double.
    wide = np.dtype(np.int32 if small else np.float64 if array.dtype.itemsize > 2 else np.float32)
    total = padded
    for axis, s in enumerate(step):
        if s == 2:
            even, odd = (
                tuple(slice(n, None, 2) if a == axis else slice(None) for a in range(3)) for n in (0, 1)
            )
            total = np.add(total[even], total[odd], dtype=wide)
    count = math.prod(step)
    if small:
        # A shift rounds down, also below zero.
        return ((total + count // 2) >> (count.bit_length() - 1)).astype(array.dtype)
    mean = total / count
    return np.floor(mean + 0.5).astype(array.dtype) if array.dtype.kind in "ui" else mean.astype(array.dtype)


def _write_chunks(array: Any, z0: int, y0: int, layer: NDArray[Any]) -> None:
    """Write voxels that begin at a chunk's corner, each chunk by a call of its own.

    Zarr would write them at once, too, but where one fails it goes on with the others behind our back, into
    a folder that is being removed by then.
    """

    def write(corner: tuple[int, int]) -> None:
        y, x = corner
        part = layer[:, y : y + CHUNK[1], x : x + CHUNK[2]]
        array[z0 : z0 + len(part), y0 + y : y0 + y + part.shape[1], x : x + part.shape[2]] = part

    corners = [(y, x) for y in range(0, layer.shape[1], CHUNK[1]) for x in range(0, layer.shape[2], CHUNK[2])]
    with ThreadPoolExecutor(min(_THREADS, available_cores())) as pool:
        jobs = [pool.submit(write, corner) for corner in corners]
        try:
            for job in jobs:
                job.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _strips(length: int, row_bytes: int) -> list[tuple[int, int]]:
    """Return ranges of rows, in whole chunks, whose source fits the buffer."""
    rows = max(1, _BUFFER_BYTES // max(1, row_bytes) // CHUNK[1]) * CHUNK[1]
    return [(y, min(y + rows, length)) for y in range(0, length, rows)]
