"""``electrodej fuse``: three views to 3D particles."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from typing import Any

from electrodej.cli.context import Context, counted
from electrodej.cli.options import add_common, parse_scale, whole_from

HELP = """Find 3D particles from the three views of a volume.

Give a grey volume and a StarDist model, which then runs over all xy, xz and yz sections; or three probability
volumes that are there already, all in the volume's own ZYX order. What one view misses the others show.
Beside the labels lies a table of how far the views agree on each particle. The methods: docs/fusion.md."""
EXAMPLE = "electrodej fuse grey.tif --model nmc-particles --out particles.tif"

_METHODS = ("flow", "watershed", "kmeans")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("image", metavar="IMAGE", nargs="?", help="the grey volume")
    parser.add_argument("--model", metavar="M", help="a bundled model, a model folder or an exported zip")
    parser.add_argument(
        "--scale",
        metavar="F",
        type=parse_scale,
        help="enlarge sections by this for the network (default: where the voxel size is far from that of "
        "the training, to that)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="take the views that a stopped run has finished"
    )
    parser.add_argument(
        "--rounds",
        metavar="N",
        type=whole_from(0, to=9),
        default=0,
        help="first train the model further on what it found in the three views together, N times",
    )
    group = parser.add_argument_group("instead of a model")
    for view in ("xy", "xz", "yz"):
        group.add_argument(f"--{view}", metavar="P", help=f"probability of the {view} sections")
    group.add_argument(
        "--grey", metavar="IMAGE", help="the grey volume, for --intact, --refine and the pictures"
    )
    group = parser.add_argument_group("fusion")
    group.add_argument("--method", choices=_METHODS, default="flow", help="default: %(default)s")
    group.add_argument(
        "--intact",
        action="store_true",
        help="leave cracks and dark cores out of the labels, as measure needs it for the damage",
    )
    group.add_argument(
        "--refine",
        metavar="N",
        type=whole_from(0, to=8),
        help="move borders by up to N voxels to the edges in the grey volume (default: 1 where there is one)",
    )
    group.add_argument(
        "--min-volume",
        metavar="UM3",
        type=_parse_volume,
        help="drop smaller pieces, in cubic micrometres (default: 0.686); flow and watershed find "
        "hardly any below 5 voxels across, whatever is said here",
    )
    group.add_argument(
        "--reduce",
        metavar="N",
        type=whole_from(1, to=64),
        help="kmeans: work on blocks of N voxels along each axis",
    )
    group.add_argument(
        "--pictures", metavar="DIR", help="draw outlines in three views and a sheet of doubtful particles"
    )
    group.add_argument(
        "--shapes",
        metavar="M",
        help="run this model over the labels in three views, and fuse what it says",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        type=_parse_scheduler,
        help="work on this Dask cluster, e.g. tcp://head-node:8786",
    )
    add_common(
        parser, "spacing", "out", "force", "jobs", "memory", out="the label volume to write (required)"
    )


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Fuse and write."""
    _check_usage(options)
    from electrodej.fusion import FusionSettings

    changes = {name: getattr(options, name) for name in ("min_volume", "reduce")}
    common: dict[str, Any] = {
        "out": options.out,
        "method": options.method,
        "settings": FusionSettings(**{name: value for name, value in changes.items() if value is not None}),
        "intact": options.intact,
        "refine": options.refine,
        "shapes": options.shapes,
        "pictures": options.pictures,
        "spacing": options.spacing,
        "memory": options.memory,
        "jobs": options.jobs,
        "scheduler": options.scheduler,
        "force": options.force,
        "progress": context.progress,
    }
    if options.image is None:
        from electrodej.jobs.fuse import fuse_views

        result = fuse_views(options.xy, options.xz, options.yz, grey=options.grey, **common)
    else:
        from electrodej.jobs.fuse import fuse_image

        result = fuse_image(
            options.image,
            model=options.model,
            scale=options.scale,
            rounds=options.rounds,
            resume=options.resume,
            **common,
        )
    context.finish_progress()
    _tell(result, context)
    return result


def _tell(result: Mapping[str, Any], context: Context) -> None:
    if result.get("resumed_views"):
        context.note(f"note: the {', '.join(result['resumed_views'])} view was finished and is taken up")
    if result["dropped_without_material"]:
        context.note(
            f"note: {result['dropped_without_material']} more had less intact material than --min-volume"
        )
    if result["particles"] == 0:
        doubt = (
            "does the model know such images"
            if "model" in result
            else "are the probabilities those of particles, and not all 0"
        )
        context.note(
            f"note: no particle was found; {doubt}? Are the particles larger than --min-volume and at least "
            "5 voxels across?"
        )
    context.say(f"{counted(result['particles'], 'particle')} in {result['labels']}")
    context.say(f"agreement of the views: {result['table']}")
    if "model_learnt" in result:
        context.say(f"model trained on them: {result['model_learnt']}")
    for picture in result.get("pictures", ()):
        context.say(f"picture: {picture}")


def _check_usage(options: argparse.Namespace) -> None:
    from electrodej.errors import UsageError

    given = [view for view in ("xy", "xz", "yz") if getattr(options, view) is not None]
    if options.out is None:
        raise UsageError("say where to write the labels with --out, e.g. --out particles.tif")
    if options.image is not None and given:
        raise UsageError(f"--{given[0]} replaces the image and the model; leave one or the other out")
    if options.image is None and not given:
        raise UsageError("give a grey volume with --model, or three probabilities with --xy, --xz and --yz")
    if options.image is not None and options.model is None:
        raise UsageError("say which model finds the particles with --model, e.g. --model nmc-particles")
    if options.image is None:
        for name in ("model", "scale"):
            if getattr(options, name) is not None:
                raise UsageError(f"--{name} is for a grey volume; leave it out with --{given[0]}")
        for name in ("rounds", "resume"):
            if getattr(options, name):
                raise UsageError(f"--{name} is for a grey volume; leave it out with --{given[0]}")
        if len(given) < 3:
            missing = [f"--{view}" for view in ("xy", "xz", "yz") if view not in given]
            raise UsageError(f"fusion needs three views; add {' and '.join(missing)}")
    elif options.grey is not None:
        raise UsageError("--grey is for three probability volumes; the image is the grey volume")
    if options.image is None and options.refine and options.grey is None:
        raise UsageError("--refine moves borders to the edges in the grey volume; add --grey IMAGE")
    if options.image is None and options.intact and options.grey is None:
        raise UsageError("--intact leaves out what is dark in the grey volume; add --grey IMAGE")
    if options.scheduler is not None and options.method != "flow":
        raise UsageError(f"--scheduler is for the method flow; leave it out with --method {options.method}")
    if options.reduce is not None and options.method != "kmeans":
        raise UsageError("--reduce is for the method kmeans; leave it out, or add --method kmeans")


def _parse_volume(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a volume; give cubic micrometres, 0 or more")
    return value


def _parse_scheduler(text: str) -> str:
    from electrodej.errors import InputError
    from electrodej.workers import check_address

    try:
        return check_address(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error).removeprefix("scheduler: ")) from error
