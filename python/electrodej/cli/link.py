"""``electrodej link``: labels of single slices to 3D labels."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from typing import Any

from electrodej.cli.context import Context, counted
from electrodej.cli.options import add_common, whole_from

HELP = """Link the labels of single slices to 3D labels.

SLICES is a stack, a folder of slices or a movie (as Fiji's StarDist plugin writes it) in which a label
number means something within its slice only. Sections become particles by optimal assignment; sections
and slices that are missing are bridged, pieces of one particle joined, particles that hang together by a
neck parted. The rules: docs/link.md."""
EXAMPLE = "electrodej link slices.tif --fill --out particles.tif"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("slices", metavar="SLICES", help="labels that mean nothing from slice to slice")
    parser.add_argument(
        "--view",
        choices=("xy", "xz", "yz"),
        default="xy",
        help="the plane of the slices, in a volume in ZYX order (default: %(default)s)",
    )
    parser.add_argument(
        "--by",
        choices=("overlap", "distance"),
        default="overlap",
        help="link sections that overlap most, or whose centres are nearest (default: %(default)s)",
    )
    parser.add_argument(
        "--gap",
        metavar="N",
        type=whole_from(0, what="a number of slices"),
        default=4,
        help="how many slices in a row a particle may be missing from (default: %(default)s)",
    )
    parser.add_argument(
        "--fill",
        action="store_true",
        help="draw missing sections by interpolation",
    )
    parser.add_argument(
        "--max-jump",
        metavar="UM",
        type=_parse_length,
        help="how far a section's centre may move from one slice to the next, in micrometres",
    )
    parser.add_argument(
        "--neck",
        metavar="SHARE",
        type=_parse_share,
        default=0.5,
        help="part a particle where its section narrows below this share of the largest ones on both sides; "
        "0 parts nothing (default: %(default)s)",
    )
    parser.add_argument(
        "--min-volume",
        metavar="UM3",
        type=_parse_volume,
        default=0.0,
        help="drop smaller particles, in cubic micrometres",
    )
    add_common(parser, "spacing", "out", "force", "memory", out="the label volume to write (required)")


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Link and write."""
    from electrodej.errors import UsageError
    from electrodej.jobs.link import link_labels
    from electrodej.linking import LinkSettings

    if options.out is None:
        raise UsageError("say where to write the labels with --out, e.g. --out particles.tif")
    result = link_labels(
        options.slices,
        options.out,
        view=options.view,
        settings=LinkSettings(
            by=options.by,
            gap=options.gap,
            max_jump=options.max_jump,
            neck=options.neck,
            fill=options.fill,
            min_volume=options.min_volume,
        ),
        spacing=options.spacing,
        memory=options.memory,
        force=options.force,
        progress=context.progress,
    )
    if result["particles"] == 0:
        doubt = (
            "are all smaller than --min-volume"
            if result["sections"]
            else "are the slices labels, and not all 0"
        )
        context.note(f"note: no particle was found; {doubt}?")
    drawn = f", {result['drawn_sections']} drawn" if options.fill else ""
    context.say(
        f"{counted(result['particles'], 'particle')} from "
        f"{counted(result['sections'], 'section')}{drawn}: {options.out}"
    )
    return result


def _parse_length(text: str) -> float:
    length = _number(text)
    if not length > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a length; give micrometres above 0")
    return length


def _parse_volume(text: str) -> float:
    volume = _number(text)
    if not volume >= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a volume; give cubic micrometres from 0")
    return volume


def _parse_share(text: str) -> float:
    share = _number(text)
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share; give a number from 0 to below 1")
    return share


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
