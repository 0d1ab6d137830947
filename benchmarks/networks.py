"""`electrodej segment phases` against plain Keras `predict` over tiles that do not overlap, in the same run.

Prints the ratio of the times (above 1: ours is faster) and what 10^9 voxels cost. The networks are not
trained, which changes nothing in the time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.models import load_keras
from electrodej.models.grey import normalise
from electrodej.networks.semantic import (
    Classes,
    LrcsConfig,
    UNetConfig,
    build_network,
)
from electrodej.networks.semantic.model import from_network, write_model
from electrodej.verbs import do
from electrodej.volume import write_volume

SPACING = (0.14, 0.14, 0.14)
PEER_TILE, PEER_BATCH = 256, 4
LIMIT = 0.9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edge", type=int, default=1024)
    parser.add_argument("--slices", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    for config in (LrcsConfig(n_filters=16), UNetConfig(n_filters=16, head="sigmoid")):
        speed(config, (options.slices, options.edge, options.edge), options.rounds)


def speed(config: Any, shape: tuple[int, int, int], rounds: int) -> None:
    """Time one network, file to file, against its own predict on arrays in memory."""
    load_keras("measuring").utils.set_random_seed(0)
    network = build_network(config)
    names = tuple(f"class {number}" for number in range(config.n_classes))
    model = from_network(network, config, Classes(tuple(range(config.n_classes)), names), name="untrained")
    grey = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    edge = shape[1] // PEER_TILE * PEER_TILE
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    with tempfile.TemporaryDirectory() as folder:
        write_volume(Path(folder) / "grey.tif", grey, spacing=SPACING)
        (Path(folder) / "model").mkdir()
        write_model(Path(folder) / "model", model)
        for _ in range(rounds + 1):
            start = time.perf_counter()
            place = Path(folder)
            files = {"model": place / "model", "out": place / "o.tif"}
            do("segment phases", place / "grey.tif", jobs=2, force=True, **files)
            times["ours"].append(time.perf_counter() - start)
            start = time.perf_counter()
            scaled = normalise(grey[:, :edge, :edge], model.percentiles)
            tiles = scaled.reshape(shape[0], edge // PEER_TILE, PEER_TILE, edge // PEER_TILE, PEER_TILE)
            tiles = tiles.swapaxes(2, 3).reshape(-1, PEER_TILE, PEER_TILE, 1)
            network.predict(tiles, batch_size=PEER_BATCH, verbose=0)
            times["peer"].append(time.perf_counter() - start)
    # The first round warms both up.
    rate = np.prod(shape) / np.array(times["ours"][1:]) / 1e6
    peer = shape[0] * edge**2 / np.array(times["peer"][1:]) / 1e6
    ratio = float(np.median(rate / peer))
    print(
        f"{config.kind}, {config.n_filters} filters: {np.median(rate):.2f} Mvoxel/s, {ratio:.2f} of plain "
        f"predict (at least {LIMIT}); 10^9 voxels in one view take {1e3 / np.median(rate) / 3600:.1f} h",
        flush=True,
    )


if __name__ == "__main__":
    main()
