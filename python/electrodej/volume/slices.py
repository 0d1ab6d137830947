"""A folder of slices, one file each, in the order a person would put them."""

from __future__ import annotations

import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.errors import InputError
from electrodej.machine import available_cores
from electrodej.vocabulary import PathLike
from electrodej.volume.model import Array, Box, Volume
from electrodej.volume.tiff import TiffVolume
from electrodej.volume.units import VoxelSize

TIFF_SUFFIXES = frozenset({".tif", ".tiff"})
PICTURE_SUFFIXES = frozenset({".png", ".bmp", ".jpg", ".jpeg"})
_SAME_KIND = {".tiff": ".tif", ".jpeg": ".jpg"}
_PICTURE_TYPES = {"1": np.bool_, "L": np.uint8, "P": np.uint8, "I;16": np.uint16, "I;16B": np.uint16}


class PictureVolume(Volume):
    """A single PNG, BMP or JPEG, as an image of one slice. Such files do not say their voxel size."""

    def __init__(self, path: PathLike) -> None:
        from PIL import Image

        place = Path(path)
        try:
            with _NoMoreThanThere(place) as file, Image.open(file) as picture:
                width, height = picture.size
                mode = picture.mode
        except Exception as error:  # whatever a damaged picture makes the reader stumble over
            raise InputError(f"{place} cannot be read as a picture; save it again as TIFF") from error
        if mode not in _PICTURE_TYPES:
            raise InputError(
                f"{place} is a colour picture ({mode}), and grey values or labels are wanted; "
                "convert it, in Fiji with Image > Type > 8-bit, and save it"
            )
        super().__init__(place, (1, height, width), np.dtype(_PICTURE_TYPES[mode]), VoxelSize())

    def _read(self, box: Box) -> Array:
        from PIL import Image

        try:
            with _NoMoreThanThere(self.path) as file, Image.open(file) as picture:
                pixels = np.asarray(picture)
        except Exception as error:  # as when it was opened
            raise InputError(f"{self.path} is damaged or cut off; copy or save it again") from error
        return np.array(pixels[np.newaxis][box], dtype=self.dtype)


class _NoMoreThanThere(io.BufferedReader):
    """A file that takes no memory for bytes that it does not have, whatever a damaged picture asks for."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._length = path.stat().st_size

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return super().read()
        return super().read(min(size, max(0, self._length - self.tell())))


class SliceFolder(Volume):
    """A folder of single images of one size and type, ordered naturally: 2 comes before 10."""

    def __init__(self, path: PathLike, *, memory: int | None = None) -> None:
        folder = Path(path)
        self._memory = memory
        files = slice_files(folder)
        with ThreadPoolExecutor(min(4, available_cores())) as pool:
            headers = list(pool.map(lambda file: _header(file, memory), files))
        first = headers[0]
        for file, header in zip(files, headers, strict=True):
            if header[:2] != first[:2]:
                raise InputError(
                    f"{folder} has slices of different kinds: {files[0].name} is {_header_text(first)} and "
                    f"{file.name} is {_header_text(header)}; keep those of one kind in the folder"
                )
        shape, dtype, voxel_size = first
        super().__init__(folder, (len(files), shape[1], shape[2]), dtype, voxel_size)
        self.files = files

    def _read(self, box: Box) -> Array:
        zs, ys, xs = box
        out = np.empty((zs.stop - zs.start, ys.stop - ys.start, xs.stop - xs.start), self.dtype)

        def fetch(z: int) -> None:
            with _open_slice(self.files[z], self._memory) as image:
                if image.shape[1:] != self.shape[1:] or image.dtype != self.dtype:
                    raise InputError(f"{self.files[z]} was changed while it was being read; start again")
                out[z - zs.start] = image[0:1, ys, xs][0]

        if len(out) == 1:
            fetch(zs.start)
        else:
            with ThreadPoolExecutor(min(4, available_cores())) as pool:
                for _ in pool.map(fetch, range(zs.start, zs.stop)):
                    pass
        return out


def slice_files(folder: Path) -> list[Path]:
    """Return the images in ``folder`` in natural order.

    Raises
    ------
    InputError
        There is none, or there are images of several file types.
    """
    from natsort import natsorted, ns

    known = TIFF_SUFFIXES | PICTURE_SUFFIXES
    files = [
        entry
        for entry in folder.iterdir()
        if entry.suffix.lower() in known and not entry.name.startswith(".") and entry.is_file()
    ]
    if not files:
        raise InputError(
            f"{folder} has no images in it; give a folder of TIFF or PNG slices, or a single file"
        )
    kinds = Counter(_SAME_KIND.get(file.suffix.lower(), file.suffix.lower()) for file in files)
    if len(kinds) > 1:
        found = " and ".join(f"{number} {kind}" for kind, number in kinds.most_common())
        raise InputError(
            f"{folder} has images of several file types ({found}); keep those of one type in the folder"
        )
    return natsorted(files, key=lambda file: file.name, alg=ns.IGNORECASE)


def _open_slice(file: Path, memory: int | None) -> Volume:
    return TiffVolume(file, memory=memory) if file.suffix.lower() in TIFF_SUFFIXES else PictureVolume(file)


def _header(file: Path, memory: int | None) -> tuple[tuple[int, int, int], np.dtype[Any], VoxelSize]:
    with _open_slice(file, memory) as image:
        if image.shape[0] > 1:
            raise InputError(
                f"{file} is a stack of {image.shape[0]} slices in a folder where each file is one slice; "
                "give that file itself"
            )
        return image.shape, image.dtype, image.voxel_size


def _header_text(header: tuple[tuple[int, int, int], np.dtype[Any], VoxelSize]) -> str:
    (_, height, width), dtype, _ = header
    return f"{width} x {height} pixels of {dtype}"
