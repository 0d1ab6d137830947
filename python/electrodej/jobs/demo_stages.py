"""What the demo does at each stage, and the commands that do the same."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.progress import Progress
from electrodej.score import UNLABELLED

if TYPE_CHECKING:
    from electrodej.features import FeatureTable
    from electrodej.jobs.cracks import CrackStudy
    from electrodej.jobs.damage import DamageStudy
    from electrodej.report import Section
    from electrodej.score import PhaseScores

Triple = tuple[float, float, float]
Announce = Callable[[str], None]

GREY, TRUTH, TRUE_PHASES = "phantom/grey.tif", "phantom/labels.tif", "phantom/phases.tif"
LABELS, TABLE, CONTACTS = "particles.tif", "particles.csv", "particles_contacts.csv"
PHASES, PHASE_TABLE, CRACKS = "phases.tif", "phases.csv", "cracks.tif"
DAMAGE, SCORE, REPORT = "damage", "score.json", "report.html"
PHASE_SCORE, CRACK_SCORE = "score_phases.json", "score_cracks.json"
OUTPUTS = (
    "phantom",
    LABELS,
    PHASES,
    CRACKS,
    TABLE,
    PHASE_TABLE,
    DAMAGE,
    SCORE,
    PHASE_SCORE,
    CRACK_SCORE,
    REPORT,
)
WATERSHED = "watershed"
# What the phantom calls its phases; the network is not taught to tell cracks from what lies beside them.
NAMES = ("pore", "binder", "particle")
CRACK = 3
# A scan in which carbon and binder can be told from pores.
CONTRAST = "phase"
# A ball of 1 um radius: smaller ones are fragments and slivers at the border, not particles (um^3).
LEAST_VOLUME = 4.2


@dataclass(frozen=True)
class Stage:
    """One step of the chain: the command that does the same, how long it took and what it wrote."""

    name: str
    command: str
    seconds: float
    output: str


@dataclass
class Demo:
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
    phase_model: str
    crack_model: str
    notes: list[str] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)

    def run(self, name: str, words: str, output: str, work: Callable[[Demo], Any]) -> Any:
        """Do one stage and take down how long it took."""
        command = f"electrodej {words}"
        self.announce(command)
        start = time.perf_counter()
        result = work(self)
        self.stages.append(Stage(name, command, round(time.perf_counter() - start, 2), output))
        return result

    def path(self, name: str) -> Path:
        return self.folder / name


def phantom(demo: Demo) -> None:
    from electrodej.phantom import PORE_GREY, PhantomConfig, write_phantom
    from electrodej.run import Run

    write_phantom(
        demo.path("phantom"),
        PhantomConfig(shape=demo.shape, spacing=demo.spacing, seed=demo.seed, pore_grey=PORE_GREY[CONTRAST]),
        run=Run(jobs=demo.jobs, memory=demo.memory, force=demo.force, progress=demo.progress),
    )


def segment(demo: Demo) -> None:
    from electrodej.jobs.segment import segment_particles

    segment_particles(
        demo.path(GREY), demo.path(LABELS), memory=demo.memory, force=demo.force, progress=demo.progress
    )


def fuse(demo: Demo) -> None:
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


def find_phases(demo: Demo) -> dict[str, Any]:
    return _classes(demo, demo.phase_model, PHASES)


def find_cracks(demo: Demo) -> dict[str, Any]:
    return _classes(demo, demo.crack_model, CRACKS)


def _classes(demo: Demo, model: str, out: str) -> dict[str, Any]:
    from electrodej.jobs.segment_phases import segment_phases

    return segment_phases(
        demo.path(GREY),
        model=model,
        out=demo.path(out),
        memory=demo.memory,
        jobs=demo.jobs,
        force=demo.force,
        progress=demo.progress,
    )


def measure(demo: Demo) -> tuple[FeatureTable, CrackStudy | None]:
    from electrodej.jobs.cracks import measure_with_cracks
    from electrodej.jobs.measure import measure_particles

    common: dict[str, Any] = {
        "jobs": demo.jobs,
        "memory": demo.memory,
        "force": demo.force,
        "progress": demo.progress,
    }
    paths = demo.path(GREY), demo.path(LABELS)
    if not demo.crack_model:
        return measure_particles(*paths, demo.path(TABLE), **common), None
    return measure_with_cracks(*paths, demo.path(CRACKS), demo.path(TABLE), **common)


def measure_phases(demo: Demo) -> dict[str, Any]:
    from electrodej.jobs.morphology import measure_phase_images

    result = measure_phase_images(
        [demo.path(PHASES)],
        demo.path(PHASE_TABLE),
        names=dict(enumerate(NAMES)),
        memory=demo.memory,
        jobs=demo.jobs,
        force=demo.force,
        progress=demo.progress,
    )
    measures: dict[str, Any] = result["versions"][0]
    return measures


def damage(demo: Demo) -> DamageStudy:
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


def score(demo: Demo) -> dict[str, Any]:
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


def score_phase_image(demo: Demo) -> PhaseScores:
    return _compare(demo, PHASES, PHASE_SCORE, ignore=CRACK, names=dict(enumerate(NAMES)))


def score_crack_image(demo: Demo) -> PhaseScores:
    return _compare(
        demo, CRACKS, CRACK_SCORE, ignore=UNLABELLED, only=CRACK, names={0: "no crack", 1: "crack"}
    )


def _compare(demo: Demo, found: str, out: str, **options: Any) -> PhaseScores:
    from electrodej.jobs.score import score_phases

    return score_phases(
        demo.path(found),
        demo.path(TRUE_PHASES),
        out=demo.path(out),
        memory=demo.memory,
        jobs=demo.jobs,
        force=demo.force,
        progress=demo.progress,
        **options,
    )


@dataclass(frozen=True)
class Findings:
    """What the report shows: what the stages returned, None for those that could not run."""

    table: FeatureTable
    scores: Mapping[str, Any]
    damage: DamageStudy | None = None
    cracks: CrackStudy | None = None
    phase_measures: Mapping[str, Any] = field(default_factory=dict)
    phase_scores: PhaseScores | None = None
    crack_scores: PhaseScores | None = None


def report(demo: Demo, found: Findings) -> None:
    from electrodej.jobs.demo_provenance import demo_provenance
    from electrodej.report import ReportContent, write_report
    from electrodej.volume import open_volume

    with open_volume(demo.path(GREY)) as grey, open_volume(demo.path(LABELS)) as labels:
        content = ReportContent(
            title="A synthetic electrode",
            subtitle="Made, segmented and measured by electrodej demo",
            grey=grey,
            labels=labels,
            spacing=grey.require_spacing(),
            table=found.table.columns,
            units=found.table.units,
            definitions=found.table.definitions,
            scores=found.scores,
            stages=[(stage.name, stage.seconds, stage.output) for stage in demo.stages],
            provenance=demo_provenance(demo, found),
            sections=_sections(demo, found),
            notes=[
                "The electrode is synthetic: the scores compare what was found with its known truth.",
                *demo.notes,
                *found.table.notes,
            ],
        )
        write_report(demo.path(REPORT), content, force=demo.force, progress=demo.progress)


def _sections(demo: Demo, found: Findings) -> list[Section]:
    sections: list[Section] = []
    if found.damage is not None:
        sections += found.damage.sections()
    if found.cracks is not None:
        sections.append(found.cracks.section())
    if demo.phase_model:
        sections.append(_phase_section(demo, found))
    return sections


def _phase_section(demo: Demo, found: Findings) -> Section:
    from electrodej.report.phase_sections import phase_section
    from electrodej.volume import open_volume

    described = json.loads(demo.path(PHASE_TABLE).with_suffix(".json").read_text("utf-8"))["columns"]
    with contextlib.ExitStack() as stack:

        def middle(name: str) -> Any:
            volume = stack.enter_context(open_volume(demo.path(name)))
            z = volume.shape[0] // 2
            return volume[z : z + 1, :, :][0]

        return phase_section(
            middle(GREY),
            middle(PHASES),
            names=NAMES,
            measures={
                name: (found.phase_measures[name], about["unit"], about["definition"])
                for name, about in described.items()
                if name in found.phase_measures
            },
            spacing=demo.spacing[1:],
            cracks=middle(CRACKS) > 0,
            note=_phase_note(found),
        )


def _phase_note(found: Findings) -> str:
    """Say how right the phases and cracks are."""
    if found.phase_scores is None or found.crack_scores is None:
        return ""
    words = ", ".join(f"{entry.iou:.2f} for {entry.name}" for entry in found.phase_scores.classes)
    dice = found.crack_scores.classes[-1].dice
    return (
        f"Against the known truth: intersection over union {words}; Dice coefficient {dice:.2f} for cracks."
    )
