"""``electrodej morphology``: the measures of phase images, and how far versions of one image differ."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from typing import Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common, whole_from

HELP = """Measure a phase image: the share of each phase (porosity), the area between each two, mean chords.

Several phase images are taken as versions of one image, drawn by several people for instance: TABLE has a
row for each, and TABLE_spread.csv the mean and spread of each measure. With --border each version is measured
also with each phase grown and shrunk. With --grey a network is trained on each version, and what it predicts
is measured as well. 255 means that nobody labelled a voxel."""
EXAMPLE = "electrodej morphology anna.tif ben.tif --names pore,binder,particle --out phases.csv"

_TRAINING = (
    ("--filters", 16, "filters at full size"),
    ("--epochs", 40, "at most so many epochs"),
    ("--steps", 50, "batches in an epoch"),
    ("--batch", 8, "patches in a batch"),
    ("--patch", 128, "side of a patch in pixels"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("phases", metavar="PHASES", nargs="+", help="phase images, versions of one image")
    parser.add_argument(
        "--names", metavar="A,B,...", help="names of the classes 0, 1, ..., e.g. pore,binder,particle"
    )
    parser.add_argument(
        "--border",
        metavar="PX",
        type=_parse_pixels,
        default=0.0,
        help="also with each phase grown and shrunk by so many pixels on each slice",
    )
    parser.add_argument(
        "--grey", metavar="GREY", help="also train an LRCS-Net on each version and measure what it predicts"
    )
    group = parser.add_argument_group("with --grey")
    for name, default, text in _TRAINING:
        group.add_argument(name, metavar="N", type=whole_from(1), help=f"{text} (default: {default})")
    add_common(
        parser,
        "spacing",
        "out",
        "force",
        "jobs",
        "memory",
        "seed",
        out="the table to write, .csv or .parquet (required)",
    )


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Measure and write."""
    from electrodej.errors import UsageError

    if options.out is None:
        raise UsageError("say where to write the table with --out, e.g. --out phases.csv")
    given = [name for name, _, _ in _TRAINING if getattr(options, name[2:]) is not None]
    if given and options.grey is None:
        raise UsageError(f"{given[0]} is for the networks that --grey trains; leave it out")
    from electrodej.jobs.morphology import measure_phase_images

    names = [] if options.names is None else [name.strip() for name in options.names.split(",")]
    result = measure_phase_images(
        options.phases,
        options.out,
        names=dict(enumerate(names)),
        border=options.border,
        grey=options.grey,
        **(_training(options) if options.grey is not None else {}),
        spacing=options.spacing,
        memory=options.memory,
        jobs=options.jobs,
        force=options.force,
        progress=context.progress,
    )
    for note in result["notes"]:
        context.note(f"note: {note}")
    context.finish_progress()
    context.say(_text(result))
    return result


def _training(options: argparse.Namespace) -> dict[str, Any]:
    from electrodej.networks import RunSettings
    from electrodej.networks.semantic import LrcsConfig, SemanticSettings

    chosen = {
        name[2:]: default if getattr(options, name[2:]) is None else getattr(options, name[2:])
        for name, default, _ in _TRAINING
    }
    run = RunSettings(epochs=chosen["epochs"], seed=options.seed or 0)
    settings = SemanticSettings(run=run, patch=chosen["patch"], batch=chosen["batch"], steps=chosen["steps"])
    return {"config": LrcsConfig(n_filters=chosen["filters"]), "settings": settings}


def _text(result: Mapping[str, Any]) -> str:
    if not result["spread"]:
        only = result["versions"][0]
        rows = [[name, _number(value)] for name, value in only.items() if name not in ("name", "of")]
        return _lines(rows)
    head = ["of", "measure", "mean", "SD", "least", "largest"]
    rows = [
        [row["Of"], row["Measure"], *(_number(row[name]) for name in ("Mean", "SD", "Least", "Largest"))]
        for row in result["spread"]
    ]
    return _lines([head, *rows])


def _lines(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else ""


def _parse_pixels(text: str) -> float:
    try:
        pixels = float(text)
    except ValueError:
        pixels = -1.0
    if not 0 < pixels < 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of pixels above 0, below 1000")
    return pixels
