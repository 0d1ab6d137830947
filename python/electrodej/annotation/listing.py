"""What pairs of grey values and labels a folder or an annotation holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from electrodej.annotation.rois import drawings_of, read_rois
from electrodej.annotation.via import read_via
from electrodej.errors import InputError
from electrodej.files.names import stem_of
from electrodej.progress import Progress, silent
from electrodej.volume import Volume, check_labels, open_volume

GREY_NAMES = ("images", "grey", "raw")
LABEL_NAMES = ("masks", "labels")
IMAGE_SUFFIXES = (".tif", ".tiff", ".png", ".bmp", ".jpg", ".jpeg", ".zarr")
Listed = tuple[list["PairSource"], list[str]]


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
            labels: NDArray[Any] = check_labels(volume[self.z : self.z + 1], self.path, start=self.z)[0]
            return labels


@dataclass(frozen=True)
class PairSource:
    """What one pair is read from: slice ``z`` of the image ``grey``, and its labels."""

    name: str
    grey: Path
    z: int
    labels: SliceLabels


def listed(source: Path, images: Path | None, progress: Progress = silent) -> Listed:
    """Return what each pair in ``source`` is read from, and warnings; see ``read_pairs``."""
    if not source.is_dir():
        if source.suffix.lower() != ".json":
            raise InputError(
                f"{source} is no folder and no VIA file (.json); give the folder with the images"
            )
        return _from_via(source, images, progress)
    parts = _two_parts(source)
    if parts is not None:
        return _from_files(parts, progress)
    zips = sorted(entry for entry in source.iterdir() if entry.suffix.lower() == ".zip")
    projects = sorted(entry for entry in source.iterdir() if entry.suffix.lower() == ".json")
    if len(projects) > 1 or (zips and projects):
        found = " and ".join(entry.name for entry in [*zips[:1], *projects][:2])
        raise InputError(f"{source} has several annotations ({found}); give one of them, or keep one there")
    if zips:
        return _from_rois(source, zips, progress)
    if projects:
        return _from_via(projects[0], images, progress)
    raise InputError(
        f"{source} holds no training data; it needs a folder (or image) named {_either(GREY_NAMES)} with the "
        f"grey values and one named {_either(LABEL_NAMES)} with the labels, or images with ROI zips or "
        "a VIA file"
    )


def _from_files(parts: list[tuple[str, Path, Path]], progress: Progress) -> Listed:
    sources: list[PairSource] = []
    warnings: list[str] = []
    for done, (stem, grey, labels) in enumerate(parts):
        progress(done, len(parts), f"checking {stem}")
        sources += _pairs_of_files(stem, grey, labels, warnings)
    progress(len(parts), len(parts), "checking labels")
    return sources, warnings


def _from_via(path: Path, images: Path | None, progress: Progress) -> Listed:
    found = read_via(path, images=images)
    sources = []
    warnings: list[str] = []
    for done, image in enumerate(found):
        progress(done, len(found), f"checking {image.path.name}")
        image.drawing.read()
        warnings += _warn_of_one(f"{path}: {image.path.name}", len(image.drawing.regions))
        sources.append(PairSource(stem_of(image.path), image.path, 0, image.drawing))
    progress(len(found), len(found), "checking annotations")
    return sources, warnings


def _from_rois(folder: Path, zips: list[Path], progress: Progress) -> Listed:
    images = images_in(folder)
    of_image: dict[str, Path] = {}
    for path in zips:
        stem = next((name for name in (path.stem, path.stem.removesuffix("_rois")) if name in images), None)
        if stem is None:
            raise InputError(f"{path} has no image beside it named {path.stem}; add it or take the zip away")
        if stem in of_image:
            raise InputError(f"{images[stem]} has two zips, {of_image[stem].name} and {path.name}; keep one")
        of_image[stem] = path
    _same_names(images, of_image, folder, "ROI zip")
    sources: list[PairSource] = []
    warnings: list[str] = []
    for done, (stem, image) in enumerate(images.items()):
        progress(done, len(images), f"checking {stem}")
        with open_volume(image) as volume:
            shape = volume.shape
        rois = read_rois(of_image[stem])
        for z, drawing in enumerate(drawings_of(rois, shape)):
            if drawing.regions:
                drawing.read()
                sources.append(PairSource(slice_name(stem, z, shape[0]), image, z, drawing))
        warnings += _warn_of_one(str(of_image[stem]), len(rois))
    progress(len(images), len(images), "checking annotations")
    return sources, warnings


def _warn_of_one(what: str, count: int) -> list[str]:
    return [f"{what} has one particle only; draw all that are to be found"] if count == 1 else []


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
    empty = 0  # slices
    for z0, _, slab in volume.slabs(memory=32 * 2**20):
        labels = check_labels(slab, volume.path, start=z0)
        highest = max(highest, int(labels.max()))
        empty += int(np.count_nonzero(~labels.any(axis=(1, 2))))
        if not several:
            here = labels[labels > 0]
            first = first or int(here[0] if here.size else 0)
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
    warnings = []
    if not several:
        warnings.append(
            f"{volume.path} has one particle only, label {first}; if it is a mask of many particles, "
            "number them first, in Fiji with Analyze Particles > Count Masks"
        )
    if empty:
        warnings.append(
            f"{volume.path} has {empty} slice(s) without a label, which teach that all on them is "
            "background; take those that nobody labelled away"
        )
    return warnings


def _size(volume: Volume) -> str:
    z, y, x = volume.shape
    return f"{x} x {y} pixels" + (f" in {z} slices" if z > 1 else "")


def _either(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " or " + names[-1]
