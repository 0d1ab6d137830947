"""Train the bundled models ``nmc-phases`` (LRCS-Net) and ``nmc-cracks`` (U-Net) on synthetic electrodes.

    python tools/train_phases.py WORK [--only nmc-phases] [--epochs N] [--jobs 2]

Everything lands in WORK/NAME: the model's folder, its zip for Fiji with what belongs to it, the verdict of
TensorFlow 1.15 and the scores on electrodes that were not trained on. A run that was stopped goes on where it
was when the program is started again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.export import export_model, verify_zip
from electrodej.networks import RunSettings
from electrodej.networks.backend import use_threads
from electrodej.networks.semantic import (
    LrcsConfig,
    PredictSettings,
    Sample,
    SemanticSettings,
    UNetConfig,
    load_model,
    make_sample,
    predict_slabs,
    train_semantic,
)
from electrodej.networks.semantic.grey import measure_levels
from electrodej.phantom import make_phantom, make_slice
from electrodej.score import score_phases
from electrodej.volume import ArrayVolume

SPACING = (0.07, 0.07, 0.07)
CRACK, UNKNOWN = 3, 255
VIEWS = ("xy", "xz", "yz")


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
        At the start; halved when nothing gets better.
    wanted
        Least figure on the held-out electrodes.
    """

    name: str
    config: LrcsConfig | UNetConfig
    names: dict[int, str]
    ignore: tuple[int, ...] = ()
    foreground: int | None = None
    epochs: int = 40
    steps: int = 50
    learning_rate: float = 2e-3
    wanted: float = 0.9


# Cracks are the other model's; where they are, this one may say what it likes.
PHASES = Recipe(
    "nmc-phases",
    LrcsConfig(n_filters=10, dropout=0.1),
    {0: "pore", 1: "binder", 2: "particle"},
    ignore=(CRACK,),
    wanted=0.90,
)
CRACKS = Recipe(
    "nmc-cracks",
    UNetConfig(n_filters=8, dropout=0.2, head="sigmoid"),
    {0: "no crack", 1: "crack"},
    foreground=CRACK,
    wanted=0.75,
)
TRAIN_SLICES, EDGE = 72, 288
HELD_OUT_SEEDS = (900_001, 900_002, 900_003)
HELD_OUT_SHAPE = (16, 320, 320)


def electrode(number: int) -> dict[str, Any]:
    """Draw an electrode and a scan about the phantom's defaults, which are those of a real slice."""
    chance = np.random.default_rng([17, number])

    def some(low: float, high: float) -> float:
        return float(chance.uniform(low, high))

    binder = 91 + some(-12, 12)
    blur = some(0.8, 1.25)
    return {
        "spacing": SPACING,
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
        "pore_grey": binder - some(22, 36),
        "crack_grey": binder - some(-2, 14),
        "blur": (0.16 * blur, 0.085 * blur, 0.085 * blur),
        "noise": some(8, 14),
        "streaks": some(0, 3),
        "rings": some(0, 2),
        "unevenness": some(2, 8),
    }


def training_samples(recipe: Recipe, count: int, edge: int) -> list[Sample]:
    """Make slices in all three views; the same numbers give the same slices."""
    samples = []
    for number in range(count):
        part = make_slice((edge, edge), view=VIEWS[number % 3], jobs=2, **electrode(number))
        samples.append(
            make_sample(
                part.grey,
                part.phases,
                ignore=recipe.ignore,
                foreground=recipe.foreground,
                name=f"slice {number}",
            )
        )
        if (number + 1) % 12 == 0:
            print(f"  {number + 1} of {count} slices", flush=True)
    return samples


def train(recipe: Recipe, folder: Path, samples: list[Sample], options: argparse.Namespace) -> None:
    """Train the network, or go on training it."""
    epochs = options.epochs or recipe.epochs
    settings = SemanticSettings(
        run=RunSettings(epochs=epochs, patience=0, halve_after=4, seed=3),
        patch=128,
        batch=8,
        steps=options.steps or recipe.steps,
        learning_rate=recipe.learning_rate,
        held_out=0.1,
    )
    told = [-1]

    def progress(done: float, total: float, stage: str) -> None:
        if int(done) != told[0]:
            told[0] = int(done)
            print(f"  {time.strftime('%H:%M:%S')} {int(done)} of {int(total)} epochs ({stage})", flush=True)

    trained = train_semantic(
        samples, folder, config=recipe.config, settings=settings, names=recipe.names, spacing=SPACING,
        name=recipe.name, resume=True, progress=progress,
    )  # fmt: skip
    print(json.dumps({k: v for k, v in trained.summary.items() if k != "facts"}), flush=True)


def score(recipe: Recipe, folder: Path) -> dict[str, Any]:
    """Score the model on small volumes with seeds of their own and the phantom's default grey values."""
    model = load_model(folder)
    found, right = [], []
    for seed in HELD_OUT_SEEDS:
        phantom = make_phantom(HELD_OUT_SHAPE, spacing=SPACING, seed=seed, jobs=2)
        truth = make_sample(
            phantom.grey, phantom.phases, ignore=recipe.ignore, foreground=recipe.foreground
        ).phases
        volume = ArrayVolume(phantom.grey, spacing=SPACING)
        levels = measure_levels([phantom.grey], model.percentiles)
        settings = PredictSettings(memory=2**30)
        slabs = predict_slabs(volume, model, levels=levels, settings=settings)
        found.append(np.concatenate([model.classes.phases(p.argmax(axis=-1)) for _, _, p in slabs]))
        right.append(truth)
    scores = score_phases(np.concatenate(found), np.concatenate(right), names=recipe.names)
    main = scores.classes[-1].dice if recipe.foreground is not None else scores.mean_iou
    return {"figure": main, "wanted": recipe.wanted, **scores.as_dict()}


def make(recipe: Recipe, work: Path, options: argparse.Namespace) -> bool:
    """Train, export, verify and score one model; return whether it is good enough."""
    folder = work / recipe.name
    print(f"== {recipe.name}", flush=True)
    if not (folder / "semantic.json").is_file():
        train(recipe, folder, training_samples(recipe, options.slices, EDGE), options)
    archive = work / f"{recipe.name}-fiji" / f"{recipe.name}.zip"
    archive.parent.mkdir(exist_ok=True)
    export_model(folder, archive, name=recipe.name, force=True)
    proof = verify_zip(archive, source=folder)
    scores = score(recipe, folder)
    scores["fiji"] = {"verdict": proof.verdict, "difference": proof.difference}
    (work / f"{recipe.name}-scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    for entry in scores["classes"]:
        print(f"  {entry['name']:<10} IoU {entry['iou']:.4f}  Dice {entry['dice']:.4f}")
    size = archive.stat().st_size / 1e6
    print(
        f"  figure {scores['figure']:.4f}, wanted {recipe.wanted}; {size:.1f} MB; {proof.verdict}", flush=True
    )
    return bool(scores["figure"] >= recipe.wanted)


def main() -> int:
    """Make both models, or one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--only", choices=(PHASES.name, CRACKS.name))
    parser.add_argument("--epochs", type=int, default=0, help="instead of the recipe's")
    parser.add_argument("--steps", type=int, default=0, help="instead of the recipe's")
    parser.add_argument("--slices", type=int, default=TRAIN_SLICES)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    use_threads(options.jobs)
    good = [
        make(recipe, options.work, options)
        for recipe in (PHASES, CRACKS)
        if options.only in (None, recipe.name)
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
