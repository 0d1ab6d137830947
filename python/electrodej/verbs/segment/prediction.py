"""The slabs of a segmentation into phases: those that a stopped run kept, then those that are predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.run import Run
from electrodej.verbs.segment.outputs import Outputs, Slab
from electrodej.verbs.segment.slabs import KeptSlabs

if TYPE_CHECKING:
    from electrodej.networks.semantic import SemanticModel
    from electrodej.verbs.segment.phases import PhasesOptions
    from electrodej.volume import Volume


class Prediction:
    """Networks over a volume.

    Parameters
    ----------
    volume
        The grey volume.
    models
        The networks; with dropout each is asked several times.
    outputs
        What is wanted of each slab.
    options, run
        Of the verb.
    """

    def __init__(
        self,
        volume: Volume,
        models: Sequence[SemanticModel],
        outputs: Outputs,
        options: PhasesOptions,
        run: Run,
    ) -> None:
        from electrodej.morphology import PairCounts
        from electrodej.networks.semantic import PredictSettings, make_members
        from electrodej.networks.semantic.predict import measure_volume

        self.volume, self.outputs, self.options, self.run = volume, outputs, options, run
        self.members = make_members(list(models), dropout=options.dropout, seed=options.seed)
        self.pairs = (
            [] if options.spread is None else [PairCounts(member.classes.ids) for member in self.members]
        )
        measured = [measure_volume(volume, each) for each in models]
        run.note(*(note for _, notes in measured for note in notes))
        run.note(*_spacing_notes(models, volume))
        self._levels = [level for level, _ in measured for _ in range(options.dropout or 1)]
        self._settings = PredictSettings(
            views=options.views,
            tile=options.tile,
            slab=options.kept_slices if options.resume else 0,
        )
        self._kept = KeptSlabs(options.out, self._facts()) if options.resume else None

    def slabs(self) -> Iterator[tuple[int, Slab]]:
        """Yield what is written, from the first slice to the last."""
        from electrodej.networks.semantic import predict_ensemble

        start = 0
        if self._kept is not None:
            depth = self._settings.slab
            start = self._kept.finished(self.volume.shape[0], depth)
            if start:
                self.run.note(f"went on from slice {start} of {self.volume.shape[0]}")
            for z0 in range(0, start, depth):
                yield z0, self._kept.load(z0)
        classes = self.members[0].classes
        for z0, _, mean, disagreement in predict_ensemble(
            self.volume,
            self.members,
            levels=self._levels,
            settings=self._settings,
            scratch=self.options.out,
            start=start,
            look=self._look,
            run=self.run,
        ):
            slab = self.outputs.slab(mean, disagreement, classes.phases(mean.argmax(axis=-1)))
            if self._kept is not None:
                self._kept.save(z0, slab)
            yield z0, slab

    def forget(self) -> None:
        """Remove what was kept for the case of a stop."""
        if self._kept is not None:
            self._kept.discard()

    def _look(self, number: int, found: NDArray[np.float32]) -> None:
        """Count what one network says of a slab."""
        if self.pairs:
            classes = self.members[0].classes
            self.pairs[number].add(classes.phases(found.argmax(axis=-1)))

    def _facts(self) -> dict[str, Any]:
        """Return what the slabs depend on."""
        from electrodej.files.tables import checksum
        from electrodej.models.bundled import find_model

        found = [find_model(path) for path in self.options.model]
        networks = [path if path.is_file() else path / "model.keras" for path in found]
        path = Path(self.volume.path)
        return {
            "image": checksum(path) if path.exists() else _checksum(self.volume),
            "shape": list(self.volume.shape),
            "model": [checksum(path) for path in networks],
            "outputs": sorted(self.outputs.files),
            "slices": self._settings.slab,
            "dropout": [self.options.dropout, self.options.seed],
            "view": list(self.options.views),
        }


def _checksum(volume: Volume) -> str:
    """Return what tells one image in memory from another."""
    import hashlib

    digest = hashlib.sha256()
    for _, _, slab in volume.slabs():
        digest.update(slab.tobytes())
    return f"sha256:{digest.hexdigest()}"


def _spacing_notes(models: Sequence[SemanticModel], volume: Volume) -> Iterator[str]:
    """Yield a note for each model that was trained on pixels of quite another size."""
    size = volume.require_spacing()[2]
    for model in models:
        if model.spacing is not None and not 0.67 < size / model.spacing[2] < 1.5:
            yield (
                f"{model.name} was trained on pixels of {model.spacing[2]:g} um, and these are of "
                f"{size:g} um; look at the result, and bring the image to that size where it is wrong"
            )
