"""`electrodej segment phases` against plain Keras `predict` over tiles that do not overlap, in the same run.

Prints the ratio of the times (above 1: ours is faster) and what 10^9 voxels cost. The networks are not
trained, which changes nothing in the time. With --transfer it shows instead what `--init` gains from 1, 2, 4
and 8 labelled slices of another electrode; that trains nine small networks for each seed, in some minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.jobs.segment_phases import segment_phases
from electrodej.networks import RunSettings, load_keras
from electrodej.networks.normalise import normalise
from electrodej.networks.semantic import (
    Classes,
    LrcsConfig,
    SemanticModel,
    SemanticSettings,
    UNetConfig,
    build_network,
    make_sample,
    predict_slabs,
    train_semantic,
)
from electrodej.networks.semantic.folder import write_model
from electrodej.networks.semantic.predict import measure_volume
from electrodej.phantom import make_phantom
from electrodej.score import score_phases
from electrodej.volume import ArrayVolume, write_volume

SPACING = (0.14, 0.14, 0.14)
PEER_TILE, PEER_BATCH = 256, 4
LIMIT = 0.9
SLICES = (1, 2, 4, 8)
CRACK = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edge", type=int, default=1024)
    parser.add_argument("--slices", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--transfer", action="store_true", help="what --init gains, instead of the speed")
    parser.add_argument("--seeds", type=int, default=1, help="with --transfer")
    parser.add_argument("--picture", type=Path, help="with --transfer: write the curves there, PNG")
    options = parser.parse_args()
    if options.transfer:
        transfer(options.seeds, options.picture)
        return
    for config in (LrcsConfig(n_filters=16), UNetConfig(n_filters=16, head="sigmoid")):
        speed(config, (options.slices, options.edge, options.edge), options.rounds)


def speed(config: Any, shape: tuple[int, int, int], rounds: int) -> None:
    """Time one network, file to file, against its own predict on arrays in memory."""
    load_keras("measuring").utils.set_random_seed(0)
    network = build_network(config)
    names = tuple(f"class {number}" for number in range(config.n_classes))
    model = SemanticModel(network, config, Classes(tuple(range(config.n_classes)), names), name="untrained")
    grey = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    edge = shape[1] // PEER_TILE * PEER_TILE
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    with tempfile.TemporaryDirectory() as folder:
        write_volume(Path(folder) / "grey.tif", grey, spacing=SPACING)
        (Path(folder) / "model").mkdir()
        write_model(Path(folder) / "model", model)
        for _ in range(rounds + 1):
            start = time.perf_counter()
            segment_phases(
                Path(folder) / "grey.tif", model=Path(folder) / "model", out=Path(folder) / "o.tif", jobs=2,
                force=True,
            )  # fmt: skip
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


def transfer(seeds: int, picture: Path | None) -> None:
    """Show the mean IoU on another electrode, from scratch and with --init, over labelled slices."""
    first = _electrode(11, particle_grey=184.0, binder_grey=91.0, pore_grey=35.0)
    second = _electrode(12, particle_grey=150.0, binder_grey=96.0, pore_grey=62.0, noise=14.0)
    unseen = _electrode(13, particle_grey=150.0, binder_grey=96.0, pore_grey=62.0, noise=14.0)
    rows = np.zeros((seeds, 2, len(SLICES)))
    untouched = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            source = Path(folder) / f"source-{seed}"
            found = _train(first, len(first.grey), source, seed, epochs=20)
            untouched.append(_mean_iou(found, unseen))
            for place, count in enumerate(SLICES):
                for way, init in enumerate((None, source)):
                    out = Path(folder) / f"{seed}-{count}-{way}"
                    model = _train(second, count, out, seed, epochs=8, init=init)
                    rows[seed, way, place] = _mean_iou(model, unseen)
    means = rows.mean(axis=0)
    print(f"mean IoU of pore, binder and particle on an unseen part, seeds 0 to {seeds - 1}")
    print(f"  the first electrode's network as it is: {np.mean(untouched):.3f}")
    for place, count in enumerate(SLICES):
        print(
            f"  {count} labelled slice{'s' * (count > 1)}: from scratch {means[0, place]:.3f}, "
            f"with --init {means[1, place]:.3f}"
        )
    if picture is not None:
        _draw(picture, rows, float(np.mean(untouched)))


def _electrode(seed: int, **greys: float) -> Any:
    return make_phantom((8, 160, 160), spacing=SPACING, seed=seed, jobs=1, **greys)  # type: ignore[arg-type] # options of many types


def _train(
    electrode: Any, count: int, out: Path, seed: int, *, epochs: int, init: Path | None = None
) -> SemanticModel:
    phases = np.full(electrode.phases.shape, 255, np.uint8)
    chosen = np.linspace(0, len(phases) - 1, count).round().astype(int)
    phases[chosen] = electrode.phases[chosen]
    settings = SemanticSettings(
        run=RunSettings(epochs=epochs, patience=0, seed=seed), patch=64, batch=8, steps=15,
        learning_rate=3e-3, held_out=0,
    )  # fmt: skip
    sample = make_sample(electrode.grey, phases, ignore=[CRACK])
    config = LrcsConfig(n_filters=6, dropout=0.1)
    return train_semantic([sample], out, config=config, settings=settings, init=init, spacing=SPACING).model


def _mean_iou(model: SemanticModel, electrode: Any) -> float:
    volume = ArrayVolume(electrode.grey, spacing=SPACING)
    levels, _ = measure_volume(volume, model)
    found = np.concatenate([part for _, _, part in predict_slabs(volume, model, levels=levels)])
    truth = np.where(electrode.phases == CRACK, 255, electrode.phases).astype(np.uint8)
    scores = score_phases(model.classes.phases(found.argmax(axis=-1)), truth)
    return float(scores.mean_iou or 0.0)


def _draw(picture: Path, rows: Any, untouched: float) -> None:
    from electrodej.report.drawings import Drawing, new_axes, render
    from electrodej.report.figures import PALETTE

    def draw() -> Any:
        figure, axes = new_axes(5.2, 3.6)
        for way, (label, mark) in enumerate((("from scratch", "o--"), ("with --init", "s-"))):
            axes.plot(SLICES, rows[:, way].mean(axis=0), mark, color=PALETTE[way], label=label)
            for seed in rows[:, way]:
                axes.plot(SLICES, seed, ".", color=PALETTE[way], alpha=0.5)
        axes.axhline(untouched, color="#8c8c8c", linewidth=1, label="no training on this electrode")
        axes.set_xscale("log", base=2)
        axes.set_xticks(SLICES, [str(count) for count in SLICES])
        axes.set_xlabel("Labelled slices")
        axes.set_ylabel("Mean IoU")
        axes.legend(loc="lower right")
        return figure

    picture.write_bytes(render(Drawing("transfer", "", "", draw), "png"))


if __name__ == "__main__":
    main()
