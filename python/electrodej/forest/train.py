"""From labelled voxels to a forest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.extras import installed, require
from electrodej.forest.bank import Bank
from electrodej.forest.model import Forest, Trees
from electrodej.forest.samples import Labelled, Samples, take_samples
from electrodej.forest.settings import ForestSettings
from electrodej.run import Run
from electrodej.vocabulary import Spacing

_FEW = 200


def train_forest(
    images: Sequence[Labelled],
    *,
    settings: ForestSettings | None = None,
    names: Mapping[int, str] | None = None,
    name: str = "",
    made: Mapping[str, Any] | None = None,
    run: Run | None = None,
) -> Forest:
    """Train a forest on whatever is labelled.

    Parameters
    ----------
    images
        See `electrodej.forest.make_labelled`.
    settings
        Its measures and trees.
    names
        What the classes are called.
    name
        What people call the forest.
    made
        What else is to be known of how it was made, for its JSON.

    Returns
    -------
    forest
        To be stored with `electrodej.forest.write_forest`.

    Raises
    ------
    electrodej.errors.InputError
        Fewer than two classes are labelled.
    electrodej.errors.MissingExtraError
        scikit-learn is not installed.
    """
    settings, run = settings or ForestSettings(), run or Run()
    ensemble = require("sklearn.ensemble", what="training a forest", extra="damage")
    sizes = {image.spacing for image in images}
    spacing = next(iter(sizes)) if len(sizes) == 1 else None

    def bank_of(size: Spacing | None) -> Bank:
        return _plain(settings).bank(size)

    samples = take_samples(
        images,
        bank_of=bank_of,
        most=settings.samples,
        evenness=settings.evenness,
        percentiles=(settings.low, settings.high),
        seed=settings.seed,
        run=run.part(0, 2),
    )
    ids = tuple(sorted(samples.counts))
    channel = np.searchsorted(ids, samples.classes)
    run.progress(1, 2, "growing trees")
    low, factor = step_scale(samples.measures)
    scale: Any = None
    steps = Trees(scale, scale, scale, low, factor).steps(np.ascontiguousarray(samples.measures.T))
    grown = ensemble.RandomForestClassifier(
        settings.trees,
        min_samples_leaf=settings.leaf,
        max_depth=settings.depth,
        random_state=settings.seed % 2**32,
        n_jobs=run.cores,
    ).fit(steps.T, channel)
    run.progress(2, 2, "growing trees")
    known = {ids[k]: _called(ids[k], names) for k in range(len(ids))}
    run.note(*_notes(samples, known, names or {}, len(sizes)))
    measures = bank_of(None).names
    importance = sorted(zip(grown.feature_importances_.tolist(), measures, strict=True), reverse=True)
    return Forest(
        trees=as_arrays(grown.estimators_, len(ids), low, factor),
        ids=ids,
        names=tuple(known.values()),
        sigmas=settings.sigmas,
        dimensions=settings.dimensions,
        percentiles=(settings.low, settings.high),
        spacing=spacing,
        name=name,
        grey=samples.grey,
        made={
            "settings": settings.as_plain(),
            "labelled_voxels": {str(value): count for value, count in samples.counts.items()},
            "learnt_from_voxels": len(channel),
            "images": [image.name for image in images],
            "importance": {name: round(share, 4) for share, name in importance},
            "versions": installed(("electrodej", "scikit-learn", "numpy")),
            **dict(made or {}),
        },
    )


def _plain(settings: ForestSettings) -> Forest:
    """Return a forest without trees, for its measures."""
    nothing: Any = None
    return Forest(nothing, (), (), settings.sigmas, settings.dimensions)


def _called(value: int, names: Mapping[int, str] | None) -> str:
    return (names or {}).get(value, f"class {value}")


def _notes(samples: Samples, known: Mapping[int, str], names: Mapping[int, str], sizes: int) -> list[str]:
    notes = [
        f"only {count} voxels of {known[value]} are labelled; label some hundreds more, in several places"
        for value, count in samples.counts.items()
        if count < _FEW
    ]
    notes += [
        f"class {value} ({name}) does not occur in the labels, so the forest will not know it"
        for value, name in sorted(names.items())
        if value not in known
    ]
    if sizes > 1:
        notes.append(
            "the images have different voxel sizes; the forest takes pixels as they are, so train it on "
            "images of one size for best results"
        )
    return notes


def step_scale(measures: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return of each measure what becomes step 0, and how many steps there are in one unit.

    All that occurs lies within the 65,536 steps, which are far finer than what noise lets tell apart.
    """
    low, high = measures.min(axis=0), measures.max(axis=0)
    room = np.maximum(high - low, np.float32(1e-6))
    return (low - room / 16).astype(np.float32), (65535 / (room * 1.125)).astype(np.float32)


def as_arrays(
    estimators: Sequence[Any], classes: int, low: NDArray[np.float32], factor: NDArray[np.float32]
) -> Trees:
    """Return scikit-learn's trees, grown from whole steps, as plain arrays.

    Both children of a node come to lie side by side, behind it. What a leaf holds is the share of each class
    among the voxels it was grown from, and last the entropy of these shares, -sum(p log p) / log(classes).
    """
    parts = [_one_tree(each.tree_, classes) for each in estimators]
    starts = np.concatenate([[0], np.cumsum([len(part[0]) for part in parts])[:-1]])
    nodes = [part[0] + (np.int64(start) << 24) for part, start in zip(parts, starts, strict=True)]
    leaves = np.concatenate([part[1] for part in parts]).astype(np.float32)
    return Trees(starts.astype(np.int32), np.concatenate(nodes), leaves, low, factor)


def _one_tree(tree: Any, classes: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    left, right = tree.children_left, tree.children_right
    place = np.zeros(tree.node_count, np.int64)
    order = [0]
    for node in order:  # grows while it is gone through: level by level
        if left[node] >= 0:
            place[left[node]], place[right[node]] = len(order), len(order) + 1
            order += [int(left[node]), int(right[node])]
    at = np.array(order)
    leaf = left[at] < 0
    value = tree.value[at, 0, :]
    share = value / value.sum(axis=1, keepdims=True)
    entropy = -(share * np.log(np.maximum(share, 1e-12))).sum(axis=1) / np.log(classes)
    # Whole steps are at most a threshold where they are at most its whole part.
    threshold = np.where(leaf, 65535, np.floor(tree.threshold[at])).astype(np.int64)
    feature = np.where(leaf, 0, tree.feature[at]).astype(np.int64)
    child = np.where(leaf, np.arange(len(at)), place[left[at]]).astype(np.int64)
    leaves = np.concatenate([share, np.maximum(entropy, 0)[:, None]], axis=1)
    return feature | (threshold << 8) | (child << 24), leaves
