"""``electrodej run``: from a grey image to its page, for one image or for many."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from electrodej.errors import UsageError
from electrodej.filters import Step, Steps
from electrodej.models.engines.names import EngineName, engine_option
from electrodej.options import (
    Image,
    Names,
    PathTo,
    Pattern,
    Settings,
    Text,
    argument,
    flag,
    option,
    output,
    voxel_size,
)
from electrodej.run import Run
from electrodej.verb import AUTOMATIC, Menu, Outcome, Verb
from electrodej.vocabulary import PathLike, Spacing

STAGES = ("particles", "phases", "cracks", "table", "morphology", "damage", "report")
_INSTEAD = "instead of finding them"
_MODELS = "what finds them"
_MANY = "many images"


_OWN = Image(metavar="FILE", labels=True)


@dataclass(frozen=True, kw_only=True)
class RunOptions(Settings):
    """Which images go through the chain, and through which of its stages."""

    images: tuple[PathLike, ...] = argument(
        Pattern(), "grey images, or projections in HDF5: files, folders, patterns such as 'scans/*.tif'",
        default=(), word="grey",
        many=True,
        title="Image, or a folder of them",
    )  # fmt: skip
    only: tuple[str, ...] = option(
        (),
        Names(),
        f"only these stages, of {', '.join(STAGES)}; what they need is taken from --out",
        title="Only these stages",
    )
    without: tuple[str, ...] = option((), Names(), "all stages but these", title="Leave out stages")
    filter: tuple[Step, ...] | None = option(
        None,
        Steps(),
        "filter the image first, as electrodej filter --steps does",
        usual="not",
        title="Filter first",
    )
    labels: Any = option(None, _OWN, "the particles, of one image", group=_INSTEAD)
    phases: Any = option(None, _OWN, "the phases, of one image", group=_INSTEAD)
    cracks: Any = option(None, _OWN, "the cracks, of one image", group=_INSTEAD)
    names: tuple[str, ...] = option(
        (), Names(numbered=True), "names of the phases 0, 1, ...", usual="the model's", group=_INSTEAD
    )
    model: PathLike | None = option(
        None,
        PathTo(metavar="M", role="model"),
        "the particles: a StarDist model, of volumes or of sections, or watershed",
        usual="nmc-particles-3d; nmc-particles for single slices, thin volumes and one image on a cluster",
        group=_MODELS,
    )
    phase_model: PathLike | None = option(
        None, PathTo(metavar="M", role="model"), "the phases", usual="nmc-phases", group=_MODELS
    )
    crack_model: PathLike | None = option(
        None, PathTo(metavar="M", role="model"), "the cracks", usual="nmc-cracks", group=_MODELS
    )
    engine: EngineName = engine_option(group=_MODELS)
    groups: PathLike | None = option(
        None,
        PathTo(metavar="FILE", suffixes=(".csv",)),
        "a table with the column image and others, sample or cycles, by which images are compared; the "
        "columns labels, phases and cracks name an image's own",
        title="Table of groups",
        group=_MANY,
    )
    by: str = option(
        "",
        Text(metavar="COLUMN"),
        "which column of --groups",
        usual="the first after image",
        group=_MANY,
        title="Compare by",
    )
    flat: bool = flag(
        "the slices of a stack have nothing to do with one another: measure each as 2D",
        title="Slices are unrelated",
    )
    resume: bool = flag(
        "keep the stages that are finished, and do those whose inputs or settings changed",
        title="Keep finished stages",
    )
    config: PathLike | None = option(
        None,
        PathTo(metavar="FILE", suffixes=(".toml",)),
        "take settings from here, also those of single stages; what the command says counts more",
        title="Settings file",
    )
    save_config: PathLike | None = option(
        None,
        PathTo(metavar="FILE", role="output", suffixes=(".toml",)),
        "write all settings there, each explained; without an image, that is all",
    )
    spacing: Spacing | None = voxel_size()
    out: PathLike | None = output(
        "the folder for everything (required)", role="folder", default=None, title="Folder for everything"
    )

    def check(self) -> None:
        import difflib

        for flag_, given in (("--only", self.only), ("--without", self.without)):
            for name in given:
                if name not in STAGES:
                    near = difflib.get_close_matches(name, STAGES, n=1)
                    hint = f"did you mean {near[0]!r}?" if near else f"they are {', '.join(STAGES)}"
                    raise UsageError(f"{flag_}: there is no stage {name!r}; {hint}")
        if self.only and self.without:
            raise UsageError("--only and --without say the same in two ways; give one of them")
        if self.by and self.groups is None:
            raise UsageError("--by names a column of --groups; give --groups FILE too")

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that are wanted, in their order."""
        return tuple(
            name for name in STAGES if name not in self.without and (not self.only or name in self.only)
        )


def run_chain(options: RunOptions, run: Run) -> Outcome:
    """Take one image or many from grey values to a page."""
    from electrodej.verbs.run.config import configured, save_config

    options, stages = configured(options)
    if options.save_config is not None:
        save_config(options.save_config, options, stages, run)
        if not options.images:
            path = os.fspath(options.save_config)
            return Outcome({"config": path}, f"settings: {path}", {"config": path})
    if not options.images:
        raise UsageError("give a grey image, e.g. electrodej run grey.tif --out my-electrode")
    if options.out is None:
        raise UsageError("say where everything goes with --out, e.g. --out my-electrode")
    from electrodej.verbs.run.batch import run_all

    return run_all(options, stages, run, command=VERB.command(options))


VERB = Verb(
    name="run",
    summary="take your own image from grey values to the page, or many at once",
    help="""Find the particles, the phases and the cracks of a grey image, measure them, explain the damage
and write the page about it all. Each stage prints the command that does the same; run.log keeps them.

Stages are chosen with --only and left out with --without; labels, phases or cracks that exist are used
instead of finding them. Several images, folders and patterns get a folder each in --out, a table over all,
summary.csv, and a page that compares them. An image that fails does not stop the others.
Projections (NXtomo, Data Exchange) are reconstructed first, as electrodej reconstruct does. A single slice
is measured as 2D, see docs/2d.md. More: docs/run.md.""",
    example="electrodej run grey.tif --out my-electrode",
    options=RunOptions,
    work=run_chain,
    takes=("force", "jobs", "memory", "scheduler"),
    menu=Menu(
        "Run Whole Chain",
        ("images", "model", "without", "flat", "spacing", "out"),
        further=("only", "filter", "config", "groups", "by", "resume"),
        models=(AUTOMATIC, "nmc-particles-3d", "nmc-particles", "watershed"),
        needs=("images", "out"),
        files=("images",),
    ),
)
