"""How good a segmentation is: particles matched one to one, phases compared voxel by voxel.

Both work box by box, on images larger than the memory.
"""

from electrodej.score.coco import CocoScores, score_coco
from electrodej.score.images import LabelImage
from electrodej.score.instance_results import InstanceScores, ParticleScores, ThresholdScore
from electrodej.score.instances import score_instances
from electrodej.score.overlap import OverlapTable, count_overlaps
from electrodej.score.phases import ClassScore, PhaseScores, score_phases
from electrodej.score.settings import THRESHOLDS, InstanceSettings
from electrodej.vocabulary import UNLABELLED

__all__ = [
    "THRESHOLDS",
    "UNLABELLED",
    "ClassScore",
    "CocoScores",
    "InstanceScores",
    "InstanceSettings",
    "LabelImage",
    "OverlapTable",
    "ParticleScores",
    "PhaseScores",
    "ThresholdScore",
    "count_overlaps",
    "score_coco",
    "score_instances",
    "score_phases",
]
