"""The doors that need a whole Fiji: run where ELECTRODEJ_FIJI names one, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from electrodej.features import features
from electrodej.volume import write_volume

pytestmark = [
    pytest.mark.fiji,
    pytest.mark.skipif("ELECTRODEJ_FIJI" not in os.environ, reason="ELECTRODEJ_FIJI names no Fiji"),
]

SPACING = (0.3, 0.2, 0.1)
# One Java can run in a process, and the other tests' Java has no ImageJ2.
PROGRAM = """
import sys, json
from pathlib import Path
import numpy as np
import electrodej.fiji
folder = sys.argv[1]
connection = electrodej.fiji.connect()
images = {name: connection.IJ.openImage(f"{folder}/{name}.tif") for name in ("grey", "labels")}
electrodej.fiji.measure(connection, **images).write(f"{folder}/bridge.csv")
connection.run_script("Measure Particles", {**images, "table": Path(folder, "script.csv")})
back = connection.ij.py.from_java(connection.to_dataset(np.arange(24, dtype=np.uint8).reshape(2, 3, 4)))
json.dump({"light": connection.light, "back": np.asarray(back).ravel().tolist()}, sys.stdout)
"""


def test_pyimagej_gives_the_same_table(tmp_path):
    labels = np.zeros((10, 12, 14), np.uint16)
    labels[2:5, 2:6, 2:7] = 1
    labels[6:9, 6:11, 7:13] = 2
    grey = (labels * 60 + 5).astype(np.uint8)
    write_volume(tmp_path / "grey.tif", grey, spacing=SPACING)
    write_volume(tmp_path / "labels.tif", labels, spacing=SPACING, labels=True)
    features(grey, labels, spacing=SPACING, image="grey.tif").write(tmp_path / "python.csv")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=280,
    )
    said = json.loads(done.stdout[done.stdout.index("{") :])
    assert said == {"light": False, "back": list(range(24))}
    for name in ("bridge", "script"):
        assert (tmp_path / f"{name}.csv").read_bytes() == (tmp_path / "python.csv").read_bytes()
