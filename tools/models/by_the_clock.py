"""Training for so many seconds: the rate goes by the clock, and what there is is kept every 20 seconds."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

# The rate rises for this share of the time, then falls along a cosine to a hundredth.
_RISE, _LEAST = 0.04, 0.01
_SAID_EVERY = 20.0
# Images, and what the two outputs of the network should say of them.
Batch = tuple[Any, tuple[Any, Any]]
Row = dict[str, float]


def compile_network(network: Any, first: Batch) -> None:
    """Compile a network with the outputs ``prob`` and ``dist``, and its step by a first batch of any kind."""
    import keras

    from electrodej.networks.stardist3d.losses import WEIGHTS, chance_loss, reach_loss

    network.compile(
        keras.optimizers.Adam(0.0),
        loss={"prob": chance_loss, "dist": reach_loss},
        loss_weights={"prob": WEIGHTS[0], "dist": WEIGHTS[1]},
    )
    _step(network, first)
    network.reset_metrics()


def train(
    network: Any, batch: Callable[[int], Batch], out: Path, *, seconds: float, learning_rate: float
) -> list[Row]:
    """Train for so long; ``batch`` makes that of a step. Returns, and writes, a row each 20 seconds."""
    rows: list[Row] = []
    coming = _prefetched(batch)
    began = said = time.monotonic()
    last: Row = {}
    steps = 0
    while (share := (time.monotonic() - began) / seconds) < 1:
        network.optimizer.learning_rate.assign(learning_rate * _rate(share))
        last = _step(network, next(coming))
        steps += 1
        if time.monotonic() - said > _SAID_EVERY:
            said = time.monotonic()
            _tell(rows, {"steps": steps, "seconds": round(said - began, 1), **last})
            network.reset_metrics()
            save(out, network, rows)
    coming.close()
    _tell(rows, {"steps": steps, "seconds": round(time.monotonic() - began, 1), **last})
    save(out, network, rows)
    return rows


def save(out: Path, network: Any, rows: list[Row]) -> None:
    """Write ``weights.npz`` and ``history.csv``."""
    weights = {f"{number:04d}": np.asarray(each) for number, each in enumerate(network.get_weights())}
    np.savez_compressed(out / "part.npz", **weights)
    (out / "part.npz").replace(out / "weights.npz")
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    (out / "history.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_weights(path: Path) -> list[Any]:
    """Read what `save` wrote."""
    with np.load(path) as held:
        return [held[name] for name in sorted(held.files)]


def _tell(rows: list[Row], row: Row) -> None:
    rows.append(row)
    print(row, flush=True)


def _prefetched(batch: Callable[[int], Batch]) -> Generator[Batch]:
    """Yield batches for ever, made by all cores but one."""
    cores = os.cpu_count() or 1

    def made(step: int) -> Batch:
        image, (near, far) = batch(step)
        # Half precision on the way to the card: an eighth of a voxel is what the truth is good for.
        return image.astype(np.float16), (near.astype(np.float16), far.astype(np.float16))

    with ThreadPoolExecutor(max(1, cores - 1)) as pool:
        waiting: deque[Future[Batch]] = deque()
        step = 0
        try:
            while True:
                while len(waiting) < 2 * cores:
                    waiting.append(pool.submit(made, step))
                    step += 1
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _step(network: Any, batch: Batch) -> Row:
    """Take a step; return Keras's means since the last reset."""
    image, (near, far) = batch
    logs = network.train_on_batch(image, {"prob": near, "dist": far}, return_dict=True)
    named = {"loss": "loss", "prob": "prob_loss", "dist": "dist_loss"}
    return {name: round(float(logs[key]), 4) for name, key in named.items()}


def _rate(share: float) -> float:
    if share < _RISE:
        return 0.1 + 0.9 * share / _RISE
    return _LEAST + (1 - _LEAST) * 0.5 * (1 + math.cos(math.pi * (share - _RISE) / (1 - _RISE)))
