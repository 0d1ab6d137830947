"""Which images are meant, where their results go, and to which group each belongs."""

from __future__ import annotations

import csv
import glob
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from electrodej.errors import InputError
from electrodej.files.names import stem_of
from electrodej.tomography.open import SCAN_SUFFIXES
from electrodej.volume.slices import PICTURE_SUFFIXES, TIFF_SUFFIXES

if TYPE_CHECKING:
    from electrodej.verbs.run import RunOptions

_SUFFIXES = {*TIFF_SUFFIXES, *PICTURE_SUFFIXES, ".zarr", *SCAN_SUFFIXES}
_OWN = ("labels", "phases", "cracks")


@dataclass(frozen=True)
class Job:
    """One image on its way.

    Attributes
    ----------
    image
        The grey image.
    folder
        Where its results go.
    own
        Labels, phases and cracks that exist.
    about
        What the table of groups says of it.
    """

    image: Path
    folder: Path
    own: Mapping[str, Path]
    about: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Jobs:
    """All images; ``several`` where each has a folder of its own, and ``by`` is the column that compares."""

    jobs: Sequence[Job]
    several: bool
    by: str = ""
    notes: Sequence[str] = ()


def plan_jobs(options: RunOptions) -> Jobs:
    """Return what is to be done for the images that were named.

    Raises
    ------
    electrodej.errors.InputError
        A name leads to nothing, or the table of groups cannot be used.
    """
    assert options.out is not None
    out = Path(options.out)
    images, several = find_images([os.fspath(each) for each in options.images], flat=options.flat)
    own = {name: Path(value) for name in _OWN if (value := getattr(options, name)) is not None}
    if several and own:
        raise InputError(
            f"--{next(iter(own))} belongs to one image, and there are several; name each image's own in the "
            "column of that name in --groups"
        )
    rows = {} if options.groups is None else _groups(Path(options.groups))
    columns = list(next(iter(rows.values()), {}))
    by = options.by or next((name for name in columns if name not in _OWN), "")
    if options.by and options.by not in columns:
        raise InputError(f"{options.groups} has no column {options.by}; it has {', '.join(columns)}")
    names = folder_names(images)
    jobs, unknown = [], []
    for image, name in zip(images, names, strict=True):
        about = _about(image, rows)
        if rows and about is None:
            unknown.append(image.name)
        row = dict(about or {})
        theirs = {key: Path(value) for key in _OWN if (value := row.pop(key, ""))}
        jobs.append(Job(image, out / name if several else out, {**theirs, **own}, row))
    notes = [f"--groups says nothing of {', '.join(unknown)}"] if unknown else []
    return Jobs(jobs, several, by, notes)


def find_images(given: Sequence[str], *, flat: bool = False) -> tuple[list[Path], bool]:
    """Return the images that files, folders and patterns lead to, and whether they may be several.

    A folder stands for the images in it. A folder of single slices is one volume, unless they are ``flat``.
    """
    found: list[Path] = []
    several = len(given) > 1
    for each in given:
        path = Path(each)
        if path.is_dir() and not _is_zarr(path):
            here = sorted(one for one in path.iterdir() if _is_image(one))
            if not here:
                raise InputError(f"{path} has no image in it; give TIFF, PNG or OME-Zarr")
            if not flat and len(here) > 1 and all(_is_slice(one) for one in (here[0], here[-1])):
                here = [path]
            else:
                several = True
        elif path.exists():
            here = [path]
        elif glob.has_magic(each):
            # A pattern may start at a drive or a root, which Path.glob does not take.
            here = sorted(map(Path, glob.iglob(each, recursive=True)))  # noqa: PTH207
            here = [one for one in here if _is_image(one)]
            if not here:
                raise InputError(f"no image is called {each}")
            several = True
        else:
            raise InputError(f"{each}: there is no such image")
        found += [one for one in here if one not in found]
    return found, several


def folder_names(images: Sequence[Path]) -> list[str]:
    """Return a name for each image's folder: its own, with its folder's before it where two are the same.

    >>> folder_names([Path("a/scan.tif"), Path("b/scan.tif"), Path("c.tif")])
    ['a_scan', 'b_scan', 'c']
    """
    names = [image.name.partition(".")[0] or image.name for image in images]
    often = Counter(name.lower() for name in names)
    names = [
        f"{image.absolute().parent.name}_{name}" if often[name.lower()] > 1 else name
        for image, name in zip(images, names, strict=True)
    ]
    seen: Counter[str] = Counter()
    taken = set()
    result = []
    for name in names:
        seen[name.lower()] += 1
        number = seen[name.lower()]
        one = name if number == 1 else f"{name}_{number}"
        while one.lower() in taken:
            number += 1
            one = f"{name}_{number}"
        taken.add(one.lower())
        result.append(one)
    return result


def _is_zarr(path: Path) -> bool:
    return path.suffix.lower() == ".zarr" or (path / ".zattrs").exists() or (path / "zarr.json").exists()


def _is_image(path: Path) -> bool:
    hidden = path.name.startswith(".")
    return not hidden and path.suffix.lower() in _SUFFIXES and (path.is_file() or _is_zarr(path))


def _is_slice(path: Path) -> bool:
    from electrodej.volume import open_volume

    try:
        with open_volume(path) as volume:
            return volume.is_2d
    except InputError:
        return False


def _groups(path: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a table of groups by their images; own files are sought beside the table."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}); give a CSV with the column image") from error
    first = text.partition("\n")[0]
    reader = csv.DictReader(text.splitlines(), delimiter=max(",;\t", key=first.count))
    names = [(name or "").strip() for name in reader.fieldnames or ()]
    key = next((name for name in names if name.lower() == "image"), None)
    if key is None or len(names) < 2:
        raise InputError(f"{path} needs the column image and another, e.g. image,sample,cycles")
    reader.fieldnames = names
    rows: dict[str, dict[str, str]] = {}
    for row in reader:
        image = (row.pop(key) or "").strip()
        if not image:
            continue
        if image in rows:
            raise InputError(f"{path} has two rows for {image}; leave one of them")
        known = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
        rows[image] = {
            name: os.fspath(path.parent / value) if name in _OWN and value else value
            for name, value in known.items()
        }
    return rows


def _about(image: Path, rows: Mapping[str, dict[str, str]]) -> dict[str, str] | None:
    """Return the row of an image: by its path, its name, or its name without the suffix."""
    for key in (os.fspath(image), image.as_posix(), image.name, stem_of(image)):
        if key in rows:
            return rows[key]
    return None
