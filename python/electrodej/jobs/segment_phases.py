"""A grey volume on disk to phases on disk, with class probabilities and their uncertainty if wanted."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.jobs.segment_phases_kept import KeptSlabs
from electrodej.progress import Progress, silent
from electrodej.run import Run

if TYPE_CHECKING:
    from electrodej.models.grey import Levels
    from electrodej.morphology import PairCounts
    from electrodej.networks.semantic import PredictSettings, SemanticModel
    from electrodej.volume import Volume

PathLike = str | os.PathLike[str]
Slab = dict[str, NDArray[Any]]

# Slices between two savings of a run that may be stopped.
_KEPT_DEPTH = 16
PHASES, ENTROPY, DISAGREEMENT = "phases", "entropy", "disagreement"


@dataclass(frozen=True)
class _Request:
    """What is to be written: files by what they hold, the classes' maps by their names."""

    files: Mapping[str, Path]
    maps: Sequence[str]

    def part(self, mean: NDArray[np.float32], disagreement: NDArray[np.float32], numbers: Any) -> Slab:
        """Return what is written of a slab."""
        from electrodej.networks.semantic.predict import entropy_of

        parts: Slab = {PHASES: numbers}
        if ENTROPY in self.files:
            parts[ENTROPY] = entropy_of(mean)
        if DISAGREEMENT in self.files:
            parts[DISAGREEMENT] = disagreement
        for channel, name in enumerate(self.maps):
            parts[name] = np.ascontiguousarray(mean[..., channel])
        return parts


def segment_phases(
    image: PathLike,
    *,
    model: PathLike | Sequence[PathLike],
    out: PathLike,
    probability: PathLike | None = None,
    entropy: PathLike | None = None,
    disagreement: PathLike | None = None,
    spread: PathLike | None = None,
    dropout: int = 0,
    seed: int = 0,
    views: Sequence[Literal["xy", "xz", "yz"]] = ("xy",),
    tile: int = 0,
    spacing: tuple[float, float, float] | None = None,
    memory: int | None = None,
    jobs: int = 1,
    resume: bool = False,
    force: bool = False,
    say: Callable[[str], None] | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Run segmentation networks over ``image`` and write the phases.

    Parameters
    ----------
    image
        The grey volume, or a single image.
    model
        A model folder, a zip made by `electrodej export`, or the name of a bundled model; several are asked
        together, and the mean of their probabilities is taken.
    out
        The phases, uint8.
    probability
        Name of the probabilities, float32: ``p.tif`` becomes ``p_pore.tif``, ``p_binder.tif`` and so on.
    entropy
        How undecided the networks are on the whole, float32 from 0 to 1.
    disagreement
        How far they disagree, float32 from 0 to 1: see `electrodej.networks.semantic.predict_ensemble`.
    spread
        A table: the measures of the phases by each network, their mean and spread.
    dropout, seed
        Ask each network so many times with its dropout switched on; what is dropped is chosen by the seed.
    views
        Planes that the network sees; the mean of several is taken.
    tile
        Largest side of a tile in pixels; 0: as large as the memory allows.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the file.
    memory, jobs
        How many bytes and how many threads may be used.
    resume
        Keep finished slabs in ``OUT.run`` while working, and go on from those that are there.
    force
        Replace outputs that exist.
    say
        Told at once what else would only be in the notes: that less memory is there than was thought.
    progress
        Told of each batch of tiles.

    Returns
    -------
    result
        Files, voxels of each class, voxel size, and notes.
    """
    from electrodej.models.bundled import find_model
    from electrodej.models.libraries import use_threads
    from electrodej.networks.semantic import PredictSettings, load_model, make_members
    from electrodej.networks.semantic.predict import measure_volume
    from electrodej.volume import VolumeWriter, open_volume

    paths = [model] if isinstance(model, str | os.PathLike) else list(model)
    _check_request(len(paths), dropout, disagreement, spread, views, resume=resume)
    # Loading the network's library takes seconds: a wrong name is said before.
    for path in paths:
        find_model(path)
    use_threads(jobs)
    models = [load_model(path) for path in paths]
    members = make_members(models, dropout=dropout, seed=seed)
    classes = models[0].classes
    request = _request(out, probability, entropy, disagreement, classes.names)
    _check_targets(request, spread, image, force=force)
    settings = PredictSettings(views=tuple(views), tile=tile)
    notes: list[str] = []
    with open_volume(image, spacing=spacing) as volume:
        size = volume.require_spacing()
        measured = [measure_volume(volume, each) for each in models]
        notes += dict.fromkeys(note for _, found in measured for note in found)
        notes += _spacing_notes(models, size)
        levels = [level for level, _ in measured for _ in range(dropout or 1)]
        kept = _kept(out, volume, paths, settings, request, dropout, seed) if resume else None
        if kept is not None:
            settings = dataclasses.replace(settings, slab=_KEPT_DEPTH)
            done = kept.finished(volume.shape[0], _KEPT_DEPTH)
            if done:
                notes.append(f"went on from slice {done} of {volume.shape[0]}")
        pairs = _pair_counts(members, spread)

        run = Run(memory=memory, progress=progress, notes=notes, hear=say)
        counts = np.zeros(256, np.int64)
        with contextlib.ExitStack() as stack:
            writers = {
                name: stack.enter_context(
                    VolumeWriter(
                        path, volume.shape, np.uint8 if name == PHASES else np.float32,
                        spacing=size, labels=name == PHASES, force=force,
                    )
                )
                for name, path in request.files.items()
            }  # fmt: skip
            slabs = _slabs(volume, members, levels, settings, request, out, kept, pairs, run)
            for z0, slab in slabs:
                counts += np.bincount(slab[PHASES].ravel(), minlength=256)
                for name, writer in writers.items():
                    writer.write(z0, slab[name])
        total = volume.size
    result = {
        "phases": os.fspath(out),
        "files": [os.fspath(path) for path in request.files.values()],
        "networks": len(members),
        "classes": [
            {"value": value, "name": name, "voxels": int(counts[value]), "share": int(counts[value]) / total}
            for value, name in zip(classes.ids, classes.names, strict=True)
        ],
        "spacing_um": list(size),
        "notes": notes,
    }
    if spread is not None:
        result |= _write_spread(spread, pairs, paths, members, size, image, dropout, force=force)
    if kept is not None:
        kept.discard()
    return result


def _slabs(
    volume: Volume,
    members: Sequence[SemanticModel],
    levels: Sequence[Levels],
    settings: PredictSettings,
    request: _Request,
    out: PathLike,
    kept: KeptSlabs | None,
    pairs: Sequence[PairCounts],
    run: Run,
) -> Iterator[tuple[int, Slab]]:
    """Yield what is written, slab by slab: first what was kept, then what is predicted now."""
    from electrodej.networks.semantic import predict_ensemble

    classes = members[0].classes
    start = 0
    if kept is not None:
        start = kept.finished(volume.shape[0], settings.slab)
        for z0 in range(0, start, settings.slab):
            yield z0, kept.load(z0)

    def look(number: int, found: NDArray[np.float32]) -> None:
        if pairs:
            pairs[number].add(classes.phases(found.argmax(axis=-1)))

    for z0, _, mean, disagreement in predict_ensemble(
        volume,
        members,
        levels=levels,
        settings=settings,
        scratch=out,
        start=start,
        look=look,
        run=run,
    ):
        slab = request.part(mean, disagreement, classes.phases(mean.argmax(axis=-1)))
        if kept is not None:
            kept.save(z0, slab)
        yield z0, slab


def _check_request(
    models: int,
    dropout: int,
    disagreement: PathLike | None,
    spread: PathLike | None,
    views: Sequence[str],
    *,
    resume: bool,
) -> None:
    if models < 1:
        raise InputError("give at least one model")
    if models * max(dropout, 1) < 2 and (disagreement is not None or spread is not None):
        raise InputError(
            "one network alone agrees with itself; give --model several times, or --dropout with 2 or more, "
            "for --disagreement and --spread"
        )
    if resume and (tuple(views) != ("xy",) or spread is not None):
        raise InputError("--resume goes with the view xy, and without --spread; leave it out")


def _request(
    out: PathLike,
    probability: PathLike | None,
    entropy: PathLike | None,
    disagreement: PathLike | None,
    names: Sequence[str],
) -> _Request:
    files = {PHASES: Path(out)}
    maps = []
    if probability is not None:
        for number, path in enumerate(_map_names(probability, names)):
            maps.append(f"map-{number}")
            files[maps[-1]] = path
    for name, given in ((ENTROPY, entropy), (DISAGREEMENT, disagreement)):
        if given is not None:
            files[name] = Path(given)
    return _Request(files, maps)


def _check_targets(request: _Request, spread: PathLike | None, image: PathLike, *, force: bool) -> None:
    from electrodej.files.tables import check_table_target
    from electrodej.volume.write import check_volume_target

    targets = list(request.files.values())
    if len({target.absolute() for target in targets}) < len(targets):
        raise InputError("two outputs have the same name; give each its own")
    for target in targets:
        check_volume_target(target, force=force, inputs=[image])
    if spread is not None:
        check_table_target(spread, beside=("spread",), force=force, inputs=[image])


def _spacing_notes(models: Sequence[SemanticModel], size: tuple[float, float, float]) -> list[str]:
    """Return a note for each model that was trained on pixels of quite another size."""
    notes = []
    for model in models:
        if model.spacing is None:
            continue
        ratio = size[2] / model.spacing[2]
        if not 0.67 < ratio < 1.5:
            notes.append(
                f"{model.name} was trained on pixels of {model.spacing[2]:g} um, and these are of "
                f"{size[2]:g} um; look at the result, and bring the image to that size where it is wrong"
            )
    return notes


def _kept(
    out: PathLike,
    volume: Volume,
    models: Sequence[PathLike],
    settings: PredictSettings,
    request: _Request,
    dropout: int,
    seed: int,
) -> KeptSlabs:
    from electrodej.files.tables import checksum
    from electrodej.models.bundled import find_model

    found = [find_model(path) for path in models]
    networks = [path if path.is_file() else path / "model.keras" for path in found]
    facts = {
        "image": checksum(volume.path),
        "shape": list(volume.shape),
        "model": [checksum(path) for path in networks],
        "outputs": sorted(request.files),
        "slices": _KEPT_DEPTH,
        "dropout": [dropout, seed],
        "view": list(settings.views),
    }
    return KeptSlabs(out, facts)


def _pair_counts(members: Sequence[SemanticModel], spread: PathLike | None) -> list[PairCounts]:
    if spread is None:
        return []
    from electrodej.morphology import PairCounts

    return [PairCounts(member.classes.ids) for member in members]


def _write_spread(
    target: PathLike,
    pairs: Sequence[PairCounts],
    models: Sequence[PathLike],
    members: Sequence[SemanticModel],
    size: tuple[float, float, float],
    image: PathLike,
    dropout: int,
    *,
    force: bool,
) -> dict[str, Any]:
    from electrodej.jobs.morphology import PREDICTION, write_versions
    from electrodej.morphology import phase_measures

    names = dict(zip(members[0].classes.ids, members[0].classes.names, strict=True))
    titles = [Path(path).name for path in models]
    if dropout:
        titles = [f"{title}, pass {number + 1}" for title in titles for number in range(dropout)]
    rows = [
        (title, PREDICTION, phase_measures(counts, spacing=size, names=names))
        for title, counts in zip(titles, pairs, strict=True)
    ]
    return write_versions(target, rows, spacing=size, inputs=[image], called=names, force=force)


def _map_names(path: PathLike, names: Sequence[str]) -> list[Path]:
    """Return one name for each class, before the suffix: ``p.ome.tif`` gives ``p_pore.ome.tif``."""
    target = Path(path)
    stem, dot, suffix = target.name.partition(".")
    plain = ["".join(c if c.isalnum() or c in "-_" else "-" for c in name) for name in names]
    return [target.with_name(f"{stem}_{name}{dot}{suffix}") for name in plain]
