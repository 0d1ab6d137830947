"""``electrodej segment phases``: the phases or cracks of a grey image."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from electrodej.errors import InputError, UsageError
from electrodej.models.engines.names import EngineName, engine_option
from electrodej.options import (
    REQUIRED,
    Choice,
    Image,
    PathTo,
    Settings,
    Whole,
    argument,
    as_is,
    flag,
    network_scale,
    option,
    output,
    seed,
    voxel_size,
)
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.vocabulary import VIEWS, PathLike, Spacing, View

if TYPE_CHECKING:
    from electrodej.verbs.segment.forest import LoneForest
    from electrodej.verbs.segment.prediction import Networks

_MAP = PathTo(role="output", suffixes=(".tif",))


@dataclass(frozen=True, kw_only=True)
class PhasesOptions(Settings):
    """In what phases are sought, with which networks, and what is written."""

    image: Any = argument(Image(), "the grey volume, or a single image", title="Grey image")
    model: tuple[PathLike, ...] = option(
        REQUIRED,
        PathTo(metavar="M", role="model"),
        "a model folder, a forest, a zip made by electrodej export, or a bundled model; networks given "
        "again are all asked and the mean is taken",
        many=True,
    )
    view: View | Literal["all"] = option(
        "xy", Choice((*VIEWS, "all")), "planes the network sees; all: the mean over the three"
    )
    probability: PathLike | None = option(
        None, _MAP, "also write each class's probability: P.tif gives P_pore.tif, ..."
    )
    mirrored: bool = flag(
        "also ask about the mirrored image and take the mean, which takes four times as long"
    )
    entropy: PathLike | None = option(
        None, _MAP, "also write how undecided the network is, 0 to 1 at each voxel"
    )
    dropout: int = option(
        0, Whole(0), "ask each model N times with its dropout switched on (Monte-Carlo dropout)"
    )
    disagreement: PathLike | None = option(
        None,
        _MAP,
        "also write how far several models, passes, or a forest's trees disagree, 0 to 1 at each voxel",
    )
    spread: PathLike | None = option(
        None,
        PathTo(metavar="TABLE", role="output", suffixes=(".csv", ".parquet")),
        "also measure the phases by each model, or pass: TABLE, and their mean and spread beside it",
    )
    resume: bool = flag("keep what is done in OUT.run while working, and go on from there after a stop")
    scale: float | None = network_scale()
    as_is: bool = as_is()
    tile: int = option(0, Whole(0), "largest tile in pixels", usual="by the memory")
    kept_slices: int = option(16, Whole(1), "with resume: how many slices are kept at a time", expert=True)
    engine: EngineName = engine_option()
    spacing: Spacing | None = voxel_size()
    out: PathLike = output("the phases to write", ".tif", title="Save phases as")
    seed: int = seed()

    @property
    def views(self) -> tuple[View, ...]:
        """The planes that the networks see."""
        return VIEWS if self.view == "all" else (self.view,)

    @property
    def _is_forest(self) -> bool:
        from electrodej.verbs.segment.forest import is_forest

        return bool(self.model) and is_forest(self.model[0])

    def check(self) -> None:
        if self.model == ():
            raise InputError("give at least one model")
        # None where nothing was given, which the verb says.
        models = len(self.model or ())
        alone = models * max(self.dropout, 1) < 2
        if alone and (self.spread is not None or (self.disagreement is not None and not self._is_forest)):
            raise InputError(
                "one network alone agrees with itself; give --model several times, or --dropout with 2 or "
                "more, for --disagreement and --spread"
            )
        if self.dropout and self.engine not in ("auto", "keras"):
            raise UsageError(f"--dropout is for Keras, and {self.engine} cannot drop; leave --engine out")
        if self.mirrored and self.dropout:
            raise InputError("--mirrored and --dropout both ask several times; give one of them")
        if self.resume and (self.view != "xy" or self.spread is not None):
            raise InputError("--resume goes with the view xy, and without --spread; leave it out")


def phases(options: PhasesOptions, run: Run) -> Outcome:
    """Find the phases and write them, slab by slab."""
    import numpy as np

    from electrodej.verbs.segment.outputs import PHASES, Outputs, write_spread
    from electrodej.volume import open_volume

    teller = _teller(options, run)
    outputs = Outputs.of(options, teller.classes.names)
    outputs.check(options, run)
    counts = np.zeros(256, np.int64)
    with open_volume(options.image, spacing=options.spacing) as volume:
        size, total = volume.require_spacing(), volume.size
        prediction = teller.over(volume, outputs)
        with contextlib.ExitStack() as stack:
            writers = outputs.writers(stack, volume, run)
            for z0, slab in prediction.slabs():
                counts += np.bincount(slab[PHASES].ravel(), minlength=256)
                for name, writer in writers.items():
                    writer.write(z0, slab[name])
    classes = teller.classes
    numbers: dict[str, Any] = {
        "phases": os.fspath(options.out),
        "files": [os.fspath(path) for path in outputs.files.values()],
        "networks": len(prediction.members),
        "engines": teller.engines,
        "classes": [
            {"value": value, "name": name, "voxels": int(counts[value]), "share": int(counts[value]) / total}
            for value, name in zip(classes.ids, classes.names, strict=True)
        ],
        "spacing_um": list(size),
        "look": prediction.look,
    }
    if options.spread is not None:
        numbers |= write_spread(options, prediction.pairs, classes, size, run)
    prediction.forget()
    text = "\n".join(f"{entry['share']:7.2%}  {entry['name']}" for entry in numbers["classes"])
    return Outcome(numbers, text, dict(outputs.files))


def _teller(options: PhasesOptions, run: Run) -> Networks | LoneForest:
    """Return what tells the phases apart, loaded."""
    from electrodej.models.bundled import find_model
    from electrodej.verbs.segment.forest import LoneForest, check_for_forest, is_forest

    # Loading the network's library takes seconds: a wrong name is said before.
    places = [find_model(path) for path in options.model]
    if any(map(is_forest, places)):
        check_for_forest(options, run)
        return LoneForest(places[0], options, run)
    from electrodej.verbs.segment.prediction import Networks

    return Networks(options, run)


VERB = Verb(
    name="segment phases",
    summary="phases or cracks",
    help="""Find the phases or the cracks of a grey image with a trained network, or with a forest.

The volume is read slab by slab and may be larger than the memory. Tiles leave no seams. Several models, or
one with dropout switched on, tell how sure the result is.""",
    example="electrodej segment phases grey.tif --model my-phases --out phases.tif",
    options=PhasesOptions,
    work=phases,
    takes=("force", "jobs", "memory", "scheduler"),
    menu=Menu(
        "Segment Phases",
        ("image", "model", "view", "spacing", "out"),
        further=("probability", "entropy", "dropout", "tile", "seed"),
        models=("nmc-phases", "nmc-cracks"),
        shows="phases",
        names={"image": "grey"},
    ),
)
