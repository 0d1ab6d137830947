"""The whole chain on a synthetic electrode. Each stage is a verb that a user can run himself."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import OutputError
from electrodej.progress import Progress, silent

if TYPE_CHECKING:
    from electrodej.jobs.damage import DamageStudy

Triple = tuple[float, float, float]
Announce = Callable[[str], None]

DEFAULT_SHAPE = (256, 256, 256)
# Particles are then some 50 voxels across, as in most published scans, and there are some hundred of them.
DEFAULT_SPACING: Triple = (0.14, 0.14, 0.14)

GREY, TRUTH = "phantom/grey.tif", "phantom/labels.tif"
LABELS, TABLE, CONTACTS = "particles.tif", "particles.csv", "particles_contacts.csv"
DAMAGE, SCORE, REPORT = "damage", "score.json", "report.html"
MODEL, WATERSHED = "nmc-particles", "watershed"
# A ball of 1 um radius: smaller ones are fragments and slivers at the border, not particles (um^3).
LEAST_VOLUME = 4.2


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
    notes: tuple[str, ...] = ()

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
            "notes": list(self.notes),
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
    model: str
    notes: list[str] = field(default_factory=list)
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
    model: str | None = None,
    jobs: int = 1,
    memory: int | None = None,
    force: bool = False,
    progress: Progress = silent,
    announce: Announce = lambda command: None,  # noqa: ARG005 - nobody listens
) -> DemoResult:
    """Make an electrode, find its particles, measure them, explain their damage, score and report.

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
    demo = _Demo(
        Path(folder), shape, spacing, seed, jobs, memory, force, progress, announce, model or _model()
    )
    if model is None and demo.model == WATERSHED:
        demo.notes.append(
            "TensorFlow and StarDist are not installed, so a plain watershed found the particles; "
            'pip install "electrodej[all]" brings them'
        )
    _prepare(demo)
    size = ",".join(map(str, shape))
    voxel = ",".join(f"{length:g}" for length in spacing)
    demo.run(
        "phantom",
        f"phantom phantom --shape {size} --spacing {voxel} --seed {seed}",
        GREY,
        lambda: _phantom(demo),
    )
    if demo.model == WATERSHED:
        words = f"segment particles {GREY} --model {WATERSHED} --out {LABELS}"
        demo.run("segment", words, LABELS, lambda: _segment(demo))
    else:
        words = f"fuse {GREY} --model {demo.model} --intact --min-volume {LEAST_VOLUME} --out {LABELS}"
        demo.run("fuse", words, LABELS, lambda: _fuse(demo))
    measured = demo.run("measure", f"measure {GREY} {LABELS} --out {TABLE}", TABLE, lambda: _measure(demo))
    study = None
    if _has("sklearn", "shap", "networkx"):
        words = f"damage {TABLE} --contacts {CONTACTS} --out {DAMAGE}"
        study = demo.run("damage", words, DAMAGE, lambda: _damage(demo))
    else:
        demo.notes.append(
            "scikit-learn, shap and networkx are not installed, so the damage is not explained; "
            'pip install "electrodej[all]" brings them'
        )
    words = f"score {LABELS} {TRUTH} --min-volume {LEAST_VOLUME} --out {SCORE}"
    scores = demo.run("score", words, SCORE, lambda: _score(demo))
    _report(demo, measured, study, scores)
    return DemoResult(demo.folder, tuple(demo.stages), len(measured), scores, tuple(demo.notes))


def _model() -> str:
    """Return the bundled model where it can run."""
    from electrodej.networks.bundled import bundled_models

    return MODEL if MODEL in bundled_models() and _has("tensorflow", "stardist") else WATERSHED


def _has(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in modules)


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
    for name in ("phantom", LABELS, TABLE, DAMAGE, SCORE, REPORT):
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


def _fuse(demo: _Demo) -> None:
    from electrodej.fusion import FusionSettings
    from electrodej.jobs.fuse import fuse_image

    fuse_image(
        demo.path(GREY),
        model=demo.model,
        out=demo.path(LABELS),
        intact=True,
        settings=FusionSettings(min_volume=LEAST_VOLUME),
        jobs=demo.jobs,
        memory=demo.memory,
        force=demo.force,
        progress=demo.progress,
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


def _damage(demo: _Demo) -> DamageStudy:
    from electrodej.damage import DamageConfig
    from electrodej.jobs.damage import study_damage

    return study_damage(
        [demo.path(TABLE)],
        demo.path(DAMAGE),
        config=DamageConfig(jobs=demo.jobs),
        contacts=demo.path(CONTACTS),
        force=demo.force,
        progress=demo.progress,
    )


def _score(demo: _Demo) -> dict[str, Any]:
    from electrodej.jobs.score import score_particles

    scores = score_particles(
        demo.path(LABELS),
        demo.path(TRUTH),
        min_volume=LEAST_VOLUME,
        out=demo.path(SCORE),
        jobs=demo.jobs,
        memory=demo.memory,
        force=demo.force,
        progress=demo.progress,
    )
    return scores.as_dict()


def _report(demo: _Demo, measured: Any, study: DamageStudy | None, scores: Mapping[str, Any]) -> None:
    from electrodej.report import ReportContent, write_report
    from electrodej.report.damage_sections import damage_sections
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
            sections=[]
            if study is None
            else damage_sections(study.results, contacts=study.contacts, network=study.network),
            notes=[
                "The electrode is synthetic: the scores compare what was found with its known truth.",
                *demo.notes,
                *measured.notes,
            ],
        )
        write_report(demo.path(REPORT), content, force=demo.force, progress=demo.progress)
