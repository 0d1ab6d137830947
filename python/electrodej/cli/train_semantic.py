"""``electrodej train unet`` and ``electrodej train lrcs``: networks that tell phases and cracks apart."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common, number_within, whole_from

HELP = """Train a network that tells phases (lrcs) or cracks (unet) apart, on grey images with their phases.

DATA is a folder with grey.tif and phases.tif, as electrodej phantom writes them, or with the folders grey
and phases that hold images of the same names. Phases are numbers from 0; 255 means that nobody labelled a
voxel, so a few labelled slices of a volume are enough. Ctrl-C keeps what was learnt: see --resume."""
EXAMPLE = "electrodej train lrcs my-slices --names pore,binder,particle --out my-phases"


def add_semantic_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that `run_semantic` reads; ``kind`` (unet or lrcs) is the verb's own."""
    parser.add_argument("data", metavar="DATA", nargs="+", help="folders with grey images and their phases")
    group = parser.add_argument_group("data")
    group.add_argument("--held-out", metavar="DIR", action="append", default=[], help="judge by these images")
    group.add_argument(
        "--names", metavar="A,B,...", help="names of the classes 0, 1, ..., e.g. pore,binder,particle"
    )
    group.add_argument(
        "--ignore",
        metavar="CLASS",
        type=whole_from(0),
        action="append",
        default=[],
        help="take it as not labelled",
    )
    group.add_argument(
        "--foreground", metavar="CLASS", type=whole_from(0), help="tell only this class from all the others"
    )
    group.add_argument(
        "--views", metavar="V,...", default="xy", help="planes to learn from: xy, or xy,xz,yz (default: xy)"
    )
    group = parser.add_argument_group("network")
    group.add_argument(
        "--filters", metavar="N", type=whole_from(1), default=16, help="filters at full size (default: 16)"
    )
    group.add_argument(
        "--dense",
        action="store_true",
        help="lrcs: dense layers in the middle, as published; cannot be exported",
    )
    group.add_argument("--init", metavar="M", help="start from this model: a folder or a bundled name")
    group.add_argument("--freeze", choices=("encoder",), help="with --init: keep the encoder as it is")
    group = parser.add_argument_group("training")
    for name, reader, default, text in (
        ("--epochs", whole_from(1), 100, "at most so many epochs"),
        ("--patience", whole_from(0), 20, "end after so many epochs without gain; 0: never early"),
        ("--steps", whole_from(1), 50, "batches in an epoch"),
        ("--batch", whole_from(1), 8, "patches in a batch"),
        ("--patch", whole_from(1), 128, "side of a patch in pixels"),
        ("--learning-rate", number_within(0, without_lowest=True), 1e-3, "of Adam"),
    ):
        metavar = "R" if name == "--learning-rate" else "N"
        group.add_argument(
            name, metavar=metavar, type=reader, default=default, help=f"{text} (default: %(default)s)"
        )
    group.add_argument(
        "--loss", choices=("ce", "dice", "both"), default="both", help="cross-entropy, Dice or both (default)"
    )
    group.add_argument("--mixed-precision", action="store_true", help="compute in half precision, on a GPU")
    group.add_argument("--resume", action="store_true", help="go on with a training that was stopped")
    add_common(parser, "spacing", "out", "force", "jobs", "seed", out="the model's folder (required)")


def run_semantic(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Train; ``options.kind`` is unet or lrcs."""
    from electrodej.errors import UsageError
    from electrodej.jobs.train_semantic import train_phases

    if options.out is None:
        raise UsageError("say where to write the model with --out, e.g. --out my-phases")
    if options.dense and options.kind != "lrcs":
        raise UsageError("--dense is for lrcs; leave it out")
    names = [] if options.names is None else [name.strip() for name in options.names.split(",")]
    result = train_phases(
        options.data,
        options.out,
        config=_config(options),
        settings=_settings(options),
        held_out=options.held_out,
        names=dict(enumerate(names)),
        ignore=options.ignore,
        foreground=options.foreground,
        init=options.init,
        spacing=options.spacing,
        jobs=options.jobs,
        resume=options.resume,
        force=options.force,
        progress=context.progress,
    )
    for note in result["notes"]:
        context.note(f"note: {note}")
    context.say(
        f"{options.out}: {', '.join(result['classes'].values())}; best of {result['epochs']} epochs was "
        f"number {result['best_epoch']}"
    )
    return result


def _config(options: argparse.Namespace) -> Any:
    from electrodej.networks.semantic import LrcsConfig, UNetConfig

    if options.kind == "unet":
        head = "sigmoid" if options.foreground is not None else "softmax"
        return UNetConfig(n_filters=options.filters, head=head)  # type: ignore[arg-type]
    middle = "dense" if options.dense else "convolutional"
    size = -(-options.patch // 8) * 8
    return LrcsConfig(n_filters=options.filters, middle=middle, size=size)  # type: ignore[arg-type]


def _settings(options: argparse.Namespace) -> Any:
    from electrodej.networks import RunSettings
    from electrodej.networks.semantic import SemanticSettings

    run = RunSettings(
        epochs=options.epochs,
        patience=options.patience,
        halve_after=options.patience // 3,
        seed=options.seed or 0,
    )
    return SemanticSettings(
        run=run,
        patch=options.patch,
        batch=options.batch,
        steps=options.steps,
        learning_rate=options.learning_rate,
        loss=options.loss,
        views=tuple(view.strip() for view in options.views.split(",")),
        freeze=options.freeze or "",
        mixed_precision=options.mixed_precision,
    )
