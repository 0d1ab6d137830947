"""Folders of grey and phase images to a trained segmentation network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError
from electrodej.files import check_target
from electrodej.progress import Progress, silent
from electrodej.run import Run

if TYPE_CHECKING:
    from electrodej.networks.semantic import Sample, SemanticSettings
    from electrodej.networks.semantic.config import NetworkConfig

PathLike = str | os.PathLike[str]
Triple = tuple[float, float, float]

GREY = "grey"
PHASES = "phases"
_SUFFIXES = (".tif", ".tiff", ".png", ".zarr")


def find_pairs(data: PathLike) -> list[tuple[Path, Path]]:
    """Return the pairs of grey and phase images in a folder.

    A folder holds ``grey.tif`` and ``phases.tif`` (as `electrodej phantom` writes them), or the folders
    ``grey`` and ``phases`` with images of the same names, or several folders of these kinds.

    Raises
    ------
    electrodej.errors.InputError
        There are none, or an image has no partner.
    """
    folder = Path(data)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give one with grey.tif and phases.tif in it")
    pairs = _pairs_in(folder)
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        if not pairs or inner.name not in (GREY, PHASES):
            pairs += _pairs_in(inner)
    if not pairs:
        raise InputError(
            f"{folder} holds no training data: put grey.tif and phases.tif into it, or folders grey and "
            "phases with images of the same names"
        )
    return pairs


def train_phases(
    data: Sequence[PathLike],
    out: PathLike,
    *,
    config: NetworkConfig,
    settings: SemanticSettings | None = None,
    held_out: Sequence[PathLike] = (),
    names: Mapping[int, str] | None = None,
    ignore: Sequence[int] = (),
    foreground: int | None = None,
    init: PathLike | None = None,
    percentiles: tuple[float, float] = (1.0, 99.8),
    spacing: Triple | None = None,
    jobs: int = 1,
    resume: bool = False,
    force: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Train a network on folders of images.

    Parameters
    ----------
    data, held_out
        Folders as `find_pairs` reads them: to train on, and to judge the network by.
    out
        The model's folder.
    ignore, foreground
        As for `electrodej.networks.semantic.make_sample`.
    spacing
        Voxel size (z, y, x) in micrometres, instead of the one in the files.
    jobs
        Threads of the network.
    config, settings, names, init, percentiles, resume, force, progress
        As for `electrodej.networks.semantic.train_semantic`.

    Returns
    -------
    result
        Where the model lies, its classes, how it was trained, and notes.
    """
    check_target(out, force=force, inputs=[*data, *held_out])
    from electrodej.models.libraries import use_threads
    from electrodej.networks.semantic import SemanticSettings, train_semantic

    found: list[list[Sample]] = []
    for folders in (data, held_out):
        samples = []
        for pair in (pair for folder in folders for pair in find_pairs(folder)):
            samples.append(_read(pair, percentiles, ignore, foreground, spacing))
        found.append(samples)
    # Loads the network's library, which takes seconds: what is wrong with the data is said before.
    use_threads(jobs)
    trained = train_semantic(
        found[0],
        out,
        config=config,
        settings=replace(settings or SemanticSettings(), init=init),
        held_out=found[1],
        names=names,
        resume=resume,
        run=Run(force=force, progress=progress),
    )
    classes = trained.model.classes
    return {
        "model": os.fspath(out),
        "classes": {str(value): name for value, name in zip(classes.ids, classes.names, strict=True)},
        "images": len(found[0]),
        "images_held_out": len(found[1]),
        **{name: value for name, value in trained.summary.items() if name not in ("facts", "settings")},
        "notes": list(trained.notes),
    }


def _pairs_in(folder: Path) -> list[tuple[Path, Path]]:
    grey, phases = _image(folder, GREY), _image(folder, PHASES)
    if grey is not None and phases is not None:
        return [(grey, phases)]
    greys, others = folder / GREY, folder / PHASES
    if not (greys.is_dir() and others.is_dir()):
        return []
    pairs = []
    for image in sorted(path for path in greys.iterdir() if path.suffix.lower() in _SUFFIXES):
        partner = _image(others, image.stem)
        if partner is None:
            raise InputError(f"{image} has no phase image of the same name in {others}; add it")
        pairs.append((image, partner))
    return pairs


def _image(folder: Path, stem: str) -> Path | None:
    places = (folder / f"{stem}{suffix}" for suffix in _SUFFIXES)
    return next((place for place in places if place.exists()), None)


def _read(
    pair: tuple[Path, Path],
    percentiles: tuple[float, float],
    ignore: Sequence[int],
    foreground: int | None,
    spacing: Triple | None,
) -> Sample:
    from electrodej.networks.semantic import make_sample
    from electrodej.volume import open_volume

    with open_volume(pair[0], spacing=spacing) as grey, open_volume(pair[1], spacing=spacing) as phases:
        if grey.shape != phases.shape:
            raise InputError(
                f"{pair[0]} has {grey.shape} voxels and {pair[1]} has {phases.shape}; give images of one size"
            )
        return make_sample(
            grey.read(),
            phases.read(),
            percentiles=percentiles,
            ignore=ignore,
            foreground=foreground,
            name=str(pair[0]),
            spacing=grey.spacing,
        )
