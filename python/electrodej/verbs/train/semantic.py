"""What `train lrcs` and `train unet` share: their options and their work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from electrodej.errors import InputError, UsageError
from electrodej.networks.semantic.settings import SemanticSettings
from electrodej.options import (
    Names,
    PathTo,
    Settings,
    Whole,
    argument,
    flag,
    nested,
    option,
    output,
    voxel_size,
)
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.vocabulary import PathLike, Spacing, counted

if TYPE_CHECKING:
    from electrodej.networks.semantic import Sample
    from electrodej.networks.semantic.config import NetworkConfig

GREY = "grey"
PHASES = "phases"
_SUFFIXES = (".tif", ".tiff", ".png", ".zarr")


@dataclass(frozen=True, kw_only=True)
class TrainOptions(Settings):
    """What a network that tells phases apart learns from, and how."""

    data: tuple[PathLike, ...] = argument(
        PathTo(), "folders with grey images and their phases", many=True, title="Folder with images"
    )
    held_out_data: tuple[PathLike, ...] = option(
        (), PathTo(metavar="DIR"), "judge by these images", many=True, word="held_out", group="data"
    )
    names: tuple[str, ...] = option(
        (), Names(numbered=True), "names of the classes 0, 1, ..., e.g. pore,binder,particle", group="data"
    )
    ignore: tuple[int, ...] = option(
        (), Whole(0, metavar="CLASS"), "take it as not labelled", many=True, group="data"
    )
    foreground: int | None = option(
        None, Whole(0, metavar="CLASS"), "tell only this class from all the others", group="data"
    )
    filters: int = option(16, Whole(1), "filters at full size", group="network")
    dense: bool = flag("lrcs: dense layers in the middle, as published; cannot be exported", group="network")
    settings: SemanticSettings = nested(SemanticSettings)
    resume: bool = flag("go on with a training that was stopped", group="training")
    spacing: Spacing | None = voxel_size()
    out: PathLike = output("the model's folder", role="folder", title="Folder of the model")


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


def training_verb(kind: Literal["lrcs", "unet"], title: str, summary: str) -> Verb:
    """Return the verb that trains a kind of network."""

    def work(options: TrainOptions, run: Run) -> Outcome:
        return train(kind, options, run)

    return Verb(
        name=f"train {kind}",
        summary=summary,
        help="""\
Train a network that tells phases (lrcs) or cracks (unet) apart, on grey images with their phases.

DATA is a folder with grey.tif and phases.tif, as electrodej phantom writes them, or with the folders grey
and phases that hold images of the same names. Phases are numbers from 0; 255 means that nobody labelled a
voxel, so a few labelled slices of a volume are enough. Ctrl-C keeps what was learnt: see --resume.""",
        example="electrodej train lrcs my-slices --names pore,binder,particle --out my-phases",
        options=TrainOptions,
        work=work,
        takes=("force", "jobs"),
        menu=Menu(
            f"Train {title}",
            ("data", "names", "init", "epochs", "resume", "spacing", "out"),
            further=("foreground", "views", "loss", "freeze", "steps", "batch", "patch", "patience", "seed"),
        ),
    )


def train(kind: Literal["lrcs", "unet"], options: TrainOptions, run: Run) -> Outcome:
    """Train a network of a kind on folders of images."""
    from electrodej.files import check_target

    if options.dense and kind != "lrcs":
        raise UsageError("--dense is for lrcs; leave it out")
    check_target(options.out, force=run.force, inputs=[*options.data, *options.held_out_data])
    from electrodej.inspection import few, write_look_of
    from electrodej.models.libraries import use_threads
    from electrodej.networks.semantic import train_semantic

    samples, judges = _samples(options.data, options), _samples(options.held_out_data, options)
    # Loads the network's library, which takes seconds: what is wrong with the data is said before.
    use_threads(run.cores)
    trained = train_semantic(
        samples,
        options.out,
        _settings(options),
        run,
        config=_network(kind, options),
        held_out=judges,
        names=dict(enumerate(options.names)),
        resume=options.resume,
    )
    write_look_of(options.out, [sample.grey for sample in few(samples)], trained.model.spacing)
    classes, summary = trained.model.classes, trained.summary
    return Outcome(
        {
            "model": os.fspath(options.out),
            "classes": {str(value): name for value, name in zip(classes.ids, classes.names, strict=True)},
            "images": len(samples),
            "images_held_out": len(judges),
            **{name: value for name, value in summary.items() if name not in ("facts", "settings")},
        },
        f"{options.out}: {', '.join(classes.names)}; best of {counted(summary['epochs'], 'epoch')} was "
        f"number {summary['best_epoch']}",
        {"model": options.out},
        result=trained,
    )


def _network(kind: str, options: TrainOptions) -> NetworkConfig:
    from electrodej.networks.semantic import LrcsConfig, UNetConfig

    if kind == "unet":
        return UNetConfig(
            n_filters=options.filters, head="softmax" if options.foreground is None else "sigmoid"
        )
    return LrcsConfig(
        n_filters=options.filters,
        middle="dense" if options.dense else "convolutional",
        size=-(-options.settings.patch // 8) * 8,
    )


def _settings(options: TrainOptions) -> SemanticSettings:
    """Return the settings; unless said otherwise, the rate is halved after a third of the patience."""
    settings = options.settings
    halve_after = settings.run.halve_after or (0 if settings.falling else settings.run.patience // 3)
    return replace(settings, run=replace(settings.run, halve_after=halve_after))


def _samples(folders: Sequence[PathLike], options: TrainOptions) -> list[Sample]:
    """Return the images of folders with their phases."""
    return [_read(pair, options) for folder in folders for pair in find_pairs(folder)]


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
    """Return the image of a name; its suffix may be in capitals, also where the system tells them apart."""
    found = {each.suffix.lower(): each for each in sorted(folder.iterdir()) if each.stem == stem}
    return next((found[suffix] for suffix in _SUFFIXES if suffix in found), None)


def _read(pair: tuple[Path, Path], options: TrainOptions) -> Sample:
    from electrodej.networks.semantic import make_sample
    from electrodej.volume import open_volume

    with (
        open_volume(pair[0], spacing=options.spacing) as grey,
        open_volume(pair[1], spacing=options.spacing) as phases,
    ):
        if grey.shape != phases.shape:
            raise InputError(
                f"{pair[0]} has {grey.shape} voxels and {pair[1]} has {phases.shape}; give images of one size"
            )
        return make_sample(
            grey.read(),
            phases.read(),
            spacing=grey.spacing,
            ignore=options.ignore,
            foreground=options.foreground,
            name=str(pair[0]),
        )
