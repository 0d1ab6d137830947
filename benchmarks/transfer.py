"""What `train lrcs --init` gains on 1, 2, 4 and 8 labelled slices of an electrode that is new to the model.

The model is a bundled one, the electrode a synthetic one whose binder is brighter and coarser in texture than
any that it was trained on. Prints the mean IoU on another part of that electrode, from scratch, with --init,
and with --init and --freeze encoder; the same network, patches, steps and rates for all. Takes about 15
minutes for each seed on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from electrodej.networks import RunSettings
from electrodej.networks.semantic import (
    SemanticModel,
    SemanticSettings,
    load_model,
    make_sample,
    predict_slabs,
    train_semantic,
)
from electrodej.networks.semantic.predict import measure_volume
from electrodej.phantom import make_phantom
from electrodej.score import score_phases
from electrodej.vocabulary import counted
from electrodej.volume import ArrayVolume

SPACING = (0.14, 0.14, 0.14)
SHAPE = (8, 192, 192)
SLICES = (1, 2, 4, 8)
WAYS = ("from scratch", "with --init", "with --init, encoder frozen")
CRACK = 3
SETTINGS = {
    "patch": 64,
    "batch": 8,
    "steps": 25,
    "learning_rate": 2e-3,
    "held_out": 0,
    "weigh_classes": False,
}


def main() -> None:
    """Train, score, print, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="nmc-phases")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=16, help="of 25 steps")
    parser.add_argument("--picture", type=Path, help="write the curves there, PNG")
    options = parser.parse_args()
    model = load_model(options.model)
    unseen = _electrode(1000)
    before = _mean_iou(model, unseen)
    print(f"mean IoU of pore, binder and particle; {options.model} as it is: {before:.3f}", flush=True)
    scores = np.zeros((options.seeds, len(WAYS), len(SLICES)))
    for seed in range(options.seeds):
        labelled = _electrode(seed)
        for place, count in enumerate(SLICES):
            for way in range(len(WAYS)):
                with tempfile.TemporaryDirectory() as folder:
                    trained = _train(labelled, count, Path(folder) / "model", seed, way, model, options)
                scores[seed, way, place] = _mean_iou(trained, unseen)
            _tell(count, scores[seed, :, place], f"seed {seed}")
    print(f"mean over {options.seeds} seeds, with the standard deviation")
    for place, count in enumerate(SLICES):
        _tell(count, scores[:, :, place].mean(axis=0), "mean", scores[:, :, place].std(axis=0))
    if options.picture is not None:
        options.picture.write_bytes(_picture(scores, before))


def _electrode(seed: int) -> Any:
    return make_phantom(
        SHAPE, spacing=SPACING, seed=seed, jobs=1, particle_grey=150.0, binder_grey=110.0, pore_grey=30.0,
        binder_texture=20.0, noise=14.0,
    )  # fmt: skip


def _train(
    electrode: Any, count: int, out: Path, seed: int, way: int, model: SemanticModel, options: Any
) -> SemanticModel:
    phases = np.full(electrode.phases.shape, 255, np.uint8)
    chosen = (np.arange(count) * len(phases)) // count
    phases[chosen] = electrode.phases[chosen]
    freeze: Literal["encoder"] | None = "encoder" if way == 2 else None
    run = RunSettings(epochs=options.epochs, patience=0, seed=seed)
    return train_semantic(
        [make_sample(electrode.grey, phases, ignore=[CRACK], spacing=SPACING)],
        out,
        config=model.config,
        settings=SemanticSettings(run=run, freeze=freeze, init=options.model if way else None, **SETTINGS),
    ).model


def _mean_iou(model: SemanticModel, electrode: Any) -> float:
    volume = ArrayVolume(electrode.grey, spacing=SPACING)
    levels, _ = measure_volume(volume, model)
    found = np.concatenate([part for _, _, part in predict_slabs(volume, model, levels=levels)])
    truth = np.where(electrode.phases == CRACK, 255, electrode.phases).astype(np.uint8)
    scores = score_phases(model.classes.phases(found.argmax(axis=-1)), truth)
    return float(scores.mean_iou or 0.0)


def _tell(count: int, scores: NDArray[Any], what: str, spread: NDArray[Any] | None = None) -> None:
    figures = [
        f"{way} {score:.3f}" + ("" if spread is None else f" ({spread[place]:.3f})")
        for place, (way, score) in enumerate(zip(WAYS, scores, strict=True))
    ]
    print(f"  {what}, {counted(count, 'slice')}: {'; '.join(figures)}", flush=True)


def _picture(scores: NDArray[Any], before: float) -> bytes:
    from electrodej.report.drawings import Drawing, new_axes, render
    from electrodej.report.figures import PALETTE

    def draw() -> Any:
        figure, axes = new_axes(5.2, 3.6)
        for way, (label, mark) in enumerate(zip(WAYS, ("o--", "s-", "^:"), strict=True)):
            axes.plot(SLICES, scores[:, way].mean(axis=0), mark, color=PALETTE[way], label=label)
            for seed in scores[:, way]:
                axes.plot(SLICES, seed, ".", color=PALETTE[way], alpha=0.5)
        axes.axhline(before, color="#8c8c8c", linewidth=1, label="the model as it is")
        axes.set_xscale("log", base=2)
        axes.set_xticks(SLICES, [str(count) for count in SLICES])
        axes.set_xlabel("Labelled slices")
        axes.set_ylabel("Mean IoU")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, fontsize=8)
        return figure

    return render(Drawing("transfer", "", "", draw), "png")


if __name__ == "__main__":
    main()
