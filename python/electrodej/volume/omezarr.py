"""OME-Zarr 0.4 and 0.5, and bare Zarr arrays, read chunk by chunk."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.errors import InputError, one_line
from electrodej.files import read_json
from electrodej.vocabulary import PathLike
from electrodej.volume.bounds import check_piece
from electrodej.volume.model import Array, Box, Volume
from electrodej.volume.units import VoxelSize, from_values

_MARKS = (".zgroup", ".zattrs", ".zarray", "zarr.json")
_SPATIAL = ("z", "y", "x")
_CHUNKS_AT_ONCE = 20_000
# So many chunks of so few bytes are read in hours.
_MANY_CHUNKS, _SMALL_CHUNK = 200_000, 4096


def is_zarr(path: Path) -> bool:
    """Tell whether ``path`` is a folder that Zarr wrote."""
    return path.is_dir() and any((path / mark).is_file() for mark in _MARKS)


class ZarrVolume(Volume):
    """An OME-Zarr image, at one of its resolutions.

    Parameters
    ----------
    path
        The folder of the image, or of one array in it.
    level
        Which resolution; 0 is the full one.
    """

    def __init__(self, path: PathLike, *, level: int = 0, memory: int | None = None) -> None:
        place = Path(path)
        try:
            array, names, size = _find(place, level)
            selection = _selection(array.shape, names, place)
            kept = [axis for axis, at in enumerate(selection) if isinstance(at, slice)]
            shape = [int(array.shape[axis]) for axis in kept]
            if array.dtype.kind not in "buif":
                raise InputError(
                    f"{place} has values of type {array.dtype}, which is not read here; convert it"
                )
            _check_chunks(array, place, memory)
            pieces = array.shards or array.chunks
            depth = int(pieces[kept[0]])
        except (InputError, OSError):
            raise
        except Exception as error:
            # Whatever a damaged description makes the reader stumble over.
            raise _damaged(place, error) from error
        flat = len(shape) == 2
        super().__init__(
            place, [1, *shape] if flat else shape, array.dtype, size, is_2d=flat or shape[0] == 1
        )
        self._array = array
        self._selection = selection
        self._flat = flat
        self._depth = 1 if flat else depth
        per_slice = [-(-int(array.shape[a]) // int(array.chunks[a])) for a in kept[-2:]]
        # Zarr makes a task for each chunk that is read at once.
        self._at_once = max(1, _CHUNKS_AT_ONCE // max(1, per_slice[0] * per_slice[1])) * self._depth

    def _chunk_depth(self) -> int:
        return self._depth

    def _read(self, box: Box) -> Array:
        zs, ys, xs = box
        if zs.stop - zs.start <= self._at_once:
            return self._read_layer(box)
        out = np.empty((zs.stop - zs.start, ys.stop - ys.start, xs.stop - xs.start), self.dtype)
        for z in range(zs.start, zs.stop, self._at_once):
            end = min(z + self._at_once, zs.stop)
            out[z - zs.start : end - zs.start] = self._read_layer((slice(z, end), ys, xs))
        return out

    def _read_layer(self, box: Box) -> Array:
        parts = iter(box[1:] if self._flat else box)
        key = tuple(next(parts) if isinstance(at, slice) else at for at in self._selection)
        try:
            data = np.asarray(self._array[key])
        except InputError:
            raise
        except Exception as error:
            raise InputError(
                f"{self.path}: a chunk cannot be read ({one_line(error)}); copy or save the image again"
            ) from error
        data = data[np.newaxis] if self._flat else data
        return np.ascontiguousarray(data, dtype=self.dtype)


def _find(place: Path, level: int) -> tuple[Any, Sequence[str], VoxelSize]:
    """Return the array of a Zarr folder, the names of its axes and its voxel size."""
    import zarr

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            node = zarr.open(store=_store(place), mode="r")
            attributes = dict(node.attrs)
    except InputError:
        raise
    except Exception as error:
        raise _damaged(place, error) from error
    if isinstance(node, zarr.Group):
        return _open_level(node, attributes, level, place)
    return node, *_of_parent(place, node.ndim)


def _store(place: Path) -> Any:
    from electrodej.volume.zarr_store import BoundedStore

    return BoundedStore(place)


def _check_chunks(array: Any, place: Path, memory: int | None) -> None:
    """Hold the chunks of an array against the memory, and have the store hold each against the array."""
    size = int(array.dtype.itemsize)
    chunk = math.prod(array.chunks) * size
    piece = math.prod(array.shards or array.chunks) * size
    check_piece(place, piece, "chunk", memory=memory)
    number = math.prod(-(-int(n) // int(c)) for n, c in zip(array.shape, array.chunks, strict=True))
    if number > _MANY_CHUNKS and chunk < _SMALL_CHUNK:
        raise InputError(
            f"{place} has {number:,} chunks of {chunk} bytes, which take hours to open one by one; "
            "save it in larger chunks, for example 64 x 128 x 128"
        )
    packing = [_codec_name(codec) for codec in array.compressors or ()]
    store = array.store_path.store
    if array.shards is None and packing and hasattr(store, "chunk_bytes"):
        # A filter before it may add a few bytes.
        store.chunk_bytes = piece + 4096
        store.packing = packing[-1]


def _codec_name(codec: Any) -> str:
    """Return the name that Zarr's files have for a codec of version 2 or 3."""
    named = codec.get_config()["id"] if hasattr(codec, "get_config") else codec.to_dict()["name"]
    return str(named).removeprefix("numcodecs.")


def _open_level(
    group: Any, attributes: dict[str, Any], level: int, place: Path
) -> tuple[Any, list[str], VoxelSize]:
    import zarr

    multiscale = _multiscale(attributes)
    if multiscale is None:
        arrays = sorted(name for name, _ in group.arrays())
        hint = f"give one of its arrays, {place / arrays[0]}" if arrays else "give another folder"
        if "plate" in attributes or "bioformats2raw.layout" in attributes:
            hint = f"give one of its images, for example {place / '0'}"
        raise InputError(f"{place} is a Zarr folder without an OME image; {hint}")
    datasets = multiscale.get("datasets") or []
    if not 0 <= level < len(datasets):
        raise InputError(f"{place} has no resolution {level}; it has {len(datasets)}, counted from 0")
    name = str(datasets[level].get("path", level))
    try:
        array = group[name]
    except KeyError as error:
        raise InputError(f"{place} is incomplete: its array {name} is missing; copy it again") from error
    except Exception as error:
        raise _damaged(place, error) from error
    if not isinstance(array, zarr.Array):
        raise InputError(f"{place} is damaged: {name} is no array; copy it again")
    names, units = _axes(multiscale, array.ndim)
    scale = np.ones(array.ndim)
    known = False
    for holder in (datasets[level], multiscale):
        for transform in holder.get("coordinateTransformations") or []:
            values = transform.get("scale")
            if transform.get("type") == "scale" and isinstance(values, list) and len(values) == array.ndim:
                try:
                    scale, known = scale * np.array([float(value) for value in values]), True
                except (TypeError, ValueError) as error:
                    raise _damaged(place, error) from error
    return array, names, _voxel_size(names, units, scale if known else None)


def _multiscale(attributes: dict[str, Any]) -> dict[str, Any] | None:
    holder = attributes.get("ome", attributes)
    found = holder.get("multiscales") if isinstance(holder, dict) else None
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else None


def _axes(multiscale: dict[str, Any], ndim: int) -> tuple[list[str], list[str | None]]:
    axes = multiscale.get("axes") or []
    if len(axes) != ndim:
        return [], []
    # Before 0.4 an axis was a bare name.
    full = [axis if isinstance(axis, dict) else {"name": axis} for axis in axes]
    return [str(axis.get("name", "")).lower() for axis in full], [axis.get("unit") for axis in full]


def _voxel_size(names: Sequence[str], units: Sequence[str | None], scale: Any) -> VoxelSize:
    if scale is None or not names:
        return VoxelSize()
    where = {name: at for at, name in enumerate(names)}
    at = [where.get(name) for name in _SPATIAL]
    return from_values(
        [None if n is None else float(scale[n]) for n in at], ["um" if n is None else units[n] for n in at]
    )


def _selection(shape: Sequence[int], names: Sequence[str], place: Path) -> list[slice | int]:
    """Return 0 for each axis of length one that is not in space, and a slice for Z, Y and X."""
    axes = list(names) if names else list("tczyx")[-len(shape) :] if len(shape) <= 5 else []
    if len(axes) != len(shape) or axes[-2:] != ["y", "x"] or len(set(axes)) != len(axes):
        text = ", ".join(axes) if axes else f"{len(shape)} without names"
        raise InputError(
            f"{place} has the axes {text}; an image with the axes z, y, x is wanted, in this order"
        )
    if "z" in axes and axes.index("z") != len(axes) - 3:
        raise InputError(
            f"{place} has the axes {', '.join(axes)}; an image with the axes z, y, x is wanted, in this order"
        )
    selection: list[slice | int] = []
    for name, length in zip(axes, shape, strict=True):
        if name in _SPATIAL:
            selection.append(slice(None))
        elif length == 1:
            selection.append(0)
        else:
            kind = {"c": "channels", "t": "time points"}.get(name, f'steps along "{name}"')
            one = ", ".join("0" if other == name else ":" for other in axes)
            raise InputError(
                f"{place} has {length} {kind} (axis {name}), and one 3D image is wanted; "
                f"save one of them as an image of its own, for example array[{one}] with Python's zarr"
            )
    return selection


def _of_parent(place: Path, ndim: int) -> tuple[list[str], VoxelSize]:
    """Return axes and voxel size of a bare array from the image it is a resolution of, if it is one."""
    import zarr

    parent = place.absolute().parent
    for name, key in (("zarr.json", "attributes"), (".zattrs", None)):
        # The array can be read without, whatever its parent's description is like.
        with contextlib.suppress(Exception):
            content = read_json(parent / name)
            multiscale = _multiscale(content[key] if key else content) or {}
            paths = [dataset["path"] for dataset in multiscale.get("datasets") or []]
            if place.name in paths:
                group = zarr.open_group(store=_store(parent), mode="r")
                _, names, size = _open_level(group, dict(group.attrs), paths.index(place.name), place)
                return (names, size) if len(names) == ndim else ([], size)
    return [], VoxelSize()


def _damaged(place: Path, error: Exception) -> InputError:
    return InputError(
        f"{place} is a Zarr folder that cannot be read ({one_line(error)}); copy or save it again"
    )
