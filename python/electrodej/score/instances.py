"""Scores of labelled particles: how many are found, and how well their voxels agree."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import VoxelSizeError
from electrodej.run import Run
from electrodej.score.images import (
    ImagePair,
    LabelImage,
    pair_images,
    spacing_notes,
    spacing_of,
)
from electrodej.score.instance_results import Criterion, InstanceScores, ParticleScores, ThresholdScore
from electrodej.score.matching import Candidates, match
from electrodej.score.overlap import OverlapTable, overlaps_of_pair
from electrodej.score.settings import InstanceSettings
from electrodej.vocabulary import Spacing
from electrodej.volume import check_spacing


def score_instances(
    pred: LabelImage,
    truth: LabelImage,
    settings: InstanceSettings | None = None,
    run: Run | None = None,
    *,
    spacing: Spacing | None = None,
    particles: bool = False,
) -> InstanceScores:
    """Score predicted particles against true ones.

    At each threshold, true and predicted particles are paired one to one so that as many pairs as
    possible score at least the threshold; the score of a pair is its intersection over union. The
    figures are those of StarDist's ``matching``.

    Particles that are not scored (``min_volume``, ``exclude_border``) are no longer looked for: a true
    one is not missed, and a predicted one of that kind is not invented, though it may still be the match
    of a particle that is scored. A prediction without a match of which more than half lies in the
    ignored region or in true particles that are not scored is not counted either.

    Parameters
    ----------
    pred, truth
        Label images of one shape, (Z, Y, X) or (Y, X), 0 background: arrays, memory maps or open
        volumes, read box by box.
    settings
        Thresholds, criterion, and what is not scored.
    spacing
        Voxel size (z, y, x) in um; by default that of ``truth``, or of ``pred``, where they carry one.
        Only ``min_volume`` uses it.
    particles
        Whether to list the best partner of every true particle.
    run
        See `electrodej.score.count_overlaps`.

    Raises
    ------
    InputError
        The shapes differ, the values are no labels or an option makes no sense.
    VoxelSizeError
        ``min_volume`` is given and no voxel size is known.

    References
    ----------
    Weigert et al., Star-convex polyhedra, WACV 2020 (the matching); Kirillov et al., Panoptic
    segmentation, CVPR 2019 (panoptic quality and ignored regions); Lin et al., Microsoft COCO, ECCV 2014
    (thresholds, particles not scored).

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.array([[1, 1, 1, 1, 0, 2, 2]], np.uint16)
    >>> pred = np.array([[0, 4, 4, 4, 0, 0, 9]], np.uint16)
    >>> scores = score_instances(pred, truth)
    >>> scores.at(0.5).tp, scores.at(0.75).tp, scores.at(0.8).tp
    (2, 1, 0)
    >>> round(scores.at(0.5).mean_matched_score, 3)
    0.625
    """
    settings = settings or InstanceSettings()
    pair = pair_images(pred, truth)
    smallest = _voxels_of(settings.min_volume, pair, spacing)
    table = overlaps_of_pair(pair, border=settings.exclude_border, run=run or Run())
    sides = _sides(table, ignore=settings.ignore, smallest=smallest)
    overlaps = _overlaps(table, sides)
    return InstanceScores(
        criterion=settings.criterion,
        shape=pair.shape,
        n_true=int(np.count_nonzero(sides.truth.scored)),
        n_pred=int(np.count_nonzero(sides.pred.scored)),
        thresholds=tuple(
            _score_at(threshold, overlaps, sides, criterion=settings.criterion)
            for threshold in settings.thresholds
        ),
        particles=_best_partners(overlaps, sides) if particles else None,
        notes=(*spacing_notes(pair), *_empty_notes(pair, sides)),
    )


def _empty_notes(pair: ImagePair, sides: _Sides) -> tuple[str, ...]:
    """Return a sentence for each image that has nothing to be scored: zeros alone do not tell why."""
    return tuple(
        f"{name} has no particle that counts, so these scores say little; see what is left out"
        for name, side in ((pair.pred_name, sides.pred), (pair.truth_name, sides.truth))
        if not side.scored.any()
    )


@dataclass(frozen=True)
class _Particles:
    """The particles of one image: labels rising, sizes, and which are scored."""

    label: NDArray[np.int64]
    voxels: NDArray[np.int64]
    scored: NDArray[np.bool_]


@dataclass(frozen=True)
class _Sides:
    truth: _Particles
    pred: _Particles
    # Predictions that lie for more than half where nothing is scored.
    forgiven: NDArray[np.bool_]


@dataclass(frozen=True)
class _Overlaps:
    """Overlapping pairs of particles as indices into both sides, without the background."""

    truth: NDArray[np.intp]
    pred: NDArray[np.intp]
    voxels: NDArray[np.int64]


def _sides(table: OverlapTable, *, ignore: int | None, smallest: float) -> _Sides:
    counted = np.ones(table.truth.size, bool) if ignore is None else table.truth != ignore
    truth = _particles(
        table.truth[counted],
        table.voxels[counted],
        smallest=smallest,
        border=table.truth_border,
    )
    pred = _particles(
        table.pred[counted],
        table.voxels[counted],
        smallest=smallest,
        border=table.pred_border,
    )
    # Of a prediction's whole size, ignored voxels included.
    outside = np.zeros(pred.label.size, np.int64)
    whole = np.zeros(pred.label.size, np.int64)
    unscored = ~counted | np.isin(table.truth, truth.label[~truth.scored])
    known = np.isin(table.pred, pred.label)
    index = np.searchsorted(pred.label, table.pred[known])
    np.add.at(whole, index, table.voxels[known])
    np.add.at(outside, index, np.where(unscored[known], table.voxels[known], 0))
    return _Sides(truth=truth, pred=pred, forgiven=2 * outside > whole)


def _particles(
    labels: NDArray[np.uint32], voxels: NDArray[np.int64], *, smallest: float, border: NDArray[np.uint32]
) -> _Particles:
    label, index = np.unique(labels, return_inverse=True)
    size = np.zeros(label.size, np.int64)
    np.add.at(size, index.reshape(-1), voxels)
    label, size = label[label != 0].astype(np.int64), size[label != 0]
    return _Particles(label=label, voxels=size, scored=(size >= smallest) & ~np.isin(label, border))


def _overlaps(table: OverlapTable, sides: _Sides) -> _Overlaps:
    # A pair with the background or the ignored region is of no particle of one side.
    both = np.isin(table.truth, sides.truth.label) & (table.pred != 0)
    return _Overlaps(
        truth=np.searchsorted(sides.truth.label, table.truth[both]),
        pred=np.searchsorted(sides.pred.label, table.pred[both]),
        voxels=table.voxels[both],
    )


def _pair_scores(overlaps: _Overlaps, sides: _Sides, criterion: Criterion) -> NDArray[np.float64]:
    truth, pred = sides.truth.voxels[overlaps.truth], sides.pred.voxels[overlaps.pred]
    whole = {"iou": truth + pred - overlaps.voxels, "iot": truth, "iop": pred}[criterion]
    return np.asarray(overlaps.voxels / whole, np.float64)


def _score_at(
    threshold: float, overlaps: _Overlaps, sides: _Sides, *, criterion: Criterion
) -> ThresholdScore:
    wanted = sides.truth.scored[overlaps.truth]
    candidates = Candidates(
        truth=overlaps.truth[wanted],
        pred=overlaps.pred[wanted],
        score=_pair_scores(overlaps, sides, criterion)[wanted],
    )
    matches = match(candidates, threshold)
    invented = sides.pred.scored & ~sides.forgiven
    invented[candidates.pred[matches]] = False
    return ThresholdScore.from_counts(
        threshold,
        tp=int(matches.size),
        fp=int(np.count_nonzero(invented)),
        fn=int(np.count_nonzero(sides.truth.scored)) - int(matches.size),
        score_sum=float(candidates.score[matches].sum()),
    )


def _best_partners(overlaps: _Overlaps, sides: _Sides) -> ParticleScores:
    iou = _pair_scores(overlaps, sides, "iou")
    # The first of each true particle's pairs is its best; the lower predicted label wins a tie.
    order = np.lexsort((overlaps.pred, -overlaps.voxels, -iou, overlaps.truth))
    matched, first = np.unique(overlaps.truth[order], return_index=True)
    best_pairs = order[first]
    count = sides.truth.label.size
    best, best_voxels, overlap = (np.zeros(count, np.int64) for _ in range(3))
    best[matched] = sides.pred.label[overlaps.pred[best_pairs]]
    best_voxels[matched] = sides.pred.voxels[overlaps.pred[best_pairs]]
    overlap[matched] = overlaps.voxels[best_pairs]
    best_iou = np.zeros(count)
    best_iou[matched] = iou[best_pairs]
    scored = sides.truth.scored
    return ParticleScores(
        label=sides.truth.label[scored],
        voxels=sides.truth.voxels[scored],
        best=best[scored],
        best_voxels=best_voxels[scored],
        overlap=overlap[scored],
        iou=best_iou[scored],
        covered=(overlap / np.maximum(sides.truth.voxels, 1))[scored],
    )


def _voxels_of(min_volume: float, pair: ImagePair, spacing: Spacing | None) -> float:
    """Return the smallest volume in voxels."""
    if min_volume == 0:
        return 0.0
    known = spacing or spacing_of(pair.truth) or spacing_of(pair.pred)
    if known is None:
        raise VoxelSizeError(
            f"a smallest volume in um^3 needs a voxel size, and neither {pair.truth_name} nor "
            f"{pair.pred_name} says one; give spacing=(z, y, x) (--spacing Z,Y,X) in micrometres"
        )
    # A hair less, so that a particle of exactly that volume is never lost to rounding.
    return min_volume / math.prod(check_spacing(known)) * (1 - 1e-9)
