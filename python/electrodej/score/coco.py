"""Average precision and recall of labelled particles, as COCO defines them for masks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.run import Run
from electrodej.score.images import ImagePair, LabelImage, pair_images, spacing_notes
from electrodej.score.overlap import OverlapTable, overlaps_of_pair
from electrodej.score.settings import THRESHOLDS

# COCO's three kinds of limits: predictions that count in an image, recalls at which the precision is read,
# and areas in pixels.
MOST = 100
RECALLS = np.linspace(0, 1, 101)
AREAS = {
    "all": (0.0, math.inf),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, math.inf),
}

Confidences = Mapping[int, float]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class CocoScores:
    """What COCO's evaluation prints; a figure of what is nowhere in the truth is None.

    Attributes
    ----------
    images, n_true, n_pred
        Images, and particles in them before any limit.
    most
        So many predictions, the most confident ones, count in each image.
    ap
        Mean of the average precision at IoU 0.50, 0.55, ..., 0.95, each the mean of the precisions at the
        recalls 0, 0.01, ..., 1.
    ap50, ap75
        The average precision at IoU 0.50 and at 0.75.
    ar
        Mean recall over the same thresholds.
    ar_1, ar_10
        The recall where one prediction, or ten, count in each image.
    ap_small, ap_medium, ap_large, ar_small, ar_medium, ar_large
        The same of particles below 32^2 pixels, between, and above 96^2 pixels; None for volumes.
    notes
        Sentences for the user.
    """

    images: int
    n_true: int
    n_pred: int
    most: int
    ap: float | None
    ap50: float | None
    ap75: float | None
    ap_small: float | None
    ap_medium: float | None
    ap_large: float | None
    ar_1: float | None
    ar_10: float | None
    ar: float | None
    ar_small: float | None
    ar_medium: float | None
    ar_large: float | None
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return {**asdict(self), "notes": list(self.notes)}


def score_coco(
    pred: LabelImage,
    truth: LabelImage,
    run: Run | None = None,
    *,
    confidences: Confidences | Sequence[Confidences] | None = None,
    slices: bool = False,
    ignore: int | None = None,
    most: int = MOST,
) -> CocoScores:
    """Score predicted particles as COCO does masks; the numbers are those of its own ``pycocotools``.

    In the order of their confidence, each prediction takes the true particle with which it shares most,
    where that is free and the two share the threshold. From the first prediction to the last that gives
    precisions over recalls, made to fall only.

    Parameters
    ----------
    pred, truth
        Label images of one shape, (Z, Y, X) or (Y, X), 0 background.
    confidences
        How sure the method is of each label; with ``slices`` one mapping for each slice, or one for all.
        Where there are none, or several are alike, predictions come in the order of their labels.
    slices
        Take each slice as an image of its own; otherwise a volume is one image of bodies.
    ignore
        Label of the truth where nobody annotated. Predictions that share most with it do not count, as with
        COCO's crowds.
    most
        So many predictions count in an image, the most confident ones.
    run
        Memory, threads and progress.

    Raises
    ------
    InputError
        The images differ in shape, or a label has no confidence.

    References
    ----------
    Lin et al., Microsoft COCO: common objects in context, ECCV 2014.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[1, 1, 1, 1, 0, 2, 2]], np.uint16)
    >>> pred = np.array([[0, 4, 4, 4, 0, 0, 9]], np.uint16)
    >>> scores = score_coco(pred, truth, confidences={4: 0.9, 9: 0.8})
    >>> round(scores.ap50, 3), round(scores.ap75, 3), round(scores.ar, 3)
    (1.0, 0.505, 0.35)
    """
    run = run or Run()
    pair = pair_images(pred, truth)
    flat = slices or pair.shape[0] == 1
    images = list(_images(pair, confidences, run, slices=slices, ignore=ignore))
    limits = [*(limit for limit in (1, 10) if limit < most), most]
    found = {name: _evaluate(images, area, limits) for name, area in AREAS.items() if flat or name == "all"}
    cut = sum(max(0, image.size_pred.size - most) for image in images)
    notes = spacing_notes(pair)
    if cut:
        notes += (
            f"{cut} predictions were left out, for {most} count in an image; --most sets another limit",
        )
    return CocoScores(
        images=len(images),
        n_true=sum(int(np.count_nonzero(~image.crowd)) for image in images),
        n_pred=sum(image.size_pred.size for image in images),
        most=most,
        **_figures(found, limits),
        notes=notes,
    )


@dataclass(frozen=True)
class _Image:
    """One image: sizes of its particles, predictions in the order of their confidence, and their pairs."""

    size_true: NDArray[np.int64]
    crowd: Flags
    size_pred: NDArray[np.int64]
    confidence: Floats
    # Of each prediction: the true particles that share half or more with it, and how much.
    partners: tuple[tuple[tuple[int, float], ...], ...]


@dataclass(frozen=True)
class _Curves:
    """Precision at each threshold and recall of the curve, and the final recall, for each limit."""

    precision: dict[int, Floats]
    recall: dict[int, Floats]


def _images(
    pair: ImagePair,
    confidences: Confidences | Sequence[Confidences] | None,
    run: Run,
    *,
    slices: bool,
    ignore: int | None,
) -> Iterator[_Image]:
    if not slices:
        if confidences is not None and not isinstance(confidences, Mapping):
            raise InputError("one image takes one set of confidences; give a mapping of labels")
        yield _image(overlaps_of_pair(pair, run, border=False), confidences, ignore)
        return
    depth, height, _ = pair.shape
    if confidences is not None and not isinstance(confidences, Mapping) and len(confidences) != depth:
        raise InputError(f"there are {depth} slices and {len(confidences)} sets of confidences")
    for z in range(depth):
        run.progress(z, depth, "counting overlaps")
        truth, pred = pair.read((z, z + 1, 0, height))
        one = ImagePair(pred[0], truth[0], pair.pred_name, pair.truth_name, (1, *pair.shape[1:]))
        known = confidences if confidences is None or isinstance(confidences, Mapping) else confidences[z]
        yield _image(overlaps_of_pair(one, Run(jobs=1), border=False), known, ignore)


def _image(table: OverlapTable, confidences: Confidences | None, ignore: int | None) -> _Image:
    true, size_true = _sizes(table.truth, table.voxels)
    pred, size_pred = _sizes(table.pred, table.voxels)
    crowd = true == (-1 if ignore is None else ignore)
    confidence = _confidence_of(pred, confidences)
    order = np.argsort(-confidence, kind="stable")
    place = np.empty(order.size, np.intp)
    place[order] = np.arange(order.size)
    both = (table.truth != 0) & (table.pred != 0)
    t, p = np.searchsorted(true, table.truth[both]), np.searchsorted(pred, table.pred[both])
    shared = table.voxels[both]
    # Of a region that nobody annotated, what counts is how much of the prediction lies in it.
    whole = size_pred[p] + np.where(crowd[t], 0, size_true[t] - shared)
    share = shared / whole
    partners: list[list[tuple[int, float]]] = [[] for _ in range(pred.size)]
    for index in np.flatnonzero(share >= THRESHOLDS[0]):
        partners[place[p[index]]].append((int(t[index]), float(share[index])))
    return _Image(size_true, crowd, size_pred[order], confidence[order], tuple(map(tuple, partners)))


def _sizes(labels: NDArray[Any], voxels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    known, index = np.unique(labels, return_inverse=True)
    size = np.bincount(index.reshape(-1), weights=voxels, minlength=known.size).astype(np.int64)
    return known[known != 0].astype(np.int64), size[known != 0]


def _confidence_of(labels: NDArray[np.int64], confidences: Confidences | None) -> Floats:
    if confidences is None:
        return np.ones(labels.size)
    missing = next((label for label in labels.tolist() if label not in confidences), None)
    if missing is not None:
        raise InputError(f"the predicted particle {missing} has no confidence; give one for each label")
    return np.array([confidences[label] for label in labels.tolist()], np.float64)


def _evaluate(images: Sequence[_Image], area: tuple[float, float], limits: Sequence[int]) -> _Curves | None:
    """Return the curves of the particles of some area; None where the truth has none."""
    low, high = area
    matches = [_matches(image, low, high, limits[-1]) for image in images]
    wanted = sum(
        int(np.count_nonzero(~image.crowd & (image.size_true >= low) & (image.size_true <= high)))
        for image in images
    )
    if not wanted:
        return None
    curves = _Curves({}, {})
    for limit in limits:
        confidence = np.concatenate([image.confidence[:limit] for image in images])
        order = np.argsort(-confidence, kind="stable")
        hit, left_out = (
            np.concatenate([each[kind][:, :limit] for each in matches], axis=1)[:, order] for kind in (0, 1)
        )
        found = np.cumsum(hit & ~left_out, axis=1, dtype=np.float64)
        invented = np.cumsum(~hit & ~left_out, axis=1, dtype=np.float64)
        curves.precision[limit], curves.recall[limit] = _curve(found, invented, wanted)
    return curves


def _matches(image: _Image, low: float, high: float, most: int) -> tuple[Flags, Flags]:
    """Return for each threshold which predictions have a partner, and which do not count."""
    skipped = image.crowd | (image.size_true < low) | (image.size_true > high)
    size = image.size_pred[:most]
    hit = np.zeros((len(THRESHOLDS), size.size), bool)
    left_out = np.zeros_like(hit)
    for number, threshold in enumerate(THRESHOLDS):
        taken: set[int] = set()
        for index, partners in enumerate(image.partners[:most]):
            best = _best_partner(partners, threshold, taken, image.crowd, skipped)
            if best is not None:
                hit[number, index], left_out[number, index] = True, skipped[best]
                taken.add(best)
    left_out |= ~hit & ((size < low) | (size > high))
    return hit, left_out


def _best_partner(
    partners: tuple[tuple[int, float], ...], threshold: float, taken: set[int], crowd: Flags, skipped: Flags
) -> int | None:
    """Return the free true particle that shares most with a prediction; those that count come first."""
    for wanted in (False, True):
        least, best = min(threshold, 1 - 1e-10), None
        for number, share in partners:
            free = number not in taken or crowd[number]
            if skipped[number] == wanted and free and share >= least:
                least, best = share, number
        if best is not None:
            return best
    return None


def _curve(found: Floats, invented: Floats, wanted: int) -> tuple[Floats, Floats]:
    """Return the precision at COCO's recalls (threshold, recall), and the last recall (threshold)."""
    count = found.shape[1]
    if not count:
        return np.zeros((len(THRESHOLDS), RECALLS.size)), np.zeros(len(THRESHOLDS))
    recall = found / wanted
    precision = found / (found + invented + np.spacing(1))
    # The best precision at this recall or any higher one.
    falling = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    result = np.zeros((len(THRESHOLDS), RECALLS.size))
    for number in range(len(THRESHOLDS)):
        place = np.searchsorted(recall[number], RECALLS, side="left")
        reached = place < count
        result[number, reached] = falling[number, place[reached]]
    return result, recall[:, -1]


def _figures(found: Mapping[str, _Curves | None], limits: Sequence[int]) -> dict[str, float | None]:
    most = limits[-1]

    def of(area: str, value: Callable[[_Curves], Any]) -> float | None:
        curves = found.get(area)
        return None if curves is None else float(np.mean(value(curves)))

    def at(threshold: float) -> float | None:
        return of("all", lambda curves: curves.precision[most][THRESHOLDS.index(threshold)])

    return {
        "ap": of("all", lambda curves: curves.precision[most]),
        "ap50": at(0.5),
        "ap75": at(0.75),
        **{f"ap_{area}": of(area, lambda c: c.precision[most]) for area in ("small", "medium", "large")},
        "ar_1": of("all", lambda curves: curves.recall[limits[0]]),
        "ar_10": of("all", lambda curves: curves.recall[limits[min(1, len(limits) - 1)]]),
        "ar": of("all", lambda curves: curves.recall[most]),
        **{f"ar_{area}": of(area, lambda c: c.recall[most]) for area in ("small", "medium", "large")},
    }
