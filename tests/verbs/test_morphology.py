"""Files of phases to a table of measures: one image, versions of it, and networks trained on each."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.errors import InputError, OutputError, UsageError, VoxelSizeError
from electrodej.verbs import do
from electrodej.volume import write_volume

SPACING = (0.5, 0.5, 0.5)
NAMES = ("pore", "solid")


def measure_phase_images(phases: list[Path], out: Path, **options: Any) -> dict[str, Any]:
    return dict(do("morphology", phases, out=out, **options).numbers)


def half(edge: int, shape: tuple[int, int, int] = (4, 20, 20)) -> np.ndarray[Any, Any]:
    """Solid from ``edge`` on along x."""
    phases = np.zeros(shape, np.uint8)
    phases[..., edge:] = 1
    return phases


@pytest.fixture
def versions(tmp_path: Path) -> list[Path]:
    """Three people who set the border at another place."""
    paths = []
    for name, edge in (("anna", 8), ("ben", 10), ("cleo", 12)):
        paths.append(tmp_path / f"{name}.tif")
        write_volume(paths[-1], half(edge), spacing=SPACING, labels=True)
    return paths


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_one_image_has_one_row_and_no_spread(versions: list[Path], tmp_path: Path):
    result = measure_phase_images(versions[:1], tmp_path / "t.csv", names=NAMES)
    (row,) = rows_of(tmp_path / "t.csv")
    assert float(row["Share_pore"]) == pytest.approx(0.4)
    assert (row["Image"], row["Of"]) == ("anna.tif", "labels")
    assert result["spread"] == []
    assert not (tmp_path / "t_spread.csv").exists()
    described = json.loads((tmp_path / "t.json").read_text())
    assert described["columns"]["Area_pore_solid"]["unit"] == "um^-1"


def test_versions_have_a_row_each_and_the_spread_follows_from_counting(versions: list[Path], tmp_path: Path):
    result = measure_phase_images(versions, tmp_path / "t.csv", names=NAMES)
    assert [float(row["Share_pore"]) for row in rows_of(tmp_path / "t.csv")] == pytest.approx([0.4, 0.5, 0.6])
    pore = next(row for row in rows_of(tmp_path / "t_spread.csv") if row["Measure"] == "Share_pore")
    assert float(pore["Mean"]) == pytest.approx(0.5)
    assert float(pore["SD"]) == pytest.approx(0.1)
    assert float(pore["Least"]) == pytest.approx(0.4)
    assert (pore["Of"], pore["Versions"]) == ("labels", "3")
    # The plane between them is the same wherever it stands.
    area = next(row for row in result["spread"] if row["Measure"] == "Area_pore_solid")
    assert area["SD"] == pytest.approx(0, abs=1e-9)


def test_moved_borders_are_versions_too(versions: list[Path], tmp_path: Path):
    result = measure_phase_images(versions[1:2], tmp_path / "t.csv", names=NAMES, border=2)
    shares = {entry["name"]: entry["Share_pore"] for entry in result["versions"]}
    assert shares == {
        "ben.tif": pytest.approx(0.5),
        "ben.tif, pore +2 px": pytest.approx(0.6),
        "ben.tif, pore -2 px": pytest.approx(0.4),
        "ben.tif, solid +2 px": pytest.approx(0.4),
        "ben.tif, solid -2 px": pytest.approx(0.6),
    }


def test_what_nobody_labelled_does_not_count_and_a_phase_may_lack_in_a_version(tmp_path: Path):
    phases = half(10)
    phases[:, :5] = 255
    write_volume(tmp_path / "a.tif", phases, spacing=SPACING, labels=True)
    phases[0, 7, 0] = 2
    write_volume(tmp_path / "b.tif", phases, spacing=SPACING, labels=True)
    result = measure_phase_images([tmp_path / "a.tif", tmp_path / "b.tif"], tmp_path / "t.csv")
    first, second = result["versions"]
    assert (first["Share_class0"], first["Share_class2"]) == (0.5, 0)
    assert second["Share_class2"] == pytest.approx(1 / (4 * 15 * 20))
    assert np.isnan(first["Chord_class2"])


@pytest.mark.slow
def test_a_phase_may_lack_in_a_version_whatever_is_measured(tmp_path: Path):
    phases = half(10)
    write_volume(tmp_path / "a.tif", phases, spacing=SPACING, labels=True)
    phases[:, 3:8, 3:8] = 2
    write_volume(tmp_path / "b.tif", phases, spacing=SPACING, labels=True)
    also = ("connectivity", "interfaces", "sizes", "transport")
    result = measure_phase_images([tmp_path / "a.tif", tmp_path / "b.tif"], tmp_path / "t.csv", also=also)
    first, second = result["versions"]
    assert (first["Largest_class2"], second["Largest_class2"]) == (0, 1)
    assert np.isnan(first["Thickness_class2_D50"])
    assert second["Tau_class2_z"] == pytest.approx(1, rel=1e-3)


def test_particles_are_counted_by_number_and_by_volume(versions: list[Path], tmp_path: Path):
    """Nine cubes of 2 voxels a side and one of 8, which has most of the volume and is cut by a face."""
    labels = np.zeros((10, 24, 24), np.uint16)
    for number in range(9):
        labels[
            1:3, 1 + 3 * (number // 3) : 3 + 3 * (number // 3), 1 + 3 * (number % 3) : 3 + 3 * (number % 3)
        ] = number + 1
    labels[2:10, 12:20, 12:20] = 700
    write_volume(tmp_path / "particles.tif", labels, spacing=SPACING, labels=True)
    write_volume(tmp_path / "phases.tif", (labels > 0).astype(np.uint8), spacing=SPACING, labels=True)
    done = do(
        "morphology", tmp_path / "phases.tif", particles=tmp_path / "particles.tif", out=tmp_path / "t.csv"
    )
    found = done.numbers["versions"][0]
    small, large = ((side * 0.5) * (6 / np.pi) ** (1 / 3) for side in (2, 8))
    assert found["Particles"] == 10
    for percent, number, volume in (("D10", small, small), ("D50", small, large), ("D90", small, large)):
        assert found[f"ParticleSize_number_{percent}"] == pytest.approx(number)
        # The small ones are 72 of 584 voxels.
        assert found[f"ParticleSize_volume_{percent}"] == pytest.approx(volume)
    assert any("1 of 10 particles touch a face" in note for note in done.numbers["notes"])
    shares = [float(row["Share"]) for row in rows_of(tmp_path / "t_sizes.csv") if "number" in row["Size"]]
    assert max(shares) == pytest.approx(0.9)
    assert sum(shares) == pytest.approx(1)
    with pytest.raises(InputError, match="same volume"):
        do("morphology", versions[0], particles=tmp_path / "particles.tif", out=tmp_path / "u.csv")


@pytest.mark.slow
def test_networks_trained_on_each_version_follow_their_labels(tmp_path: Path):
    random = np.random.default_rng(0)
    shape = (4, 32, 48)
    grey = 60 + 60 * half(4, shape) + 60 * half(44, shape) + random.normal(0, 4, shape)
    write_volume(tmp_path / "grey.tif", grey.astype(np.uint8), spacing=SPACING)
    # One takes the middle grey, nearly all of the image, for solid, the other for pore.
    for name, edge in (("low", 4), ("high", 44)):
        write_volume(tmp_path / f"{name}.tif", half(edge, shape), spacing=SPACING, labels=True)
    result = measure_phase_images(
        [tmp_path / "low.tif", tmp_path / "high.tif"], tmp_path / "t.csv", names=NAMES,
        grey=tmp_path / "grey.tif", filters=4, epochs=4, steps=16, batch=4, patch=32,
    )  # fmt: skip
    shares = {(entry["name"], entry["of"]): entry["Share_pore"] for entry in result["versions"]}
    assert shares["low.tif", "labels"] == pytest.approx(4 / 48)
    assert shares["high.tif", "labels"] == pytest.approx(44 / 48)
    assert shares["high.tif", "prediction"] - shares["low.tif", "prediction"] > 0.1
    assert {row["Of"] for row in result["spread"]} == {"labels", "prediction"}
    # The networks are not kept.
    assert {path.name for path in tmp_path.iterdir()} == {
        "grey.tif", "low.tif", "high.tif", "t.csv", "t.json", "t_spread.csv",
    }  # fmt: skip


def test_images_that_do_not_belong_together_are_refused(versions: list[Path], tmp_path: Path):
    write_volume(tmp_path / "small.tif", half(8)[:, :-1], spacing=SPACING)
    write_volume(tmp_path / "coarse.tif", half(8), spacing=(1, 1, 1))
    write_volume(tmp_path / "labels.tif", np.full((4, 20, 20), 700, np.uint16), spacing=SPACING)
    write_volume(tmp_path / "empty.tif", np.full((4, 20, 20), 255, np.uint8), spacing=SPACING)
    for name, error in (
        ("small", InputError),
        ("coarse", VoxelSizeError),
        ("labels", InputError),
        ("empty", InputError),
    ):
        with pytest.raises(error, match=name):
            measure_phase_images([versions[0], tmp_path / f"{name}.tif"], tmp_path / "t.csv")
    assert not list(tmp_path.glob("t*"))
    (tmp_path / "t_spread.csv").write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        measure_phase_images(versions, tmp_path / "t.csv")


def test_straight_channels_conduct_as_their_share_and_only_along_themselves(tmp_path: Path):
    phases = np.zeros((6, 8, 10), np.uint8)
    phases[:, 2:4, :] = 1
    write_volume(tmp_path / "slit.tif", phases, spacing=SPACING, labels=True)
    found = do(
        "morphology", (tmp_path / "slit.tif",), names=NAMES, also=("connectivity", "transport"),
        out=tmp_path / "t.csv",
    ).numbers["versions"][0]  # fmt: skip
    for axis in ("z", "x"):
        assert found[f"Tau_solid_{axis}"] == pytest.approx(1, abs=1e-3)
        assert found[f"Keff_solid_{axis}"] == pytest.approx(0.25, abs=1e-3)
        assert found[f"Percolating_solid_{axis}"] == 1
    assert found["Percolating_solid_y"] == 0
    assert found["Keff_solid_y"] == 0
    described = json.loads((tmp_path / "t.json").read_text())["columns"]
    assert described["Tau_solid_z"]["definition"]


@pytest.mark.parametrize("options", [{"also": ("colour",)}, {"conductivity": ("pore=1",)}])
def test_further_measures_that_make_no_sense_are_wrong_usage(tmp_path: Path, options: dict[str, Any]):
    with pytest.raises(UsageError):
        do("morphology", (tmp_path / "p.tif",), out=tmp_path / "t.csv", **options)


def test_a_phase_that_is_not_there_is_found_before_anything_is_measured(versions: list[Path], tmp_path: Path):
    told: list[str] = []
    with pytest.raises(InputError, match="'poer'"):
        measure_phase_images(
            versions[:1], tmp_path / "t.csv", names=NAMES, also=("transport",), conductivity=("poer=1",),
            progress=lambda *state: told.append(state[-1]),
        )  # fmt: skip
    assert not any("measuring" in stage for stage in told)


def test_a_phase_without_a_name_is_noted(versions: list[Path], tmp_path: Path):
    notes: list[str] = []
    measure_phase_images(versions[:1], tmp_path / "t.csv", names=("pore",), notes=notes)
    assert any("--names" in note and "class1" in note for note in notes)
    notes.clear()
    measure_phase_images(versions[:1], tmp_path / "u.csv", names=NAMES, notes=notes)
    assert not any("--names" in note for note in notes)
