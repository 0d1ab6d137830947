"""What a forest finds while somebody labels."""

import json
import subprocess
import sys

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.run import Run
from electrodej.volume import open_volume, write_volume
from electrodej.worker.glance import classes_of, glance


def sent(folder, **arrays):
    """Images as a script sends them."""
    for name, array in arrays.items():
        write_volume(folder / f"{name}.tif", array, spacing=(0.1,) * 3, force=True)
    return {name: {"file": str(folder / f"{name}.tif")} for name in arrays}


@pytest.fixture
def halves():
    """A slice that is dark on the left and bright on the right, with a stroke on each."""
    noise = np.random.default_rng(2).normal(0, 6, (1, 48, 64))
    grey = (np.where(np.arange(64) < 32, 60, 180) + noise).astype(np.uint8)
    drawn = np.zeros(grey.shape, np.uint8)
    drawn[0, 10:14, 4:28], drawn[0, 30:34, 36:60] = 1, 3
    return grey, drawn


def test_the_slice_that_is_shown_has_the_phases_that_were_drawn_on_another(halves, tmp_path):
    grey, drawn = halves
    images = sent(tmp_path, grey=grey, drawn=drawn, shown=grey[:, :, ::-1])
    found = glance({**images, "out": str(tmp_path / "out.tif")}, Run())
    with open_volume(tmp_path / "out.tif") as volume:
        phases = volume.read()[0]
    assert (phases[:, :28] == 3).all()
    assert (phases[:, 36:] == 1).all()
    assert found["labelled"] == {"1": 96, "3": 96}
    assert {found["one"], found["other"]} == {1, 3}
    assert 0 <= found["x"] < 64
    assert 0 <= found["y"] < 48


def test_grey_values_count_as_where_they_were_taught(halves, tmp_path):
    """A slice that has nothing of the bright phase is not stretched until it has."""
    grey, drawn = halves
    dark = np.tile(grey[:, :, :30], (1, 1, 2))
    images = sent(tmp_path, grey=grey, drawn=drawn, shown=dark)
    glance({**images, "out": str(tmp_path / "out.tif")}, Run())
    with open_volume(tmp_path / "out.tif") as volume:
        assert (volume.read() == 1).mean() > 0.95


@pytest.mark.parametrize(("value", "words"), [(0, "phase 1 alone"), (300, "phase 300"), (1, "phase 1 alone")])
def test_what_cannot_be_learnt_from_is_said(halves, tmp_path, value, words):
    grey, drawn = halves
    wrong = np.where(drawn == 3, np.uint16(value), drawn)
    images = sent(tmp_path, grey=grey, drawn=wrong, shown=grey)
    with pytest.raises(InputError, match=words):
        glance({**images, "out": str(tmp_path / "out.tif")}, Run())


@pytest.mark.parametrize("value", [1.5, -1, np.nan])
def test_what_is_no_number_of_a_phase_is_not_taken_for_one(value):
    with pytest.raises(InputError, match="what is drawn"):
        classes_of(np.array([[0, 1, 2, value]], np.float32))


REHEARSED = """
import json, sys
from electrodej.run import Run
from electrodej.worker.glance import glance, rehearse
rehearse({}, Run())
before = set(sys.modules)
glance(json.loads(sys.argv[1]), Run())
heavy = ("sklearn", "numba", "llvmlite", "pandas")
print([name for name in set(sys.modules) - before if name.split(".")[0] in heavy])
"""


@pytest.mark.slow
def test_what_a_glance_needs_is_loaded_by_the_rehearsal(halves, tmp_path):
    grey, drawn = halves
    images = sent(tmp_path, grey=grey, drawn=drawn, shown=grey)
    words = json.dumps({**images, "out": str(tmp_path / "out.tif")})
    done = subprocess.run(
        [sys.executable, "-c", REHEARSED, words], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
