"""What a person drew in Fiji's Labkit: ``.labeling`` files, and images with a ``.labels`` file beside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, one_line
from electrodej.files import read_json
from electrodej.machine import usual_memory
from electrodej.vocabulary import PathLike
from electrodej.volume import compact_dtype, open_volume

_BACKGROUND = ("background", "none", "unlabeled", "unlabelled")


@dataclass(frozen=True)
class Labelling:
    """What was drawn in Labkit.

    Attributes
    ----------
    classes
        ZYX; 0 where nothing was drawn, else the number of a class, counted from 1.
    names
        Names of the classes, in that order.
    """

    classes: NDArray[Any]
    names: tuple[str, ...]

    @property
    def things(self) -> NDArray[np.bool_]:
        """Where something was drawn that is not called background."""
        chosen = [number for number, name in enumerate(self.names, 1) if name.lower() not in _BACKGROUND]
        return np.isin(self.classes, chosen)


def is_labkit(path: PathLike) -> bool:
    """Whether a file is one that Labkit wrote: by its name, or by the ``.labels`` file beside an image."""
    place = Path(path)
    return place.suffix.lower() == ".labeling" or _sidecar(place).is_file()


def read_labkit(path: PathLike) -> Labelling:
    """Read what was drawn in Labkit.

    A ``.labeling`` file holds the corners of the image and, for each name, the voxels X, Y, Z that were
    drawn. An image ``NAME.tif`` holds numbers, and ``NAME.tif.labels`` the names that each number stands for.
    A voxel with several names has none here: what belongs to two classes teaches nothing.

    Raises
    ------
    electrodej.errors.InputError
        The file is damaged, or is no such file.
    """
    place = Path(path)
    return _of_image(place) if _sidecar(place).is_file() else _of_json(place)


def _sidecar(place: Path) -> Path:
    return place.with_name(place.name + ".labels")


def _json(place: Path) -> Any:
    try:
        return read_json(place)
    except OSError as error:
        raise InputError(f"{place} is no file of Labkit ({error}); save it anew there") from None


def _of_json(place: Path) -> Labelling:
    found = _json(place)
    try:
        low, high = (np.array(found["interval"][end], np.int64) for end in ("min", "max"))
        lengths = high - low + 1
        named = {str(name): np.array(voxels, np.int64) for name, voxels in found["labels"].items()}
        if low.size not in (2, 3) or low.shape != high.shape or (lengths < 1).any():
            raise ValueError("its size is none of an image")
        # The classes, and how many were drawn at each voxel.
        if 2 * np.prod(lengths, dtype=float) > usual_memory():
            raise ValueError(f"its image has {' x '.join(map(str, lengths))} voxels, too many for the memory")
        classes = np.zeros(tuple(lengths[::-1]), compact_dtype(len(named)))
        drawn = np.zeros(classes.shape, np.uint8)
        for number, voxels in enumerate(named.values(), 1):
            if not voxels.size:
                continue
            inside = voxels.reshape(-1, low.size) - low
            if ((inside < 0) | (inside >= lengths)).any():
                raise ValueError("voxels lie outside of it")
            at = tuple(inside.T[::-1])
            classes[at] = number
            drawn[at] += 1
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, MemoryError) as error:
        raise InputError(f"{place} is no file of Labkit ({one_line(error)}); save it anew there") from None
    classes[drawn > 1] = 0
    return Labelling(classes.reshape((1,) * (3 - low.size) + classes.shape), tuple(named))


def _of_image(place: Path) -> Labelling:
    found = _json(_sidecar(place))
    try:
        sets = [[str(name) for name in names] for names in found["labelSets"]]
    except (KeyError, TypeError) as error:
        raise InputError(f"{_sidecar(place)} is no file of Labkit ({error}); save it anew there") from None
    names = list(dict.fromkeys(name for each in sets for name in each))
    numbers = np.array([names.index(each[0]) + 1 if len(each) == 1 else 0 for each in sets], np.int64)
    with open_volume(place) as volume:
        stored = volume.read()
    if not np.array_equal(stored, stored.astype(np.int64)) or stored.min() < 0 or stored.max() >= len(sets):
        raise InputError(f"{place} has numbers that {_sidecar(place).name} does not tell of; save both anew")
    return Labelling(numbers[stored.astype(np.int64)].astype(compact_dtype(len(names))), tuple(names))
