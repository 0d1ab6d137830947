"""Cracks are left out of the particles of a section where only material is wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from electrodej.verbs import do
from electrodej.volume import open_volume, write_volume


@pytest.fixture
def section(tmp_path: Path) -> Path:
    """Four bright discs with a dark crack each."""
    grid = np.mgrid[:120, :120]
    grey = np.full((120, 120), 40, np.uint8)
    for y in (30, 90):
        for x in (30, 90):
            grey[np.hypot(grid[0] - y, grid[1] - x) <= 22] = 200
            grey[y - 1 : y + 2, x - 12 : x + 12] = 40
    write_volume(tmp_path / "grey.tif", grey, spacing=(0.1, 0.1, 0.1))
    return tmp_path / "grey.tif"


def test_intact_takes_the_dark_out_and_nothing_else(section: Path, tmp_path: Path) -> None:
    found = {}
    for intact in (False, True):
        out = tmp_path / f"{intact}.tif"
        do("segment particles", section, model="nmc-particles", intact=intact, out=out)
        with open_volume(out) as labels:
            found[intact] = labels.read()[0]
    with open_volume(section) as volume:
        grey = volume.read()[0]
    crack = (slice(30, 31), slice(24, 36))
    assert (found[True][crack] == 0).all()
    kept = found[True] > 0
    assert kept.any()
    assert (found[True][kept] == found[False][kept]).all()
    gone = (found[False] > 0) & ~kept
    assert gone.any()
    assert np.mean(grey[gone] < 120) > 0.9
    assert not list(tmp_path.glob(".*partial*"))
