"""``electrodej link`` as users have it: files in, a label volume out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

Command = Callable[..., Any]


@pytest.fixture
def slices(tmp_path: Path) -> Path:
    """A bar of 8 sections of which one is missing, and one of 2; a movie with voxels of 1 um^3."""
    stack = np.zeros((8, 6, 8), np.uint16)
    stack[:, 1:4, 1:7] = np.arange(11, 19)[:, None, None]
    stack[4] = 0
    stack[6:, 5, 0] = 65_535
    tifffile.imwrite(
        tmp_path / "slices.tif", stack, imagej=True, metadata={"axes": "TYX", "unit": "um", "spacing": 1.0},
        resolution=(1, 1),
    )  # fmt: skip
    return tmp_path / "slices.tif"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "particles", "drawn", "volumes"),
    [
        ((), 2, 0, [126, 2]),
        (("--fill",), 2, 1, [144, 2]),
        (("--gap", 0, "--fill"), 3, 0, [72, 54, 2]),
        (("--by", "distance", "--max-jump", 0.5), 2, 0, [126, 2]),
        (("--min-volume", 2.5), 1, 0, [126]),
        (("--min-volume", 2.5, "--spacing", "1,1,2"), 2, 0, [126, 2]),
        # Across y, the bar's seven slices are seven plates, each with a number of its own.
        (("--view", "xz", "--neck", 0), 8, 0, [18] * 7 + [2]),
    ],
)
def test_options_reach_the_labels(
    electrodej: Command, slices: Path, words: tuple[Any, ...], particles: int, drawn: int, volumes: list[int]
) -> None:
    done = electrodej("link", slices, "--out", "out.tif", "--json", *words)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["particles"], result["drawn_sections"]) == (particles, drawn)
    labels = tifffile.imread(slices.parent / "out.tif")
    assert len(np.unique(labels)) == particles + 1
    assert np.bincount(labels.ravel())[1:].tolist() == volumes


@pytest.mark.slow
def test_a_person_is_told_what_was_found(electrodej: Command, slices: Path) -> None:
    done = electrodej("link", slices, "--fill", "--out", "out.tif", "--quiet")
    for told in ("2 particles", "9 sections", "1 drawn", "out.tif"):
        assert told in done.stdout
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "--out"),
        (("--out", "out.png"), 1, "out.png"),
        (("--out", "out.tif", "--gap", "-1"), 2, "--gap"),
        (("--out", "out.tif", "--gap", "1.5"), 2, "'1.5' is not a number of slices"),
        (("--out", "out.tif", "--max-jump", "0"), 2, "'0' is not a length"),
        (("--out", "out.tif", "--min-volume", "nan"), 2, "'nan' is not a volume"),
        (("--out", "out.tif", "--neck", "1"), 2, "'1' is not a share"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    electrodej: Command, slices: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = electrodej("link", slices, *words)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (slices.parent / "out.tif").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("words", "doubt"), [((), "not all 0"), (("--min-volume", 1000), "--min-volume")])
def test_an_empty_result_is_told(
    electrodej: Command, slices: Path, words: tuple[Any, ...], doubt: str
) -> None:
    if not words:
        empty = np.zeros((3, 6, 8), np.uint16)
        tifffile.imwrite(slices, empty, imagej=True, metadata={"axes": "TYX"})
    done = electrodej("link", slices, "--out", "out.tif", "--spacing", 1, *words)
    assert done.returncode == 0
    assert "note: no particle was found" in done.stderr
    assert doubt in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("axes", ["TYX", "ZYX"])
@pytest.mark.parametrize("share", [0.3, 0.5])
def test_a_stack_that_is_cut_off_is_one_line(
    electrodej: Command, tmp_path: Path, axes: str, share: float
) -> None:
    stack = np.random.default_rng(0).integers(1, 9, (20, 64, 64)).astype(np.uint16)
    whole, cut = tmp_path / "whole.tif", tmp_path / "cut.tif"
    for compression in (None, "zlib"):
        tifffile.imwrite(whole, stack, imagej=True, metadata={"axes": axes}, compression=compression)
        cut.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
        done = electrodej("link", cut, "--out", "out.tif", "--spacing", 1, "--quiet")
        assert done.returncode == 1
        assert done.stderr.startswith("electrodej link: ")
        assert done.stderr.count("\n") == 1
