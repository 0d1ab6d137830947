"""Label volumes to train on, of the folders that all networks take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from electrodej.annotation import Pairs
from electrodej.annotation.listing import LabelSlice
from electrodej.errors import InputError
from electrodej.models.grey import normalise
from electrodej.networks.stardist3d.patches import Example, without_small
from electrodej.networks.stardist3d.settings import SolidSettings, Steps
from electrodej.progress import Progress, silent
from electrodej.vocabulary import Spacing
from electrodej.volume import check_grey, open_volume

# Voxel sizes of volumes that are trained on together differ by less than this share.
_ALIKE = 0.05


class SolidPair(Protocol):
    """A grey volume and the particles in it."""

    @property
    def name(self) -> str: ...
    @property
    def grey(self) -> NDArray[Any]: ...
    @property
    def labels(self) -> NDArray[Any]: ...
    @property
    def spacing(self) -> Spacing | None: ...


@dataclass(frozen=True)
class LabelVolume:
    """A grey volume and its labels, ZYX."""

    name: str
    grey: NDArray[Any]
    labels: NDArray[Any]
    spacing: Spacing | None


def read_label_volumes(pairs: Pairs, *, progress: Progress = silent) -> list[LabelVolume]:
    """Read whole the volumes whose slices are the pairs of a folder, see `electrodej.annotation.read_pairs`.

    Raises
    ------
    electrodej.errors.InputError
        The labels were drawn slice by slice (ROIs, VIA): they do not say which sections are one particle's.
    """
    by_path: dict[Any, list[Any]] = {}
    for source in pairs.sources:
        if not isinstance(source.labels, LabelSlice):
            raise InputError(
                f"{source.grey}: its particles are drawn on single slices, and a network of volumes learns "
                "from label volumes; leave --dimensions 3 out"
            )
        by_path.setdefault(source.grey, []).append(source)
    found = []
    for number, (path, sources) in enumerate(by_path.items()):
        progress(number, len(by_path), "reading the training volumes")
        with open_volume(path, spacing=pairs.spacing) as volume:
            if volume.shape[0] < 2:
                raise InputError(f"{path} is a single section, and a network of volumes learns from volumes")
            grey = np.asarray(check_grey(volume.read(), path))
            size = volume.spacing
        labels = np.stack([source.labels.read() for source in sources])
        if labels.shape != grey.shape:
            raise InputError(f"{path} has {grey.shape} voxels and its labels {labels.shape}")
        found.append(LabelVolume(path.stem, grey, labels, size))
    return found


def common_spacing(pairs: list[Any], given: Spacing | None) -> Spacing:
    """Return the voxel size of volumes, which must be one."""
    if given is not None:
        return given
    sizes = [pair.spacing for pair in pairs]
    if any(size is None for size in sizes):
        raise InputError("a training volume does not tell its voxel size; give it with --spacing")
    for pair, size in zip(pairs, sizes, strict=True):
        if np.abs(np.array(size) / np.array(sizes[0]) - 1).max() > _ALIKE:
            raise InputError(
                f"{pair.name} has voxels of {size} um and {pairs[0].name} of {sizes[0]}; bring them to "
                "one size, or give what they have in common with --spacing"
            )
    first: Spacing = sizes[0]
    return first


def prepare(pair: SolidPair, settings: SolidSettings, patch: Steps) -> Example:
    """Normalise a volume, leave out small particles, and bring it to the least size."""
    grey, labels = np.asarray(pair.grey), np.asarray(pair.labels)
    if grey.shape != labels.shape or grey.ndim != 3:
        raise InputError(f"{pair.name}: the volume has {grey.shape} voxels and its labels {labels.shape}")
    image, large = normalise(grey, settings.percentiles), without_small(labels, settings.least_diameter)
    room = [(0, max(0, edge - length)) for edge, length in zip(patch, image.shape, strict=True)]
    if any(after for _, after in room):
        # As the network itself fills up with zeros past the end of a volume.
        image, large = np.pad(image, room), np.pad(large, room)
    return Example(pair.name, image, large)


def split(examples: list[Example], settings: SolidSettings) -> tuple[list[Example], list[Example]]:
    """Return the volumes to train on and those kept for validation, chosen by the seed."""
    if len(examples) < 2:
        raise InputError(
            f"training needs at least two volumes, one of them for validation, and there is {len(examples)}"
        )
    if not any((example.labels > 0).any() for example in examples):
        raise InputError(
            f"no volume has a particle of {settings.least_diameter:g} voxels or more across; nothing can be "
            "learnt from them"
        )
    order = np.random.default_rng(settings.seed).permutation(len(examples))
    kept = min(len(examples) - 1, max(1, round(settings.validation * len(examples))))
    return [examples[i] for i in sorted(order[kept:])], [examples[i] for i in sorted(order[:kept])]
