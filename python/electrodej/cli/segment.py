"""``electrodej segment``: find particles, phases or cracks in a grey volume."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from electrodej.cli.context import Context, counted
from electrodej.cli.options import add_common, add_kind, parse_scale, parse_threshold
from electrodej.cli.segment_phases import EXAMPLE as PHASES_EXAMPLE
from electrodej.cli.segment_phases import HELP as PHASES_HELP
from electrodej.cli.segment_phases import add_phases_arguments, run_phases

HELP = """Find the particles, the phases or the cracks of a grey image with a trained network."""
EXAMPLE = "electrodej segment particles grey.tif --model nmc-particles --view xz --out outlines.tif"

PARTICLES_HELP = """Find the particles of a grey image and write them as labels.

With a StarDist model, every section of the chosen view is segmented on its own, as Fiji's StarDist plugin
does it: labels are numbered on from section to section and mean nothing across sections. `electrodej link`
joins them along one view; `electrodej fuse` runs a model in all three views and gives 3D particles at once.

The model `watershed` needs no training and gives 3D particles: Otsu's threshold, cracks closed, touching
particles parted by a watershed of their distance to the surface. It holds the whole volume in memory."""

_STARDIST_ONLY = ("view", "probability", "probability_threshold", "overlap_threshold", "scale")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options for particles and for phases."""
    kinds = parser.add_subparsers(dest="what", metavar="WHAT", required=True, title="what to find")
    add_particles_arguments(add_kind(kinds, "particles", "outlines of particles", PARTICLES_HELP, EXAMPLE))
    add_phases_arguments(add_kind(kinds, "phases", "phases or cracks", PHASES_HELP, PHASES_EXAMPLE))


def add_particles_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``segment particles``."""
    parser.add_argument("image", metavar="IMAGE", help="the grey volume, or a single section")
    parser.add_argument(
        "--model",
        metavar="M",
        default="nmc-particles",
        help="a bundled model, a StarDist model folder, a zip made by electrodej export, or watershed "
        "(default: %(default)s)",
    )
    group = parser.add_argument_group("with a StarDist model")
    group.add_argument(
        "--view", choices=("xy", "xz", "yz"), help="which sections: along z, y or x (default: xy)"
    )
    group.add_argument(
        "--probability", metavar="P", help="also write the probability of each voxel, 8-bit: 255 is 1"
    )
    group.add_argument(
        "--probability-threshold",
        metavar="T",
        type=parse_threshold,
        help="least probability of a particle (default: the model's)",
    )
    group.add_argument(
        "--overlap-threshold",
        metavar="T",
        type=parse_threshold,
        help="outlines that overlap by more are one particle (default: the model's)",
    )
    group.add_argument(
        "--scale",
        metavar="F",
        type=parse_scale,
        help="enlarge sections by this for the network (default: to the voxel size of the training, where "
        "that is far from the volume's)",
    )
    add_common(
        parser, "spacing", "out", "force", "jobs", "memory", out="the label volume to write (required)"
    )


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Segment and write."""
    from electrodej.errors import UsageError

    if options.what == "phases":
        return run_phases(options, context)
    if options.out is None:
        raise UsageError("say where to write the labels with --out, e.g. --out particles.tif")
    return _watershed(options, context) if options.model == "watershed" else _stardist(options, context)


def _watershed(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    from electrodej.errors import UsageError
    from electrodej.jobs.segment import segment_particles

    given = [name for name in _STARDIST_ONLY if getattr(options, name) is not None]
    if given:
        raise UsageError(f"--{given[0].replace('_', '-')} needs a StarDist model, and watershed is none")
    result = segment_particles(
        options.image,
        options.out,
        spacing=options.spacing,
        memory=options.memory,
        force=options.force,
        progress=context.progress,
    )
    context.say(f"{counted(result['particles'], 'particle')} in {options.out}")
    return result


def _stardist(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    from electrodej.jobs.segment import find_sections
    from electrodej.networks.stardist.views import ViewSettings

    settings = ViewSettings(
        view=options.view or "xy",
        probability_threshold=options.probability_threshold,
        overlap_threshold=options.overlap_threshold,
        scale=options.scale,
    )
    result = find_sections(
        options.image,
        model=options.model,
        out=options.out,
        probability=options.probability,
        settings=settings,
        spacing=options.spacing,
        memory=options.memory,
        jobs=options.jobs,
        force=options.force,
        progress=context.progress,
    )
    if tuple(result["scale"]) != (1.0, 1.0):
        rows, columns = result["scale"]
        context.note(f"sections were enlarged by {rows:.3g} x {columns:.3g} for the network")
    context.say(
        f"{result['outlines']} outlines in {counted(result['sections'], result['view'] + ' section')} "
        f"in {options.out}"
    )
    return result
