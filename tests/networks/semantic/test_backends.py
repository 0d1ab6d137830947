"""The networks on another of Keras's backends: they train there, and say what they say on TensorFlow."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from electrodej.models.grey import measure_levels
from electrodej.networks.semantic import Trained, predict_slabs
from electrodej.volume import ArrayVolume

pytestmark = pytest.mark.slow

# Trains a network on bright and dark halves, and runs two others, that lie in a folder.
PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np
from electrodej.networks import RunSettings
from electrodej.networks.semantic import (
    LrcsConfig, SemanticSettings, load_model, make_sample, predict_slabs, train_semantic,
)
from electrodej.models.grey import measure_levels
from electrodej.volume import ArrayVolume
import keras

folder = Path(sys.argv[1])
grey = np.load(folder / "grey.npy")


def run(model, values):
    volume = ArrayVolume(values, spacing=(1, 1, 1))
    levels = measure_levels([values], model.percentiles)
    return np.concatenate([found for _, _, found in predict_slabs(volume, model, levels=levels)])


for kind in ("unet", "lrcs"):
    np.save(folder / f"{kind}.npy", run(load_model(folder / kind), grey))
random = np.random.default_rng(0)
truth = np.zeros((4, 64, 64), np.uint8)
truth[:, :, 32:] = 1
image = (100 + 60 * truth + random.normal(0, 20, truth.shape)).astype(np.uint8)
settings = SemanticSettings(
    run=RunSettings(epochs=6, patience=0, seed=1), patch=32, batch=4, steps=60, learning_rate=5e-3
)
config = LrcsConfig(n_filters=4, dropout=0.1)
trained = train_semantic([make_sample(image, truth)], folder / "new", config=config, settings=settings)
right = (run(trained.model, image).argmax(axis=-1) == truth).mean()
print(json.dumps({"backend": keras.backend.backend(), "right": float(right)}))
"""


def test_networks_train_and_run_on_jax_as_on_tensorflow(unet: Trained, lrcs: Trained, tmp_path: Path):
    grey = np.random.default_rng(3).integers(0, 255, (2, 72, 56), np.uint8)
    np.save(tmp_path / "grey.npy", grey)
    trained = {"unet": unet, "lrcs": lrcs}
    for kind, each in trained.items():
        shutil.copytree(each.folder, tmp_path / kind)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["backend"] == "jax"
    # Guessing is right for one half.
    assert told["right"] > 0.9
    for kind, each in trained.items():
        levels = measure_levels([grey], each.model.percentiles)
        volume = ArrayVolume(grey, spacing=(1, 1, 1))
        here = np.concatenate([part for _, _, part in predict_slabs(volume, each.model, levels=levels)])
        # Both add up the same float32 numbers, in another order.
        np.testing.assert_allclose(np.load(tmp_path / f"{kind}.npy"), here, atol=1e-4)
