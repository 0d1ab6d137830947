"""What a segmentation into phases writes: the phases, maps of how sure it is, and tables."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files.names import stem_of
from electrodej.run import Run
from electrodej.vocabulary import PathLike, Spacing

if TYPE_CHECKING:
    from electrodej.morphology import PairCounts
    from electrodej.networks.semantic import Classes
    from electrodej.verbs.segment.phases import PhasesOptions
    from electrodej.volume import Volume, VolumeWriter

Slab = dict[str, NDArray[Any]]

PHASES, ENTROPY, DISAGREEMENT = "phases", "entropy", "disagreement"


@dataclass(frozen=True)
class Outputs:
    """Files by what they hold, and the classes' maps by their names in it."""

    files: Mapping[str, Path]
    maps: Sequence[str]

    @classmethod
    def of(cls, options: PhasesOptions, names: Sequence[str]) -> Outputs:
        """Return what is asked for; ``names`` are the classes'."""
        files = {PHASES: Path(options.out)}
        maps = []
        if options.probability is not None:
            for number, path in enumerate(map_names(options.probability, names)):
                maps.append(f"map-{number}")
                files[maps[-1]] = path
        for name, given in ((ENTROPY, options.entropy), (DISAGREEMENT, options.disagreement)):
            if given is not None:
                files[name] = Path(given)
        return cls(files, maps)

    def check(self, options: PhasesOptions, run: Run) -> None:
        """Refuse what may not be written, before any work."""
        from electrodej.files.tables import check_table_target
        from electrodej.volume.write import check_volume_target

        targets = list(self.files.values())
        if len({target.absolute() for target in targets}) < len(targets):
            raise InputError("two outputs have the same name; give each its own")
        for target in targets:
            check_volume_target(target, force=run.force, inputs=[options.image])
        if options.spread is not None:
            check_table_target(options.spread, beside=("spread",), force=run.force, inputs=[options.image])

    def writers(self, stack: contextlib.ExitStack, volume: Volume, run: Run) -> dict[str, VolumeWriter]:
        """Open the files; ``stack`` closes them."""
        from electrodej.volume import VolumeWriter

        return {
            name: stack.enter_context(
                VolumeWriter(
                    path,
                    volume.shape,
                    np.uint8 if name == PHASES else np.float32,
                    spacing=volume.require_spacing(),
                    labels=name == PHASES,
                    force=run.force,
                )
            )
            for name, path in self.files.items()
        }

    def slab(
        self, mean: NDArray[np.float32], disagreement: NDArray[np.float32], numbers: NDArray[np.uint8]
    ) -> Slab:
        """Return what is written of a slab: ``mean`` probabilities, their disagreement, and the phases."""
        from electrodej.models.entropy import entropy_of

        parts: Slab = {PHASES: numbers}
        if ENTROPY in self.files:
            parts[ENTROPY] = entropy_of(mean)
        if DISAGREEMENT in self.files:
            parts[DISAGREEMENT] = disagreement
        for channel, name in enumerate(self.maps):
            parts[name] = np.ascontiguousarray(mean[..., channel])
        return parts


def map_names(path: PathLike, names: Sequence[str]) -> list[Path]:
    """Return one name for each class, before the suffix: ``p.ome.tif`` gives ``p_pore.ome.tif``."""
    target = Path(path)
    stem = stem_of(target)
    suffix = target.name[len(stem) :]
    plain = ["".join(c if c.isalnum() or c in "-_" else "-" for c in name) for name in names]
    return [target.with_name(f"{stem}_{name}{suffix}") for name in plain]


def write_spread(
    options: PhasesOptions, pairs: Sequence[PairCounts], classes: Classes, spacing: Spacing, run: Run
) -> dict[str, Any]:
    """Write the measures of the phases by each network, their mean and spread."""
    from electrodej.morphology import phase_measures
    from electrodej.verbs.morphology.versions import PREDICTION, Phases, write_versions

    assert options.spread is not None
    names = dict(zip(classes.ids, classes.names, strict=True))
    titles = [Path(path).name for path in options.model]
    if options.dropout:
        titles = [f"{title}, pass {number + 1}" for title in titles for number in range(options.dropout)]
    rows = [
        (title, PREDICTION, phase_measures(counts, spacing=spacing, names=names))
        for title, counts in zip(titles, pairs, strict=True)
    ]
    return write_versions(options.spread, rows, run, phases=Phases(spacing, names), inputs=[options.image])
