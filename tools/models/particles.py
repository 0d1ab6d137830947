"""The bundled StarDist model `nmc-particles`: its data, its training, its scores.

By itself it goes on from the bundled weights on sections of widely drawn electrodes, with those of the usual
look among them; with ``--fresh`` it starts from nothing, which takes two hours more. The bundled one was
trained by the clock, see below. A recipe that was stopped goes on where it was when it is called again.
On two free cores, the sections take half an hour and the training an hour:

    nice -n 19 .venv/bin/python tools/models/particles.py --work /some/folder --trial

On a graphics card without TensorFlow, `particles_train.py` trains in minutes: ``--prepare`` makes what it
needs, and ``--weights`` goes on from what it left, with a few epochs more here.

With ``--trial`` the model is scored and left in the working folder; compare its ``scores.json`` with that of
the bundled one before it is replaced.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import tifffile

sys.path.insert(0, str(Path(__file__).parent))

from making import export_and_verify, parse, places, train_once, write_scores
from scores import f1, read_pair
from sections import SPACING, outlined, section, usual_section, write_sections, write_usual
from wide import TRAINED_SIZE, held_out_looks, held_out_wide, read_slices, write_slices

from electrodej.files import whole_directory
from electrodej.models import to_json
from electrodej.models.bundled import find_model
from electrodej.models.folders import load_folder
from electrodej.models.grey import normalise
from electrodej.networks.stardist.model import StarDistModel, load_stardist
from electrodej.networks.stardist.patches import Example, without_small
from electrodej.networks.stardist.settings import StarDistSettings
from electrodej.networks.stardist.thresholds import choose_thresholds
from electrodej.networks.stardist.train import WEIGHTS

NAME = "nmc-particles"
DESCRIPTION = (
    "Outlines NMC particles in sections of X-ray nano-tomograms. Trained on synthetic electrodes only; "
    "best where particles are 30 to 100 pixels across."
)
SETTINGS = StarDistSettings(
    filters=16,
    patch=192,
    batch=4,
    epochs=110,
    steps=50,
    patience=0,
    validation=0.1,
    learning_rate=6e-4,
    blank=0.0,
)
COUNT, EDGE, SEED = 480, 288, 1
# Then it goes on with sections of the usual look among the diverse ones, some of them at the scan's edge.
TUNING = dataclasses.replace(SETTINGS, epochs=80, learning_rate=4e-4, blank=0.15)
USUAL, USUAL_SEED = 160, 2000

# At last it goes on with widely drawn electrodes, and usual ones among them.
WIDENING = dataclasses.replace(SETTINGS, epochs=60, learning_rate=4e-4, blank=0.1, seed=2)
WIDE, WIDE_SEED = 320, 51
# By the clock, on a graphics card, steps are larger; what it left is trained a little further here.
CLOCKED = dataclasses.replace(WIDENING, batch=16, learning_rate=1e-3)
LAST = dataclasses.replace(WIDENING, epochs=5, learning_rate=1e-4)
SECTIONS, START = "wide-sections", "start.keras"

# The thresholds are for sections of all kinds: so many of the usual look, of diverse ones, and drawn widely.
CALIBRATION, CALIBRATION_EDGE, CALIBRATION_SEED = 12, 384, 500
DIVERSE_CALIBRATION_SEED, WIDE_CALIBRATION_SEED = 3, 53
PROBABILITIES = (0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
# Sections held out from the training: of the usual look, and as diverse as those trained on.
HELD_OUT, HELD_OUT_SEED, DIVERSE_SEED, HELD_OUT_WIDE_SEED = 40, 900, 2, 52


def main() -> None:
    """Make the data where it is missing, train, export, verify, score and put the model into ``models``."""
    parser = places(__doc__)
    parser.add_argument(
        "--real", type=Path, nargs=2, metavar=("GREY", "LABELS"), help="also score on a section of one's own"
    )
    parser.add_argument("--fresh", action="store_true", help="start from nothing, not from bundled weights")
    parser.add_argument("--trial", action="store_true", help="score it in the working folder, replace none")
    parser.add_argument("--init", help="start from this model, not from the bundled weights")
    parser.add_argument(
        "--prepare", action="store_true", help="make the sections and the network for particles_train.py"
    )
    parser.add_argument("--weights", type=Path, help="go on from what particles_train.py left: weights.npz")
    options = parse(parser)
    init = usual(options.work) if options.fresh else options.init or find_model(NAME)
    target = options.work / "trial" if options.trial else options.models
    target.mkdir(parents=True, exist_ok=True)
    if options.prepare:
        make_sections(options.work)
        load_folder(Path(init))[0].save(options.work / START)
        return
    settings = WIDENING
    if options.weights:
        init, settings = with_weights(Path(init), options.weights, options.work), LAST
    finish(train(options.work, Path(init), settings), target / NAME, real=options.real)


def train(work: Path, init: Path, settings: StarDistSettings) -> Path:
    """Train on wide sections with usual ones among them; what is there already is not made again."""
    data = make_sections(work)
    train_once(data, work / NAME, settings, description=DESCRIPTION, spacing=SPACING, init=init)
    return work / NAME


def with_weights(source: Path, weights: Path, work: Path) -> Path:
    """Return a copy of a model with other weights, in the folder ``work``."""
    import by_the_clock

    folder = _empty(work / f"{NAME}-clocked")
    shutil.copytree(source, folder)
    network, _ = load_folder(folder)
    network.set_weights(by_the_clock.read_weights(weights))
    network.save_weights(folder / WEIGHTS)
    return folder


def make_sections(work: Path) -> Path:
    """Make the wide sections and the usual ones among them, unless they are there."""
    data = work / SECTIONS
    if not data.is_dir():
        slices = work / "wide-section-slices"
        write_slices(slices, count=WIDE, edge=EDGE, seed=WIDE_SEED, across=TRAINED_SIZE)
        part = _empty(work / "wide-sections.part")
        write_usual(part, count=USUAL, edge=EDGE, seed=USUAL_SEED, jobs=os.cpu_count() or 1)
        for number, held in enumerate(read_slices(slices, WIDE)):
            for kind, name in (("images", "grey"), ("masks", "outlines")):
                tifffile.imwrite(part / kind / f"wide-{number:04d}.tif", held[name][0])
        part.rename(data)
    return data


def usual(work: Path) -> Path:
    """Train on diverse sections, then on usual ones among them; what is there already is not made again."""
    diverse, both = work / "sections", work / "sections-and-usual"
    if not diverse.is_dir():
        part = _empty(work / "sections.part")
        print(f"making {COUNT} sections", flush=True)
        write_sections(part, count=COUNT, edge=EDGE, seed=SEED, jobs=os.cpu_count() or 1)
        part.rename(diverse)
    if not both.is_dir():
        part = _empty(work / "sections-and-usual.part")
        shutil.copytree(diverse, part)
        print(f"making {USUAL} sections of the usual look", flush=True)
        write_usual(part, count=USUAL, edge=EDGE, seed=USUAL_SEED, jobs=os.cpu_count() or 1)
        part.rename(both)
    first = work / f"{NAME}-first"
    train_once(diverse, first, SETTINGS, description=DESCRIPTION, spacing=SPACING)
    second = work / f"{NAME}-usual"
    train_once(both, second, TUNING, description=DESCRIPTION, spacing=SPACING, init=first)
    return second


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def finish(trained: Path, target: Path, *, real: list[Path] | None) -> None:
    """Export, verify and score a trained model, and put it in its place."""
    with whole_directory(
        target, ours=lambda path: (path / "electrodej.json").is_file(), force=True
    ) as folder:
        shutil.copytree(trained, folder, dirs_exist_ok=True)
        calibrate(folder)
        zipped = export_and_verify(folder, NAME)
        model = load_stardist(folder)
        least = SETTINGS.least_diameter
        usual = [usual_section(HELD_OUT_SEED + number, edge=CALIBRATION_EDGE) for number in range(HELD_OUT)]
        diverse = [section(number, edge=EDGE, seed=DIVERSE_SEED) for number in range(HELD_OUT)]
        wide = wide_pairs(HELD_OUT, HELD_OUT_WIDE_SEED)
        looks = held_out_looks(edge=CALIBRATION_EDGE, seed=HELD_OUT_SEED, voxel=SPACING)
        scores = {
            "thresholds": {
                "probability": model.probability_threshold,
                "overlap": model.overlap_threshold,
                "chosen_on": "phantoms",
            },
            "held_out_phantoms": {"sections": HELD_OUT, "f1": f1(model, usual, least_diameter=least)},
            "held_out_wide_phantoms": {"sections": HELD_OUT, "f1": f1(model, wide, least_diameter=least)},
            "held_out_looks": {
                name: f1(model, [(phantom.grey[0], outlined(phantom))], least_diameter=least)
                for name, phantom in looks.items()
            },
            "held_out_diverse_phantoms": {
                "sections": HELD_OUT,
                "f1": f1(model, diverse, least_diameter=least),
            },
        }
        if real:
            scores["real_section"] = {"f1": f1(model, [read_pair(*real)], least_diameter=0)}
        scores["zip"] = zipped
        write_scores(folder, scores)


def wide_pairs(count: int, seed: int) -> list[tuple[Any, Any]]:
    """Return widely drawn sections that nothing was trained on, and their outlines."""
    drawn = held_out_wide(count, edge=EDGE, seed=seed, across=TRAINED_SIZE)
    return [(phantom.grey[0], outlined(phantom)) for phantom in drawn]


def calibrate(folder: Path) -> None:
    """Choose the thresholds that are best on sections of all kinds.

    Which particles are found counts twice as much as how exact their outlines are, F1 at 0.5 and 0.75. A
    single section has no others beside it that show what it misses, so the best is taken, not the surest.
    """
    model = load_stardist(folder)
    sections = [
        *(usual_section(CALIBRATION_SEED + n, edge=CALIBRATION_EDGE) for n in range(CALIBRATION)),
        *(section(n, edge=EDGE, seed=DIVERSE_CALIBRATION_SEED) for n in range(CALIBRATION)),
        *wide_pairs(CALIBRATION, WIDE_CALIBRATION_SEED),
    ]
    examples = [
        Example(
            str(number),
            normalise(grey, model.info.percentiles),
            without_small(outlines, SETTINGS.least_diameter),
        )
        for number, (grey, outlines) in enumerate(sections)
    ]
    overlap = choose_thresholds(model, examples).overlap

    def told(probability: float) -> StarDistModel:
        info = dataclasses.replace(model.info, probability_threshold=probability, overlap_threshold=overlap)
        return dataclasses.replace(model, info=info)

    def worth(probability: float) -> float:
        found = f1(told(probability), sections, least_diameter=SETTINGS.least_diameter)
        print(probability, found, flush=True)
        return 2 * found["0.5"] + found["0.75"]

    info = told(max(PROBABILITIES, key=worth)).info
    (folder / "electrodej.json").write_text(to_json(info), encoding="utf-8")
    stored = {"prob": info.probability_threshold, "nms": info.overlap_threshold}
    (folder / "thresholds.json").write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
