"""Training data: grey slices with the labels a person or a program gave them, read one pair at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from electrodej.annotation.listing import PairSource, listed
from electrodej.errors import InputError
from electrodej.progress import Progress, silent
from electrodej.vocabulary import PathLike
from electrodej.volume import check_grey, check_spacing, open_volume, relabel_sequential


@dataclass(frozen=True)
class Pair:
    """A grey slice and its labels.

    Attributes
    ----------
    name
        The image's name, and for a slice of a stack ``-`` and the slice's number, counted from 1.
    grey
        2D, YX; uint8, uint16 or float32.
    labels
        2D, YX, the same shape; 0 is background. uint16, or int32 where a label is above 65,535; numbered anew
        where one does not fit that.
    spacing
        Pixel size ``(y, x)`` in micrometres, or None where the file does not say it.
    """

    name: str
    grey: NDArray[Any]
    labels: NDArray[Any]
    spacing: tuple[float, float] | None


@dataclass(frozen=True)
class Pairs(Sequence[Pair]):
    """Pairs that are read from their files whenever they are asked for, so that few are in memory at a time.

    Attributes
    ----------
    sources
        What each pair is read from, in order.
    spacing
        Voxel size ``(z, y, x)`` that overrides the files', or None.
    warnings
        What is allowed and most likely not meant, a sentence each.
    """

    sources: tuple[PairSource, ...]
    spacing: tuple[float, ...] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the pairs, without reading them."""
        return tuple(source.name for source in self.sources)

    def __len__(self) -> int:
        return len(self.sources)

    @overload
    def __getitem__(self, index: int) -> Pair: ...
    @overload
    def __getitem__(self, index: slice) -> Pairs: ...
    def __getitem__(self, index: int | slice) -> Pair | Pairs:
        """Return the pair at ``index``, read now; for a slice, those pairs, not read yet."""
        if isinstance(index, slice):
            return Pairs(self.sources[index], self.spacing, self.warnings)
        source = self.sources[index]
        with open_volume(source.grey, spacing=self.spacing) as volume:
            grey = _as_grey(volume[source.z : source.z + 1], source)
            spacing = None if volume.spacing is None else (volume.spacing[1], volume.spacing[2])
        labels = source.labels.read()
        if labels.shape != grey.shape:
            raise InputError(f"{source.grey} was changed while it was being read; start again")
        if labels.size and labels.max() > np.iinfo(np.int32).max:
            labels, _ = relabel_sequential(labels)
        kind = np.uint16 if labels.size == 0 or labels.max() <= np.iinfo(np.uint16).max else np.int32
        return Pair(source.name, grey, labels.astype(kind, copy=False), spacing)

    def __iter__(self) -> Iterator[Pair]:
        return (self[index] for index in range(len(self)))


def read_pairs(
    source: PathLike,
    *,
    images: PathLike | None = None,
    spacing: Sequence[float] | None = None,
    progress: Progress = silent,
) -> Pairs:
    """List the pairs of grey slices and labels in ``source``.

    Every label is looked at once, so that what is wrong is said before training starts.

    Parameters
    ----------
    source
        One of

        - a folder with two parts: the grey values in ``images``, ``grey`` or ``raw``, the labels in ``masks``
          or ``labels``. Each part is a subfolder, whose images are matched by their names without the ending,
          or a single image (``grey.tif`` and ``labels.tif``). Every slice of a stack is a pair;
        - a folder with images and a zip of ImageJ ROIs for each: ``name.zip`` or ``name_rois.zip`` beside
          ``name.tif``. Of a stack, the slices with ROIs are pairs;
        - a VIA file (``.json``), or the folder with it and the images. Images without regions are left out.
    images
        The folder with the images of a VIA file, where that is another one than the file's own.
    spacing
        Voxel size ``(z, y, x)`` in micrometres; overrides what the files say.

    Raises
    ------
    electrodej.errors.InputError
        There is nothing to train on, a grey image has no labels or labels have no grey image, the two
        differ in size, a label image is empty or is no label image, or an annotation cannot be drawn.

    Examples
    --------
    >>> import tempfile
    >>> from electrodej.volume import write_volume
    >>> labels = np.repeat(np.array([[1, 0, 2]], np.uint16), 2, axis=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("grey", "labels"):
    ...         _ = write_volume(f"{folder}/{name}.tif", labels, spacing=(0.1, 0.07, 0.07))
    ...     pairs = read_pairs(folder)
    ...     len(pairs), pairs[0].labels.max(), pairs[0].spacing
    (1, np.uint16(2), (0.07, 0.07))
    """
    place = Path(source)
    if not place.exists():
        raise InputError(f"{place} does not exist; check the name")
    size = None if spacing is None else check_spacing(spacing)
    sources, warnings = listed(place, None if images is None else Path(images), progress)
    return Pairs(tuple(sources), size, tuple(warnings))


def _as_grey(slab: NDArray[Any], source: PairSource) -> NDArray[Any]:
    grey: NDArray[Any] = check_grey(slab, source.grey, start=source.z)[0]
    if grey.dtype == np.bool_:
        return grey.view(np.uint8)
    return grey if grey.dtype in (np.uint8, np.uint16, np.float32) else grey.astype(np.float32)
