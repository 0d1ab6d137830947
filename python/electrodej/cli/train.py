"""``electrodej train``: train a network on annotated images."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common, add_kind, number_within, whole_from
from electrodej.cli.train_semantic import EXAMPLE as SEMANTIC_EXAMPLE
from electrodej.cli.train_semantic import HELP as SEMANTIC_HELP
from electrodej.cli.train_semantic import add_semantic_arguments, run_semantic

HELP = """Train a network on images that a person annotated: stardist outlines particles, lrcs tells phases
apart, unet finds cracks. A training that is stopped leaves MODEL.run beside the model, and --resume goes on
from there. The model's folder holds the network, its history and a picture of the curves; `electrodej export`
turns it into a zip for Fiji."""
EXAMPLE = "electrodej train stardist annotated/ --out my-particles --init nmc-particles --epochs 30"

STARDIST_HELP = """Train a StarDist model, which outlines particles on sections.

DATA is a folder with the subfolders images and masks (label images), a VIA JSON beside its images, or a
folder of images with ImageJ ROI zips of the same name."""
_FROM_ZERO = number_within(0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of each kind of network."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True, title="kinds")
    add_stardist_arguments(
        add_kind(kinds, "stardist", "outlines particles on sections", STARDIST_HELP, EXAMPLE)
    )
    for name, words in (("lrcs", "tells phases apart"), ("unet", "finds cracks, or phases")):
        add_semantic_arguments(add_kind(kinds, name, words, SEMANTIC_HELP, SEMANTIC_EXAMPLE))


def add_stardist_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``train stardist``."""
    parser.add_argument("data", metavar="DATA", help="images with their annotations")
    parser.add_argument(
        "--init", metavar="MODEL", help="start from this model: a bundled name or a StarDist folder"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with a training that was stopped, with the same options"
    )
    parser.add_argument("--description", metavar="TEXT", default="", help="a sentence for the model's card")
    training = parser.add_argument_group("training")
    _whole(training, "--epochs", 100, "at most so many epochs")
    _whole(training, "--steps", 100, "steps in an epoch")
    _whole(training, "--batch", 4, "patches in a step")
    _whole(training, "--patch", 256, "edge of a patch in pixels")
    patience = "stop after so many epochs without a better validation loss; 0: never"
    _whole(training, "--patience", 30, patience, lowest=0)
    _number(training, "--learning-rate", 4e-4, "at the start", number_within(0, without_lowest=True))
    kept = "share of the images kept for validation and the thresholds"
    _number(
        training, "--validation", 0.15, kept, number_within(0, 1, without_lowest=True, without_highest=True)
    )
    _number(training, "--augment", 1.0, "how strongly images are varied; 0: flips and turns only")
    edged = "share of the patches that the edge of the scan goes through"
    _number(training, "--blank", 0.1, edged, number_within(0, 1))
    _number(
        training, "--least-diameter", 10.0, "leave out sections smaller than a disc so many pixels across"
    )
    network = parser.add_argument_group("network (without --init)")
    _whole(network, "--rays", 32, "directions of the outline", lowest=3)
    network.add_argument(
        "--grid",
        type=int,
        choices=(1, 2, 4, 8),
        default=2,
        help="the network predicts once for so many pixels along each edge (default: 2)",
    )
    _whole(network, "--depth", 3, "levels of the U-Net")
    _whole(network, "--filters", 32, "filters of its first level")
    add_common(
        parser,
        "spacing",
        "out",
        "force",
        "jobs",
        "seed",
        out="the model's folder (required)",
        spacing="voxel size of the images in micrometres, instead of the one in the files",
    )


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Train and write."""
    return _run_stardist(options, context) if options.kind == "stardist" else run_semantic(options, context)


def _run_stardist(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    from electrodej.errors import UsageError
    from electrodej.jobs.train import train_particles
    from electrodej.networks.stardist.settings import StarDistSettings

    if options.out is None:
        raise UsageError("say where to write the model with --out, e.g. --out my-particles")
    settings = StarDistSettings(
        rays=options.rays,
        grid=(options.grid, options.grid),
        depth=options.depth,
        filters=options.filters,
        patch=options.patch,
        batch=options.batch,
        epochs=options.epochs,
        steps=options.steps,
        patience=options.patience,
        learning_rate=options.learning_rate,
        validation=options.validation,
        augment=options.augment,
        blank=options.blank,
        least_diameter=options.least_diameter,
        seed=options.seed or 0,
    )
    result = train_particles(
        options.data,
        options.out,
        settings=settings,
        init=options.init,
        description=options.description,
        spacing=options.spacing,
        jobs=options.jobs,
        resume=options.resume,
        force=options.force,
        progress=context.progress,
    )
    f1 = ", ".join(f"{score:.3f} at IoU {iou}" for iou, score in result["validation_f1"].items())
    context.say(
        f"{options.out}: best after epoch {result['best_epoch']} of {result['epochs']}, "
        f"F1 {f1} on {result['validation_images']} validation images"
    )
    return result


def _whole(group: Any, name: str, default: int, words: str, *, lowest: int = 1) -> None:
    group.add_argument(
        name, metavar="N", type=whole_from(lowest), default=default, help=f"{words} (default: {default})"
    )


def _number(
    group: Any, name: str, default: float, words: str, read: Callable[[str], float] = _FROM_ZERO
) -> None:
    group.add_argument(name, metavar="X", type=read, default=default, help=f"{words} (default: {default:g})")
