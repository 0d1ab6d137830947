"""Every verb that uses a network looks at the scan first, says what it does, and does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from electrodej.errors import InputError, VoxelSizeError
from electrodej.phantom import make_phantom, make_slice
from electrodej.run import Run
from electrodej.verbs import do, find
from electrodej.volume import open_volume

SPACING = (0.14, 0.14, 0.14)


@pytest.fixture(scope="module")
def section():
    return make_slice((224, 224), spacing=SPACING, seed=11, pore_grey=25.0)


@pytest.fixture(scope="module")
def scan():
    return make_phantom((40, 112, 112), spacing=SPACING, seed=5)


def done(verb: str, image: Any, out: Path, **options: Any) -> tuple[Any, dict[str, Any], list[str]]:
    """What a verb writes, its numbers and its notes."""
    run = Run()
    made = find(verb)
    outcome = made.run(made.make(image=image, out=out, spacing=SPACING, **options), run)
    with open_volume(out) as written:
        return written.read(), dict(outcome.numbers), run.notes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verb", "model"), [("segment particles", "nmc-particles"), ("segment phases", ("nmc-phases",))]
)
def test_a_section_of_inverted_contrast_is_inverted_and_gives_the_same(section, tmp_path, verb, model):
    grey = section.grey
    upright, _, notes = done(verb, grey, tmp_path / "upright.tif", model=model)
    assert not any("inverted" in note for note in notes)
    found, numbers, notes = done(verb, 255 - grey, tmp_path / "inverted.tif", model=model)
    assert numbers["look"]["inverted"]
    assert any("inverted first" in note for note in notes)
    assert np.mean((found > 0) != (upright > 0)) < 0.01
    wrong, numbers, notes = done(verb, 255 - grey, tmp_path / "wrong.tif", model=model, as_is=True)
    assert (numbers["look"]["looked_at"], numbers["look"]["inverted"], notes) == (False, False, [])
    assert np.mean((wrong > 0) != (upright > 0)) > 0.1


@pytest.mark.slow
def test_fuse_finds_the_same_particles_in_an_inverted_scan(scan, tmp_path):
    upright, numbers, _ = done("fuse", scan.grey, tmp_path / "upright.tif", model="nmc-particles")
    found, inverted, notes = done("fuse", 255 - scan.grey, tmp_path / "inverted.tif", model="nmc-particles")
    assert inverted["look"]["inverted"]
    assert any("inverted first" in note for note in notes)
    assert inverted["particles"] == numbers["particles"] > 0
    assert np.mean((found > 0) != (upright > 0)) < 0.01


def test_the_watershed_finds_dark_particles_too(section, tmp_path):
    upright, _, _ = done("segment particles", section.grey, tmp_path / "upright.tif", model="watershed")
    found, numbers, _ = done(
        "segment particles", 255 - section.grey, tmp_path / "inverted.tif", model="watershed"
    )
    assert numbers["look"]["inverted"]
    assert np.mean((found > 0) != (upright > 0)) < 0.02


@pytest.mark.parametrize(
    ("verb", "model"),
    [
        ("segment particles", "nmc-particles"),
        ("segment phases", ("nmc-phases",)),
        ("segment phases", ("nmc-cracks",)),
        ("fuse", "nmc-particles"),
    ],
)
def test_impossible_voxels_and_labels_as_grey_are_refused_before_any_work(scan, tmp_path, verb, model):
    out = tmp_path / "found.tif"
    with pytest.raises(VoxelSizeError, match=r"nanometres.*--spacing 0\.14,0\.14,0\.14"):
        do(verb, scan.grey, model=model, spacing=(140, 140, 140), out=out)
    with pytest.raises(InputError, match="looks like particle labels"):
        do(verb, scan.labels, model=model, spacing=SPACING, out=out)
    assert list(tmp_path.iterdir()) == []


def test_measure_refuses_grey_values_as_labels_and_labels_as_grey_values(scan, tmp_path):
    with pytest.raises(InputError, match="looks like grey values"):
        do("measure", scan.labels, scan.grey, spacing=SPACING, out=tmp_path / "table.csv")
    with pytest.raises(InputError, match="looks like particle labels"):
        do("measure", scan.labels, scan.labels, spacing=SPACING, out=tmp_path / "table.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_particles_far_too_large_are_reduced_and_it_is_said(tmp_path):
    large = make_slice((420, 420), spacing=(0.04,) * 3, seed=3).grey
    verb, run = find("segment particles"), Run()
    options = {"image": large, "spacing": (0.04,) * 3, "out": tmp_path / "found.tif"}
    numbers = verb.run(verb.make(**options), run).numbers
    (scale,) = numbers["look"]["enlarged"]
    assert 0.2 < scale < 0.6
    assert any(f"is reduced to {scale:.0%} of its size" in note for note in run.notes)
    assert numbers["scale"] == [scale, scale]


def test_a_scan_without_anything_in_it_is_warned_of(tmp_path):
    black = np.zeros((96, 96), np.uint8)
    found, numbers, notes = done("segment particles", black, tmp_path / "found.tif", model="nmc-particles")
    assert not found.any()
    assert numbers["look"]["warned"]
    assert any(note.startswith("WARNING: all voxels have the value 0") for note in notes)


@pytest.mark.parametrize(("shape", "photometric"), [((96, 96, 3), "rgb"), ((2, 5, 64, 64), "minisblack")])
def test_colours_and_movies_are_refused_by_check_and_the_cause_is_said(tmp_path, shape, photometric):
    path = tmp_path / "image.tif"
    values = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    axes = {"axes": "TZYX"} if len(shape) == 4 else {}
    tifffile.imwrite(path, values, photometric=photometric, imagej=len(shape) == 4, metadata=axes)
    with pytest.raises(InputError, match=r"colour|RGB|time|frames|channel"):
        do("check", path, spacing=SPACING)
