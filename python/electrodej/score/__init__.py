"""How good a segmentation is: particles matched one to one, phases compared voxel by voxel.

Both work box by box, on images larger than the memory.
"""

from electrodej.score.images import LabelImage
from electrodej.score.instance_results import InstanceScores, ParticleScores, ThresholdScore
from electrodej.score.instances import THRESHOLDS, score_instances
from electrodej.score.overlap import DEFAULT_MEMORY, OverlapTable, count_overlaps
from electrodej.score.phases import UNLABELLED, ClassScore, PhaseScores, score_phases

__all__ = [
    "DEFAULT_MEMORY",
    "THRESHOLDS",
    "UNLABELLED",
    "ClassScore",
    "InstanceScores",
    "LabelImage",
    "OverlapTable",
    "ParticleScores",
    "PhaseScores",
    "ThresholdScore",
    "count_overlaps",
    "score_instances",
    "score_phases",
]
