"""Phase images on disk to a table of their measures, and how far versions of one image differ."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej import __version__
from electrodej.errors import InputError
from electrodej.files import scratch_folder
from electrodej.files.tables import check_table_target, checksum, write_table
from electrodej.progress import Progress, silent

if TYPE_CHECKING:
    from electrodej.morphology import Measure
    from electrodej.networks.semantic import LrcsConfig, SemanticSettings

PathLike = str | os.PathLike[str]
Triple = tuple[float, float, float]
Change = Callable[[NDArray[Any]], NDArray[Any]]

LABELS, PREDICTION = "labels", "prediction"


@dataclass(frozen=True)
class Version:
    """One way to draw the phases: a file, and what is changed in each of its slices.

    Attributes
    ----------
    path
        The phase image.
    change
        From slices to slices.
    title
        What the table calls it.
    """

    path: Path
    change: Change
    title: str


def measure_phase_images(
    phases: Sequence[PathLike],
    out: PathLike,
    *,
    names: Mapping[int, str] | None = None,
    border: float = 0.0,
    grey: PathLike | None = None,
    config: LrcsConfig | None = None,
    settings: SemanticSettings | None = None,
    spacing: Triple | None = None,
    memory: int | None = None,
    jobs: int = 1,
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure phase images and write the table; of several versions, their mean and spread too.

    Parameters
    ----------
    phases
        Phase images; 255 is not labelled. Several are taken as versions of the same image.
    out
        The table, ``.csv`` or ``.parquet``: one row for each version. ``NAME_spread.csv`` comes beside it
        where there are several.
    names
        What the phases are called, by their numbers.
    border
        Each version is measured also with each of its phases grown, and shrunk, by so many pixels.
    grey
        The grey image: a network is trained on each version and what it predicts is measured.
    config, settings
        Of these networks, as for `electrodej.networks.semantic.train_semantic`.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the files.
    memory, jobs
        Bytes and threads that the networks may use.
    force
        Replace outputs that exist.
    progress
        Told of every step.

    Returns
    -------
    result
        The table's files, the measures of each version, their spread and notes.
    """
    inputs = [*phases, *([] if grey is None else [grey])]
    beside = ("spread",) if len(phases) > 1 or border else ()
    check_table_target(out, beside=beside, force=force, inputs=inputs)
    size, ids = _look(phases, grey, spacing, progress)
    called = {value: (names or {}).get(value, f"class{value}") for value in ids}
    versions = _versions(phases, ids, called, border)
    rows: list[tuple[str, str, list[Measure]]] = []
    notes: list[str] = []
    for number, version in enumerate(versions):
        tell = _part(progress, number, len(versions))
        slabs = _slabs(version, spacing, memory)
        rows.append((version.title, LABELS, _measured(slabs, ids, size, called, tell)))
        if grey is not None:
            found, said = _trained(
                version, grey, out, ids, size, called, config, settings, spacing, memory, jobs, tell
            )
            rows.append((version.title, PREDICTION, found))
            notes += [f"{version.title}: {note}" for note in said]
    more = write_versions(
        out,
        rows,
        spacing=size,
        inputs=inputs,
        called=called,
        border=border,
        several=bool(beside),
        force=force,
    )
    files = more.pop("spread_files")
    return {"table": os.fspath(out), "files": files, **more, "notes": notes}


def write_versions(
    out: PathLike,
    rows: Sequence[tuple[str, str, list[Measure]]],
    *,
    spacing: Triple,
    inputs: Sequence[PathLike],
    called: Mapping[int, str],
    border: float = 0.0,
    several: bool = True,
    force: bool = False,
) -> dict[str, Any]:
    """Write the measures of versions, and their mean and spread beside them.

    Parameters
    ----------
    out
        The table.
    rows
        For each version what it is called, whether it is `LABELS` or a `PREDICTION`, and its measures.
    spacing, inputs, called, border
        For the description: voxel size, files read, names of the phases, pixels that borders were moved by.
    several
        Whether mean and spread are written.
    force
        Replace what exists.

    Returns
    -------
    result
        ``spread_files``, ``versions``, ``spread`` and ``spacing_um``, ready for JSON.
    """
    from electrodej.morphology import spread

    tables = {}
    if several:
        kinds = list(dict.fromkeys(kind for _, kind, _ in rows))
        parts = [(kind, spread([found for _, of, found in rows if of == kind])) for kind in kinds]
        tables["spread"] = {
            "Of": np.concatenate([np.full(len(part["Measure"]), kind, object) for kind, part in parts]),
            **{name: np.concatenate([part[name] for _, part in parts]) for name in parts[0][1]},
        }
    description = _description(rows, spacing, inputs, called, border)
    paths = write_table(out, _columns(rows), description=description, beside=tables, force=force)
    columns = tables.get("spread", {})
    return {
        "spread_files": [os.fspath(path) for path in paths.values()],
        "versions": [
            {"name": title, "of": kind, **{measure.name: measure.value for measure in found}}
            for title, kind, found in rows
        ],
        "spread": [
            dict(zip(columns, row, strict=True))
            for row in zip(*(column.tolist() for column in columns.values()), strict=True)
        ],
        "spacing_um": list(spacing),
    }


def _look(
    phases: Sequence[PathLike], grey: PathLike | None, spacing: Triple | None, progress: Progress
) -> tuple[Triple, tuple[int, ...]]:
    """Return the voxel size and the phases of all versions, once it is sure that they are of one image."""
    from electrodej.morphology import find_phases
    from electrodej.volume import common_spacing, open_volume

    ids: set[int] = set()
    with open_volume(phases[0], spacing=spacing) as first:
        size = first.require_spacing()
        for path in [*phases[1:], *([] if grey is None else [grey])]:
            with open_volume(path, spacing=spacing) as other:
                common_spacing(first, other)
        for path in phases:
            with open_volume(path, spacing=spacing) as volume:
                slabs = (slab for _, _, slab in volume.slabs())
                found = find_phases(slabs, progress, volume.shape[0])
                if not found or not 0 <= found[0] <= found[-1] <= 254:
                    raise InputError(
                        f"{os.fspath(path)} is no phase image: phases are numbers from 0 to 254, 255 is not "
                        "labelled, and something must be labelled"
                    )
                ids |= set(found)
    return size, tuple(sorted(ids))


def _versions(
    phases: Sequence[PathLike], ids: Sequence[int], called: Mapping[int, str], border: float
) -> list[Version]:
    from electrodej.morphology import move_border

    names = [Path(path).name for path in phases]
    if len(set(names)) < len(names):
        names = [os.fspath(path) for path in phases]
    versions = []
    for name, path in zip(names, phases, strict=True):
        versions.append(Version(Path(path), lambda slab: slab, name))
        for value in ids if border else ():
            for pixels in (border, -border):

                def change(slab: NDArray[Any], value: int = value, pixels: float = pixels) -> NDArray[Any]:
                    return move_border(slab, value, pixels)

                versions.append(Version(Path(path), change, f"{name}, {called[value]} {pixels:+g} px"))
    return versions


def _slabs(
    version: Version, spacing: Triple | None, memory: int | None
) -> Iterator[tuple[float, NDArray[Any]]]:
    from electrodej.volume import open_volume

    with open_volume(version.path, spacing=spacing) as volume:
        for _, z1, slab in volume.slabs(memory=memory):
            yield z1 / volume.shape[0], version.change(slab)


def _measured(
    slabs: Iterator[tuple[float, NDArray[Any]]],
    ids: Sequence[int],
    size: Triple,
    called: Mapping[int, str],
    progress: Progress,
) -> list[Measure]:
    from electrodej.morphology import PairCounts, phase_measures

    counts = PairCounts(ids)
    for share, slab in slabs:
        counts.add(slab)
        progress(share, 1.0, "measuring phases")
    return phase_measures(counts, spacing=size, names=called)


def _trained(
    version: Version,
    grey: PathLike,
    out: PathLike,
    ids: Sequence[int],
    size: Triple,
    called: Mapping[int, str],
    config: LrcsConfig | None,
    settings: SemanticSettings | None,
    spacing: Triple | None,
    memory: int | None,
    jobs: int,
    progress: Progress,
) -> tuple[list[Measure], list[str]]:
    """Train a network on a version, and measure what it predicts of the grey image."""
    from electrodej.networks.backend import use_threads, usual_memory
    from electrodej.networks.semantic import (
        LrcsConfig,
        PredictSettings,
        make_sample,
        predict_slabs,
        train_semantic,
    )
    from electrodej.networks.semantic.predict import measure_volume
    from electrodej.volume import open_volume

    use_threads(jobs)
    labelled = np.concatenate([slab for _, slab in _slabs(version, spacing, memory)])
    with open_volume(grey, spacing=spacing) as image, scratch_folder(out) as scratch:
        sample = make_sample(image.read(), labelled, name=version.title)
        trained = train_semantic(
            [sample], scratch / "model", config=config or LrcsConfig(n_filters=16), settings=settings,
            names=called, spacing=size, progress=progress,
        )  # fmt: skip
        levels, _ = measure_volume(image, trained.model)
        found = predict_slabs(
            image,
            trained.model,
            levels=levels,
            settings=PredictSettings(memory=memory or usual_memory()),
            progress=progress,
        )
        classes = trained.model.classes
        slabs = ((z1 / image.shape[0], classes.phases(chances.argmax(axis=-1))) for _, z1, chances in found)
        return _measured(slabs, ids, size, called, silent), list(trained.notes)


def _part(progress: Progress, number: int, count: int) -> Progress:
    """Return a progress that moves over this version's part of the whole."""

    def tell(done: float, total: float, stage: str) -> None:
        progress(number + done / max(total, 1e-9), count, f"version {number + 1} of {count}: {stage}")

    return tell


def _columns(rows: Sequence[tuple[str, str, list[Measure]]]) -> dict[str, NDArray[Any]]:
    return {
        "Image": np.array([title for title, _, _ in rows], object),
        "Of": np.array([kind for _, kind, _ in rows], object),
        **{
            measure.name: np.array([found[place].value for _, _, found in rows], np.float64)
            for place, measure in enumerate(rows[0][2])
        },
    }


def _description(
    rows: Sequence[tuple[str, str, list[Measure]]],
    size: Triple,
    inputs: Sequence[PathLike],
    called: Mapping[int, str],
    border: float,
) -> dict[str, Any]:
    from electrodej.morphology import SPREAD_COLUMNS

    columns = {
        "Image": {"unit": "", "definition": "the file, and how its borders were moved"},
        "Of": {"unit": "", "definition": "labels: the image itself; prediction: of a network trained on it"},
    }
    columns |= {
        measure.name: {"unit": measure.unit, "definition": measure.definition} for measure in rows[0][2]
    }
    return {
        "columns": columns,
        "spread_columns": SPREAD_COLUMNS,
        "parameters": {"border_pixels": border, "classes": {str(k): name for k, name in called.items()}},
        "spacing_um": list(size),
        "inputs": [{"file": Path(path).name, "checksum": checksum(path)} for path in inputs],
        "made_with": f"ElectrodeJ {__version__}",
    }
