"""A recipe for `nmc-particles-3d`: train its network on phantoms, for so many seconds.

It makes its volumes, trains and leaves ``weights.npz``, ``history.csv``, ``look.json`` and ``about.json`` in
a folder. Of Keras's backends it takes what ``KERAS_BACKEND`` names. `solid.py` makes the model of the
weights. On two cores:

    export KERAS_BACKEND=tensorflow PYTHONPATH=python
    nice .venv/bin/python tools/models/solid_train.py --out trained --seconds 3000 --single \\
        --batch 2 --patch 80 --filters 16

On a graphics card that 16 cores feed, its own settings are better: leave these options out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import by_the_clock
from volumes import VOXEL, read_volumes, write_volumes

from electrodej.inspection import few, look_of, write_look
from electrodej.models.grey import normalise
from electrodej.models.info import ModelInfo
from electrodej.networks.stardist3d.losses import chance_loss, reach_loss
from electrodej.networks.stardist3d.model import from_network
from electrodej.networks.stardist3d.network import build_network
from electrodej.networks.stardist3d.patches import Batch, Example, Feed, without_small
from electrodej.networks.stardist3d.predict import predict_bodies
from electrodej.networks.stardist3d.rays import make_rays
from electrodej.networks.stardist3d.settings import Plan, SolidSettings, plan_halvings
from electrodej.networks.stardist3d.thresholds import IOU, choose_thresholds, count_found

SETTINGS = SolidSettings(batch=8, patch=96, learning_rate=2e-3, rays=64, filters=32, depth=2, seed=1)
COUNT, EDGE, SEED = 96, 128, 71
HELD_OUT, HELD_OUT_SEED = 12, 72


def main() -> None:
    """Make the volumes, train until the time is over, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the weights are put")
    parser.add_argument("--volumes", type=Path, help="where volumes are; OUT/volumes")
    parser.add_argument("--seconds", type=float, default=240.0, help="of training")
    parser.add_argument("--count", type=int, default=COUNT, help="volumes to train on")
    parser.add_argument("--edge", type=int, default=EDGE, help="their edges in voxels")
    parser.add_argument("--batch", type=int, default=SETTINGS.batch)
    parser.add_argument("--patch", type=int, default=SETTINGS.patch)
    parser.add_argument("--filters", type=int, default=SETTINGS.filters, help="of the first level")
    parser.add_argument("--rays", type=int, default=SETTINGS.rays)
    parser.add_argument("--single", action="store_true", help="in single precision, as processors like it")
    parser.add_argument("--held-out", type=int, default=HELD_OUT, help="volumes to judge by")
    parser.add_argument("--init", type=Path, help="weights.npz to go on from")
    options = parser.parse_args()
    options.volumes = options.volumes or options.out / "volumes"
    options.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    own = {name: getattr(options, name) for name in ("batch", "patch", "filters", "rays")}
    settings = SETTINGS.changed(own)
    # The network is compiled, by one core, while the others make volumes.
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(_make, options)
        network, feed = prepare(settings, options.init, single=options.single)
        print(f"compiled after {time.monotonic() - began:.0f} s", flush=True)
        made.result()
    training = _examples(options.volumes / "train")
    held_out = _examples(options.volumes / "held-out")
    print(f"{len(training)} volumes after {time.monotonic() - began:.0f} s", flush=True)
    train(network, feed, (training, held_out), options)


def _make(options: Any) -> None:
    write_volumes(options.volumes / "train", count=options.count, edge=options.edge, seed=SEED)
    write_volumes(options.volumes / "held-out", count=options.held_out, edge=options.edge, seed=HELD_OUT_SEED)


def _examples(folder: Path) -> list[Example]:
    examples = [
        Example(name, normalise(grey, SETTINGS.percentiles), without_small(outlines, SETTINGS.least_diameter))
        for name, grey, outlines in read_volumes(folder)
    ]
    return [example for example in examples if (example.labels > 0).any()]


def prepare(settings: SolidSettings, init: Path | None, *, single: bool) -> tuple[Any, Feed]:
    """Build the network and compile its step."""
    import keras

    spacing = (VOXEL,) * 3
    halvings = plan_halvings(spacing, grid=settings.grid, depth=settings.depth)
    feed = Feed(settings, spacing, halvings, make_rays(settings.rays, spacing))
    keras.utils.set_random_seed(settings.seed)
    if not single:
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    network = build_network(halvings, rays=settings.rays, filters=settings.filters)
    if init is not None:
        network.set_weights(by_the_clock.read_weights(init))
    shape = (settings.batch, *feed.patch)
    cells = tuple(edge // step for edge, step in zip(feed.patch, halvings.grid, strict=True))
    near = np.zeros((settings.batch, *cells, 1 + settings.rays), np.float16)
    by_the_clock.compile_network(network, (np.zeros((*shape, 1), np.float16), (near[..., :1], near)))
    return network, feed


def train(
    network: Any, feed: Feed, examples: tuple[list[Example], list[Example]], options: argparse.Namespace
) -> None:
    """Train for the wanted time, score, and write what was found."""
    settings, (training, held_out) = feed.settings, examples
    rows = by_the_clock.train(
        network,
        lambda step: feed.batch(training, step),
        options.out,
        seconds=options.seconds,
        learning_rate=settings.learning_rate,
    )
    judged = _judge(network, feed.middles(held_out))
    _write_about(options.out, settings, rows, judged)
    judged |= _score(network, feed, held_out)
    print(judged, flush=True)
    _write_about(options.out, settings, rows, judged)
    look = look_of("nmc-particles-3d", [each.image for each in few(training)], feed.spacing)
    if look is not None:
        write_look(options.out, look)


def _judge(network: Any, batch: Batch) -> dict[str, float]:
    image, (near, far) = batch
    losses = []
    for number in range(len(image)):
        chance, reach = network.predict_on_batch(image[number : number + 1].astype(np.float32))
        losses.append(
            [
                float(np.asarray(chance_loss(near[number : number + 1], np.asarray(chance)))),
                float(np.asarray(reach_loss(far[number : number + 1], np.asarray(reach)))),
            ]
        )
    prob, dist = np.mean(losses, axis=0)
    return {"val_prob": float(prob), "val_dist": float(dist)}


def _score(network: Any, feed: Feed, held_out: list[Example]) -> dict[str, Any]:
    """Choose the thresholds on every other volume, and score on the others."""
    plan = Plan(feed.halvings, feed.settings.rays, feed.settings.filters)
    info = ModelInfo(kind="stardist3d", channels_out=1 + plan.rays, spacing=feed.spacing)
    model = from_network(network, info, plan)
    chosen = choose_thresholds(model, [(each.image, each.labels) for each in held_out[::2]])
    counts = np.zeros((len(IOU), 3))
    for each in held_out[1::2]:
        offered, _ = predict_bodies(each.image, model, probability=chosen.probability, levels=(0.0, 1.0))
        counts += count_found(offered, each.labels.astype(np.uint16), overlap=chosen.overlap)
    f1 = [round(float(2 * tp / max(1, 2 * tp + fp + fn)), 4) for tp, fp, fn in counts]
    return {"chosen": chosen.as_dict(), "f1": dict(zip(map(str, IOU), f1, strict=True))}


def _write_about(out: Path, settings: SolidSettings, rows: list[by_the_clock.Row], judged: Any) -> None:
    about = {"settings": settings.as_plain(), "spacing": VOXEL, "judged": judged, "steps": rows[-1]["steps"]}
    (out / "about.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
