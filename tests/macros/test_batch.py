"""The batch macro: every image of a folder, with a log."""

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


def write_grey(path):
    """Two balls 40 voxels apart."""
    z, y, x = np.indices((24, 24, 64))
    grey = np.full((24, 24, 64), 30, np.uint8)
    for centre in (12, 52):
        grey[(z - 12) ** 2 + (y - 12) ** 2 + (x - centre) ** 2 <= 64] = 200
    write_volume(path, grey, spacing=(0.5,) * 3)


def test_a_folder_is_segmented_and_measured_and_a_bad_image_does_not_stop_it(run_macro, tmp_path):
    # A name that a shell, a macro or a quoted text would break on.
    folder = (
        tmp_path / "my [best] 'cells' Ω \\ \"x\"" if os.name != "nt" else tmp_path / "my [best] 'cells' Ω"
    )
    folder.mkdir()
    (folder / "a bad one_grey.tif").write_bytes(b"no image")
    write_grey(folder / "good (1)_grey.tif")
    assert run_macro("Batch.ijm", f"{folder}\nwatershed\n{PROGRAM}") == "1"
    with (folder / "good (1)_particles.csv").open(encoding="utf-8", newline="") as handle:
        assert len(list(csv.DictReader(handle))) == 2
    log = (folder / "Batch_log.txt").read_text(encoding="utf-8").splitlines()
    assert log[0].startswith("NOT segmented a bad one: ")
    assert log[1:] == ["segmented good (1)", "measured good (1)", "1 failed"]


def test_a_folder_that_is_not_there_stops_the_macro(run_macro, tmp_path):
    assert run_macro("Batch.ijm", str(tmp_path / "gone")) in ("[aborted]", "null")


def test_a_program_that_is_not_there_is_in_the_log(run_macro, tmp_path):
    write_grey(tmp_path / "a_grey.tif")
    result = run_macro("Batch.ijm", f"{tmp_path}\nwatershed\n{tmp_path / 'no program'}")
    assert result in ("1", "[aborted]", "null")
    assert not (tmp_path / "a_particles.csv").exists()
