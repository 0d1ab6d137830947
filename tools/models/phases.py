"""The bundled models `nmc-phases` (LRCS-Net) and `nmc-cracks` (U-Net): data, training, scores."""

from __future__ import annotations

import math
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from making import export_and_verify, parse, places, write_scores
from telling import report

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
# What a finished model consists of; the rest of the training's folder is not needed to use it.
KEPT = ("electrodej.json", "semantic.json", "model.keras", "history.csv", "curves.png", "training.json")
VIEWS = ("xy", "xz", "yz")
# Voxel sizes (um) that are trained on, and those of the electrodes that are scored.
FINEST, COARSEST = 0.065, 0.16
USUAL = (0.07, 0.14)
TRAIN_SLICES, EDGE = 192, 288
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
    epochs, steps
        How long it is trained.
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


def training_samples(recipe: Recipe) -> list[Sample]:
    """Make slices in all three views; the same numbers give the same slices."""
    return [
        sample(
            recipe,
            make_slice((EDGE, EDGE), view=VIEWS[number % 3], jobs=os.cpu_count() or 1, **electrode(number)),
            f"slice {number}",
        )
        for number in range(TRAIN_SLICES)
    ]


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


def train(recipe: Recipe, work: Path) -> Path:
    """Train the network, or go on training it; what is there already is not made again."""
    folder = work / recipe.name
    if is_model_folder(folder):
        return folder
    settings = SemanticSettings(
        run=RunSettings(epochs=recipe.epochs, patience=0, seed=3),
        patch=128,
        batch=8,
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        falling=True,
        weigh_classes=recipe.weigh_classes,
        held_out=0.1,
    )
    print(f"{recipe.name}: making {TRAIN_SLICES} slices", flush=True)
    train_semantic(
        training_samples(recipe),
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
            "zip": zipped,
        }
        write_scores(folder, scores)


def score(recipe: Recipe, model: SemanticModel, **options: Any) -> dict[str, Any]:
    """Score the model on small volumes with seeds of their own."""
    found, right = [], []
    for seed in HELD_OUT_SEEDS:
        phantom = make_phantom(HELD_OUT_SHAPE, seed=seed, jobs=os.cpu_count() or 1, **options)
        truth = sample(recipe, phantom, "held out").phases
        volume = ArrayVolume(phantom.grey, spacing=phantom.config.spacing)
        levels = measure_levels([phantom.grey], model.percentiles)
        slabs = predict_slabs(volume, model, levels=levels, run=Run(memory=2**30))
        found.append(np.concatenate([model.classes.phases(p.argmax(axis=-1)) for _, _, p in slabs]))
        right.append(truth)
    scores = score_phases(np.concatenate(found), np.concatenate(right), names=recipe.names)
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
    options = parse(parser)
    for recipe in (PHASES, CRACKS):
        if options.only in (None, recipe.name):
            finish(recipe, train(recipe, options.work), options.models / recipe.name)


if __name__ == "__main__":
    main()
