"""``electrodej demo``: the whole chain on a synthetic electrode."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common, parse_shape

if TYPE_CHECKING:
    from electrodej.jobs.demo import DemoResult

HELP = """Make a synthetic electrode, find its particles in three views, its phases and its cracks, measure
them, explain the damage, score the result against the known truth and write a report. Each stage's command
is shown; its output is the normal file of that verb."""
EXAMPLE = "electrodej demo --out my-first-electrode"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("--shape", metavar="Z,Y,X", type=parse_shape, help="voxels (default: 256,256,256)")
    parser.add_argument(
        "--model",
        metavar="M",
        help="what finds the particles: a StarDist model or watershed (default: nmc-particles, which comes "
        "with ElectrodeJ)",
    )
    add_common(
        parser,
        "spacing",
        "out",
        "force",
        "jobs",
        "memory",
        "seed",
        spacing="voxel size in micrometres (default: 0.14,0.14,0.14)",
        out="the folder for everything (default: electrodej-demo)",
    )


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Run the chain and sum it up."""
    from electrodej.jobs.demo import DEFAULT_SHAPE, DEFAULT_SPACING, run_demo

    result = run_demo(
        options.out if options.out is not None else "electrodej-demo",
        shape=options.shape or DEFAULT_SHAPE,
        spacing=options.spacing or DEFAULT_SPACING,
        seed=options.seed or 0,
        model=options.model,
        jobs=options.jobs,
        memory=options.memory,
        force=options.force,
        progress=context.progress,
        announce=lambda command: context.note(f"$ {command}"),
    )
    context.finish_progress()
    for note in result.notes:
        context.note(f"note: {note}")
    context.say(_summary(result))
    return result.as_dict()


def _voxel_scores(result: DemoResult) -> list[str]:
    lines = []
    if result.phase_scores is not None:
        found = ", ".join(f"{entry['iou']:.2f} {entry['name']}" for entry in result.phase_scores["classes"])
        lines.append(f"IoU of the phases: {found}")
    if result.crack_scores is not None:
        lines.append(f"Dice coefficient of the cracks: {result.crack_scores['classes'][-1]['dice']:.2f}")
    return lines


def _summary(result: DemoResult) -> str:
    scores = {score["threshold"]: score["f1"] for score in result.scores["thresholds"]}
    seconds = {stage.name: stage.seconds for stage in result.stages}
    width = max(map(len, seconds))
    return "\n".join(
        [
            "",
            f"{result.particles} particles measured; the truth has {result.scores['n_true']}",
            f"F1 {scores[0.5]:.2f} at IoU 0.5, {scores[0.75]:.2f} at 0.75, {scores[0.9]:.2f} at 0.9",
            *_voxel_scores(result),
            *(f"  {name:<{width}} {taken:7.1f} s" for name, taken in seconds.items()),
            f"report: {result.report.absolute()}",
        ]
    )
