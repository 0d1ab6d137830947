"""``electrodej segment phases``: the phases or cracks of a grey volume."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common, whole_from

HELP = """Find the phases or the cracks of a grey image with a trained network.

The volume is read slab by slab and may be larger than the memory. Tiles leave no seams. Several models, or
one with dropout switched on, tell how sure the result is."""
EXAMPLE = "electrodej segment phases grey.tif --model my-phases --out phases.tif"


def add_phases_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that `run_phases` reads."""
    parser.add_argument("image", metavar="IMAGE", help="the grey volume, or a single image")
    parser.add_argument(
        "--model",
        metavar="M",
        required=True,
        action="append",
        help="a model folder, a zip made by electrodej export, or a bundled model; given again, all are "
        "asked and the mean is taken",
    )
    parser.add_argument(
        "--view",
        choices=("xy", "xz", "yz", "all"),
        default="xy",
        help="planes the network sees; all: the mean over the three (default: xy)",
    )
    parser.add_argument(
        "--probability", metavar="P", help="also write each class's probability: P.tif gives P_pore.tif, ..."
    )
    parser.add_argument(
        "--entropy", metavar="E", help="also write how undecided the network is, 0 to 1 at each voxel"
    )
    parser.add_argument(
        "--dropout",
        metavar="N",
        type=whole_from(0),
        default=0,
        help="ask each model N times with its dropout switched on (Monte-Carlo dropout)",
    )
    parser.add_argument(
        "--disagreement",
        metavar="D",
        help="also write how far several models, or passes, disagree, 0 to 1 at each voxel",
    )
    parser.add_argument(
        "--spread",
        metavar="TABLE",
        help="also measure the phases by each model, or pass: TABLE, and their mean and spread beside it",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="keep what is done in OUT.run while working, and go on from there after a stop",
    )
    parser.add_argument(
        "--tile",
        metavar="N",
        type=whole_from(0),
        default=0,
        help="largest tile in pixels (default: by the memory)",
    )
    add_common(
        parser, "spacing", "out", "force", "jobs", "memory", "seed", out="the phases to write (required)"
    )


def run_phases(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Segment and write."""
    from electrodej.errors import UsageError
    from electrodej.jobs.segment_phases import segment_phases

    if options.out is None:
        raise UsageError("say where to write the phases with --out, e.g. --out phases.tif")
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        context.note(f"note: {text}")

    result = segment_phases(
        options.image,
        model=options.model,
        out=options.out,
        probability=options.probability,
        entropy=options.entropy,
        disagreement=options.disagreement,
        spread=options.spread,
        dropout=options.dropout,
        seed=options.seed or 0,
        views=("xy", "xz", "yz") if options.view == "all" else (options.view,),
        tile=options.tile,
        spacing=options.spacing,
        memory=options.memory,
        jobs=options.jobs,
        resume=options.resume,
        force=options.force,
        say=say,
        progress=context.progress,
    )
    for note in (note for note in result["notes"] if note not in said):
        context.note(f"note: {note}")
    context.say("\n".join(f"{entry['share']:7.2%}  {entry['name']}" for entry in result["classes"]))
    return result
