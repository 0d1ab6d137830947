"""What `train stardist` and `train maskrcnn` share: their options, and what is told of a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from electrodej.options import PathTo, Settings, Text, argument, flag, option, output, voxel_size
from electrodej.verb import Outcome
from electrodej.vocabulary import PathLike, Spacing

if TYPE_CHECKING:
    from electrodej.networks.training.particles import Trained


@dataclass(frozen=True, kw_only=True)
class LearningOptions(Settings):
    """What a network that finds particles learns from, what it starts from, and where it goes."""

    data: PathLike = argument(PathTo(), "images with their annotations", title="Folder with images")
    init: PathLike | None = option(None, PathTo(metavar="MODEL", role="model"), "start from this model")
    resume: bool = flag("go on with a training that was stopped, with the same options")
    description: str = option("", Text(), "a sentence for the model's card")
    spacing: Spacing | None = voxel_size(
        "voxel size of the images in micrometres, instead of the one in the files"
    )
    out: PathLike = output("the model's folder", role="folder", title="Folder of the model")

    def asked(self) -> dict[str, Any]:
        """Return what every training is told beside its images and settings."""
        names = ("init", "description", "spacing", "resume")
        return {name: getattr(self, name) for name in names}


def trained_outcome(out: PathLike, pairs: Sequence[Any], trained: Trained) -> Outcome:
    """Write what the training images were like beside a model; return what is told of its training."""
    from electrodej.inspection import few, write_look_of

    write_look_of(out, [pair.grey for pair in few(pairs)], trained.spacing)
    numbers = trained.as_dict()
    f1 = ", ".join(f"{score:.3f} at IoU {iou}" for iou, score in numbers["validation_f1"].items())
    return Outcome(
        numbers,
        f"{out}: best after epoch {numbers['best_epoch']} of {numbers['epochs']}, "
        f"F1 {f1} on {numbers['validation_images']} validation images",
        {"model": out},
        result=trained,
    )
