"""What trainings of networks that find particles have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from electrodej.verb import Outcome
from electrodej.vocabulary import PathLike


def trained_outcome(out: PathLike, pairs: Sequence[Any], trained: Any) -> Outcome:
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
