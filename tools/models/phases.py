"""The bundled models `nmc-phases` (LRCS-Net) and `nmc-cracks` (U-Net): data, training, scores.

They go on from the bundled weights on slices of widely drawn electrodes, a third of them of the usual look.
A recipe that was stopped goes on where it was when it is called again. On two free cores, the slices take
half an hour and each of the networks five hours; with KERAS_BACKEND=jax or torch and a GPU, five minutes:

    nice -n 19 .venv/bin/python tools/models/phases.py --work /some/folder --only nmc-phases

What is trained on a GPU without TensorFlow is exported, proven and scored where there is TensorFlow: the
recipe takes the folder of the trained model from --work and goes on from there.

With ``--trial`` the models are scored and left in the working folder; compare ``scores.json`` with that of
the bundled one before it is replaced.
"""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from making import export_and_verify, parse, places, write_scores
from telling import report
from wide import held_out_looks, held_out_wide, read_slices, write_slices

from electrodej.files import whole_directory
from electrodej.models.grey import measure_levels
from electrodej.networks import RunSettings
from electrodej.networks.semantic import (
    LrcsConfig,
    Sample,
    SemanticModel,
    SemanticSettings,
    UNetConfig,
    load_model,
    make_sample,
    predict_slabs,
    train_semantic,
)
from electrodej.networks.semantic.model import is_model_folder
from electrodej.phantom import Phantom, make_phantom, make_slice
from electrodej.run import Run
from electrodej.score import score_phases
from electrodej.volume import ArrayVolume

CRACK = 3
# How long, and how fast, the bundled weights are trained further; a recipe's own figures start from nothing.
TUNING = {"epochs": 42, "learning_rate": 1e-3}
# What a finished model consists of; the rest of the training's folder is not needed to use it.
KEPT = ("electrodej.json", "semantic.json", "model.keras", "history.csv", "curves.png", "training.json")
VIEWS = ("xy", "xz", "yz")
# Voxel sizes (um) that are trained on, and those of the electrodes that are scored.
FINEST, COARSEST = 0.065, 0.16
USUAL = (0.07, 0.14)
WIDE_SLICES, USUAL_SLICES, EDGE, WIDE_SEED = 330, 240, 288, 41
# Wide and usual slices are mixed: the last tenth is held out, and is to have some of both.
MIXING_SEED = 5
HELD_OUT_WIDE, HELD_OUT_WIDE_SEED = 24, 42
HELD_OUT_EDGE, HELD_OUT_VOXEL = 320, 0.1
# By absorption, binder hardly shows beside pores: that is the phantom's default. By phase contrast it does.
LOOKS: dict[str, dict[str, Any]] = {"binder hardly shows": {}, "binder shows": {"pore_grey": 25.0}}
HELD_OUT_SEEDS = (900_001, 900_002)
HELD_OUT_SHAPE = (16, 320, 320)


@dataclass(frozen=True)
class Recipe:
    """How one model is made.

    Attributes
    ----------
    name
        What it is called.
    config
        The network.
    names
        What its classes are called.
    ignore, foreground
        Which phases are not told apart, or told from all others.
    epochs, steps, batch
        How long it is trained, and with how many patches at once.
    learning_rate
        The highest; it falls along a cosine.
    weigh_classes
        Whether rare classes count more. Patches are balanced over classes anyway; counted twice, they are
        seen where they are not.
    """

    name: str
    config: LrcsConfig | UNetConfig
    names: dict[int, str]
    ignore: tuple[int, ...] = ()
    foreground: int | None = None
    epochs: int = 60
    steps: int = 50
    batch: int = 8
    learning_rate: float = 2e-3
    weigh_classes: bool = False


# Cracks are the other model's; where they are, this one may say what it likes.
PHASES = Recipe(
    "nmc-phases",
    LrcsConfig(n_filters=16, dropout=0.1),
    {0: "pore", 1: "binder", 2: "particle"},
    ignore=(CRACK,),
)
CRACKS = Recipe(
    "nmc-cracks",
    UNetConfig(n_filters=16, dropout=0.2, head="sigmoid"),
    {0: "no crack", 1: "crack"},
    foreground=CRACK,
)


def electrode(number: int) -> dict[str, Any]:
    """Draw an electrode and a scan about the phantom's defaults, which are those of a real slice."""
    chance = np.random.default_rng([17, number])

    def some(low: float, high: float) -> float:
        return float(chance.uniform(low, high))

    voxel = math.exp(some(math.log(FINEST), math.log(COARSEST)))
    # The sharpness of a scan is measured in voxels as much as in micrometres.
    coarser = max(1.0, voxel / 0.07) ** some(0.0, 0.8)
    binder = 91 + some(-12, 12)
    blur = coarser * some(0.8, 1.25)
    return {
        "spacing": (voxel,) * 3,
        "seed": int(chance.integers(2**31)),
        "solid_fraction": some(0.35, 0.55),
        "cracked_share": some(0.12, 0.2),
        "crackled_share": some(0.03, 0.08),
        "broken_share": some(0.02, 0.06),
        "cored_share": some(0.4, 0.66),
        "fogged_share": some(0.0, 0.15),
        "debris": some(0.01, 0.04),
        "ghosts": some(0.02, 0.07),
        "pore_share": some(0.25, 0.45),
        "particle_grey": 184 + some(-15, 20),
        "binder_grey": binder,
        "pore_grey": binder - some(22, 75),
        "crack_grey": binder - some(-2, 14),
        "blur": (0.16 * blur, 0.085 * blur, 0.085 * blur),
        "noise": some(8, 14),
        "noise_length": (0.085 * coarser, 0.27 * coarser),
        "streaks": some(0, 3),
        "rings": some(0, 2),
        "unevenness": some(2, 8),
    }


def training_samples(recipe: Recipe, work: Path) -> list[Sample]:
    """Make slices in all three views; the same numbers give the same slices."""
    folder = work / "wide-slices"
    write_slices(folder, count=WIDE_SLICES, edge=EDGE, seed=WIDE_SEED)
    wide = [
        make_sample(
            held["grey"],
            held["phases"],
            ignore=recipe.ignore,
            foreground=recipe.foreground,
            name=f"wide slice {number}",
            spacing=(USUAL[0],) * 3,
        )
        for number, held in enumerate(read_slices(folder, WIDE_SLICES))
    ]
    samples = wide + [
        sample(
            recipe,
            make_slice((EDGE, EDGE), view=VIEWS[number % 3], jobs=os.cpu_count() or 1, **electrode(number)),
            f"slice {number}",
        )
        for number in range(USUAL_SLICES)
    ]
    return [samples[i] for i in np.random.default_rng(MIXING_SEED).permutation(len(samples))]


def sample(recipe: Recipe, phantom: Phantom, name: str) -> Sample:
    """Return grey values and phases of a phantom as a model learns them."""
    return make_sample(
        phantom.grey,
        phantom.phases,
        ignore=recipe.ignore,
        foreground=recipe.foreground,
        name=name,
        spacing=(USUAL[0],) * 3,
    )


def train(recipe: Recipe, work: Path, init: str | None) -> Path:
    """Train the network, or go on training it; what is there already is not made again."""
    folder = work / recipe.name
    if is_model_folder(folder):
        return folder
    settings = SemanticSettings(
        run=RunSettings(epochs=recipe.epochs, patience=0, seed=3),
        patch=128,
        batch=recipe.batch,
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        falling=True,
        weigh_classes=recipe.weigh_classes,
        held_out=0.1,
        init=init,
    )
    print(f"{recipe.name}: making {WIDE_SLICES + USUAL_SLICES} slices", flush=True)
    train_semantic(
        training_samples(recipe, work),
        folder,
        config=recipe.config,
        settings=settings,
        names=recipe.names,
        resume=True,
        run=Run(progress=report()),
    )
    return folder


def finish(recipe: Recipe, trained: Path, target: Path) -> None:
    """Export, verify and score a trained model, and put it in its place."""
    with whole_directory(
        target, ours=lambda path: (path / "electrodej.json").is_file(), force=True
    ) as folder:
        for name in KEPT:
            shutil.copy2(trained / name, folder / name)
        zipped = export_and_verify(folder, recipe.name)
        model = load_model(folder)
        scores = {
            "held_out_phantoms": [
                {"voxel_um": voxel, "look": look, **score(recipe, model, spacing=(voxel,) * 3, **options)}
                for voxel in USUAL
                for look, options in LOOKS.items()
            ],
            "held_out_looks": {
                name: round(judge(recipe, model, [phantom])["mean_iou"], 4)
                for name, phantom in held_out_looks(
                    edge=HELD_OUT_EDGE, seed=HELD_OUT_SEEDS[0], voxel=HELD_OUT_VOXEL
                ).items()
            },
            "held_out_wide": judge(
                recipe, model, held_out_wide(HELD_OUT_WIDE, edge=EDGE, seed=HELD_OUT_WIDE_SEED)
            ),
            "zip": zipped,
        }
        write_scores(folder, scores)


def score(recipe: Recipe, model: SemanticModel, **options: Any) -> dict[str, Any]:
    """Score the model on small volumes with seeds of their own."""
    cores = os.cpu_count() or 1
    return judge(
        recipe,
        model,
        [make_phantom(HELD_OUT_SHAPE, seed=seed, jobs=cores, **options) for seed in HELD_OUT_SEEDS],
    )


def judge(recipe: Recipe, model: SemanticModel, phantoms: Iterable[Phantom]) -> dict[str, Any]:
    """Score the model on phantoms, all their voxels together."""
    found, right = [], []
    for phantom in phantoms:
        truth = sample(recipe, phantom, "held out").phases
        volume = ArrayVolume(np.ascontiguousarray(phantom.grey), spacing=phantom.config.spacing)
        levels = measure_levels([phantom.grey], model.percentiles)
        slabs = predict_slabs(volume, model, levels=levels, run=Run(memory=2**30))
        found += [model.classes.phases(p.argmax(axis=-1)).ravel() for _, _, p in slabs]
        right.append(truth.ravel())
    # In one row: phantoms of several sizes count together.
    flat = [np.concatenate(parts)[np.newaxis, np.newaxis] for parts in (found, right)]
    scores = score_phases(*flat, names=recipe.names)
    return {
        "mean_iou": round(scores.mean_iou or 0.0, 4),
        "classes": {
            entry.name: {"iou": round(entry.iou, 4), "dice": round(entry.dice, 4)} for entry in scores.classes
        },
    }


def main() -> None:
    """Make both models, or one."""
    parser = places(__doc__)
    parser.add_argument("--only", choices=(PHASES.name, CRACKS.name))
    parser.add_argument("--fresh", action="store_true", help="start from nothing, not from bundled weights")
    parser.add_argument("--epochs", type=int, help="so many, in place of the recipe's")
    parser.add_argument(
        "--trial", action="store_true", help="score it in the working folder; replace nothing"
    )
    parser.add_argument("--init", help="start from this model, not from the bundled weights")
    options = parse(parser)
    for recipe in (PHASES, CRACKS):
        if options.only not in (None, recipe.name):
            continue
        changes: dict[str, Any] = {} if options.fresh else dict(TUNING)
        if options.epochs:
            changes["epochs"] = options.epochs
        init = None if options.fresh else options.init or recipe.name
        target = options.work / "trial" if options.trial else options.models
        target.mkdir(parents=True, exist_ok=True)
        chosen = dataclasses.replace(recipe, **changes)
        finish(chosen, train(chosen, options.work, init), target / recipe.name)


if __name__ == "__main__":
    main()
