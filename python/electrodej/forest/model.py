"""A forest on the disk: plain arrays and a JSON that says what they mean. Nothing in it is ever executed."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files import whole_directory
from electrodej.forest.bank import Bank
from electrodej.vocabulary import PathLike, Spacing

ARRAYS = "forest.npz"
SIDECAR = "forest.json"
_FORMAT = "electrodej-forest"
_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Trees:
    """All trees as arrays; see `electrodej.forest.kernels.trees.ask_trees` for what each holds."""

    roots: NDArray[np.int32]
    depths: NDArray[np.int32]
    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    child: NDArray[np.int32]
    leaves: NDArray[np.float32]

    def check(self, measures: int, values: int) -> None:
        """Refuse arrays that lead out of themselves: the compiled code follows them without looking.

        Raises
        ------
        ValueError
            With what is wrong.
        """
        nodes = self.child.size
        kinds = {each.name: (_KINDS[each.name], 2 if each.name == "leaves" else 1) for each in fields(self)}
        for name, (kind, dimensions) in kinds.items():
            array = getattr(self, name)
            if array.dtype != kind or array.ndim != dimensions:
                raise ValueError(f"{name} is of another kind")
        sizes = {self.feature.size, self.threshold.size, len(self.leaves), nodes}
        if sizes != {nodes} or self.roots.size < 1 or self.roots.size != self.depths.size:
            raise ValueError("its arrays do not go together")
        if self.leaves.shape[1] != values:
            raise ValueError("its leaves hold another number of classes")
        if not (self.feature.min() >= 0 and self.feature.max() < measures):
            raise ValueError("a node asks for a measure that there is not")
        own = self.child == np.arange(nodes)
        if not (self.child.min() >= 0 and (self.child + np.where(own, 0, 1)).max() < nodes):
            raise ValueError("a node leads nowhere")
        if not (self.roots.min() >= 0 and self.roots.max() < nodes and 0 <= self.depths.min() <= 1000):
            raise ValueError("a tree begins nowhere")
        if self.depths.max() > 1000 or not np.isfinite(self.leaves).all():
            raise ValueError("its numbers are not possible")


_KINDS: dict[str, Any] = {
    "roots": np.int32,
    "depths": np.int32,
    "feature": np.int16,
    "threshold": np.float32,
    "child": np.int32,
    "leaves": np.float32,
}


@dataclass(frozen=True)
class Forest:
    """A forest that tells classes apart, and what is needed to use it.

    Attributes
    ----------
    trees
        Its trees.
    ids, names
        The number of each class in phase images, and what it is called.
    sigmas, dimensions
        Of its measures, see `electrodej.forest.bank.Bank`.
    percentiles
        Of the grey values, which become 0 and 1.
    spacing
        Voxel size (z, y, x) in micrometres of the images it learnt from, if known.
    name
        What people call it.
    grey
        Quantiles of the scaled grey values of the images it learnt from, from 0 to 100 % in equal steps.
    made
        How it was made: settings, sources and their checksums, versions, importance of each measure.
    """

    trees: Trees
    ids: tuple[int, ...]
    names: tuple[str, ...]
    sigmas: tuple[float, ...]
    dimensions: int
    percentiles: tuple[float, float] = (1.0, 99.8)
    spacing: Spacing | None = None
    name: str = ""
    grey: tuple[float, ...] = ()
    made: dict[str, Any] = field(default_factory=dict)

    def bank(self, spacing: Spacing | None = None) -> Bank:
        """Return its measures, for an image of some voxel size.

        In a volume the scales hold along the finest edge of the voxels; along longer edges they are as much
        shorter in voxels.
        """
        if spacing is None or self.dimensions == 2:
            return Bank(self.sigmas, self.dimensions)
        finest = min(spacing)
        z, y, x = (finest / length for length in spacing)
        return Bank(self.sigmas, self.dimensions, (z, y, x))


def write_forest(path: PathLike, forest: Forest, *, force: bool = False) -> Path:
    """Write a forest as a folder with ``forest.npz`` and ``forest.json``; return the folder."""
    with whole_directory(path, ours=is_forest, force=force) as folder:
        np.savez_compressed(
            folder / ARRAYS, **{each.name: getattr(forest.trees, each.name) for each in fields(Trees)}
        )
        about = {
            "format": _FORMAT,
            "version": 1,
            "name": forest.name or Path(path).name,
            "classes": [{"id": i, "name": name} for i, name in zip(forest.ids, forest.names, strict=True)],
            "sigmas": list(forest.sigmas),
            "dimensions": forest.dimensions,
            "measures": list(forest.bank().names),
            "percentiles": list(forest.percentiles),
            "spacing": None if forest.spacing is None else list(forest.spacing),
            "grey_quantiles": [round(value, 5) for value in forest.grey],
            "made": forest.made,
        }
        text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
        (folder / SIDECAR).write_text(text, encoding="utf-8")
    return Path(path)


def is_forest(path: PathLike) -> bool:
    """Whether a folder holds a forest."""
    return (Path(path) / SIDECAR).is_file()


def load_forest(path: PathLike) -> Forest:
    """Read a forest from its folder.

    Raises
    ------
    electrodej.errors.InputError
        There is none, or its files are damaged or do not go together.
    """
    folder = Path(path)
    if not is_forest(folder):
        raise InputError(f"{os.fspath(path)} is no forest; give the folder that `train forest` wrote")
    try:
        about = json.loads((folder / SIDECAR).read_text(encoding="utf-8"))
        if about["format"] != _FORMAT or about["version"] != 1:
            raise InputError(f"{folder} is of a later version of ElectrodeJ; use that, or train it again")
        with (folder / ARRAYS).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            trees = Trees(**{each.name: arrays[each.name] for each in fields(Trees)})
        forest = Forest(
            trees=trees,
            ids=tuple(int(each["id"]) for each in about["classes"]),
            names=tuple(str(each["name"]) for each in about["classes"]),
            sigmas=tuple(float(sigma) for sigma in about["sigmas"]),
            dimensions=int(about["dimensions"]),
            percentiles=(float(about["percentiles"][0]), float(about["percentiles"][1])),
            spacing=None if about["spacing"] is None else tuple(map(float, about["spacing"])),  # type: ignore[arg-type]
            name=str(about["name"]),
            grey=tuple(map(float, about["grey_quantiles"])),
            made=dict(about["made"]),
        )
        names = forest.bank().names
        trees.check(len(names), len(forest.ids) + 1)
    except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{folder} is damaged ({error}); copy it again, or train it again") from error
    return forest
