"""What scoring particles gives."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from electrodej.vocabulary import Shape

Criterion = Literal["iou", "iot", "iop"]

AVERAGED = (
    "precision",
    "recall",
    "f1",
    "accuracy",
    "mean_matched_score",
    "mean_true_score",
    "panoptic_quality",
)


@dataclass(frozen=True)
class ThresholdScore:
    """How well the particles are found, where a match needs a score of ``threshold``.

    A ratio whose numerator is empty is 0, also where nothing is there to be found (StarDist's convention).

    Attributes
    ----------
    threshold
        Smallest score of a match.
    tp, fp, fn
        Particles found, invented and missed.
    precision, recall
        tp / (tp + fp) and tp / (tp + fn).
    f1
        2 tp / (2 tp + fp + fn).
    accuracy
        tp / (tp + fp + fn), also called average precision, AP.
    mean_matched_score
        Mean score (IoU) of the matches.
    mean_true_score
        Sum of the matches' scores over the number of true particles.
    panoptic_quality
        Sum of the matches' scores / (tp + fp / 2 + fn / 2).
    """

    threshold: float
    tp: int
    fp: int
    fn: int
    precision: float
    recall: float
    f1: float
    accuracy: float
    mean_matched_score: float
    mean_true_score: float
    panoptic_quality: float

    @classmethod
    def from_counts(cls, threshold: float, *, tp: int, fp: int, fn: int, score_sum: float) -> ThresholdScore:
        """Derive the ratios from the counts and the sum of the matches' scores."""
        return cls(
            threshold=threshold,
            tp=tp,
            fp=fp,
            fn=fn,
            precision=_ratio(tp, tp + fp),
            recall=_ratio(tp, tp + fn),
            f1=_ratio(2 * tp, 2 * tp + fp + fn),
            accuracy=_ratio(tp, tp + fp + fn),
            mean_matched_score=_ratio(score_sum, tp),
            mean_true_score=_ratio(score_sum, tp + fn),
            panoptic_quality=_ratio(score_sum, tp + fp / 2 + fn / 2),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class ParticleScores:
    """The best predicted partner of every scored true particle, one entry each.

    Attributes
    ----------
    label, voxels
        The true particle and its size.
    best
        Label of the predicted particle with the largest IoU; 0 where none overlaps. Several true
        particles may have the same best partner: this is before the one-to-one matching.
    best_voxels
        Size of that predicted particle.
    overlap
        Voxels that the two share.
    iou, covered
        overlap / (voxels + best_voxels - overlap) and overlap / voxels.
    """

    label: NDArray[np.int64]
    voxels: NDArray[np.int64]
    best: NDArray[np.int64]
    best_voxels: NDArray[np.int64]
    overlap: NDArray[np.int64]
    iou: NDArray[np.float64]
    covered: NDArray[np.float64]

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns of a table under the names that it has in a file."""
        return {
            "Label": self.label,
            "Voxels": self.voxels,
            "Best": self.best,
            "BestVoxels": self.best_voxels,
            "Overlap": self.overlap,
            "IoU": self.iou,
            "Covered": self.covered,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the columns as lists, ready for JSON."""
        return {name: column.tolist() for name, column in self.columns().items()}


@dataclass(frozen=True)
class InstanceScores:
    """Scores of a particle segmentation against its truth.

    Attributes
    ----------
    criterion
        What a pair's score is: ``iou`` intersection over union, ``iot`` over the true particle,
        ``iop`` over the predicted one.
    shape
        (Z, Y, X) of the images.
    n_true, n_pred
        Particles that are scored. ``n_pred`` is before those predictions are forgiven that turn out to
        be partly or wholly of what is not scored, see `score_instances`.
    thresholds
        The scores at each threshold, in the order asked for.
    particles
        The best partner of every true particle, where asked for.
    notes
        Sentences for the user, such as voxel sizes that differ.
    """

    criterion: Criterion
    shape: Shape
    n_true: int
    n_pred: int
    thresholds: tuple[ThresholdScore, ...]
    particles: ParticleScores | None
    notes: tuple[str, ...]

    @property
    def mean(self) -> dict[str, float]:
        """Mean of each ratio over the thresholds; that of ``accuracy`` is the mean average precision."""
        return {
            name: float(np.mean([getattr(score, name) for score in self.thresholds])) for name in AVERAGED
        }

    def at(self, threshold: float) -> ThresholdScore:
        """Return the scores at one of the thresholds."""
        for score in self.thresholds:
            if abs(score.threshold - threshold) < 1e-9:
                return score
        known = ", ".join(f"{score.threshold:g}" for score in self.thresholds)
        raise KeyError(f"no scores at the threshold {threshold:g}; there are {known}")

    def as_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "criterion": self.criterion,
            "shape": list(self.shape),
            "n_true": self.n_true,
            "n_pred": self.n_pred,
            "thresholds": [score.as_dict() for score in self.thresholds],
            "mean": self.mean,
            **({} if self.particles is None else {"particles": self.particles.as_dict()}),
            "notes": list(self.notes),
        }


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator else 0.0
