"""Networks on an NVIDIA card against the processor: what `auto` takes, how fast Keras is, what differs.

Keras runs on JAX and on PyTorch, each in a process of its own, as `--engine keras` with KERAS_BACKEND does.
The peer is what `auto` takes on this machine. It ends at once where there is no card.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.models import load_model
from electrodej.models.engines.cards import nvidia_cards
from electrodej.models.engines.choice import engine_report

# Bundled models that Keras reads on any backend; StarDist's own package needs TensorFlow.
NETWORKS = ("nmc-phases", "nmc-cracks")
BACKENDS = ("jax", "torch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        computed(options, Path(options.child), "keras")
        return
    print(f"graphics: cards: {', '.join(nvidia_cards()) or 'none'}")
    for line in engine_report():
        print(f"graphics: doctor: {line}", flush=True)
    if not nvidia_cards():
        return
    with tempfile.TemporaryDirectory() as place:
        peer = computed(options, Path(place) / "processor", "auto")
        for backend in BACKENDS:
            if importlib.util.find_spec(backend) is not None:
                compare(options, peer, Path(place) / backend, backend)


def images(options: argparse.Namespace) -> Any:
    shape = (options.images, options.edge, options.edge, 1)
    return np.random.default_rng(0).random(shape, np.float32)


def computed(options: argparse.Namespace, target: Path, engine: Any) -> dict[str, Any]:
    """Return, and write for the parent, time and result of each network."""
    found: dict[str, Any] = {}
    shown = images(options)
    for name in NETWORKS:
        model = load_model(name, engine=engine).engine
        begun = time.perf_counter()
        model.run(shown)
        found[f"{name} first"] = time.perf_counter() - begun
        times = []
        for _ in range(options.rounds):
            begun = time.perf_counter()
            found[name] = model.run(shown)
            times.append(time.perf_counter() - begun)
        found[f"{name} time"] = min(times) / len(shown)
        found["engine"] = model.name
    np.savez(target.with_suffix(".npz"), **found)
    return found


def compare(options: argparse.Namespace, peer: dict[str, Any], target: Path, backend: str) -> None:
    words = [f"--{name}={getattr(options, name)}" for name in ("edge", "images", "rounds")]
    done = subprocess.run(
        [sys.executable, __file__, *words, "--child", str(target)],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(f"graphics: Keras on {backend} failed: {done.stderr.strip().splitlines()[-1:]}", flush=True)
        return
    found = np.load(target.with_suffix(".npz"))
    for name in NETWORKS:
        mine, theirs = found[name], peer[name]
        equal = np.mean(_classes(mine) == _classes(theirs))
        print(
            f"graphics: {name}: Keras on {backend} {peer[f'{name} time'] / found[f'{name} time']:.1f} times "
            f"as fast as {peer['engine']} ({found[f'{name} time']:.4f} and {peer[f'{name} time']:.4f} s for "
            f"{options.edge} x {options.edge}; first {found[f'{name} first']:.1f} s), apart by "
            f"{np.abs(mine - theirs).max():.1e}, {equal:.4%} of the pixels equal",
            flush=True,
        )


def _classes(probability: Any) -> Any:
    return probability.argmax(axis=-1) if probability.shape[-1] > 1 else probability > 0.5


if __name__ == "__main__":
    main()
