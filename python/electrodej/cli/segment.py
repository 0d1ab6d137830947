"""``electrodej segment``: find particles in a grey volume."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common

HELP = """Find the particles of a grey volume and write them as a label volume.

The model `watershed` needs no training: Otsu's threshold, cracks closed, touching particles parted by a
watershed of their distance to the surface. It holds the whole volume in memory."""
EXAMPLE = "electrodej segment particles grey.tif --model watershed --out particles.tif"

MODELS = ("watershed",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("what", choices=("particles",), help="what to find")
    parser.add_argument("image", metavar="IMAGE", help="the grey volume")
    parser.add_argument(
        "--model", metavar="M", choices=MODELS, default="watershed", help="what finds them: %(choices)s"
    )
    add_common(parser, "spacing", "out", "force", "memory", out="the label volume to write (required)")


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Segment and write."""
    from electrodej.errors import UsageError
    from electrodej.jobs.segment import segment_particles

    if options.out is None:
        raise UsageError("say where to write the labels with --out, e.g. --out particles.tif")
    result = segment_particles(
        options.image,
        options.out,
        spacing=options.spacing,
        memory=options.memory,
        force=options.force,
        progress=context.progress,
    )
    context.say(f"{result['particles']} particles in {options.out}")
    return result
