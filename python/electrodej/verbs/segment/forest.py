"""A forest in the place of a network: `electrodej segment phases --model FOREST`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from electrodej.errors import InputError
from electrodej.run import Run
from electrodej.verbs.segment.outputs import Outputs, Slab
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from electrodej.forest import Forest
    from electrodej.morphology import PairCounts
    from electrodej.verbs.segment.phases import PhasesOptions
    from electrodej.volume import Volume

_UNLIKE = 0.15


def is_forest(model: PathLike) -> bool:
    """Whether a model is a forest."""
    from electrodej import forest

    return forest.is_forest(model)


def check_for_forest(options: PhasesOptions, run: Run) -> None:
    """Refuse what goes with networks only; a cluster, which a chain has for other verbs, is told of."""
    for name, given in (
        ("several models", len(options.model) > 1),
        ("--view", options.view != "xy"),
        ("--dropout", options.dropout),
        ("--engine", options.engine != "auto"),
        ("--mirrored", options.mirrored),
        ("--scale", options.scale is not None),
        ("--resume", options.resume),
        ("--tile", options.tile),
    ):
        if given:
            raise InputError(
                f"{name}: that goes with networks, and {options.model[0]} is a forest; leave it out"
            )
    if run.scheduler is not None:
        run.note("forests work on this machine alone; the cluster is not asked")


class LoneForest:
    """The forest of a segmentation, loaded.

    Parameters
    ----------
    place
        Its folder.
    options, run
        Of the verb.
    """

    def __init__(self, place: Path, options: PhasesOptions, run: Run) -> None:
        from electrodej.forest import load_forest
        from electrodej.networks.semantic import Classes

        self.options, self.run = options, run
        self.forest = load_forest(place)
        self.classes = Classes(self.forest.ids, self.forest.names)
        self.engines: list[str] = []

    def over(self, volume: Volume, outputs: Outputs) -> ForestPrediction:
        """Look at a volume, and return what the forest will say of it."""
        if not self.options.as_is:
            self._look(volume)
        return ForestPrediction(volume, self.forest, outputs, self.run, looked=not self.options.as_is)

    def _look(self, volume: Volume) -> None:
        from electrodej.forest import unlikeness
        from electrodej.inspection import inspect

        # Whatever a forest learnt from was inverted or not as this image is; the rest it measures as it is.
        inspect(volume, volume.require_spacing())
        far = unlikeness(volume, self.forest)
        if far > _UNLIKE:
            self.run.note(
                f"WARNING: grey values are distributed unlike those {self.forest.name} learnt from (moved by "
                f"{far:.2f} of their range on average); look at the result, and label some of this image too"
            )


class ForestPrediction:
    """A forest over a volume; has what `electrodej.verbs.segment.prediction.Prediction` has."""

    def __init__(self, volume: Volume, forest: Forest, outputs: Outputs, run: Run, *, looked: bool) -> None:
        self.volume, self.forest, self.outputs, self.run = volume, forest, outputs, run
        self.members = [forest]
        self.pairs: list[PairCounts] = []
        self.look = {"looked_at": looked, "inverted": False}

    def slabs(self) -> Iterator[tuple[int, Slab]]:
        """Yield what is written, from the first slice to the last; what disagrees are its trees."""
        from electrodej.forest import predict_slabs

        ids = np.array(self.forest.ids, np.uint8)
        for found in predict_slabs(self.volume, self.forest, run=self.run):
            numbers = ids[found.probability.argmax(axis=-1)]
            yield found.z0, self.outputs.slab(found.probability, found.doubt, numbers)

    def forget(self) -> None:
        """Nothing is kept for the case of a stop."""
