"""The bundled Mask R-CNN `nmc-regions`: its sections, its training by the clock, its scores.

On a graphics card, with JAX, three minutes are enough (the bundled one had 190 s of an H100: 49 epochs of 40
steps of 16 patches); weights are written every ten epochs, and a training that is stopped goes on from them
when the recipe is called again:

    KERAS_BACKEND=jax .venv/bin/python tools/models/regions.py --work /some/folder --seconds 180

The 185 sections of the bundled one: 105 of the usual look (seeds from 2000), 60 diverse (seed 1), 20 wide.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from making import parse, places
from sections import SPACING, section, usual_section
from wide import TRAINED_SIZE, read_slices, write_slices

from electrodej.files import whole_directory
from electrodej.models.grey import normalise
from electrodej.models.info import ModelInfo
from electrodej.models.libraries import load_keras
from electrodej.networks.stardist.patches import Example, without_small
from electrodej.score import InstanceSettings, score_coco, score_instances

NAME = "nmc-regions"
DESCRIPTION = (
    "Boxes and masks of NMC particles in sections of X-ray nano-tomograms (Mask R-CNN). Trained on synthetic "
    "electrodes only; best where particles are 30 to 100 pixels across."
)
PERCENTILES, LEAST_DIAMETER, LEAST = (1.0, 99.8), 10.0, 0.8
USUAL, DIVERSE, WIDE, HELD_OUT, EDGE = 105, 60, 20, 12, 288
RATE, BATCH, STEPS, PATCH, MOST = 1.5e-3, 16, 40, 256, 128
IOU = (0.5, 0.75, 0.9)


def main() -> None:
    """Make the sections, train, score, and put the model into its folder."""
    parser = places(__doc__)
    parser.add_argument("--seconds", type=float, default=180.0, help="how long to train, once it is compiled")
    options = parse(parser)
    load_keras("training a Mask R-CNN")
    weights = options.work / f"{NAME}.h5"
    parts = train(training_sections(options.work), weights, options.seconds)
    finish(parts, options.models / NAME)


def example(name: str, grey: Any, outlines: Any) -> Example:
    """Return a section as it is trained on and scored."""
    return Example(name, normalise(grey, PERCENTILES), without_small(outlines, LEAST_DIAMETER))


def training_sections(work: Path) -> list[Example]:
    """Make the sections; wide ones are kept in the working folder, for they take longest."""
    wide = work / "regions-wide"
    write_slices(wide, count=WIDE, edge=EDGE, seed=51, across=TRAINED_SIZE)
    found = [(f"usual-{n}", *usual_section(2000 + n, edge=EDGE)) for n in range(USUAL)]
    found += [(f"diverse-{n}", *section(n, edge=EDGE, seed=1)) for n in range(DIVERSE)]
    found += [
        (f"wide-{n}", held["grey"][0], held["outlines"][0]) for n, held in enumerate(read_slices(wide, WIDE))
    ]
    return [example(*each) for each in found]


def train(examples: list[Example], weights: Path, seconds: float) -> Any:
    """Train for so long, the rate falling along a cosine by the clock."""
    import keras

    from electrodej.networks.maskrcnn.learning import Learner, compile_learner
    from electrodej.networks.maskrcnn.network import build
    from electrodej.networks.maskrcnn.patches import training_patches
    from electrodej.networks.maskrcnn.settings import MaskRCNNSettings
    from electrodej.networks.maskrcnn.shape import NetworkShape
    from electrodej.networks.maskrcnn.weights import load_weights, read_weights, write_weights

    settings = MaskRCNNSettings(batch=BATCH, steps=STEPS, patch=PATCH, epochs=100_000, blank=0.0)
    keras.utils.set_random_seed(settings.seed)
    parts = build(NetworkShape())
    if weights.is_file():
        load_weights(parts, read_weights(weights), weights)
    learner = Learner(parts, boxes=settings.boxes, seed=settings.seed)
    compile_learner(learner, RATE / 10)

    class Clock(keras.callbacks.Callback):
        began: float | None = None

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras's form
            if epoch == 1:
                self.began = time.monotonic()
            done = 0.0 if self.began is None else (time.monotonic() - self.began) / seconds
            falling = max(0.02, 0.5 * (1 + np.cos(np.pi * min(done, 1))))
            self.model.optimizer.learning_rate.assign(RATE * (falling if epoch else 0.2))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            print(f"  epoch {epoch + 1}: loss {logs['loss']:.3f}", flush=True)
            self.model.stop_training = bool(self.began and time.monotonic() - self.began > seconds)
            if epoch % 10 == 9 or self.model.stop_training:
                write_weights(parts, weights)

    patches = training_patches(
        examples, parts.shape, settings, epoch=0, most=MOST, workers=8, max_queue_size=32
    )
    learner.fit(patches, epochs=settings.epochs, verbose=0, callbacks=[Clock()])
    return parts


def finish(parts: Any, target: Path) -> None:
    """Write the model, packed, and what it scores so."""
    from electrodej.networks.maskrcnn.model import load_maskrcnn, write_model

    info = ModelInfo(
        kind="maskrcnn",
        name=NAME,
        description=DESCRIPTION,
        channels_out=2,
        probability_threshold=LEAST,
        overlap_threshold=0.3,
        percentiles=PERCENTILES,
        size_divisor=64,
        spacing=(SPACING,) * 3,
    )
    with whole_directory(
        target, ours=lambda path: (path / "electrodej.json").is_file(), force=True
    ) as folder:
        write_model(folder, parts, info, packed=True)
        model = load_maskrcnn(folder)
        held = {
            "held_out_phantoms": [usual_section(900 + n, edge=384) for n in range(HELD_OUT)],
            "held_out_diverse_phantoms": [section(n, edge=EDGE, seed=2) for n in range(HELD_OUT)],
        }
        found = {
            name: scores(model, [example(name, *pair) for pair in pairs]) for name, pairs in held.items()
        }
        text = json.dumps(found, indent=2)
        (folder / "scores.json").write_text(text + "\n", encoding="utf-8")
        print(text)


def scores(model: Any, examples: list[Example]) -> dict[str, Any]:
    """Return F1 at three IoU and COCO's figures over all sections."""
    from electrodej.networks.maskrcnn.finding import Finder
    from electrodej.networks.maskrcnn.instances import draw

    finder = Finder(model.network, model.selection(), tile=384, say=print)
    counts, drawn, sure = np.zeros((len(IOU), 3)), [], []
    for each in examples:
        found = finder.find(each.image)
        labels, kept = draw(found, each.image.shape)
        result = score_instances(
            without_small(labels, LEAST_DIAMETER), each.labels, settings=InstanceSettings(thresholds=IOU)
        )
        counts += [[score.tp, score.fp, score.fn] for score in result.thresholds]
        drawn.append(labels)
        sure.append({number: float(found.scores[which]) for number, which in enumerate(kept, 1)})
    truth = np.stack([each.labels for each in examples]).astype(np.uint16)
    coco = score_coco(np.stack(drawn), truth, confidences=sure, slices=True).as_dict()
    f1 = [round(float(2 * tp / (2 * tp + fp + fn)), 4) for tp, fp, fn in counts]
    return {
        "sections": len(examples),
        "f1": dict(zip(map(str, IOU), f1, strict=True)),
        "coco": {name: round(coco[name], 4) for name in ("ap", "ap50", "ap75", "ar")},
    }


if __name__ == "__main__":
    main()
