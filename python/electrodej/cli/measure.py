"""``electrodej measure``: the feature table of labelled particles."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from electrodej.cli.context import Context, counted
from electrodej.cli.options import add_common, whole_from

if TYPE_CHECKING:
    from electrodej.features import FeatureTable

HELP = """Measure every particle of a label volume in its grey volume: the 21 attributes, damage and more,
one row for each particle. TABLE.json beside the table says what each column means and how it was made;
TABLE_contacts.csv has one row for each pair of particles that touch. With --cracks, TABLE_cracks.csv has the
cracks of each particle, and TABLE_cracks.html shows how they go with the packing density."""
EXAMPLE = "electrodej measure grey.tif labels.tif --out particles.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("grey", metavar="GREY", nargs="?", help="the grey volume")
    parser.add_argument("labels", metavar="LABELS", nargs="?", help="its particles, 0 is background")
    parser.add_argument("--list", action="store_true", help="list the attributes and what they mean, and end")
    parser.add_argument(
        "--attributes",
        metavar="A,B,...",
        help="only these: names, or the groups basic, damage, extras, own (default: all)",
    )
    parser.add_argument(
        "--measures",
        metavar="FILE",
        action="append",
        default=[],
        help="run this Python file, which adds measures of your own (group own; may be given again); "
        "docs/features.md shows one",
    )
    parser.add_argument(
        "--radius",
        metavar="UM",
        type=_parse_radius,
        default=0.7,
        help="radius of the ball that closes cracks, and of the shell for contacts (default: 0.7 um)",
    )
    parser.add_argument(
        "--crop",
        metavar="N",
        type=whole_from(0),
        default=0,
        help="leave out N voxels at each face (default: 0)",
    )
    parser.add_argument(
        "--exclude-border", action="store_true", help="leave out the rows of particles that touch a face"
    )
    parser.add_argument(
        "--cracks", metavar="CRACKS", help="also measure these cracks of the particles: an image of phases"
    )
    parser.add_argument(
        "--crack-class",
        metavar="N",
        type=whole_from(0),
        help="with --cracks: which number in CRACKS is crack (default: the only one that is not 0)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        type=_parse_scheduler,
        help="work on this Dask cluster, e.g. tcp://head-node:8786",
    )
    add_common(
        parser,
        "spacing",
        "out",
        "force",
        "jobs",
        "memory",
        out="the table to write, .csv or .parquet (required)",
    )


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Measure and write, or list the attributes."""
    from electrodej.errors import UsageError

    if options.list:
        return _list_attributes(options, context)
    if options.grey is None or options.labels is None:
        raise UsageError(
            "give the grey volume and the labels, e.g. electrodej measure grey.tif labels.tif --out t.csv"
        )
    if options.out is None:
        raise UsageError("say where to write the table with --out, e.g. --out particles.csv")
    if options.crack_class is not None and options.cracks is None:
        raise UsageError("--crack-class says which number in --cracks is crack; give --cracks too")
    table, cracks = _measured(options, context)
    for note in (*table.notes, *(cracks or {}).get("notes", ())):
        context.note(f"note: {note}")
    context.finish_progress()
    context.say(f"{counted(len(table), 'particle')} in {options.out}")
    if cracks is not None:
        context.say(f"{cracks['cracked']} of {cracks['particles']} particles are cracked: {cracks['table']}")
    result = {
        "particles": len(table),
        "table": options.out,
        "columns": list(table.columns),
        "notes": list(table.notes),
    }
    return result if cracks is None else {**result, "cracks": cracks}


def _measured(options: argparse.Namespace, context: Context) -> tuple[FeatureTable, Mapping[str, Any] | None]:
    """Return the table, and what was found out about cracks where that was asked for."""
    common: dict[str, Any] = {
        "spacing": options.spacing,
        "radius": options.radius,
        "attributes": options.attributes,
        "measures": options.measures,
        "crop": options.crop,
        "exclude_border": options.exclude_border,
        "jobs": options.jobs,
        "memory": options.memory,
        "scheduler": options.scheduler,
        "force": options.force,
        "progress": context.progress,
    }
    if options.cracks is None:
        from electrodej.jobs.measure import measure_particles

        return measure_particles(options.grey, options.labels, options.out, **common), None
    from electrodej.jobs.cracks import measure_with_cracks

    table, study = measure_with_cracks(
        options.grey, options.labels, options.cracks, options.out, value=options.crack_class, **common
    )
    return table, study.result


def _list_attributes(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    from electrodej.features import listing, with_measures

    with with_measures(options.measures):
        attributes = listing()
    width = max(len(attribute["name"]) for attribute in attributes)
    units = max(len(attribute["unit"]) for attribute in attributes)
    indent = width + units + 4
    for attribute in attributes:
        head = f"{attribute['name']:<{width}}  {attribute['unit']:<{units}}  "
        context.say(
            textwrap.fill(
                head + attribute["definition"], 110, subsequent_indent=" " * indent, break_on_hyphens=False
            )
        )
    return {"attributes": attributes}


def _parse_scheduler(text: str) -> str:
    from electrodej.errors import InputError
    from electrodej.workers import check_address

    try:
        return check_address(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error).partition(": ")[2]) from error


def _parse_radius(text: str) -> float:
    try:
        radius = float(text)
    except ValueError:
        radius = -1.0
    if not 0 <= radius < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no radius; give a length of 0 or more in micrometres")
    return radius
