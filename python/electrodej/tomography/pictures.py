"""Scans as pictures: a folder or a stack of projections, and others of flats and darks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrodej.errors import InputError
from electrodej.tomography.scan import Flats, Frame, Frames, Scan
from electrodej.vocabulary import PathLike
from electrodej.volume import Volume, open_volume

_NAMES = {
    "projections": ("projections", "proj", "tomo"),
    "flats": ("flats", "flat", "white", "refs"),
    "darks": ("darks", "dark"),
}


class Pictures(Frame):
    """A folder of pictures, or a TIFF with many."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._opened() as volume:
            self.count = volume.shape[0]
            self.shape = volume.shape
            self.pixel = None if volume.voxel_size.problem else volume.voxel_size.x

    def read(self, rows: slice) -> Frames:
        with self._opened() as volume:
            return np.asarray(volume[:, rows], np.float32)

    def _opened(self) -> Volume:
        return open_volume(self.path)


def open_pictures(path: Path) -> Scan:
    """Open a folder with the folders projections, flats and darks, or with the projections alone."""
    parts = {}
    for role, names in _NAMES.items():
        here = [path / name for name in names if path.is_dir() and (path / name).exists()]
        parts[role] = here[0] if here else None
    frames = Pictures(parts["projections"] or path)
    count, rows, columns = frames.shape
    scan = Scan(path, frames, (count, rows, columns), np.full(count, np.nan), None, None, frames.pixel)
    if parts["flats"] is not None:
        scan = with_flats(scan, parts["flats"])
    if parts["darks"] is not None:
        scan = scan.changed(darks=_fitting(scan, parts["darks"]))
    return scan


def with_flats(scan: Scan, path: PathLike) -> Scan:
    """Return a scan with flats from a folder or a file."""
    frames = _fitting(scan, Path(path))
    return scan.changed(flats=Flats(frames, np.zeros(frames.count, np.intp)))


def with_darks(scan: Scan, path: PathLike) -> Scan:
    """Return a scan with darks from a folder or a file."""
    return scan.changed(darks=_fitting(scan, Path(path)))


def _fitting(scan: Scan, path: Path) -> Pictures:
    frames = Pictures(path)
    if frames.shape[1:] != scan.shape[1:]:
        raise InputError(
            f"{path} has pictures of {frames.shape[1]} x {frames.shape[2]} pixels, and the projections have "
            f"{scan.shape[1]} x {scan.shape[2]}; give those of the same scan"
        )
    return frames
