"""``electrodej morphology``: the measures of phase images, and how far versions of one image differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from electrodej.errors import UsageError
from electrodej.options import (
    Image,
    Names,
    Number,
    Settings,
    Whole,
    argument,
    nested,
    option,
    output,
    seed,
    voxel_size,
)
from electrodej.run import Run
from electrodej.transport.settings import TransportSettings
from electrodej.verb import Menu, Outcome, Verb
from electrodej.verbs.morphology.simulation import SimulationSettings
from electrodej.vocabulary import PathLike, Spacing

_WITH_GREY = "with --grey"
FURTHER = ("connectivity", "interfaces", "sizes", "statistics", "transport")
_TRAINING = {"filters": 16, "epochs": 40, "steps": 50, "batch": 8, "patch": 128}


def _of_training(name: str, help: str) -> Any:
    return option(None, Whole(1), help, group=_WITH_GREY, usual=str(_TRAINING[name]))


@dataclass(frozen=True, kw_only=True)
class MorphologyOptions(Settings):
    """Which phase images are measured, and how."""

    phases: tuple[Any, ...] = argument(
        Image(labels=True),
        "phase images, versions of one image",
        many=True,
        title="Phases",
    )
    names: tuple[str, ...] = option(
        (), Names(numbered=True), "names of the classes 0, 1, ..., e.g. pore,binder,particle", title="Names"
    )
    border: float | None = option(
        None,
        Number(0, 1000, above=True, below=True, what="no number of pixels", metavar="PX"),
        "also with each phase grown and shrunk by so many pixels on each slice",
    )
    also: tuple[str, ...] = option(
        (),
        Names(),
        f"measure these too, of each phase: {', '.join(FURTHER)}, or all; the image is then held in memory",
        title="Also",
    )
    particles: Any = option(
        None,
        Image(labels=True, metavar="LABELS"),
        "also the sizes of these particles, by number and by volume",
        title="Particles",
    )
    transport: TransportSettings = nested(TransportSettings)
    simulation: SimulationSettings = nested(SimulationSettings)
    grey: Any = option(
        None,
        Image(metavar="GREY"),
        "also train an LRCS-Net on each version and measure what it predicts",
    )
    filters: int | None = _of_training("filters", "filters at full size")
    epochs: int | None = _of_training("epochs", "at most so many epochs")
    steps: int | None = _of_training("steps", "batches in an epoch")
    batch: int | None = _of_training("batch", "patches in a batch")
    patch: int | None = _of_training("patch", "side of a patch in pixels")
    spacing: Spacing | None = voxel_size()
    out: PathLike = output("the table to write, .csv or .parquet", ".csv", ".parquet", title="Save table as")
    seed: int = seed()

    def check(self) -> None:
        wrong = [name for name in self.also if name not in (*FURTHER, "all")]
        if wrong:
            raise UsageError(f"--also knows no {wrong[0]!r}; there are {', '.join(FURTHER)} and all")
        for name in ("conductivity", "conducting", "periodic", "electrode"):
            if getattr(self.transport, name) and "transport" not in self.further:
                raise UsageError(f"--{name} is for transport; add --also transport")
        if self.simulation.bpx is not None and (len(self.phases) > 1 or self.border is not None):
            raise UsageError("--bpx is of one electrode; give one phase image, without --border")
        given = [name for name in _TRAINING if getattr(self, name) is not None]
        if self.grey is not None and (self.further or self.particles is not None):
            raise UsageError("--also and --particles are for phase images; leave them out with --grey")
        if given and self.grey is None:
            raise UsageError(f"--{given[0]} is for the networks that --grey trains; leave it out")

    @property
    def further(self) -> tuple[str, ...]:
        """What is measured beside shares, areas and chords."""
        if "all" in self.also:
            return FURTHER
        needed = () if self.simulation.bpx is None or "transport" in self.also else ("transport",)
        return (*self.also, *needed)

    @property
    def training(self) -> dict[str, int]:
        """The sizes of the networks that are trained, and how long."""
        return {name: getattr(self, name) or usual for name, usual in _TRAINING.items()}

    @property
    def images(self) -> list[Any]:
        """All images that are read."""
        return [*self.phases, *(each for each in (self.grey, self.particles) if each is not None)]

    @property
    def inputs(self) -> list[Any]:
        """All files that are read."""
        return [*self.images, *([] if self.simulation.bpx_base is None else [self.simulation.bpx_base])]


def morphology(options: MorphologyOptions, run: Run) -> Outcome:
    """Measure and write."""
    from electrodej.verbs.morphology.versions import measure_versions

    found = measure_versions(options, run)
    files = {"table": options.out}
    if options.simulation.bpx is not None:
        files["bpx"] = options.simulation.bpx
    return Outcome(found, _text(found), files)


def _text(result: Mapping[str, Any]) -> str:
    if not result["spread"]:
        only = result["versions"][0]
        return _lines([[name, _number(value)] for name, value in only.items() if name not in ("name", "of")])
    head = ["of", "measure", "mean", "SD", "least", "largest"]
    rows = [
        [row["Of"], row["Measure"], *(_number(row[name]) for name in ("Mean", "SD", "Least", "Largest"))]
        for row in result["spread"]
    ]
    return _lines([head, *rows])


def _lines(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4g}"


VERB = Verb(
    name="morphology",
    summary="measure phases, and how far versions of their labels differ",
    help="""Measure a phase image: the share of each phase (porosity), the area between each two, mean chords.

Several phase images are taken as versions of one image, drawn by several people for instance: the table
has a row for each, and a _spread.csv beside it the mean and spread of each measure. With --border each
version is measured also with each phase grown and shrunk. With --grey a network is trained on each version,
and what it predicts is measured as well. With --also each phase's connectivity, interfaces, sizes and
transport (tortuosity, effective conductivity) are measured too, and with statistics their profiles along each
axis; --particles tells how large particles are. --bpx writes what battery models take from it. 255 means that
nobody labelled a voxel.""",
    example="electrodej morphology anna.tif ben.tif --names pore,binder,particle --out phases.csv",
    options=MorphologyOptions,
    work=morphology,
    takes=("force", "jobs", "memory", "scheduler"),
    menu=Menu(
        "Measure Phases",
        ("phases", "names", "also", "particles", "spacing", "out"),
        files=("particles",),
        shows="table",
        plots=("sizes", "profiles", "correlations"),
        names={"out": "table"},
    ),
)
