"""Scans in HDF5: NXtomo (NeXus) and Data Exchange."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, VoxelSizeError, one_line
from electrodej.extras import require
from electrodej.machine import memory_text
from electrodej.tomography.scan import Flats, Frame, Frames, Scan
from electrodej.volume.bounds import check_piece
from electrodej.volume.units import micrometres_per, normal_unit

_KINDS = {"projections": 0, "flats": 1, "darks": 2}
# Angles and keys of pictures: far more than any scan has.
_MOST_NUMBERS = 10**7
# What is not in the file yet promises more bytes than packing saves.
_LARGE, _MOST_PACKED = 2**28, 5000
# Pixels whose edges differ by less are square.
_SQUARE = 1e-3
_KEV = {"kev": 1.0, "ev": 1e-3, "j": 1 / 1.602176634e-16}


class Stored(Frame):
    """Some pictures of a dataset. The file is opened where it is read, on another machine for one."""

    def __init__(self, path: Path, name: str, numbers: NDArray[np.intp]) -> None:
        self.path, self.name, self.numbers = path, name, numbers
        self.count = len(numbers)

    def read(self, rows: slice) -> Frames:
        with opened(self.path) as file:
            data = file[self.name]
            out = np.empty((self.count, rows.stop - rows.start, data.shape[2]), np.float32)
            for first, last, at in _runs(self.numbers):
                try:
                    out[at : at + last - first] = data[first:last, rows]
                except OSError as error:
                    raise damaged(self.path, error) from error
        return out


def _runs(numbers: NDArray[np.intp]) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of rising numbers without gaps: first, one after the last, and place."""
    cuts = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1), len(numbers)]
    for start, stop in pairwise(cuts):
        if stop > start:
            yield int(numbers[start]), int(numbers[stop - 1]) + 1, int(start)


def opened(path: Path) -> Any:
    """Return an HDF5 file, open for reading."""
    h5py = require("h5py", what="reading projections", extra="tomo")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: BaseException) -> InputError:
    """Return the error of a file that cannot be read."""
    return InputError(
        f"{path} cannot be read as HDF5 ({one_line(error)}); it may be incomplete, copy it again"
    )


def open_hdf5(path: Path, *, angles: bool = True, pixel: bool = True) -> Scan:
    """Open a scan in HDF5; what it says of angles and pixels may be broken where others were given."""
    with opened(path) as file:
        try:
            entry = _entry(path, file)
            if entry is not None:
                return _nxtomo(path, entry, angles=angles, pixel=pixel)
            if "exchange" in file and "data" in file["exchange"]:
                return _exchange(path, file, angles=angles, pixel=pixel)
        except (OSError, KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
            raise damaged(path, error) from error
    raise InputError(f"{path} is neither NXtomo nor Data Exchange; projections are read from these, or TIFF")


def _entry(path: Path, file: Any) -> Any:
    """Return the NXtomo entry of a file, or None."""
    groups = [file, *(file[name] for name in file if _is_group(path, file, name))]
    found = [group for group in groups if "instrument/detector" in group and "sample" in group]
    return found[0] if found else None


def _is_group(path: Path, group: Any, name: str) -> bool:
    _inside(path, group, name)
    return hasattr(group[name], "keys")


def _inside(path: Path, group: Any, name: str) -> None:
    """Refuse links that lead out of the file: who makes a file does not choose what else is read."""
    import h5py

    for number in range(1, name.count("/") + 2):
        part = "/".join(name.split("/")[:number])
        link = group.get(part, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise InputError(
                f"{path}: {group.name}/{part} is a link to another file ({link.filename}), and links are "
                "not followed; give that file, or copy the data into this one"
            )


def _dataset(path: Path, group: Any, name: str, ndim: int | None = None) -> Any:
    """Return a dataset whose data lie in this very file, or None."""
    if name not in group:
        _inside(path, group, name)
        return None
    _inside(path, group, name)
    data = group[name]
    if getattr(data, "external", None) or getattr(data, "is_virtual", False):
        raise InputError(
            f"{path}: {data.name} lies in other files, which are not followed; copy the data into this one"
        )
    if ndim is not None and data.ndim != ndim:
        raise InputError(f"{path}: {data.name} has {data.ndim} dimensions, not {ndim}")
    if ndim is not None and data.dtype.kind not in "uif":
        raise InputError(f"{path}: {data.name} holds {data.dtype}, and no numbers")
    if ndim is not None:
        _check_promise(path, data)
    return data


def _check_promise(path: Path, data: Any) -> None:
    """Hold the size that a dataset says against what lies in the file."""
    stored, says = int(data.id.get_storage_size()), int(data.size) * data.dtype.itemsize
    if stored > path.stat().st_size or (says > _LARGE and says > _MOST_PACKED * max(stored, 1)):
        raise InputError(
            f"{path}: {data.name} says that it has {memory_text(says)}, and {memory_text(stored)} are there; "
            "the file may be incomplete, copy it again"
        )
    chunk = int(np.prod(data.chunks, dtype=object)) * data.dtype.itemsize if data.chunks else 0
    check_piece(path, chunk, "chunk")


def _numbers(path: Path, data: Any) -> NDArray[Any]:
    """Return the numbers of a dataset, such as an angle for each picture."""
    if data.size is None or data.size > _MOST_NUMBERS or data.dtype.kind not in "uif":
        raise InputError(f"{path}: {data.name} holds no numbers of pictures; copy the file again")
    return np.asarray(data[()]).ravel()


def _number(path: Path, data: Any) -> float:
    """Return the first number of a dataset, such as a length."""
    found = _numbers(path, data)
    if not found.size:
        raise InputError(f"{path}: {data.name} is empty; copy the file again")
    return float(found[0])


def _nxtomo(path: Path, entry: Any, *, angles: bool, pixel: bool) -> Scan:
    detector = entry["instrument/detector"]
    data = _dataset(path, detector, "data", 3)
    keys = _dataset(path, detector, "image_key")
    turn = _dataset(path, entry["sample"], "rotation_angle") if angles else None
    if data is None:
        raise InputError(f"{path}: {detector.name} has no data; the file may be incomplete, copy it again")
    if keys is None:
        raise InputError(
            f"{path}: {detector.name} has no image_key, so flats cannot be told from projections; write it"
        )
    kinds = _numbers(path, keys)
    if len(kinds) != len(data):
        raise InputError(f"{path}: there are {len(data)} pictures and {len(kinds)} image keys; copy it again")
    numbers = {name: np.flatnonzero(kinds == key) for name, key in _KINDS.items()}
    if turn is None:
        degrees = np.full(len(numbers["projections"]), np.nan)
    else:
        every = _numbers(path, turn).astype(np.float64) * _degrees(path, turn)
        if len(every) not in (len(data), len(numbers["projections"])):
            raise InputError(f"{path}: there are {len(data)} pictures and {len(every)} angles; copy it again")
        degrees = every[numbers["projections"]] if len(every) == len(data) else every
    flats = None
    if len(numbers["flats"]):
        before = np.searchsorted(numbers["projections"], numbers["flats"])
        flats = Flats(Stored(path, data.name, numbers["flats"]), before)
    darks = Stored(path, data.name, numbers["darks"]) if len(numbers["darks"]) else None
    return Scan(
        path,
        Stored(path, data.name, numbers["projections"]),
        (len(numbers["projections"]), int(data.shape[1]), int(data.shape[2])),
        degrees,
        flats,
        darks,
        _pixel(path, entry, detector, wanted=pixel),
        _energy(path, entry),
        _length(path, detector, "distance", 1e-3),
    )


def _exchange(path: Path, file: Any, *, angles: bool, pixel: bool) -> Scan:
    group = file["exchange"]
    data = _dataset(path, group, "data", 3)
    turn = _dataset(path, group, "theta") if angles else None
    if data is None:
        raise InputError(f"{path}: {group.name} has no data; the file may be incomplete, copy it again")
    degrees = np.full(len(data), np.nan)
    if turn is not None:
        degrees = _numbers(path, turn).astype(np.float64) * _degrees(path, turn)
    white, dark = (_dataset(path, group, name, 3) for name in ("data_white", "data_dark"))
    for other in (white, dark):
        if other is not None and other.shape[1:] != data.shape[1:]:
            raise InputError(
                f"{path}: {other.name} has pictures of {other.shape[1]} x {other.shape[2]} pixels, and "
                f"{data.name} of {data.shape[1]} x {data.shape[2]}; copy it again"
            )
    flats = None
    if white is not None and len(white):
        flats = Flats(Stored(path, white.name, np.arange(len(white))), np.zeros(len(white), np.intp))
    darks = None if dark is None or not len(dark) else Stored(path, dark.name, np.arange(len(dark)))
    where = file.get("measurement/instrument/detector")
    edge = None
    if where is not None:
        names = ("actual_pixel_size_{}", "pixel_size_{}")
        edge = next(filter(None, (_square(path, where, name, wanted=pixel) for name in names)), None)
    count, rows, columns = data.shape
    frames = Stored(path, data.name, np.arange(count))
    return Scan(path, frames, (int(count), int(rows), int(columns)), degrees, flats, darks, edge)


def _unit(data: Any) -> str:
    unit = data.attrs.get("units", "")
    return unit.decode(errors="replace") if isinstance(unit, bytes) else str(unit)


def _degrees(path: Path, data: Any) -> float:
    unit = _unit(data).lower()
    if unit in ("", "deg", "degree", "degrees", "°"):
        return 1.0
    if unit in ("rad", "radian", "radians"):
        return 180 / np.pi
    raise InputError(f"{path}: {data.name} is in {unit!r}, which is no angle; give --angles FIRST,LAST")


def _length(path: Path, group: Any, name: str, factor: float) -> float | None:
    """Return a length in micrometres times a factor, by its unit; in metres where none is said."""
    data = _dataset(path, group, name)
    if data is None:
        return None
    value = _number(path, data)
    if value == 0 and name == "distance":
        return None
    try:
        scale = micrometres_per(normal_unit(_unit(data)) or "m")
    except VoxelSizeError:
        scale = None
    if scale is None or not np.isfinite(value) or value <= 0:
        raise InputError(
            f"{path}: {data.name} is {value:g} {_unit(data)!r}, no length; mend it, or give --spacing"
        )
    return value * scale * factor


def _pixel(path: Path, entry: Any, detector: Any, *, wanted: bool) -> float | None:
    groups = (entry["sample"], detector)
    edges = (_square(path, group, "{}_pixel_size", wanted=wanted) for group in groups)
    return next(filter(None, edges), None)


def _square(path: Path, group: Any, name: str, *, wanted: bool) -> float | None:
    """Return the edge of square pixels in micrometres; ``name`` has a place for x or y.

    Where another one was given it is not wanted, and pixels that are not square are refused all the same.
    """
    edges: list[float | None] = []
    for axis in "xy":
        try:
            edges.append(_length(path, group, name.format(axis), 1.0))
        except InputError:
            if wanted:
                raise
            edges.append(None)
    across, down = edges
    if across is not None and down is not None and not math.isclose(across, down, rel_tol=_SQUARE):
        raise InputError(
            f"{path}: pixels are {across:g} um wide and {down:g} um high, and only square ones can be "
            "reconstructed; bin the projections to square pixels"
        )
    return across


def _energy(path: Path, entry: Any) -> float | None:
    for place in ("beam/incident_energy", "instrument/beam/incident_energy"):
        group, _, name = place.rpartition("/")
        if group in entry and (data := _dataset(path, entry[group], name)) is not None:
            factor = _KEV.get((_unit(data) or "keV").lower())
            return None if factor is None else _number(path, data) * factor
    return None
