"""The doors that need a whole Fiji: run where ELECTRODEJ_FIJI names one, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from electrodej.features import features
from electrodej.phantom import make_phantom
from electrodej.volume import write_volume

pytestmark = [
    pytest.mark.fiji,
    pytest.mark.skipif("ELECTRODEJ_FIJI" not in os.environ, reason="ELECTRODEJ_FIJI names no Fiji"),
    pytest.mark.timeout(1500),
]

SPACING = (0.25, 0.2, 0.2)
# One Java can run in a process, and the other tests' Java has no ImageJ2.
PROGRAM = """
import sys
from pathlib import Path
import electrodej.fiji
folder = Path(sys.argv[1])
connection = electrodej.fiji.connect()
names = ("grey", "labels")
images = {name: connection.IJ.openImage(str(folder / f"{name}.tif")) for name in names}
electrodej.fiji.measure(connection, **images).write(folder / "bridge.csv")
connection.run_script("Measure Particles", {**images, "table": folder / "groovy.csv"})
connection.run_script("Measure Particles in Jython", {**images, "table": folder / "jython.csv"})
files = {"greyFile": folder / "grey.tif", "labelFile": folder / "labels.tif"}
connection.run_script("Measure Particles", {**files, "table": folder / "files.csv"})
"""
DOORS = ("bridge", "groovy", "jython", "files")


def test_every_door_of_a_whole_fiji_gives_the_same_table(tmp_path):
    phantom = make_phantom((24, 40, 44), spacing=SPACING, seed=7)
    write_volume(tmp_path / "grey.tif", phantom.grey, spacing=SPACING)
    write_volume(tmp_path / "labels.tif", phantom.labels, spacing=SPACING, labels=True)
    table = replace(features(phantom.grey, phantom.labels, spacing=SPACING), image="grey.tif")
    assert len(table) >= 3
    table.write(tmp_path / "python.csv")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=1400,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for end in ("", "_contacts"):
        expected = (tmp_path / f"python{end}.csv").read_bytes()
        assert {door for door in DOORS if (tmp_path / f"{door}{end}.csv").read_bytes() != expected} == set()
