"""The batch macro: every image of a folder, with a log."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from electrodej.volume import open_volume, write_volume

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


def test_labels_that_are_there_are_kept_unless_asked_otherwise(run_macro, tmp_path):
    write_grey(tmp_path / "a_grey.tif")
    # One particle where the watershed finds two, as somebody corrected it.
    mine = np.zeros((24, 24, 64), np.uint16)
    mine[8:16, 8:16, 8:16] = 7
    write_volume(tmp_path / "a_labels.tif", mine, spacing=(0.5,) * 3, labels=True)
    before = (tmp_path / "a_labels.tif").read_bytes()
    assert run_macro("Batch.ijm", f"{tmp_path}\nwatershed\n{PROGRAM}") == "0"
    assert (tmp_path / "a_labels.tif").read_bytes() == before
    with (tmp_path / "a_particles.csv").open(encoding="utf-8", newline="") as handle:
        assert [row["Label"] for row in csv.DictReader(handle)] == ["7"]
    assert run_macro("Batch.ijm", f"{tmp_path}\nwatershed\n{PROGRAM}\nreplace") == "0"
    with (tmp_path / "a_particles.csv").open(encoding="utf-8", newline="") as handle:
        assert len(list(csv.DictReader(handle))) == 2
    log = (tmp_path / "Batch_log.txt").read_text(encoding="utf-8").splitlines()
    assert log == ["kept the labels of a", "measured a", "0 failed", "segmented a", "measured a", "0 failed"]


def test_cracks_are_left_out_of_the_labels_that_are_measured(run_macro, tmp_path):
    write_grey(tmp_path / "a_grey.tif")
    with open_volume(tmp_path / "a_grey.tif") as volume:
        grey = volume.read()
    whole = grey == 200
    # A crack inside the first ball, so narrow that the watershed closes it.
    grey[8:17, 8:17, 12] = 30
    write_volume(tmp_path / "a_grey.tif", grey, spacing=(0.14,) * 3, force=True)
    assert run_macro("Batch.ijm", f"{tmp_path}\nwatershed\n{PROGRAM}") == "0"
    with open_volume(tmp_path / "a_labels.tif") as volume:
        # Its corners are smoothed away.
        assert not volume.read()[9:16, 9:16, 12].any()
    with (tmp_path / "a_particles.csv").open(encoding="utf-8", newline="") as handle:
        damage = sorted(float(row["Damage"]) for row in csv.DictReader(handle))
    # Smoothing and closing move the border of a ball of voxels a little.
    assert damage == pytest.approx([0, 81 / whole[:, :, :32].sum()], abs=0.01)


@pytest.mark.skipif(os.name == "nt", reason="a program that is a script of the shell")
@pytest.mark.parametrize(
    ("model", "verbs"),
    [
        ("watershed", ["segment particles"]),
        ("nmc-particles", ["fuse"]),
        ("nmc-particles-3d", ["segment particles"]),
        ("nmc-regions", ["segment particles", "link"]),
        ("mine/stardist", ["fuse"]),
        ("mine/stardist3d", ["segment particles"]),
        ("mine/maskrcnn", ["segment particles", "link"]),
    ],
)
def test_each_kind_of_model_is_asked_for_3d_labels_without_cracks(run_macro, tmp_path, model, verbs):
    calls, program = tmp_path / "calls", tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho \"$@\" >> '{calls}'\necho '{{}}'\n")
    program.chmod(0o755)
    (tmp_path / "a_grey.tif").write_bytes(b"")
    if "/" in model:
        model = str(tmp_path / model)
        Path(model).mkdir(parents=True)
        (Path(model) / "electrodej.json").write_text(f'{{\n  "kind": "{Path(model).name}"\n}}')
    assert run_macro("Batch.ijm", f"{tmp_path}\n{model}\n{program}") == "0"
    *found, measured = calls.read_text().splitlines()
    assert measured.startswith("measure ")
    assert [line.split(f" {tmp_path}")[0] for line in found] == verbs
    for line in found:
        finds = not line.startswith("link")
        assert (" --intact " in line) is finds
        assert (f" --model {model} " in line) is finds
    labels = tmp_path / "a_labels.tif"
    assert f" --out {labels} " in found[-1]
    assert f" {labels} " in measured


def test_a_folder_that_is_not_there_stops_the_macro(run_macro, tmp_path):
    assert run_macro("Batch.ijm", str(tmp_path / "gone")) in ("[aborted]", "null")


def test_a_program_that_is_not_there_is_in_the_log(run_macro, tmp_path):
    write_grey(tmp_path / "a_grey.tif")
    result = run_macro("Batch.ijm", f"{tmp_path}\nwatershed\n{tmp_path / 'no program'}")
    assert result in ("1", "[aborted]", "null")
    assert not (tmp_path / "a_particles.csv").exists()
