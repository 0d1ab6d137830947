"""What a StarDist model of volumes costs on large scans, step by step: seconds of a core, memory.

    python benchmarks/solid.py [MODEL] [--edge 512] [--ratio 4]

A grey volume of balls that nearly touch, as wide as particles of 7.4 um, is brought to a quarter of its
voxels, shown to the network, and labelled at full size with its borders refined, as `segment particles` does
it. Five candidates a ball stand in for what the network says, so that MODEL need not have learnt anything.
Seconds are those of the processor, which a busy machine does not lengthen; they are told for 10^9 voxels,
beside the aim: minutes on two cores, 6 GiB.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

SPACING = 0.07
DIAMETER_UM = 7.4
# Directions in which a body is known; the grey values that are 0 and 1.
DIRECTIONS, LEVELS = 256, (50.0, 200.0)
AIM_SECONDS, AIM_BYTES = 600.0, 6 * 2**30
WHOLE = 1e9


def main() -> None:
    """Run the steps and print what each costs."""
    from electrodej.networks.stardist3d.borders import Bordered, learn_twice
    from electrodej.networks.stardist3d.model import load_solid
    from electrodej.networks.stardist3d.predict import predict_bodies
    from electrodej.networks.stardist3d.resample import bring, brought_shape
    from electrodej.networks.stardist3d.shapes import Bodies, Drawn, choose
    from electrodej.run import Run
    from electrodej.verbs.segment.solid import reach_of
    from electrodej.volume import ArrayVolume

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", default="nmc-particles-3d")
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--ratio", type=int, default=4, help="voxels of the scan for one of the network's")
    options = parser.parse_args()
    model = load_solid(options.model)
    shape = (options.edge,) * 3
    radius = DIAMETER_UM / 2 / SPACING / options.ratio
    chance = np.random.default_rng(0)
    shown = brought_shape(shape, (1 / options.ratio,) * 3)
    at = np.stack(np.meshgrid(*(np.arange(radius, n, 2.05 * radius) for n in shown), indexing="ij"), -1)
    centres = np.repeat(at.reshape(-1, 3), 5, axis=0)
    centres = centres + chance.normal(0, 0.15 * radius, centres.shape)
    rays = max(DIRECTIONS, model.plan.rays)
    distances = radius * chance.uniform(0.9, 1.1, (len(centres), rays))
    offered = Bodies(
        centres, chance.random(len(centres)).astype(np.float32), distances.astype(np.float32), (1.0,) * 3
    )
    _warm(model, offered)
    steps: dict[str, float] = {}
    drawn = Drawn(
        Bodies(at.reshape(-1, 3), offered.probability[::5], distances[::5], (1.0,) * 3),
        shape,
        (options.ratio,) * 3,
    )
    grey = np.empty(shape, np.uint8)
    for z0, labels in drawn.slabs():
        grey[z0 : z0 + len(labels)] = np.where(labels > 0, 180, 70)
    volume = ArrayVolume(grey, spacing=(SPACING,) * 3)
    with _timed(steps, "bring to size"):
        small = np.concatenate([slab for _, slab in bring(volume, shown)])
    with _timed(steps, "network"):
        predict_bodies(small, model, probability=0.999999, run=Run(memory=AIM_BYTES))
    with _timed(steps, "choose"):
        chosen = choose(offered, overlap=0.4)
    drawn = Drawn(chosen, shape, (options.ratio,) * 3)
    with _timed(steps, "draw"):
        for _ in drawn.slabs():
            pass
    with _timed(steps, "draw and refine"):
        reach = reach_of(None, (options.ratio,) * 3)
        greys = learn_twice(small, Drawn(chosen, shown), (1.0,) * 3, levels=LEVELS)
        for _ in Bordered(drawn, volume, greys, levels=LEVELS, reach=reach).slabs():
            pass
    times = WHOLE / grey.size
    for name, seconds in steps.items():
        print(f"{name:16} {seconds * times:7.1f} s of a core for 10^9 voxels")
    total = sum(seconds for name, seconds in steps.items() if name != "draw") * times
    print(f"in all on two cores {total / 2:.0f} s, {total / 2 / AIM_SECONDS:.2f} of {AIM_SECONDS:.0f} s")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    held = grey.nbytes / 2**30
    print(f"memory {most / 2**30:.2f} GiB, of which {held:.2f} is the scan, held as an array here")
    print(f"{len(chosen)} of {len(offered)} candidates kept, {len(at.reshape(-1, 3))} balls")


def _warm(model: Any, offered: Any) -> None:
    """Compile what is compiled."""
    from electrodej.networks.stardist3d.borders import Bordered, learn_twice
    from electrodej.networks.stardist3d.shapes import Drawn, choose
    from electrodej.volume import ArrayVolume

    drawn = Drawn(choose(offered.taken(np.arange(5)), overlap=0.4), (16, 32, 32))
    volume = ArrayVolume(np.zeros((16, 32, 32), np.uint8), spacing=(SPACING,) * 3)
    greys = learn_twice(volume[:].astype(np.float32), drawn, (1.0,) * 3, levels=LEVELS)
    for _ in Bordered(drawn, volume, greys, levels=LEVELS, reach=1).slabs():
        pass
    model.engine.run(np.zeros((1, *(4 * step for step in model.plan.halvings.divisor), 1), np.float32))


@contextmanager
def _timed(steps: dict[str, float], name: str) -> Iterator[None]:
    began = time.process_time()
    yield
    steps[name] = time.process_time() - began


if __name__ == "__main__":
    main()
