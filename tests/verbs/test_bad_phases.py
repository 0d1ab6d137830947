"""Images that are hard for measures of phases, or no phase images: what is measured of them, what is said."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.errors import Cancelled, InputError
from electrodej.verbs import do
from electrodej.volume import write_volume


def blobs(*shape: int) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(np.random.default_rng(0).standard_normal(shape), 1.5)
    return np.digitize(noise, np.quantile(noise, (0.5, 0.7))).astype(np.uint8)


def measured(
    folder: Path, phases: np.ndarray, *, spacing: tuple[float, ...] = (1, 1, 1), **more: Any
) -> dict[str, float]:
    write_volume(folder / "phases.tif", phases, spacing=spacing, force=True)
    given = {"also": ("all",)} | more
    done = do("morphology", folder / "phases.tif", out=folder / "t.csv", force=True, **given)
    numbers: dict[str, Any] = done.numbers["versions"][0]
    return numbers | {"notes": done.numbers["notes"], "text": done.text}


def test_a_phase_that_does_not_percolate_is_infinite_and_said(tmp_path: Path):
    phases = np.zeros((9, 8, 8), np.uint8)
    phases[4] = 1
    found = measured(tmp_path, phases, also=("connectivity", "transport"))
    assert found["Tau_class0_z"] == math.inf
    assert found["Percolating_class0_z"] == 0
    assert found["Tau_class0_x"] == pytest.approx(1, rel=1e-3)
    assert any("class0 does not percolate along z" in note for note in found["notes"])
    lines = dict(line.split() for line in found["text"].splitlines() if line.startswith("Tau"))
    assert lines["Tau_class0_z"] == "inf"
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as handle:
        (row,) = csv.DictReader(handle)
    assert float(row["Tau_class0_z"]) == math.inf


def test_an_image_of_one_phase_has_no_surface_and_conducts(tmp_path: Path):
    found = measured(tmp_path, np.full((8, 9, 10), 3, np.uint8))
    assert found["Share_class3"] == found["Percolating_class3_x"] == 1
    assert found["Surface_class3"] == 0
    assert found["Tau_class3_y"] == pytest.approx(1, rel=1e-4)
    assert math.isnan(found["Thickness_class3_D50"])


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(1, 24, 24), (24, 1, 24), (2, 24, 24)])
def test_flat_images_are_measured_and_have_no_current_across(tmp_path: Path, shape: tuple[int, int, int]):
    found = measured(tmp_path, blobs(*shape))
    thin = "zyx"[shape.index(min(shape))]
    assert math.isnan(found[f"Tau_class0_{thin}"]) == (min(shape) == 1)
    along = "x" if thin != "x" else "y"
    assert found[f"Tau_class0_{along}"] >= 1
    assert found["Share_class0"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.slow
def test_phases_may_have_any_numbers(tmp_path: Path):
    phases = blobs(12, 12, 12)
    usual = measured(tmp_path, phases)
    gaps = measured(tmp_path, np.array([7, 80, 254], np.uint8)[phases])
    for name, value in usual.items():
        if name not in ("name", "of", "notes", "text"):
            there = gaps[
                name.replace("class0", "class7").replace("class1", "class80").replace("class2", "class254")
            ]
            assert there == pytest.approx(value, nan_ok=True), name


def test_voxels_ten_times_as_long_are_measured_in_micrometres(tmp_path: Path):
    """Columns along z are the same structure, whether its voxels are long or cut into ten."""
    phases = np.repeat(blobs(1, 30, 30), 3, axis=0)
    also = ("connectivity", "interfaces", "transport")
    long = measured(tmp_path, phases, spacing=(10, 1, 1), also=also)
    cut = measured(tmp_path, np.repeat(phases, 10, axis=0), also=also)
    for name in ("Percolating_class0_y", "Tau_class0_y", "Tau_class0_x", "Tau_class0_z", "TPB"):
        assert long[name] == pytest.approx(cut[name], rel=1e-3), name


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_grey_image_is_refused(tmp_path: Path, dtype: Any):
    grey = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (6, 30, 30)).astype(dtype)
    with pytest.raises(InputError, match="give a phase image and not the grey one"):
        measured(tmp_path, grey)
    assert not (tmp_path / "t.csv").exists()


@pytest.mark.parametrize("also", ["sizes", "statistics", "transport"])
def test_too_little_memory_is_said_before_the_work(tmp_path: Path, also: str):
    told: list[str] = []
    write_volume(tmp_path / "phases.tif", blobs(60, 60, 60), spacing=(1, 1, 1))
    with pytest.raises(InputError, match=rf"also: {also} of 60 x 60 x 60 voxels takes .* --memory"):
        do(
            "morphology",
            tmp_path / "phases.tif",
            also=(also,),
            out=tmp_path / "t.csv",
            memory=1 << 20,
            progress=lambda *now: told.append(now[2]),
        )
    assert not told


def test_a_stop_in_the_solver_leaves_nothing(tmp_path: Path):
    write_volume(tmp_path / "phases.tif", blobs(16, 16, 16), spacing=(1, 1, 1))

    def stop(*told: Any) -> None:
        if "solving" in told[2]:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        do(
            "morphology",
            tmp_path / "phases.tif",
            also=("transport",),
            out=tmp_path / "t.csv",
            progress=stop,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["phases.tif"]
