"""Two label images side by side, read box by box and checked on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import Shape, Spacing
from electrodej.volume import check_labels, check_opened, same_spacing

Box = tuple[int, int, int, int]
"""``z0, z1, y0, y1``; always the whole width."""


class LabelImage(Protocol):
    """What is scored: a NumPy array, a memory map, a Zarr array or an open `electrodej.volume.Volume`."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...

    def __getitem__(self, key: Any, /) -> Any: ...


@dataclass(frozen=True)
class ImagePair:
    """A prediction and its truth, of one shape.

    Attributes
    ----------
    pred, truth
        The images, (Z, Y, X) or (Y, X).
    pred_name, truth_name
        How a message calls them: the file, or the argument's name.
    shape
        (Z, Y, X) of both; a 2D image has Z = 1.
    """

    pred: LabelImage
    truth: LabelImage
    pred_name: str
    truth_name: str
    shape: Shape

    @property
    def voxels(self) -> int:
        """Number of voxels in each of the two."""
        z, y, x = self.shape
        return z * y * x

    def boxes(self, memory: int) -> Iterator[Box]:
        """Cut the images into boxes of which both sides, with the next one waiting, fit in ``memory`` bytes.

        Boxes are whole slices where enough of them fit, and whole storage chunks where those fit, so
        that no chunk is unpacked twice.
        """
        depth, height, width = self.shape
        bytes_a_row = max(1, width * sum(_working_itemsize(image) for image in (self.pred, self.truth)))
        rows_that_fit = max(1, memory // 2 // bytes_a_row)
        thickness = self._thickness(rows_that_fit)
        rows = rows_that_fit // thickness
        rows = height if rows >= height else _aligned(max(1, rows), self._chunk(1))
        for z0 in range(0, depth, thickness):
            for y0 in range(0, height, rows):
                yield z0, min(depth, z0 + thickness), y0, min(height, y0 + rows)

    def read(self, box: Box) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the box of ``(truth, pred)``, each (z, y, x), C-contiguous, unsigned, native byte order."""
        return (
            _read_labels(self.truth, box, self.shape[2], self.truth_name),
            _read_labels(self.pred, box, self.shape[2], self.pred_name),
        )

    def _thickness(self, rows_that_fit: int) -> int:
        slices = rows_that_fit // max(1, self.shape[1])
        chunk = self._chunk(0)
        if slices < chunk:
            # Parts of whole chunks beat whole slices of parts of chunks.
            return chunk if rows_that_fit // chunk >= self._chunk(1) else max(1, slices)
        return min(_whole_chunks(image, _aligned(slices, chunk)) for image in (self.pred, self.truth))

    def _chunk(self, axis: int) -> int:
        return max(_chunk_length(image, axis) for image in (self.pred, self.truth))


def pair_images(pred: LabelImage, truth: LabelImage) -> ImagePair:
    """Check that the two images can be compared at all.

    Raises
    ------
    InputError
        The shapes differ, an image is neither 2D nor 3D, or its values cannot be labels.
    """
    check_opened(pred, "pred")
    check_opened(truth, "truth")
    pred_name, truth_name = _name(pred, "pred"), _name(truth, "truth")
    pred_shape = _shape_3d(pred, pred_name)
    truth_shape = _shape_3d(truth, truth_name)
    if pred_shape != truth_shape:
        raise InputError(
            f"{pred_name} has the shape {_times(pred.shape)} and {truth_name} has {_times(truth.shape)}; "
            "give two images of the same sample, cut to the same box"
        )
    for image, name in ((pred, pred_name), (truth, truth_name)):
        if np.dtype(image.dtype).kind not in "buif":
            raise InputError(f"{name} holds {image.dtype} values, which cannot be labels; give whole numbers")
    return ImagePair(pred, truth, pred_name, truth_name, pred_shape)


def spacing_of(image: LabelImage) -> Spacing | None:
    """Voxel size (z, y, x) in micrometres that the image carries, if it carries one."""
    spacing = getattr(image, "spacing", None)
    if spacing is None or len(spacing) != 3:
        return None
    return float(spacing[0]), float(spacing[1]), float(spacing[2])


def spacing_notes(pair: ImagePair) -> tuple[str, ...]:
    """Return a sentence for the user where the two images carry different voxel sizes."""
    pred, truth = spacing_of(pair.pred), spacing_of(pair.truth)
    if pred is None or truth is None or same_spacing(pred, truth, tolerance=1e-3):
        return ()
    return (
        f"the voxel sizes differ: {pair.pred_name} says {_micrometres(pred)} and {pair.truth_name} says "
        f"{_micrometres(truth)}; the images are compared voxel by voxel all the same",
    )


def _read_labels(image: LabelImage, box: Box, width: int, name: str) -> NDArray[Any]:
    z0, z1, y0, y1 = box
    if len(image.shape) == 2:
        values = np.asarray(image[y0:y1, 0:width])[np.newaxis]
    else:
        values = np.asarray(image[z0:z1, y0:y1, 0:width])
    labels = check_labels(values, name, start=(z0, y0, 0))
    return np.ascontiguousarray(labels, labels.dtype.newbyteorder("="))


def _working_itemsize(image: LabelImage) -> int:
    # A float image exists a second time as integers while its box is being checked.
    dtype: np.dtype[Any] = np.dtype(image.dtype)
    return dtype.itemsize + (4 if dtype.kind == "f" or dtype.itemsize == 8 else 0)


def _aligned(length: int, chunk: int) -> int:
    return length - length % chunk if length > chunk else length


def _whole_chunks(image: LabelImage, slices: int) -> int:
    """Ask an open volume how many slices of its file make whole chunks."""
    ask = getattr(image, "slab_thickness", None)
    if ask is None:
        return slices
    _, height, width = image.shape
    return min(slices, max(1, int(ask(slices * height * width * np.dtype(image.dtype).itemsize))))


def _chunk_length(image: LabelImage, axis: int) -> int:
    chunks = getattr(image, "chunks", None)
    if not isinstance(chunks, tuple) or len(chunks) != len(image.shape):
        return 1
    axis -= 3 - len(image.shape)
    if axis < 0:
        return 1
    # Dask lists every chunk's length, Zarr has one for all.
    return int(np.max(chunks[axis]))


def _name(image: LabelImage, argument: str) -> str:
    path = getattr(image, "path", None)
    return os.fspath(path) if isinstance(path, str | os.PathLike) else argument


def _shape_3d(image: LabelImage, name: str) -> Shape:
    shape = tuple(int(length) for length in image.shape)
    if len(shape) == 2:
        return 1, shape[0], shape[1]
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    raise InputError(f"{name} has {len(shape)} axes; a label image has 3 (Z, Y, X) or 2 (Y, X)")


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(length) for length in shape)


def _micrometres(spacing: Spacing) -> str:
    return " x ".join(f"{length:g}" for length in spacing) + " um"
