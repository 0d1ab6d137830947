"""The whole chain on a synthetic electrode. Each stage is a verb that a user can run himself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from electrodej.errors import OutputError
from electrodej.progress import Progress, silent

Triple = tuple[float, float, float]
Announce = Callable[[str], None]

DEFAULT_SHAPE = (256, 256, 256)
# Particles are then some 50 voxels across, as in most published scans, and there are some hundred of them.
DEFAULT_SPACING: Triple = (0.14, 0.14, 0.14)

GREY, TRUTH = "phantom/grey.tif", "phantom/labels.tif"
LABELS, TABLE, SCORE, REPORT = "particles.tif", "particles.csv", "score.json", "report.html"


@dataclass(frozen=True)
class Stage:
    """One step of the chain: the command that does the same, how long it took and what it wrote."""

    name: str
    command: str
    seconds: float
    output: str


@dataclass(frozen=True)
class DemoResult:
    """What the demo did and found."""

    folder: Path
    stages: tuple[Stage, ...]
    particles: int
    scores: Mapping[str, Any]

    @property
    def report(self) -> Path:
        """The page that the demo ends on."""
        return self.folder / REPORT

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "report": str(self.report.absolute()),
            "particles": self.particles,
            "scores": self.scores,
            "stages": [vars(stage) for stage in self.stages],
        }


@dataclass
class _Demo:
    """The chain at work: what it was asked for, and the stages behind it."""

    folder: Path
    shape: tuple[int, int, int]
    spacing: Triple
    seed: int
    jobs: int
    memory: int | None
    force: bool
    progress: Progress
    announce: Announce
    stages: list[Stage] = field(default_factory=list)

    def run(self, name: str, words: str, output: str, work: Callable[[], Any]) -> Any:
        """Do one stage and take down how long it took."""
        command = f"electrodej {words}"
        self.announce(command)
        start = time.perf_counter()
        result = work()
        self.stages.append(Stage(name, command, round(time.perf_counter() - start, 2), output))
        return result

    def path(self, name: str) -> Path:
        return self.folder / name


def run_demo(
    folder: str | os.PathLike[str],
    *,
    shape: tuple[int, int, int] = DEFAULT_SHAPE,
    spacing: Triple = DEFAULT_SPACING,
    seed: int = 0,
    jobs: int = 1,
    memory: int | None = None,
    force: bool = False,
    progress: Progress = silent,
    announce: Announce = lambda command: None,  # noqa: ARG005 - nobody listens
) -> DemoResult:
    """Make an electrode, find its particles, measure them, score the result and write a report.

    Parameters
    ----------
    folder
        Where everything is written; made if it is not there.
    shape, spacing, seed
        Of the synthetic electrode: voxels (z, y, x), voxel size in micrometres, which electrode.
    jobs, memory
        How many cores and how many bytes may be used.
    force
        Replace the outputs of an earlier demo.
    progress
        Told of each step within a stage.
    announce
        Told the command of each stage before it starts; paths in it are relative to ``folder``.
    """
    demo = _Demo(Path(folder), shape, spacing, seed, jobs, memory, force, progress, announce)
    _prepare(demo)
    size = ",".join(map(str, shape))
    voxel = ",".join(f"{length:g}" for length in spacing)
    demo.run(
        "phantom",
        f"phantom phantom --shape {size} --spacing {voxel} --seed {seed}",
        GREY,
        lambda: _phantom(demo),
    )
    demo.run(
        "segment",
        f"segment particles {GREY} --model watershed --out {LABELS}",
        LABELS,
        lambda: _segment(demo),
    )
    measured = demo.run("measure", f"measure {GREY} {LABELS} --out {TABLE}", TABLE, lambda: _measure(demo))
    scores = demo.run("score", f"score {LABELS} {TRUTH} --out {SCORE}", SCORE, lambda: _score(demo))
    _report(demo, measured, scores)
    return DemoResult(demo.folder, tuple(demo.stages), len(measured), scores)


def _prepare(demo: _Demo) -> None:
    """Make the folder, and see that nothing is in the way before the work starts."""
    try:
        demo.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{demo.folder} cannot be made ({error.strerror or error}); choose another folder with --out"
        ) from error
    if demo.force:
        return
    for name in ("phantom", LABELS, TABLE, SCORE, REPORT):
        if demo.path(name).exists():
            raise OutputError(
                f"{demo.path(name)} exists already; give --force to replace the earlier demo, "
                "or another folder with --out"
            )


def _phantom(demo: _Demo) -> None:
    from electrodej.phantom import DEFAULT_MEMORY, PhantomConfig, write_phantom

    write_phantom(
        demo.path("phantom"),
        PhantomConfig(shape=demo.shape, spacing=demo.spacing, seed=demo.seed),
        memory=demo.memory or DEFAULT_MEMORY,
        jobs=demo.jobs,
        force=demo.force,
        progress=demo.progress,
    )


def _segment(demo: _Demo) -> None:
    from electrodej.jobs.segment import segment_particles

    segment_particles(
        demo.path(GREY), demo.path(LABELS), memory=demo.memory, force=demo.force, progress=demo.progress
    )


def _measure(demo: _Demo) -> Any:
    from electrodej.jobs.measure import measure_particles

    return measure_particles(
        demo.path(GREY),
        demo.path(LABELS),
        demo.path(TABLE),
        jobs=demo.jobs,
        memory=demo.memory,
        force=demo.force,
        progress=demo.progress,
    )


def _score(demo: _Demo) -> dict[str, Any]:
    from electrodej.jobs.score import score_particles

    scores = score_particles(
        demo.path(LABELS),
        demo.path(TRUTH),
        out=demo.path(SCORE),
        jobs=demo.jobs,
        memory=demo.memory,
        force=demo.force,
        progress=demo.progress,
    )
    return scores.as_dict()


def _report(demo: _Demo, measured: Any, scores: Mapping[str, Any]) -> None:
    from electrodej.report import ReportContent, write_report
    from electrodej.volume import open_volume

    with open_volume(demo.path(GREY)) as grey, open_volume(demo.path(LABELS)) as labels:
        content = ReportContent(
            title="A synthetic electrode",
            subtitle="Made, segmented and measured by electrodej demo",
            grey=grey,
            labels=labels,
            spacing=grey.require_spacing(),
            table=measured.columns,
            units=measured.units,
            definitions=measured.definitions,
            scores=scores,
            stages=[(stage.name, stage.seconds, stage.output) for stage in demo.stages],
            provenance=measured.provenance,
            notes=[
                "The electrode is synthetic: the scores compare what was found with its known truth.",
                *measured.notes,
            ],
        )
        write_report(demo.path(REPORT), content, force=demo.force, progress=demo.progress)
