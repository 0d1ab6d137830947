"""What check says of a scan, from the file to the words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from electrodej.cli import main
from electrodej.errors import InputError
from electrodej.phantom import make_phantom
from electrodej.verbs import do
from electrodej.volume import write_volume

SPACING = (0.14, 0.14, 0.14)


@pytest.fixture(scope="module")
def grey():
    return make_phantom((24, 160, 160), spacing=SPACING, seed=3).grey


def test_a_good_scan_is_measured_and_its_polarity_told(grey, tmp_path: Path, capsys):
    path = write_volume(tmp_path / "grey.tif", grey, spacing=SPACING)
    assert main(["check", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["polarity"], found["shape"]) == ("bright", [24, 160, 160])
    assert found["spacing"] == pytest.approx(list(SPACING))
    assert main(["check", str(path)]) == 0
    assert "verdict:" in capsys.readouterr().out


def test_a_model_that_is_none_is_no_good_verdict(grey):
    with pytest.raises(InputError, match="no such model"):
        do("check", grey, spacing=SPACING, model="nmc-partcles")


def test_an_unknown_voxel_size_and_a_scan_without_anything_are_in_the_verdict(grey):
    assert "--spacing" in do("check", grey).text.splitlines()[-1]
    assert (
        "no good" in do("check", np.full((4, 64, 64), 100, np.uint8), spacing=SPACING).text.splitlines()[-1]
    )


def test_an_inverted_scan_is_told(grey):
    inverted = 255 - grey
    found = do("check", inverted, spacing=SPACING)
    assert found.numbers["polarity"] == "dark"
    assert "dark" in found.text


def test_a_black_scan_is_warned_of():
    found = do("check", np.zeros((4, 64, 64), np.uint8), spacing=SPACING)
    assert found.numbers["warned"]
    assert "value 0" in found.text


def test_labels_are_refused_as_a_grey_image():
    labels = make_phantom((24, 96, 96), spacing=SPACING, seed=3).labels
    with pytest.raises(InputError):
        do("check", labels, spacing=SPACING)


def test_nan_in_a_slice_that_is_not_looked_at_is_found(grey, tmp_path: Path):
    real = grey.astype(np.float32)
    real[1, 5, 7] = np.nan  # of 24 slices the 2nd, 6th, ... are looked at
    path = write_volume(tmp_path / "grey.tif", real, spacing=SPACING)
    with pytest.raises(InputError, match="z=1, y=5, x=7"):
        do("check", path)


def test_projections_are_to_be_reconstructed_first(tmp_path: Path):
    (tmp_path / "projections.nxs").write_bytes(b"")
    with pytest.raises(InputError, match="electrodej reconstruct"):
        do("check", tmp_path / "projections.nxs")
