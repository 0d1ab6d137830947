"""The bundled StarDist model `nmc-shapes`: it mends the outlines of labels, and sees nothing but labels."""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
import sys
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

sys.path.insert(0, str(Path(__file__).parent))

from making import export_and_verify, parse, places, train_once, write_scores
from scores import count, f1, ratios
from sections import DIAMETER, LARGEST, SMALLEST, SPACING, VIEWS, outlined

from electrodej.files import whole_directory
from electrodej.fusion.shapes import render
from electrodej.networks.stardist.model import load_stardist
from electrodej.networks.stardist.settings import StarDistSettings
from electrodej.phantom import make_slice

NAME = "nmc-shapes"
DESCRIPTION = (
    "Mends the outlines of particles in label images, for the second stage of electrodej fuse: parts what "
    "was joined, joins what was split, smooths borders. One for all views; trained on synthetic electrodes."
)
SETTINGS = StarDistSettings(
    filters=12, patch=192, batch=4, epochs=50, steps=50, patience=0, validation=0.1, learning_rate=6e-4,
    percentiles=(0.0, 100.0), augment=0.0, blank=0.0,
)  # fmt: skip
# Then it goes on, from a high rate again: borders get sharper for as long as it is trained.
MORE = dataclasses.replace(SETTINGS, epochs=70, learning_rate=8e-4, seed=1)
COUNT, EDGE, SEED = 240, 288, 31
HELD_OUT, HELD_OUT_SEED = 40, 32

# How often the labels are wrong, and how.
JOINED, SPLIT, BITTEN, SPECKS = 0.1, 0.1, 0.1, 0.05
COARSE_SHARE = 0.5
WAVER, WAVER_LENGTH = 1.5, 6.0


def section(number: int, *, seed: int) -> tuple[Any, Any]:
    """Return faulty labels and true outlines of one section; the number and the seed decide everything."""
    chance = np.random.default_rng([seed, number])
    across = math.exp(chance.uniform(math.log(SMALLEST), math.log(LARGEST)))
    phantom = make_slice(
        (EDGE, EDGE),
        view=VIEWS[number % len(VIEWS)],
        jobs=1,
        spacing=(DIAMETER / across,) * 3,
        seed=int(chance.integers(2**31)),
        solid_fraction=float(chance.uniform(0.15, 0.55)),
        radius_sigma=float(chance.uniform(0.12, 0.3)),
        ellipticity=float(chance.uniform(0.08, 0.2)),
        bumpiness=float(chance.uniform(0.08, 0.2)),
    )
    truth = outlined(phantom)
    return faulty(truth, chance), truth


def faulty(truth: Any, chance: np.random.Generator) -> Any:
    """Return labels as a fusion might: borders waver, particles are joined, split, bitten, and made up."""
    labels = _wavering(truth, chance)
    for label in np.unique(labels[labels > 0]):
        kind = chance.random()
        own = labels == label
        if not own.any():  # joined to another one before
            continue
        if kind < JOINED:
            _join(labels, own, int(label))
        elif kind < JOINED + SPLIT:
            labels[own & _side_of_a_line(own, chance)] = labels.max() + 1
        elif kind < JOINED + SPLIT + BITTEN:
            labels[own & _bite(own, chance)] = 0
    for _ in range(chance.poisson(SPECKS * len(np.unique(truth)))):
        y, x = chance.integers(0, truth.shape[0], 2)
        radius = chance.uniform(2, 6)
        rows, columns = np.ogrid[: truth.shape[0], : truth.shape[1]]
        labels[((rows - y) ** 2 + (columns - x) ** 2 < radius**2) & (labels == 0)] = labels.max() + 1
    if chance.random() < COARSE_SHARE:
        labels = labels[::2, ::2].repeat(2, axis=0).repeat(2, axis=1)
    return labels.astype(np.uint16)


def _wavering(truth: Any, chance: np.random.Generator) -> Any:
    from scipy.ndimage import gaussian_filter

    places = []
    for axis, index in enumerate(np.indices(truth.shape)):
        shift = gaussian_filter(chance.normal(size=truth.shape), WAVER_LENGTH)
        shift *= chance.uniform(0.3, WAVER) / shift.std()
        places.append(np.clip(np.rint(index + shift), 0, truth.shape[axis] - 1).astype(int))
    return truth[places[0], places[1]].astype(np.int64)


def _join(labels: Any, own: Any, label: int) -> None:
    """Give the neighbour with the longest common border the same number."""
    from scipy.ndimage import binary_dilation

    beside = labels[binary_dilation(own, iterations=2) & ~own]
    beside = beside[beside > 0]
    if beside.size:
        labels[labels == np.bincount(beside).argmax()] = label


def _side_of_a_line(own: Any, chance: np.random.Generator) -> Any:
    rows, columns = np.indices(own.shape)
    angle = chance.uniform(0, math.pi)
    across = rows * math.cos(angle) + columns * math.sin(angle)
    return across > np.quantile(across[own], chance.uniform(0.3, 0.7))


def _bite(own: Any, chance: np.random.Generator) -> Any:
    rows, columns = np.indices(own.shape)
    y, x = chance.permutation(np.argwhere(own))[0]
    radius = math.sqrt(own.sum() / math.pi) * chance.uniform(0.2, 0.5)
    return (rows - y) ** 2 + (columns - x) ** 2 < radius**2


def _write(job: tuple[Path, int]) -> None:
    folder, number = job
    labels, truth = section(number, seed=SEED)
    name = f"section-{number:04d}.tif"
    tifffile.imwrite(folder / "images" / name, render(labels))
    tifffile.imwrite(folder / "masks" / name, truth)


def train(work: Path) -> Path:
    """Train on sections of labels; what is there already is not made again."""
    data = work / "labels"
    if not data.is_dir():
        part = work / "labels.part"
        shutil.rmtree(part, ignore_errors=True)
        for name in ("images", "masks"):
            (part / name).mkdir(parents=True)
        print(f"making {COUNT} sections", flush=True)
        with Pool(os.cpu_count()) as pool:
            pool.map(_write, [(part, number) for number in range(COUNT)], chunksize=4)
        part.rename(data)
    first = work / f"{NAME}-first"
    train_once(data, first, SETTINGS, description=DESCRIPTION, spacing=SPACING)
    train_once(data, work / NAME, MORE, description=DESCRIPTION, spacing=SPACING, init=first)
    return work / NAME


def finish(trained: Path, target: Path) -> None:
    """Export, verify and score a trained model, and put it in its place."""
    with whole_directory(
        target, ours=lambda path: (path / "electrodej.json").is_file(), force=True
    ) as folder:
        shutil.copytree(trained, folder, dirs_exist_ok=True)
        zipped = export_and_verify(folder, NAME)
        model = load_stardist(folder)
        pairs = [section(number, seed=HELD_OUT_SEED) for number in range(HELD_OUT)]
        scores = {
            "thresholds": {"probability": model.probability_threshold, "overlap": model.overlap_threshold},
            "held_out_labels": {"sections": HELD_OUT, "f1": ratios(count(pairs))},
            "held_out_mended": {
                "sections": HELD_OUT,
                "f1": f1(model, [(render(labels), truth) for labels, truth in pairs], least_diameter=0),
            },
            "zip": zipped,
        }
        write_scores(folder, scores)


def main() -> None:
    """Make the data where it is missing, train, export, verify, score and put the model into ``models``."""
    options = parse(places(__doc__))
    finish(train(options.work), options.models / NAME)


if __name__ == "__main__":
    main()
