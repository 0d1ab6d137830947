"""`electrodej measure --cracks`, as a user calls it."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def files(tmp_path):
    """A cube of 6 voxels with a crack of 3 in it."""
    from electrodej.volume import write_volume

    phases = np.zeros((10, 10, 10), np.uint8)
    phases[2:8, 2:8, 2:8] = 2
    phases[4, 4, 4:7] = 3
    labels = (phases == 2).astype(np.uint16)
    for name, image in (("grey", 60 * phases), ("labels", labels), ("phases", phases)):
        write_volume(tmp_path / f"{name}.tif", image, spacing=(0.5,) * 3, labels=name != "grey")
    return tmp_path


def test_measure_writes_a_second_table_for_the_cracks(electrodej, files):
    words = (
        "measure",
        "grey.tif",
        "labels.tif",
        "--cracks",
        "phases.tif",
        "--attributes",
        "Volume",
        "--jobs",
        1,
    )
    done = electrodej(*words, "--crack-class", 3, "--out", "t.csv", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["particles"], told["cracks"]["cracked"]) == (1, 1)
    head, row = (line.split(",") for line in (files / "t_cracks.csv").read_text().splitlines())
    assert float(row[head.index("CrackVolume")]) == pytest.approx(3 * 0.125)
    again = electrodej(*words, "--out", "u.csv")
    assert again.returncode == 1
    assert "--crack-class" in again.stderr
    lost = electrodej("measure", "grey.tif", "labels.tif", "--crack-class", 3, "--out", "u.csv")
    assert (lost.returncode, "--cracks" in lost.stderr) == (2, True)
