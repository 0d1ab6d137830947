"""The slabs of a segmentation into phases: those that a stopped run kept, then those that are predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.run import Run
from electrodej.verbs.segment.outputs import Outputs, Slab
from electrodej.verbs.segment.slabs import KeptSlabs

if TYPE_CHECKING:
    from electrodej.inspection import Ready
    from electrodej.networks.semantic import SemanticModel
    from electrodej.verbs.segment.phases import PhasesOptions
    from electrodej.volume import Volume


class Networks:
    """The networks of a segmentation, loaded.

    Parameters
    ----------
    options, run
        Of the verb.
    """

    def __init__(self, options: PhasesOptions, run: Run) -> None:
        from electrodej.models.libraries import use_threads
        from electrodej.networks.semantic import load_model

        self.options, self.run = options, run
        use_threads(run.cores)
        self.models = [load_model(path, engine=options.engine) for path in options.model]
        self.classes = self.models[0].classes
        # With dropout Keras computes, whatever the model came as.
        self.engines = ["Keras"] if options.dropout else sorted({each.engine.name for each in self.models})

    def over(self, volume: Volume, outputs: Outputs) -> Prediction:
        """Look at a volume, and return what the networks will say of it."""
        from electrodej.inspection import known_look, look_first

        options = self.options
        looks = [
            known_look(path, each.spacing) for path, each in zip(options.model, self.models, strict=True)
        ]
        ready = look_first(volume, looks, self.run, scale=options.scale, as_is=options.as_is)
        return Prediction(ready, self.models, outputs, options, self.run)


class Prediction:
    """Networks over a volume.

    Parameters
    ----------
    ready
        The grey volume as the networks are to see it.
    models
        The networks; with dropout each is asked several times.
    outputs
        What is wanted of each slab.
    options, run
        Of the verb.
    """

    def __init__(
        self,
        ready: Ready,
        models: Sequence[SemanticModel],
        outputs: Outputs,
        options: PhasesOptions,
        run: Run,
    ) -> None:
        from electrodej.models.engines.mirrored import Mirrored
        from electrodej.morphology import PairCounts
        from electrodej.networks.semantic import PredictSettings, make_members
        from electrodej.networks.semantic.predict import measure_volume

        self.ready, self.outputs, self.options, self.run = ready, outputs, options, run
        self.volume = volume = ready.volume
        self.look = ready.as_plain()
        shown = [replace(model, pixel=pixel) for model, pixel in zip(models, ready.pixels, strict=True)]
        if options.mirrored:
            shown = [replace(model, engine=Mirrored(model.engine)) for model in shown]
        self.members = make_members(shown, dropout=options.dropout, seed=options.seed)
        self.pairs = (
            [] if options.spread is None else [PairCounts(member.classes.ids) for member in self.members]
        )
        measured = [measure_volume(volume, each) for each in models]
        run.note(*(note for _, notes in measured for note in notes))
        self._levels = [
            level.brightened(ready.gain(level.low, level.high, number))
            for number, (level, _) in enumerate(measured)
            for _ in range(options.dropout or 1)
        ]
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
            self._settings,
            self.run,
            levels=self._levels,
            scratch=self.options.out,
            start=start,
            look=self._count,
        ):
            slab = self.outputs.slab(mean, disagreement, classes.phases(mean.argmax(axis=-1)))
            if self._kept is not None:
                self._kept.save(z0, slab)
            yield z0, slab

    def forget(self) -> None:
        """Remove what was kept for the case of a stop."""
        if self._kept is not None:
            self._kept.discard()

    def _count(self, number: int, found: NDArray[np.float32]) -> None:
        """Count what one network says of a slab."""
        if self.pairs:
            classes = self.members[0].classes
            self.pairs[number].add(classes.phases(found.argmax(axis=-1)))

    def _facts(self) -> dict[str, Any]:
        """Return what the slabs depend on."""
        from electrodej.files.tables import checksum
        from electrodej.models.bundled import find_model
        from electrodej.models.model import network_file

        networks = [network_file(find_model(path)) for path in self.options.model]
        path = Path(self.volume.path)
        return {
            "image": checksum(path) if path.exists() else _checksum(self.volume),
            "shape": list(self.volume.shape),
            "model": [checksum(path) for path in networks],
            "outputs": sorted(self.outputs.files),
            "slices": self._settings.slab,
            "mirrored": self.options.mirrored,
            "dropout": [self.options.dropout, self.options.seed],
            "view": list(self.options.views),
            "pixels": list(self.ready.pixels),
            "inverted": self.ready.plan is not None,
            # As brightened: percentiles, --as-is and what the look of a model says are in them.
            "levels": [[level.low, level.high] for level in self._levels],
            "classes": list(self.members[0].classes.ids),
        }


def _checksum(volume: Volume) -> str:
    """Return what tells one image in memory from another."""
    import hashlib

    digest = hashlib.sha256()
    for _, _, slab in volume.slabs():
        digest.update(slab.tobytes())
    return f"sha256:{digest.hexdigest()}"
