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
        run=run.part(0, 2, "measuring"),
    )
    ids = tuple(sorted(samples.counts))
    channel = np.searchsorted(ids, samples.classes)
    run.progress(1, 2, "growing trees")
    grown = ensemble.RandomForestClassifier(
        settings.trees,
        min_samples_leaf=settings.leaf,
        max_depth=settings.depth,
        random_state=settings.seed % 2**32,
        n_jobs=run.cores,
    ).fit(samples.measures, channel)
    run.progress(2, 2, "growing trees")
    known = {ids[k]: _called(ids[k], names) for k in range(len(ids))}
    run.note(*_notes(samples, known, names or {}, len(sizes)))
    measures = bank_of(None).names
    importance = sorted(zip(grown.feature_importances_.tolist(), measures, strict=True), reverse=True)
    return Forest(
        trees=as_arrays(grown.estimators_, len(ids)),
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


def as_arrays(estimators: Sequence[Any], classes: int) -> Trees:
    """Return scikit-learn's trees as plain arrays; see `electrodej.forest.kernels.trees.ask_trees`.

    Both children of a node come to lie side by side. What a leaf holds is the share of each class among the
    voxels it was grown from, and last the entropy of these shares, -sum(p log p) / log(classes).
    """
    parts = [_one_tree(each.tree_, classes) for each in estimators]
    sizes = [len(part["child"]) for part in parts]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    joined = {
        name: np.concatenate([part[name] for part in parts]) for name in ("feature", "threshold", "leaves")
    }
    child = np.concatenate([part["child"] + start for part, start in zip(parts, starts, strict=True)])
    return Trees(
        roots=starts,
        depths=np.array([each.tree_.max_depth for each in estimators], np.int32),
        feature=joined["feature"].astype(np.int16),
        threshold=joined["threshold"].astype(np.float32),
        child=child.astype(np.int32),
        leaves=joined["leaves"].astype(np.float32),
    )


def _one_tree(tree: Any, classes: int) -> dict[str, NDArray[Any]]:
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
    threshold = np.where(leaf, np.inf, tree.threshold[at])
    return {
        "feature": np.where(leaf, 0, tree.feature[at]),
        # scikit-learn compares 32-bit measures with 64-bit thresholds; rounded down, they part the same.
        "threshold": _rounded_down(threshold),
        "child": np.where(leaf, np.arange(len(at)), place[left[at]]),
        "leaves": np.concatenate([share, np.maximum(entropy, 0)[:, None]], axis=1),
    }


def _rounded_down(values: NDArray[np.float64]) -> NDArray[np.float32]:
    near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)
