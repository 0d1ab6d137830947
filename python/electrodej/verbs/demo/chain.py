"""The demo's chain: what is made, found, measured, explained and compared, and the report at its end."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import OutputError
from electrodej.run import Run
from electrodej.verbs.demo.plan import (
    CONTACTS,
    CRACK,
    CRACK_MODEL,
    CRACK_SCORE,
    CRACKS,
    DAMAGE,
    GREY,
    LABELS,
    NAMES,
    OUTPUTS,
    PARTICLE_MODEL,
    PHASE_MODEL,
    PHASE_SCORE,
    PHASE_TABLE,
    PHASES,
    REPORT,
    SCORE,
    TABLE,
    TRUE_PHASES,
    TRUTH,
    Models,
)
from electrodej.verbs.run.chain import Chain, absolute
from electrodej.verbs.segment.ways import WATERSHED, gives_volumes

if TYPE_CHECKING:
    from electrodej.models.engines.names import EngineName
    from electrodej.verbs.demo import DemoOptions

# A scan in which carbon and binder can be told from pores.
_CONTRAST = "phase"
# A ball of 1 um radius: smaller ones are fragments and slivers at the border, not particles (um^3).
_LEAST_VOLUME = 4.2


@dataclass(frozen=True)
class Findings:
    """What the stages found; None for those that could not run."""

    particles: int
    scores: Mapping[str, Any]
    phase_scores: Mapping[str, Any] | None = None
    crack_scores: Mapping[str, Any] | None = None


def run_demo(options: DemoOptions, run: Run) -> dict[str, Any]:
    """Make an electrode, find particles, phases and cracks, measure, explain, score and report."""
    from electrodej.verbs.demo.page import write_page

    chain = Chain(Path(options.out), run)
    models = _models(options, run)
    _prepare(chain)
    chain.do(
        "phantom",
        "phantom",
        GREY,
        folder="phantom",
        shape=options.shape,
        spacing=options.spacing,
        seed=options.seed,
        contrast=_CONTRAST,
    )
    _segment(chain, models, options.engine)
    found = _measure(chain, models)
    write_page(chain, models, seed=options.seed)
    return {
        "report": absolute(chain.path(REPORT)),
        "particles": found.particles,
        "scores": found.scores,
        "phase_scores": found.phase_scores,
        "crack_scores": found.crack_scores,
        "notes": list(run.notes),
        "stages": [vars(stage) for stage in chain.stages],
    }


def _models(options: DemoOptions, run: Run) -> Models:
    from electrodej.models import runs_networks

    if runs_networks():
        return Models(
            str(options.model or _bundled(PARTICLE_MODEL) or WATERSHED),
            _bundled(PHASE_MODEL),
            _bundled(CRACK_MODEL),
        )
    run.note(
        ("A plain watershed found the particles, and phases" if options.model is None else "Phases")
        + " and cracks were not looked for, because nothing that runs networks is installed; "
        "pip install openvino brings it"
    )
    return Models(str(options.model or WATERSHED), "", "")


def _segment(chain: Chain, models: Models, engine: EngineName) -> None:
    """Find particles, phases and cracks."""
    wanted: dict[str, Any] = {"image": GREY, "model": models.particles, "out": LABELS}
    if models.particles != WATERSHED:
        wanted |= {"engine": engine, "intact": True}
    if gives_volumes(models.particles):
        chain.do("segment", "segment particles", LABELS, **wanted)
    else:
        chain.do("fuse", "fuse", LABELS, **wanted, min_volume=_LEAST_VOLUME)
    for title, model, out in (("phases", models.phases, PHASES), ("cracks", models.cracks, CRACKS)):
        if model:
            chain.do(title, "segment phases", out, image=GREY, model=(model,), engine=engine, out=out)


def _measure(chain: Chain, models: Models) -> Findings:
    """Measure what was found, explain it, and compare it with the truth."""
    cracks = {"cracks": CRACKS} if models.cracks else {}
    measured = chain.do("measure", "measure", TABLE, grey=GREY, labels=LABELS, out=TABLE, **cracks)
    if models.phases:
        chain.do("morphology", "morphology", PHASE_TABLE, phases=(PHASES,), names=NAMES, out=PHASE_TABLE)
    if _has("sklearn", "shap", "networkx"):
        chain.do("damage", "damage", DAMAGE, tables=(TABLE,), contacts=CONTACTS, out=DAMAGE)
    else:
        chain.run.note(
            "scikit-learn, shap and networkx are not installed, so the damage is not explained; "
            'pip install "electrodej[all]" brings them'
        )
    scores = chain.do("score", "score", SCORE, pred=LABELS, truth=TRUTH, min_volume=_LEAST_VOLUME, out=SCORE)
    phase_scores = crack_scores = None
    if models.phases:
        phase_scores = chain.do(
            "score phases",
            "score",
            PHASE_SCORE,
            pred=PHASES,
            truth=TRUE_PHASES,
            phases=True,
            ignore=CRACK,
            names=NAMES,
            out=PHASE_SCORE,
        ).numbers
    if models.cracks:
        crack_scores = chain.do(
            "score cracks",
            "score",
            CRACK_SCORE,
            pred=CRACKS,
            truth=TRUE_PHASES,
            phases=True,
            only=CRACK,
            names=("no crack", "crack"),
            out=CRACK_SCORE,
        ).numbers
    return Findings(measured.numbers["particles"], scores.numbers, phase_scores, crack_scores)


def _bundled(name: str) -> str:
    """Return the name of a bundled model, "" where this copy came without it."""
    from electrodej.models.bundled import bundled_models

    return name if name in bundled_models() else ""


def _has(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in modules)


def _prepare(chain: Chain) -> None:
    """Make the folder, and see that nothing is in the way before the work starts."""
    try:
        chain.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{chain.folder} cannot be made ({error.strerror or error}); choose another folder with --out"
        ) from error
    for name in OUTPUTS:
        if chain.path(name).exists() and not chain.run.force:
            raise OutputError(
                f"{chain.path(name)} exists already; give --force to replace the earlier demo, "
                "or another folder with --out"
            )
