"""``electrodej demo``: the whole chain on a synthetic electrode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from electrodej.models.engines.names import EngineName, engine_option
from electrodej.options import PathTo, Settings, ShapeOf, option, output, seed, voxel_size
from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.vocabulary import PathLike, Shape, Spacing, counted

# Particles are then some 50 voxels across, as in most published scans, and there are some hundred of them.
_SHAPE: Shape = (256, 256, 256)
_SPACING: Spacing = (0.14, 0.14, 0.14)


@dataclass(frozen=True, kw_only=True)
class DemoOptions(Settings):
    """Which electrode is made, and what finds its particles."""

    shape: Shape = option(_SHAPE, ShapeOf(), "voxels")
    model: str | None = option(
        None,
        PathTo(role="model", metavar="M"),
        "what finds the particles: a StarDist model or watershed",
        usual="nmc-particles-3d, which comes with ElectrodeJ",
    )
    engine: EngineName = engine_option()
    spacing: Spacing = voxel_size("voxel size in micrometres", default=_SPACING)
    out: PathLike = output("the folder for everything", role="folder", default="electrodej-demo")
    seed: int = seed()


def demo(options: DemoOptions, run: Run) -> Outcome:
    """Run the chain and sum it up."""
    from electrodej.verbs.demo.chain import run_demo

    found = run_demo(options, run)
    return Outcome(found, _summary(found), {"report": found["report"]})


def _summary(found: Mapping[str, Any]) -> str:
    scores = {score["threshold"]: score["f1"] for score in found["scores"]["thresholds"]}
    seconds = {stage["name"]: stage["seconds"] for stage in found["stages"]}
    width = max(map(len, seconds))
    return "\n".join(
        [
            "",
            f"{counted(found['particles'], 'particle')} measured; the truth has {found['scores']['n_true']}",
            f"F1 {scores[0.5]:.2f} at IoU 0.5, {scores[0.75]:.2f} at 0.75, {scores[0.9]:.2f} at 0.9",
            *_voxel_scores(found),
            *(f"  {name:<{width}} {taken:7.1f} s" for name, taken in seconds.items()),
            f"report: {found['report']}",
        ]
    )


def _voxel_scores(found: Mapping[str, Any]) -> list[str]:
    lines = []
    if found["phase_scores"] is not None:
        each = ", ".join(f"{entry['iou']:.2f} {entry['name']}" for entry in found["phase_scores"]["classes"])
        lines.append(f"IoU of the phases: {each}")
    if found["crack_scores"] is not None:
        lines.append(f"Dice coefficient of the cracks: {found['crack_scores']['classes'][-1]['dice']:.2f}")
    return lines


VERB = Verb(
    name="demo",
    summary="run the whole chain on a synthetic electrode and write a report",
    help="""Make a synthetic electrode, find its particles, its phases and its cracks, measure them, explain
the damage, score the result against the known truth and write a report. Each stage's command is shown; its
output is the normal file of that verb.""",
    example="electrodej demo --out my-first-electrode",
    options=DemoOptions,
    work=demo,
    takes=("force", "jobs", "memory"),
)
