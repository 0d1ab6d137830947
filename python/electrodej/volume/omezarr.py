"""OME-Zarr 0.4 and 0.5, and bare Zarr arrays, read chunk by chunk."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.errors import InputError
from electrodej.volume.model import Array, Box, Volume
from electrodej.volume.units import VoxelSize, from_values

_MARKS = (".zgroup", ".zattrs", ".zarray", "zarr.json")
_SPATIAL = ("z", "y", "x")


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

    def __init__(self, path: str | os.PathLike[str], *, level: int = 0) -> None:
        import zarr

        place = Path(path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                node = zarr.open(store=str(place), mode="r")
                attributes = dict(node.attrs)
        except Exception as error:
            raise _damaged(place, error) from error
        size = VoxelSize()
        names: Sequence[str] = ()
        if isinstance(node, zarr.Group):
            array, names, size = _open_level(node, attributes, level, place)
        else:
            array, (names, size) = node, _of_parent(place, node.ndim)
        selection = _selection(array.shape, names, place)
        kept = [axis for axis, at in enumerate(selection) if isinstance(at, slice)]
        shape = [int(array.shape[axis]) for axis in kept]
        if array.dtype.kind not in "buif":
            raise InputError(f"{place} has values of type {array.dtype}, which is not read here; convert it")
        flat = len(shape) == 2
        super().__init__(
            place, [1, *shape] if flat else shape, array.dtype, size, is_2d=flat or shape[0] == 1
        )
        self._array = array
        self._selection = selection
        self._flat = flat
        self._depth = 1 if flat else int(array.chunks[kept[0]])
        shards = getattr(array, "shards", None)
        if shards is not None and not flat:
            self._depth = int(shards[kept[0]])

    def _chunk_depth(self) -> int:
        return self._depth

    def _read(self, box: Box) -> Array:
        parts = iter(box[1:] if self._flat else box)
        key = tuple(next(parts) if isinstance(at, slice) else at for at in self._selection)
        try:
            data = np.asarray(self._array[key])
        except Exception as error:
            raise InputError(
                f"{self.path}: a chunk cannot be read ({_line(error)}); copy or save the image again"
            ) from error
        data = data[np.newaxis] if self._flat else data
        return np.ascontiguousarray(data, dtype=self.dtype)


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
    for name, key in (("zarr.json", "attributes"), (".zattrs", None)):
        file = place.absolute().parent / name
        try:
            attributes = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        multiscale = _multiscale(attributes.get(key, {}) if key else attributes)
        datasets = (multiscale or {}).get("datasets") or []
        if any(dataset.get("path") == place.name for dataset in datasets):
            import zarr

            level = next(n for n, dataset in enumerate(datasets) if dataset.get("path") == place.name)
            group = zarr.open_group(store=str(place.absolute().parent), mode="r")
            _, names, size = _open_level(group, dict(group.attrs), level, place)
            return (names, size) if len(names) == ndim else ([], size)
    return [], VoxelSize()


def _damaged(place: Path, error: Exception) -> InputError:
    return InputError(f"{place} is a Zarr folder that cannot be read ({_line(error)}); copy or save it again")


def _line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
