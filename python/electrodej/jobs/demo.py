"""The whole chain on a synthetic electrode. Each stage is a verb that a user can run himself."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.errors import OutputError
from electrodej.jobs import demo_stages as stages
from electrodej.jobs.demo_stages import Demo, Findings, Stage
from electrodej.progress import Progress, silent

Triple = tuple[float, float, float]
Announce = Callable[[str], None]

DEFAULT_SHAPE = (256, 256, 256)
# Particles are then some 50 voxels across, as in most published scans, and there are some hundred of them.
DEFAULT_SPACING: Triple = (0.14, 0.14, 0.14)
PARTICLE_MODEL, PHASE_MODEL, CRACK_MODEL = "nmc-particles", "nmc-phases", "nmc-cracks"


@dataclass(frozen=True)
class DemoResult:
    """What the demo did and found."""

    folder: Path
    stages: tuple[Stage, ...]
    particles: int
    scores: Mapping[str, Any]
    phase_scores: Mapping[str, Any] | None = None
    crack_scores: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()

    @property
    def report(self) -> Path:
        """The page that the demo ends on."""
        return self.folder / stages.REPORT

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "report": str(self.report.absolute()),
            "particles": self.particles,
            "scores": self.scores,
            "phase_scores": self.phase_scores,
            "crack_scores": self.crack_scores,
            "notes": list(self.notes),
            "stages": [vars(stage) for stage in self.stages],
        }


def run_demo(
    folder: str | os.PathLike[str],
    *,
    shape: tuple[int, int, int] = DEFAULT_SHAPE,
    spacing: Triple = DEFAULT_SPACING,
    seed: int = 0,
    model: str | None = None,
    jobs: int = 1,
    memory: int | None = None,
    force: bool = False,
    progress: Progress = silent,
    announce: Announce = lambda command: None,  # noqa: ARG005 - nobody listens
) -> DemoResult:
    """Make an electrode, find particles, phases and cracks, measure, explain the damage, score and report.

    Parameters
    ----------
    folder
        Where everything is written; made if it is not there.
    shape, spacing, seed
        Of the synthetic electrode: voxels (z, y, x), voxel size in micrometres, which electrode.
    model
        What finds the particles: a StarDist model, run in three views and fused, or "watershed". By default
        the bundled model, and the watershed where TensorFlow or StarDist is not installed.
    jobs, memory
        How many cores and how many bytes may be used.
    force
        Replace the outputs of an earlier demo.
    progress
        Told of each step within a stage.
    announce
        Told the command of each stage before it starts; paths in it are relative to ``folder``.
    """
    networks = _has("tensorflow", "stardist")
    demo = Demo(
        Path(folder),
        shape,
        spacing,
        seed,
        jobs,
        memory,
        force,
        progress,
        announce,
        model=model or (_bundled(PARTICLE_MODEL) if networks else "") or stages.WATERSHED,
        phase_model=_bundled(PHASE_MODEL) if networks else "",
        crack_model=_bundled(CRACK_MODEL) if networks else "",
    )
    if not networks:
        demo.notes.append(
            ("A plain watershed found the particles, and phases" if model is None else "Phases")
            + " and cracks were not looked for, because TensorFlow and StarDist are not installed; "
            'pip install "electrodej[all]" brings them'
        )
    _prepare(demo)
    _make(demo)
    _segment(demo)
    findings = _measure(demo)
    stages.report(demo, findings)
    return DemoResult(
        demo.folder,
        tuple(demo.stages),
        len(findings.table),
        findings.scores,
        None if findings.phase_scores is None else findings.phase_scores.as_dict(),
        None if findings.crack_scores is None else findings.crack_scores.as_dict(),
        tuple(demo.notes),
    )


def _make(demo: Demo) -> None:
    size = ",".join(map(str, demo.shape))
    voxel = ",".join(f"{length:g}" for length in demo.spacing)
    words = (
        f"phantom phantom --shape {size} --spacing {voxel} --seed {demo.seed} --contrast {stages.CONTRAST}"
    )
    demo.run("phantom", words, stages.GREY, stages.phantom)


def _segment(demo: Demo) -> None:
    """Find particles, phases and cracks."""
    grey, labels = stages.GREY, stages.LABELS
    if demo.model == stages.WATERSHED:
        words = f"segment particles {grey} --model {demo.model} --out {labels}"
        demo.run("segment", words, labels, stages.segment)
    else:
        words = f"fuse {grey} --model {demo.model} --intact --min-volume {stages.LEAST_VOLUME} --out {labels}"
        demo.run("fuse", words, labels, stages.fuse)
    if demo.phase_model:
        words = f"segment phases {grey} --model {demo.phase_model} --out {stages.PHASES}"
        demo.run("phases", words, stages.PHASES, stages.find_phases)
    if demo.crack_model:
        words = f"segment phases {grey} --model {demo.crack_model} --out {stages.CRACKS}"
        demo.run("cracks", words, stages.CRACKS, stages.find_cracks)


def _measure(demo: Demo) -> Findings:
    """Measure what was found, explain it, and compare it with the truth."""
    labels, table, phases, cracks = stages.LABELS, stages.TABLE, stages.PHASES, stages.CRACKS
    more = f" --cracks {cracks}" if demo.crack_model else ""
    words = f"measure {stages.GREY} {labels}{more} --out {table}"
    measured, crack_study = demo.run("measure", words, table, stages.measure)
    names = ",".join(stages.NAMES)
    phase_measures: Mapping[str, Any] = {}
    if demo.phase_model:
        words = f"morphology {phases} --names {names} --out {stages.PHASE_TABLE}"
        phase_measures = demo.run("morphology", words, stages.PHASE_TABLE, stages.measure_phases)
    study = None
    if _has("sklearn", "shap", "networkx"):
        words = f"damage {table} --contacts {stages.CONTACTS} --out {stages.DAMAGE}"
        study = demo.run("damage", words, stages.DAMAGE, stages.damage)
    else:
        demo.notes.append(
            "scikit-learn, shap and networkx are not installed, so the damage is not explained; "
            'pip install "electrodej[all]" brings them'
        )
    words = f"score {labels} {stages.TRUTH} --min-volume {stages.LEAST_VOLUME} --out {stages.SCORE}"
    scores = demo.run("score", words, stages.SCORE, stages.score)
    phase_scores = crack_scores = None
    if demo.phase_model:
        words = (
            f"score {phases} {stages.TRUE_PHASES} --phases --ignore {stages.CRACK} --names {names} "
            f"--out {stages.PHASE_SCORE}"
        )
        phase_scores = demo.run("score phases", words, stages.PHASE_SCORE, stages.score_phase_image)
    if demo.crack_model:
        words = (
            f'score {cracks} {stages.TRUE_PHASES} --phases --only {stages.CRACK} --names "no crack,crack" '
            f"--out {stages.CRACK_SCORE}"
        )
        crack_scores = demo.run("score cracks", words, stages.CRACK_SCORE, stages.score_crack_image)
    return Findings(measured, scores, study, crack_study, phase_measures, phase_scores, crack_scores)


def _bundled(name: str) -> str:
    """Return the name of a bundled model, "" where this copy came without it."""
    from electrodej.models.bundled import bundled_models

    return name if name in bundled_models() else ""


def _has(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in modules)


def _prepare(demo: Demo) -> None:
    """Make the folder, and see that nothing is in the way before the work starts."""
    try:
        demo.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{demo.folder} cannot be made ({error.strerror or error}); choose another folder with --out"
        ) from error
    if demo.force:
        return
    for name in stages.OUTPUTS:
        if demo.path(name).exists():
            raise OutputError(
                f"{demo.path(name)} exists already; give --force to replace the earlier demo, "
                "or another folder with --out"
            )
