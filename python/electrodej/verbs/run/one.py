"""One image through the chain: which stages follow from what is wanted, what is there and what was found."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import Cancelled, ElectrodeJError, InputError, OutputError
from electrodej.models import runs_networks
from electrodej.run import Run
from electrodej.tomography import is_scan
from electrodej.verb import Outcome
from electrodej.verbs.run.chain import Chain
from electrodej.verbs.run.config import OTHERWISE, VERBS, StageSettings, changed_settings
from electrodej.verbs.run.facts import LOG, Facts, existing
from electrodej.verbs.run.images import Job
from electrodej.verbs.run.log import Write, logged
from electrodej.verbs.segment.ways import WATERSHED, gives_volumes, is_thin

if TYPE_CHECKING:
    from electrodej.verbs.run import RunOptions
    from electrodej.volume import Volume

LABELS, PHASES, CRACKS = "particles.tif", "phases.tif", "cracks.tif"
TABLE, CONTACTS, PHASE_TABLE = "particles.csv", "particles_contacts.csv", "phases.csv"
DAMAGE, REPORT = "damage", "report.html"
OUTPUTS = {
    "particles": LABELS,
    "phases": PHASES,
    "cracks": CRACKS,
    "table": TABLE,
    "morphology": PHASE_TABLE,
    "damage": DAMAGE,
    "report": REPORT,
}
# What comes before the stages, where it is needed: a volume from projections, and filters.
GREY = {"volume": "grey.tif", "filtering": "filtered.tif"}
PARTICLE_MODEL, SECTION_MODEL = "nmc-particles-3d", "nmc-particles"
PHASE_MODEL, CRACK_MODEL = "nmc-phases", "nmc-cracks"
# What a stage reads that an earlier one wrote.
_NEEDS = {"table": "particles", "morphology": "phases", "damage": "table"}
# What looks for something in the grey values.
_LOOKING = ("particles", "phases", "cracks")
_EXTRA = "pip install openvino brings it"


@dataclass
class Found:
    """What came of one image.

    Attributes
    ----------
    particles
        How many; None where they were not measured.
    failed
        Why stages failed, by their names; "image" where the image itself could not be used.
    notes
        What to know of the results.
    files
        What there is now, by the stage that makes it.
    """

    particles: int | None = None
    failed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)


def run_one(job: Job, options: RunOptions, settings: StageSettings, run: Run, *, command: str) -> Found:
    """Take an image through the chain; what fails is told, and what does not depend on it is done.

    ``command`` is what was asked for, for the log.
    """
    _prepare(job, options, run)
    own = replace(run, notes=[])
    with logged(job.folder / LOG, own, command=command) as (loud, write):
        found = Journey(job, options, settings, loud, write).go()
    found.notes = list(own.notes)
    return found


class Journey:
    """The way of one image through the chain.

    ``write`` takes what the log keeps and nobody is told on the way.
    """

    def __init__(
        self, job: Job, options: RunOptions, settings: StageSettings, run: Run, write: Write
    ) -> None:
        self.job, self.options, self.settings, self.run, self.write = job, options, settings, run, write
        self.name = job.image.name.partition(".")[0]
        self.facts = Facts(job.folder, resume=options.resume)
        self.chain = Chain(job.folder, run, self.facts, typed_inside=False)
        self.found = Found()
        self.names: tuple[str, ...] = options.names
        self.is_2d = False
        self.is_thin = False

    def go(self) -> Found:
        """Do all stages that are wanted and can be done."""
        if others := self.facts.other_versions:
            self.run.note(
                f"{self.job.folder} was begun with version {', '.join(others)} of ElectrodeJ; "
                "its stages are done again"
            )
        try:
            self._make_image()
            self._look_at_image()
        except (ElectrodeJError, OSError) as error:
            self._fail("image", error)
            return self.found
        self._take_what_is_there()
        work: dict[str, Callable[[], Outcome | None]] = {
            "particles": self._particles,
            "phases": lambda: self._phases("phases", self.options.phase_model or PHASE_MODEL),
            "cracks": lambda: self._phases("cracks", self.options.crack_model or CRACK_MODEL),
            "table": self._table,
            "morphology": self._morphology,
            "damage": self._damage,
            "report": self._report,
        }
        for stage in self.options.stages:
            if stage not in self.job.own:
                self._try(stage, work[stage])
        return self.found

    def _try(self, stage: str, work: Callable[[], Outcome | None]) -> None:
        need = _NEEDS.get(stage)
        if need is not None and need not in self.found.files:
            if need not in self.found.failed and stage in self.options.only:
                self.found.failed[stage] = f"{stage} needs {need}, and {OUTPUTS[need]} is not there"
                self.write(f"{stage}: {self.found.failed[stage]}")
            return
        try:
            outcome = work()
        except Cancelled:
            raise
        except (ElectrodeJError, OSError, MemoryError) as error:
            self._fail(stage, error)
            return
        if outcome is not None:
            self.found.files[stage] = self.chain.path(OUTPUTS[stage])

    def _fail(self, stage: str, error: BaseException) -> None:
        text = " ".join(str(error).split()) or "there is not enough memory"
        self.found.failed[stage] = text
        # Why is said at the end, in the last line.
        self.write(f"{stage} failed: {text}")
        if stage != "image":
            self.run.say(f"{stage} failed; what does not need it is done all the same")

    def _make_image(self) -> None:
        """Reconstruct the image where projections were given, and filter it where that is asked for."""
        if is_scan(self.job.image):
            self._make_grey("volume", projections=self.job.image, resume=self.options.resume)
        if self.options.filter is not None:
            self._make_grey("filtering", image=self.job.image, steps=self.options.filter)

    def _make_grey(self, stage: str, **options: Any) -> None:
        """Make the grey image that all further stages see."""
        own = self._own(stage)
        if self.options.spacing is not None:
            options["spacing"] = self.options.spacing
        self.chain.do(stage, VERBS[stage], GREY[stage], **{**own, **options, "out": GREY[stage]})
        self.found.files[stage] = self.chain.path(GREY[stage])
        self.job = replace(self.job, image=self.found.files[stage])

    def _look_at_image(self) -> None:
        from electrodej.volume import open_volume

        with open_volume(self.job.image, spacing=self.options.spacing) as volume:
            volume.require_spacing()
            self._look_at_values(volume)
            self.is_2d = volume.is_2d or self.options.flat
            self.is_thin = is_thin(volume.shape, volume.require_spacing())
        for role, path in self.job.own.items():
            if not path.exists():
                raise InputError(f"{path}: there is no such file; it was to be the {role}")

    def _look_at_values(self, volume: Volume) -> None:
        """Refuse grey values that no stage can use before the first of them begins."""
        from electrodej.inspection import refuse_blank, refuse_nan
        from electrodej.volume import check_grey

        check_grey(volume[:1, :1, :1], volume.path)
        given = {"particles" if role == "labels" else role for role in self.job.own}
        done_here = set(self.options.stages) - given
        if done_here & {*_LOOKING, "table"}:
            refuse_nan(volume)
        if done_here & set(_LOOKING):
            refuse_blank(volume)

    def _take_what_is_there(self) -> None:
        """Take own files, and of stages that are not wanted what an earlier run wrote."""
        for role, path in self.job.own.items():
            self.found.files["particles" if role == "labels" else role] = path
        for stage, name in OUTPUTS.items():
            if stage not in self.options.stages and self.chain.path(name).exists():
                self.found.files.setdefault(stage, self.chain.path(name))

    def _do(self, stage: str, verb: str, /, *, table: str = "", **options: Any) -> Outcome:
        """Do a stage with what the configuration says of it."""
        own = self._own(table or stage)
        if self.options.spacing is not None and verb != "damage":
            options["spacing"] = self.options.spacing
        options = {**own, **options}
        if self.options.engine != "auto" and _runs_networks(stage, options.get("model")):
            options["engine"] = self.options.engine
        return self.chain.do(stage, verb, OUTPUTS[stage], **options)

    def _own(self, table: str) -> dict[str, Any]:
        """Return what is set for a stage: by the chain itself, and above it by the configuration."""
        return {**OTHERWISE.get(table, {}), **self.settings.get(table, {})}

    def _particles(self) -> Outcome | None:
        if "particles" in self.found.files:
            return None
        model = self._usual_model() if self.options.model is None else self.options.model
        if self.is_2d and model != WATERSHED and gives_volumes(model):
            raise InputError(
                f"{model} is a model of volumes, and slices are to be looked at one by one; take a model of "
                f"sections, such as {SECTION_MODEL}"
            )
        common: dict[str, Any] = {"image": self.job.image, "model": model, "out": LABELS}
        if self.is_2d or gives_volumes(model):
            return self._do("particles", "segment particles", table="sections", **common)
        return self._do("particles", VERBS["particles"], **common, resume=self.options.resume)

    def _usual_model(self) -> str:
        if not runs_networks():
            self.run.note(
                "a plain watershed found the particles, because nothing that runs networks is "
                f"installed; {_EXTRA}"
            )
            return WATERSHED
        # A cluster takes part in the three views of a volume.
        if self.is_2d or self.is_thin or self.run.scheduler is not None:
            return SECTION_MODEL
        if changed := changed_settings("particles", self.settings):
            self.run.note(
                f"three views find the particles, because the table [particles] sets {', '.join(changed)}; "
                f'model = "{PARTICLE_MODEL}" takes the model of volumes'
            )
            return SECTION_MODEL
        return PARTICLE_MODEL

    def _phases(self, stage: str, model: Any) -> Outcome | None:
        if not runs_networks():
            self.run.note(
                f"{stage} were not looked for, because nothing that runs networks is installed; {_EXTRA}"
            )
            return None
        out = OUTPUTS[stage]
        outcome = self._do(stage, VERBS[stage], image=self.job.image, model=(model,), out=out)
        if stage == "phases" and not self.names:
            self.names = _names(outcome.numbers["classes"])
        return outcome

    def _table(self) -> Outcome:
        cracks = {} if self.is_2d else self._given("cracks")
        if cracks and not _has_voxels(cracks["cracks"]):
            self.run.note(f"{cracks['cracks']} holds no crack, so no cracks are measured")
            cracks = {}
        flat: dict[str, Any] = {"flat": True} if self.options.flat else {}
        outcome = self._do(
            "table", VERBS["table"], grey=self.job.image, labels=self.found.files["particles"], out=TABLE,
            **cracks, **flat,
        )  # fmt: skip
        self.found.particles = int(outcome.numbers["particles"])
        if not self.found.particles:
            self.run.note("no particle was found, so there is nothing to measure")
        return outcome

    def _morphology(self) -> Outcome:
        phases = (self.found.files["phases"],)
        names: dict[str, Any] = {"names": self.names} if self.names else {}
        return self._do("morphology", VERBS["morphology"], phases=phases, out=PHASE_TABLE, **names)

    def _damage(self) -> Outcome | None:
        if self.found.particles == 0:
            return None
        if not all(importlib.util.find_spec(name) for name in ("sklearn", "shap", "networkx")):
            self.run.note(
                "the damage is not explained, because scikit-learn, shap and networkx are not installed; "
                'pip install "electrodej[all]" brings them'
            )
            return None
        from electrodej.verbs.damage.flat import leave_out_in_2d

        contacts = self.chain.path(CONTACTS)
        options: dict[str, Any] = {}
        if self.is_2d:
            # Of the network of contacts a section shows too little.
            options["leave_out"] = leave_out_in_2d(self.settings.get("damage", {}).get("leave_out", ()))
        elif contacts.exists():
            options["contacts"] = contacts
        return self._do("damage", VERBS["damage"], tables=(self.found.files["table"],), out=DAMAGE, **options)

    def _report(self) -> Outcome | None:
        from electrodej.verbs.run.page import write_page

        return write_page(self, REPORT)

    def _given(self, stage: str) -> dict[str, Any]:
        return {stage: self.found.files[stage]} if stage in self.found.files else {}


def _has_voxels(image: Path) -> bool:
    from electrodej.volume import open_volume

    with open_volume(image) as volume:
        return any(slab.any() for _, _, slab in volume.slabs())


def _names(classes: Any) -> tuple[str, ...]:
    """Return the names of the classes 0, 1, ... that a network tells apart."""
    from electrodej.morphology import phase_names

    known = {int(each["value"]): str(each["name"]) for each in classes}
    return tuple(phase_names(range(max(known, default=-1) + 1), known).values())


def _runs_networks(stage: str, model: Any) -> bool:
    """Whether a stage asks networks, which --engine is about; a forest is none."""
    from electrodej.verbs.segment.forest import is_forest

    models = model if isinstance(model, tuple | list) else (model,)
    return stage in ("particles", "phases", "cracks") and not any(
        each is not None and is_forest(each) for each in models
    )


def _prepare(job: Job, options: RunOptions, run: Run) -> None:
    """Make the folder, and see that nothing is in the way before the work starts."""
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{job.folder} cannot be made ({error.strerror or error}); choose another folder with --out"
        ) from error
    if run.force or (options.resume and Facts(job.folder, resume=True).known):
        return
    wanted = [OUTPUTS[stage] for stage in options.stages if stage not in job.own]
    wanted += [GREY["volume"]] * is_scan(job.image) + [GREY["filtering"]] * (options.filter is not None)
    if there := existing(job.folder, wanted):
        raise OutputError(
            f"{job.folder / there[0]} exists already; give --resume to keep what is finished, --force to "
            "replace it, or another folder with --out"
        )
