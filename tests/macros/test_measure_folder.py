"""The macros, run by a real headless ImageJ 1.54p, with the installed program behind them."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from electrodej.volume import write_volume

pytestmark = [pytest.mark.imagej, pytest.mark.slow]

PROGRAM = str(Path(sys.executable).with_name("electrodej.exe" if os.name == "nt" else "electrodej"))


def write_pair(folder, name):
    """A cube of 4 x 4 x 4 voxels of 0.5 um."""
    labels = np.zeros((10, 10, 10), np.uint16)
    labels[3:7, 3:7, 3:7] = 1
    write_volume(folder / f"{name}_labels.tif", labels, spacing=(0.5, 0.5, 0.5))
    write_volume(folder / f"{name}_grey.tif", (labels * 90).astype(np.uint8), spacing=(0.5, 0.5, 0.5))


def test_every_pair_of_a_folder_with_an_awkward_name_is_measured(run_macro, tmp_path):
    folder = tmp_path / "my [best] 'cells' Ω"
    folder.mkdir()
    write_pair(folder, "cell 1")
    write_pair(folder, "cell (2)")
    (folder / "alone_grey.tif").write_bytes(b"")
    assert run_macro("Measure_Folder.ijm", f"{folder}\n{PROGRAM}") == "2"
    for name in ("cell 1", "cell (2)"):
        with (folder / f"{name}_particles.csv").open(encoding="utf-8", newline="") as handle:
            (row,) = csv.DictReader(handle)
        assert float(row["Volume"]) == pytest.approx(8.0)
    assert not (folder / "alone_particles.csv").exists()


@pytest.mark.parametrize("program", ["no-such-program-x", "/bin/false"])
def test_a_table_of_before_is_no_new_measurement(run_macro, tmp_path, program):
    write_pair(tmp_path, "cell")
    (tmp_path / "cell_particles.csv").write_text("Image,Label\n")
    assert run_macro("Measure_Folder.ijm", f"{tmp_path}\n{program}") in ("[aborted]", "null")


def test_a_pair_that_cannot_be_measured_stops_the_macro(run_macro, tmp_path):
    write_pair(tmp_path, "cell")
    (tmp_path / "cell_labels.tif").write_bytes(b"no image")
    assert run_macro("Measure_Folder.ijm", f"{tmp_path}\n{PROGRAM}") in ("[aborted]", "null")
    assert not (tmp_path / "cell_particles.csv").exists()
