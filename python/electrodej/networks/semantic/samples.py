"""Grey images with their phases, ready for training: which classes there are, what is held out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.models.grey import Levels, measure_levels, scale
from electrodej.vocabulary import UNLABELLED, Spacing
from electrodej.volume import check_grey

_LARGEST_ID = 254


@dataclass(frozen=True)
class Sample:
    """A grey image and its phases.

    Attributes
    ----------
    grey
        Shape (Z, Y, X).
    phases
        uint8 of the same shape; 255 where nobody labelled.
    levels
        The grey values that become 0 and 1.
    name
        What messages call it.
    percentiles
        Of the grey values, which became the levels.
    spacing
        Voxel size (z, y, x) in micrometres, if known.
    """

    grey: NDArray[Any]
    phases: NDArray[np.uint8]
    levels: Levels
    name: str = "the image"
    percentiles: tuple[float, float] = (1.0, 99.8)
    spacing: Spacing | None = None

    def scaled(self, box: tuple[slice | int, ...]) -> NDArray[np.float32]:
        """Return grey values of a part of it as the network sees them."""
        return scale(self.grey[box], self.levels.low, self.levels.high)


@dataclass(frozen=True)
class Classes:
    """What the channels of the network mean.

    Attributes
    ----------
    ids
        The number in phase images of each channel. Gaps between them are fine.
    names
        What the classes are called.

    Examples
    --------
    >>> classes = Classes((0, 3), ("pore", "crack"))
    >>> classes.channels(np.array([0, 3, 255, 7], np.uint8)).tolist()
    [0, 1, 255, 255]
    """

    ids: tuple[int, ...]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        plain = all(isinstance(one, int | np.integer) and 0 <= one < UNLABELLED for one in self.ids)
        if not plain or len(set(self.ids)) < len(self.ids):
            raise ValueError(f"classes are numbers from 0 to {UNLABELLED - 1}, each once, not {self.ids}")
        if not all(isinstance(name, str) for name in self.names):
            raise ValueError(f"classes are called by texts, not {self.names}")

    def channels(self, phases: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the channel of each voxel; 255 where its class is none of these."""
        table = np.full(256, UNLABELLED, np.uint8)
        table[list(self.ids)] = np.arange(len(self.ids))
        return np.asarray(table[phases])

    def phases(self, channels: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the number of the class in phase images for each channel."""
        return np.asarray(np.array(self.ids, np.uint8)[channels])


def make_sample(
    grey: NDArray[Any],
    phases: NDArray[Any],
    *,
    percentiles: tuple[float, float] = (1.0, 99.8),
    ignore: Iterable[int] = (),
    foreground: int | None = None,
    name: str = "the image",
    spacing: Spacing | None = None,
) -> Sample:
    """Check a pair of images.

    Parameters
    ----------
    grey, phases
        Two (YX) or three (ZYX) dimensions, of one shape. Phases are classes from 0 to 254, and 255 where
        nobody labelled.
    percentiles
        Of the grey values, which become 0 and 1.
    ignore
        Classes that are taken as not labelled.
    foreground
        Tell only this class (which becomes 1) from all others (0).
    name
        What messages call it.
    spacing
        Voxel size (z, y, x) in micrometres, if known.

    Raises
    ------
    electrodej.errors.InputError
        The shapes differ, the phases are no classes, or grey values are NaN.
    """
    if grey.shape != phases.shape:
        raise InputError(
            f"{name}: the grey image is {_shape(grey)} and its phases are {_shape(phases)}; "
            "give two images of one size"
        )
    if grey.ndim == 2:
        grey, phases = grey[np.newaxis], phases[np.newaxis]
    check_grey(grey, name)
    if phases.dtype.kind not in "bui" or int(phases.min()) < 0 or int(phases.max()) > UNLABELLED:
        raise InputError(
            f"{name}: phases are whole numbers from 0 to {_LARGEST_ID}, and {UNLABELLED} where nobody "
            "labelled; these look like something else, particle labels perhaps"
        )
    classes = phases.astype(np.uint8)
    for value in ignore:
        classes[classes == value] = UNLABELLED
    if foreground is not None:
        classes = np.where(classes == UNLABELLED, UNLABELLED, classes == foreground).astype(np.uint8)
    levels = measure_levels([grey], percentiles)
    return Sample(grey, classes, levels, name, percentiles, spacing)


def find_classes(
    samples: Sequence[Sample], names: Mapping[int, str] | None = None
) -> tuple[Classes, list[str]]:
    """Return the classes that occur, and notes on names of classes that do not.

    Raises
    ------
    electrodej.errors.InputError
        Fewer than two classes occur.
    """
    counts = sum((class_counts(sample.phases) for sample in samples), np.zeros(256, np.int64))
    ids = tuple(int(value) for value in np.flatnonzero(counts[:UNLABELLED]))
    if len(ids) < 2:
        found = f"only class {ids[0]}" if ids else "nothing"
        raise InputError(
            f"the phase images label {found}; training needs voxels of two classes at least "
            f"({UNLABELLED} means not labelled)"
        )
    known = dict(names or {})
    notes = [
        f"class {value} ({name}) does not occur in the phase images, so the network will not know it"
        for value, name in sorted(known.items())
        if value not in ids
    ]
    return Classes(ids, tuple(known.get(value, f"class {value}") for value in ids)), notes


def class_counts(phases: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how many voxels there are of each of the 256 values, slice by slice."""
    counts = np.zeros(256, np.int64)
    for section in phases:
        counts += np.bincount(section.ravel(), minlength=256)
    return counts


def class_weights(counts: NDArray[np.int64]) -> tuple[float, ...]:
    """Return a weight for each class: the root of how much rarer it is than the middle one, 1/4 to 4.

    >>> class_weights(np.array([100, 100, 4]))
    (1.0, 1.0, 4.0)
    """
    share = np.maximum(counts, 1) / max(1, counts.sum())
    weights = np.clip(np.sqrt(np.median(share) / share), 0.25, 4.0)
    return tuple(round(float(weight), 4) for weight in weights)


def hold_out(samples: Sequence[Sample], share: float) -> tuple[list[Sample], list[Sample]]:
    """Part samples into what is trained on and what is held out.

    Of several samples the last ones are held out whole; of one, its last labelled slices; of one slice, its
    end along the longer side. Nothing is held out where ``share`` is 0, or too little would be labelled.

    Returns
    -------
    training, held_out
        Both share the arrays of ``samples``.
    """
    if share <= 0:
        return list(samples), []
    if len(samples) >= 4:
        count = max(1, round(share * len(samples)))
        parts = list(samples[:-count]), list(samples[-count:])
    else:
        split = [_split(sample, share) for sample in samples]
        parts = [first for first, _ in split], [second for _, second in split]
    whole, rest = (_classes_in(part) for part in parts)
    # A class that is only in the held-out part would never be learnt.
    return parts if rest and rest <= whole else (list(samples), [])


def _split(sample: Sample, share: float) -> tuple[Sample, Sample]:
    labelled = np.flatnonzero([(section != UNLABELLED).any() for section in sample.phases])
    if labelled.size >= 3:
        cut = int(labelled[-max(1, round(share * labelled.size))])
        axis = 0
    else:
        axis = 1 + int(np.argmax(sample.grey.shape[1:]))
        cut = round(sample.grey.shape[axis] * (1 - share))
    first, second = (
        tuple(part if which == axis else slice(None) for which in range(3))
        for part in (slice(None, cut), slice(cut, None))
    )
    return _cropped(sample, first), _cropped(sample, second)


def _cropped(sample: Sample, box: tuple[slice, ...]) -> Sample:
    return replace(sample, grey=sample.grey[box], phases=sample.phases[box])


def _classes_in(samples: Sequence[Sample]) -> set[int]:
    return {
        int(value) for sample in samples for value in np.flatnonzero(class_counts(sample.phases)[:UNLABELLED])
    }


def _shape(array: NDArray[Any]) -> str:
    return " x ".join(map(str, array.shape))
