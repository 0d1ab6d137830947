"""Training data: grey slices with the labels a person or a program gave them, read one pair at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.progress import Progress, silent
from electrodej.volume import Volume, check_grey, check_labels, open_volume

GREY_NAMES = ("images", "grey", "raw")
LABEL_NAMES = ("masks", "labels")
IMAGE_SUFFIXES = (".tif", ".tiff", ".png", ".bmp", ".jpg", ".jpeg", ".zarr")


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
        2D, YX, the same shape; 0 is background. uint16, or int32 where a label is above 65,535.
    spacing
        Pixel size ``(y, x)`` in micrometres, or None where the file does not say it.
    """

    name: str
    grey: NDArray[Any]
    labels: NDArray[Any]
    spacing: tuple[float, float] | None


class SliceLabels(Protocol):
    """Where the labels of one slice come from."""

    def read(self) -> NDArray[Any]:
        """Return the labels, 2D."""


@dataclass(frozen=True)
class LabelSlice:
    """Slice ``z`` of a label image in a file."""

    path: Path
    z: int

    def read(self) -> NDArray[Any]:
        with open_volume(self.path) as volume:
            labels: NDArray[Any] = check_labels(volume[self.z : self.z + 1], self.path, z0=self.z)[0]
            return labels


@dataclass(frozen=True)
class PairSource:
    """What one pair is read from: slice ``z`` of the image ``grey``, and its labels."""

    name: str
    grey: Path
    z: int
    labels: SliceLabels


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
        kind = np.uint16 if labels.size == 0 or labels.max() <= np.iinfo(np.uint16).max else np.int32
        return Pair(source.name, grey, labels.astype(kind, copy=False), spacing)

    def __iter__(self) -> Iterator[Pair]:
        return (self[index] for index in range(len(self)))


def read_pairs(
    source: str | os.PathLike[str],
    *,
    spacing: Sequence[float] | None = None,
    progress: Progress = silent,
) -> Pairs:
    """List the pairs of grey slices and labels in ``source``.

    Every label is looked at once, slab by slab, so that what is wrong is said before training starts.

    Parameters
    ----------
    source
        A folder with two parts: the grey values in ``images``, ``grey`` or ``raw``, the labels in ``masks``
        or ``labels``. Each part is a subfolder, whose images are matched by their names without the ending,
        or a single image (``grey.tif`` and ``labels.tif``). Every slice of a stack is a pair.
    spacing
        Voxel size ``(z, y, x)`` in micrometres; overrides what the files say.

    Raises
    ------
    electrodej.errors.InputError
        There is nothing to train on, a grey image has no labels or labels have no grey image, the two
        differ in size, or a label image is empty or is no label image.
    """
    place = Path(source)
    if not place.exists():
        raise InputError(f"{place} does not exist; check the name")
    if not place.is_dir():
        raise InputError(f"{place} is no folder; give the folder with the images and their labels")
    found = _two_parts(place)
    if found is None:
        raise InputError(
            f"{place} holds no training data; it needs a folder (or image) named {_either(GREY_NAMES)} with "
            f"the grey values and one named {_either(LABEL_NAMES)} with the labels"
        )
    sources: list[PairSource] = []
    warnings: list[str] = []
    for done, (stem, grey, labels) in enumerate(found):
        progress(done, len(found), f"checking {stem}")
        sources += _pairs_of_files(stem, grey, labels, warnings)
    progress(len(found), len(found), "checking labels")
    return Pairs(tuple(sources), None if spacing is None else tuple(spacing), tuple(warnings))


def _two_parts(folder: Path) -> list[tuple[str, Path, Path]] | None:
    """Return name, grey image and label image of all in a folder with two parts; None if it has no parts."""
    grey = _part(folder, GREY_NAMES)
    labels = _part(folder, LABEL_NAMES)
    if grey is None and labels is None:
        return None
    if grey is None:
        raise InputError(
            f"{labels} has no grey values beside it; "
            f"put them into {folder / GREY_NAMES[0]} under the same names"
        )
    if labels is None:
        raise InputError(
            f"{grey} has no labels beside it; put them into {folder / LABEL_NAMES[0]} under the same names"
        )
    if _is_image(grey) and _is_image(labels):
        return [(folder.absolute().name, grey, labels)]
    if _is_image(grey) or _is_image(labels):
        raise InputError(
            f"{grey} and {labels} are an image and a folder; give two images or two folders of images"
        )
    greys, masks = images_in(grey), images_in(labels)
    for images, part in ((greys, grey), (masks, labels)):
        if not images:
            raise InputError(f"{part} has no images in it; put TIFF, PNG or OME-Zarr images there")
    _same_names(greys, masks, labels, "labels")
    _same_names(masks, greys, grey, "grey values")
    return [(stem, greys[stem], masks[stem]) for stem in greys]


def _part(folder: Path, names: Sequence[str]) -> Path | None:
    found = [
        entry
        for entry in sorted(folder.iterdir())
        if (entry.is_dir() and entry.name.lower() in names)
        or (_is_image(entry) and stem_of(entry).lower() in names)
    ]
    if len(found) > 1:
        both = " and ".join(entry.name for entry in found)
        raise InputError(f"{folder} has {both}, which mean the same; keep one of them there")
    return found[0] if found else None


def _same_names(these: dict[str, Path], those: dict[str, Path], folder: Path, what: str) -> None:
    alone = [stem for stem in these if stem not in those]
    if alone:
        more = f", and {len(alone) - 1} more" if len(alone) > 1 else ""
        raise InputError(
            f"{these[alone[0]]} has no {what} in {folder} under the name {alone[0]}{more}; "
            "add them or take the image away"
        )


def images_in(folder: Path) -> dict[str, Path]:
    """Return the images in ``folder`` by their names without the ending, in natural order."""
    from natsort import natsorted, ns

    found: dict[str, Path] = {}
    for entry in natsorted(folder.iterdir(), key=lambda entry: entry.name, alg=ns.IGNORECASE):
        if not _is_image(entry):
            continue
        if stem_of(entry) in found:
            raise InputError(
                f"{folder} has {found[stem_of(entry)].name} and {entry.name}; "
                "a name may stand for one image only, take one of them away"
            )
        found[stem_of(entry)] = entry
    return found


def stem_of(path: Path) -> str:
    """Return the name without ``.tif``, ``.ome.tif``, ``.ome.zarr`` and the like."""
    return path.stem[:-4] if path.stem.lower().endswith(".ome") else path.stem


def _is_image(path: Path) -> bool:
    if path.name.startswith(".") or path.suffix.lower() not in IMAGE_SUFFIXES:
        return False
    return path.is_dir() == (path.suffix.lower() == ".zarr")


def _pairs_of_files(stem: str, grey: Path, labels: Path, warnings: list[str]) -> list[PairSource]:
    with open_volume(grey) as image, open_volume(labels) as mask:
        if image.shape != mask.shape:
            raise InputError(
                f"{grey} has {_size(image)} and its labels {labels} have {_size(mask)}; "
                "give labels that were drawn on this image"
            )
        warnings += _look_at_labels(mask)
        depth = image.shape[0]
    return [PairSource(slice_name(stem, z, depth), grey, z, LabelSlice(labels, z)) for z in range(depth)]


def slice_name(stem: str, z: int, depth: int) -> str:
    """Return the name of the pair at index ``z`` of an image of ``depth`` slices."""
    return stem if depth == 1 else f"{stem}-{z + 1:04d}"


def _look_at_labels(volume: Volume) -> list[str]:
    """Return warnings on a label image, or raise where it holds no particle or no labels at all."""
    first = 0  # the one label seen so far
    highest = 0
    several = False
    for z0, _, slab in volume.slabs(memory=32 * 2**20):
        labels = check_labels(slab, volume.path, z0=z0)
        highest = max(highest, int(labels.max()))
        here = labels[labels > 0]
        if here.size and not several:
            first = first or int(here[0])
            several = bool((here != first).any())
    if first == 0:
        raise InputError(
            f"{volume.path} has no particle on it, all its labels are 0; "
            "label the particles or take the image away"
        )
    # ImageJ needs 32-bit floats for more than 65,535 labels; fewer, as floats, are a probability or the like.
    if volume.dtype.kind == "f" and highest <= np.iinfo(np.uint16).max:
        raise InputError(
            f"{volume.path} has values of type {volume.dtype} and no label that needs it; "
            "give the label image, saved as 16-bit"
        )
    if several:
        return []
    return [
        f"{volume.path} has one particle only, label {first}; if it is a mask of many particles, "
        "number them first, in Fiji with Analyze Particles > Count Masks"
    ]


def _as_grey(slab: NDArray[Any], source: PairSource) -> NDArray[Any]:
    grey: NDArray[Any] = check_grey(slab, source.grey, z0=source.z)[0]
    if grey.dtype == np.bool_:
        return grey.view(np.uint8)
    return grey if grey.dtype in (np.uint8, np.uint16, np.float32) else grey.astype(np.float32)


def _size(volume: Volume) -> str:
    z, y, x = volume.shape
    return f"{x} x {y} pixels" + (f" in {z} slices" if z > 1 else "")


def _either(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " or " + names[-1]
