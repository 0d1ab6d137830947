"""What somebody labelled, from a folder: phase images, ImageJ ROIs or VIA regions named by their class."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from electrodej.annotation import Drawing, read_rois, read_via
from electrodej.annotation.listing import images_in
from electrodej.annotation.rois import drawings_of
from electrodej.errors import InputError
from electrodej.files.names import stem_of
from electrodej.forest.samples import Labelled, make_labelled
from electrodej.vocabulary import UNLABELLED, PathLike, Spacing
from electrodej.volume import open_volume

GREY_NAMES = ("grey", "images", "raw")
CLASS_NAMES = ("phases", "classes", "labels", "masks")
_NUMBER = re.compile(r"[\s_\-.#:(]*\d*\)?$")


@dataclass(frozen=True)
class _Source:
    """An image with either a file of classes or a drawing for each slice."""

    grey: Path
    classes: Path | None = None
    drawings: tuple[Drawing, ...] = ()


@contextlib.contextmanager
def read_labelled(
    folders: Sequence[PathLike],
    *,
    names: Mapping[int, str] | None = None,
    ignore: Sequence[int] = (),
    spacing: Spacing | None = None,
) -> Iterator[tuple[list[Labelled], dict[int, str]]]:
    """Open what is labelled in folders; the images are closed when the block ends.

    Parameters
    ----------
    folders
        Each holds one of

        - ``grey.tif`` and ``phases.tif``, or the folders ``grey`` and ``phases`` (``labels``, ``masks``) with
          images of the same names: classes from 0 to 254, and 255 where nobody labelled;
        - images with a zip of ImageJ ROIs beside each (``name.zip`` or ``name_rois.zip``), every ROI named by
          its class: ``pore``, ``binder-2``;
        - images and a VIA file (.json), every region with its class as an attribute.
    names
        What the classes are called. With ROIs and regions, which number each has; by default they are
        numbered from 0 in the order of the alphabet.
    ignore
        Classes that are taken as not labelled.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the files.

    Yields
    ------
    images, names
        For `electrodej.forest.train_forest`.
    """
    sources = [source for folder in folders for source in _sources(Path(folder))]
    words = sorted({word for source in sources for word in _words(source)})
    known = {value: name.lower() for value, name in (names or {}).items()}
    number_of = _numbers(words, known)
    called = dict(names or {}) | {number: word for word, number in number_of.items() if number not in known}
    with contextlib.ExitStack() as stack:
        images = []
        for source in sources:
            grey = stack.enter_context(open_volume(source.grey, spacing=spacing))
            classes = _classes(source, grey.shape, number_of)
            for value in ignore:
                classes[classes == value] = UNLABELLED
            images.append(make_labelled(grey, classes))
        yield images, called


def _sources(folder: Path) -> list[_Source]:
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give the one with the images and their labels")
    grey, classes = _part(folder, GREY_NAMES), _part(folder, CLASS_NAMES)
    if grey is not None and classes is not None:
        return list(_paired(grey, classes))
    zips = {entry.stem: entry for entry in sorted(folder.iterdir()) if entry.suffix.lower() == ".zip"}
    if zips:
        return list(_with_rois(folder, zips))
    projects = sorted(entry for entry in folder.iterdir() if entry.suffix.lower() == ".json")
    if len(projects) == 1:
        return [_Source(each.path, drawings=(each.drawing,)) for each in read_via(projects[0])]
    raise InputError(
        f"{folder} holds no labels: put grey.tif and phases.tif into it (255 where nothing is labelled), or "
        "images with ROI zips beside them, or images and one VIA file"
    )


def _part(folder: Path, names: Iterable[str]) -> Path | None:
    found = {stem_of(entry).lower(): entry for entry in sorted(folder.iterdir()) if entry.name[0] != "."}
    return next((found[name] for name in names if name in found), None)


def _paired(grey: Path, classes: Path) -> Iterator[_Source]:
    if grey.is_file() or grey.suffix.lower() == ".zarr":
        yield _Source(grey, classes)
        return
    others = images_in(classes)
    for stem, image in images_in(grey).items():
        if stem not in others:
            raise InputError(f"{image} has no labels of the same name in {classes}; add them")
        yield _Source(image, others[stem])


def _with_rois(folder: Path, zips: Mapping[str, Path]) -> Iterator[_Source]:
    images = images_in(folder)
    for stem, path in zips.items():
        image = images.get(stem) or images.get(stem.removesuffix("_rois"))
        if image is None:
            raise InputError(f"{path} has no image beside it named {stem}; add it or take the zip away")
        with open_volume(image) as volume:
            shape = volume.shape
        yield _Source(image, drawings=tuple(drawings_of(read_rois(path), shape)))


def _words(source: _Source) -> Iterator[str]:
    for drawing in source.drawings:
        for region in drawing.regions:
            yield class_word(region.word, region.name)


def class_word(word: str, where: str) -> str:
    """Return the class that a ROI or region is named by, without the number after it.

    >>> class_word("Pore-12", "ROI 1"), class_word("active material", "ROI 2")
    ('pore', 'active material')
    """
    found = _NUMBER.sub("", word.strip()).lower()
    if not found:
        raise InputError(f"{where} names no class; call it by one, for example pore, binder-2 or particle")
    return found


def _numbers(words: Sequence[str], known: Mapping[int, str]) -> dict[str, int]:
    numbers = {name: value for value, name in known.items()}
    if known and (unknown := [word for word in words if word not in numbers]):
        raise InputError(
            f"something is labelled as {unknown[0]!r}, and the classes are {', '.join(numbers)}; "
            "name it by one"
        )
    return numbers if known else {word: number for number, word in enumerate(words)}


def _classes(source: _Source, shape: tuple[int, int, int], number_of: Mapping[str, int]) -> NDArray[np.uint8]:
    if source.classes is not None:
        with open_volume(source.classes) as volume:
            found = volume.read()
        if found.dtype.kind not in "bui" or found.min() < 0 or found.max() > UNLABELLED:
            raise InputError(
                f"{source.classes} holds no classes, which are whole numbers from 0 to 254, and 255 where "
                "nobody labelled"
            )
        return found.astype(np.uint8)
    classes = np.full(shape, UNLABELLED, np.uint8)
    for section, drawing in zip(classes, source.drawings, strict=True):
        for region in drawing.regions:
            box, mask = region.shape.mask(drawing.size)
            section[box][mask] = number_of[class_word(region.word, region.name)]
    return classes
