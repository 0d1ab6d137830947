"""A small scan of a known sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from electrodej.phantom import ScanSettings, write_scan

EDGE, PIXEL = 48, 0.5
MU = 0.04


def disc(y: float, x: float, radius: float) -> np.ndarray:
    """A disc with soft borders, in the middle of EDGE x EDGE pixels and beside."""
    rows, columns = np.mgrid[:EDGE, :EDGE] - (EDGE - 1) / 2
    return np.clip(radius - np.hypot(rows - y, columns - x) + 0.5, 0, 1)


@pytest.fixture(scope="session")
def sample() -> np.ndarray:
    """Attenuation per um of three rows: discs that are no mirror image of themselves."""
    rows = [MU * (disc(0, 0, 15) - 0.5 * disc(5, -6, 4) + 0.5 * disc(-4, 7 - k, 3)) for k in range(6)]
    return np.asarray(rows, np.float32)


@pytest.fixture(scope="session")
def clean(sample, tmp_path_factory) -> Path:
    """A scan in which nothing goes wrong but that the axis is 2.3 pixels off."""
    path = tmp_path_factory.mktemp("scan") / "clean.nxs"
    settings = ScanSettings.flawless(angles=91, offset=2.3)
    return write_scan(path, sample, settings, pixel=PIXEL)
