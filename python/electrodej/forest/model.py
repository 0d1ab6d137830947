"""A forest on the disk: plain arrays and a JSON that says what they mean. Nothing in it is ever executed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, one_line
from electrodej.files import read_arrays, read_json, whole_directory
from electrodej.forest.bank import Bank
from electrodej.forest.settings import Sigmas
from electrodej.models.info import FOREST_FILE
from electrodej.vocabulary import UNLABELLED, PathLike, Spacing

ARRAYS = "forest.npz"
_FORMAT = "electrodej-forest"


@dataclass(frozen=True)
class Trees:
    """All trees as arrays.

    Attributes
    ----------
    roots, nodes, leaves
        See `electrodej.forest.kernels.trees.ask_trees`.
    low, factor
        Of each measure: what becomes step 0, and steps in one unit.
    """

    roots: NDArray[np.int32]
    nodes: NDArray[np.int64]
    leaves: NDArray[np.float32]
    low: NDArray[np.float32]
    factor: NDArray[np.float32]

    def check(self, measures: int, values: int) -> None:
        """Refuse arrays that lead out of themselves or in circles: the compiled code follows without looking.

        Raises
        ------
        ValueError
            With what is wrong.
        """
        for name, kind in _KINDS.items():
            array = getattr(self, name)
            if array.dtype != kind or array.ndim != (2 if name == "leaves" else 1) or array.size == 0:
                raise ValueError(f"{name} is of another kind")
        count = self.nodes.size
        if self.leaves.shape != (count, values) or {self.low.size, self.factor.size} != {measures}:
            raise ValueError("its arrays do not go together")
        if self.roots.min() < 0 or self.roots.max() >= count:
            raise ValueError("a tree begins nowhere")
        at, child = np.arange(count), self.nodes >> 24
        own = child == at
        if (self.nodes & 255).max() >= measures:
            raise ValueError("a node asks for a measure that there is not")
        if not bool(np.all(own | ((child > at) & (child + 1 < count)))):
            raise ValueError("a node leads nowhere")
        if not bool(np.all(((self.nodes[own] >> 8) & 65535) == 65535)) or not np.isfinite(self.leaves).all():
            raise ValueError("its leaves are none")

    def steps(self, measures: NDArray[np.float32]) -> NDArray[np.uint16]:
        """Return measures, shape (measures, voxels), in the whole steps that the trees decide by."""
        from electrodej.forest.kernels.trees import as_steps

        out = np.empty(measures.shape, np.uint16)
        as_steps(measures, self.low, self.factor, out)
        return out

    def ask(self, measures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mean of what the trees' leaves hold, shape (voxels, classes and entropy)."""
        from electrodej.forest.kernels.trees import ask_trees

        out = np.empty((measures.shape[1], self.leaves.shape[1]), np.float32)
        ask_trees(self.steps(measures), self.roots, self.nodes.view(np.uint64), self.leaves, out)
        return out


_KINDS: dict[str, Any] = {
    "roots": np.int32,
    "nodes": np.int64,
    "leaves": np.float32,
    "low": np.float32,
    "factor": np.float32,
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
        (folder / FOREST_FILE).write_text(text, encoding="utf-8")
    return Path(path)


def is_forest(path: PathLike) -> bool:
    """Whether a folder holds a forest."""
    return (Path(path) / FOREST_FILE).is_file()


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
        about = read_json(folder / FOREST_FILE)
        if about["format"] != _FORMAT or about["version"] != 1:
            raise InputError(f"{folder} is of a later version of ElectrodeJ; use that, or train it again")
        arrays = read_arrays(folder / ARRAYS)
        trees = Trees(**{each.name: arrays[each.name] for each in fields(Trees)})
        forest = Forest(
            trees=trees,
            ids=tuple(int(each["id"]) for each in about["classes"]),
            names=tuple(str(each["name"]) for each in about["classes"]),
            sigmas=Sigmas().check(about["sigmas"]),
            dimensions=int(about["dimensions"]),
            percentiles=(float(about["percentiles"][0]), float(about["percentiles"][1])),
            spacing=None if about["spacing"] is None else tuple(map(float, about["spacing"])),  # type: ignore[arg-type]
            name=str(about["name"]),
            grey=tuple(map(float, about["grey_quantiles"])),
            made=dict(about["made"]),
        )
        _check(forest)
        names = forest.bank().names
        trees.check(len(names), len(forest.ids) + 1)
    except InputError:
        raise
    except Exception as error:  # whatever a damaged file makes NumPy and zipfile stumble over
        raise InputError(
            f"{folder} is damaged ({one_line(error)}); copy it again, or train it again"
        ) from error
    return forest


def _check(forest: Forest) -> None:
    """Refuse numbers that make no sense, before anything is computed with them."""
    low, high = forest.percentiles
    if not 0 <= low < high <= 100:
        raise ValueError("its percentiles are none")
    if forest.spacing is not None and (
        len(forest.spacing) != 3 or not all(1e-5 <= length <= 1e5 for length in forest.spacing)
    ):
        raise ValueError("its voxel size is none")
    if len(set(forest.ids)) != len(forest.ids) or not all(0 <= number < UNLABELLED for number in forest.ids):
        raise ValueError("its classes have no numbers of their own")
    if not np.isfinite(forest.grey).all():
        raise ValueError("its grey values are no numbers")
