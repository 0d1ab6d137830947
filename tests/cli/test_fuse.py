"""``electrodej fuse`` as users have it: three files in, labels and a table out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

Command = Callable[..., Any]


@pytest.fixture
def probability(tmp_path: Path) -> Path:
    """Two balls of radius 2 um that touch, as an ImageJ TIFF."""
    z, y, x = np.indices((24, 24, 44)) * 0.2
    near, far = (
        np.clip(1 - np.sqrt((z - 2.3) ** 2 + (y - 2.3) ** 2 + (x - at) ** 2) / 2, 0, 1) for at in (2.3, 6.3)
    )
    path = tmp_path / "probability.tif"
    tifffile.imwrite(
        path,
        np.rint(255 * np.maximum(near, far)).astype(np.uint8),
        imagej=True,
        resolution=(5, 5),
        metadata={"axes": "ZYX", "spacing": 0.2, "unit": "um"},
    )
    return path


def words_of(path: Path) -> list[object]:
    """The file and two copies as the three views."""
    again = [Path(shutil.copy(path, path.with_stem(view))) for view in ("xz", "yz")]
    return ["--xy", path, "--xz", again[0], "--yz", again[1]]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["flow", "watershed", "kmeans"])
def test_three_probabilities_become_particles(
    electrodej: Command, probability: Path, tmp_path: Path, method: str
) -> None:
    done = electrodej("fuse", *words_of(probability), "--method", method, "--out", "p.tif", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    # Balls that touch at a point are apart for k-means too: their sum is low there.
    assert (result["particles"], result["method"]) == (2, method)
    assert tifffile.imread(tmp_path / "p.tif").max() == 2
    assert (tmp_path / "p_agreement.csv").exists()


@pytest.mark.slow
def test_options_reach_the_fusion(electrodej: Command, probability: Path, tmp_path: Path) -> None:
    words = [*words_of(probability), "--out", "p.tif", "--min-volume", "1000", "--pictures", "look"]
    done = electrodej("fuse", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 particles in p.tif")
    assert "no particle was found" in done.stderr
    assert "larger than --min-volume" in done.stderr
    assert (tmp_path / "look" / "overlay_xy.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], "--model"),
        (["grey.tif"], "--model"),
        (["grey.tif", "--model", "m", "--xy", "a.tif"], "--xy"),
        (["--xy", "a.tif", "--yz", "b.tif"], "--xz"),
        (["--xy", "a.tif", "--xz", "a.tif", "--yz", "b.tif", "--resume"], "--resume"),
        (["grey.tif", "--model", "m", "--reduce", "4"], "--method kmeans"),
        (["grey.tif", "--model", "m", "--grey", "g.tif"], "--grey"),
        (["grey.tif", "--model", "m", "--method", "magic"], "magic"),
        (["grey.tif", "--model", "m", "--min-volume", "-1"], "-1"),
        (["grey.tif", "--model", "m", "--refine", "9"], "0 to 8"),
        (["grey.tif", "--model", "m", "--scale", "1000"], "--scale"),
        (["grey.tif", "--model", "m", "--refine", "²"], "0 to 8"),
        (["grey.tif", "--model", "m", "--rounds", "²"], "0 to 9"),
        (["--xy", "a.tif", "--xz", "a.tif", "--yz", "b.tif", "--rounds", "1"], "--rounds"),
        (["--xy", "a.tif", "--xz", "a.tif", "--yz", "b.tif", "--refine", "1"], "--grey"),
        (["--xy", "a.tif", "--xz", "b.tif", "--yz", "c.tif", "--intact", "--shapes", "s"], "--grey"),
        (["grey.tif", "--model", "m", "--scheduler", "head"], "tcp://head-node:8786"),
        (["grey.tif", "--model", "m", "--scheduler", "head:1", "--method", "kmeans"], "--scheduler"),
    ],
)
def test_wrong_usage_names_the_option(electrodej: Command, words: list[str], part: str) -> None:
    done = electrodej("fuse", *words, "--out", "p.tif")
    assert done.returncode == 2
    assert part in done.stderr


def test_a_file_that_is_not_there_is_one_line(electrodej: Command, probability: Path) -> None:
    words = [*words_of(probability)[:4], "--yz", "absent.tif"]
    done = electrodej("fuse", *words, "--out", "p.tif", "--quiet")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "absent.tif" in done.stderr
