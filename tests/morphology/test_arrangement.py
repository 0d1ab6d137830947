"""Profiles, correlations and representative volumes of all phases at once, as tables."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import label

from electrodej.errors import InputError
from electrodej.morphology import (
    PhaseImage,
    Profiles,
    local_thickness,
    measure_arrangement,
    measure_connectivity,
    measure_phases,
    measure_sizes,
    size_distribution,
    two_point,
)
from electrodej.verbs import do
from electrodej.volume import write_volume

NAMES = {0: "pore", 3: "particle"}
PHASES = (3 * (np.random.default_rng(3).random((12, 14, 16)) < 0.4)).astype(np.uint8)
SPACING = (1.0, 0.5, 0.25)


def test_profiles_have_every_measure_in_slabs_along_every_axis():
    profiles = Profiles(PhaseImage(PHASES, spacing=SPACING, names=NAMES))
    profiles.measure(measure_phases)
    found = profiles.table()
    for axis, letter in enumerate("zyx"):
        here = (found["Axis"] == letter) & (found["Measure"] == "Share_particle")
        slabs = np.split(np.moveaxis(PHASES == 3, axis, 0), PHASES.shape[axis] // 2)
        assert found["Value"][here] == pytest.approx([slab.mean() for slab in slabs])
        assert found["Position"][here] == pytest.approx((2 * np.arange(len(slabs)) + 1) * SPACING[axis])
    areas = found["Value"][(found["Axis"] == "z") & (found["Measure"] == "Area_pore_particle")]
    assert np.isfinite(areas).all()
    assert areas.min() > 0


def test_profiles_of_clusters_and_balls_are_those_of_the_whole_volume():
    """By SciPy's clusters, and by the balls that were found before the volume is cut into slabs."""
    image = PhaseImage(PHASES, spacing=(1, 1, 1), names=NAMES)
    profiles = Profiles(image)
    measure_connectivity(image, profiles=profiles)
    measure_sizes(image, profiles=profiles)
    table = profiles.table()
    labels, _ = label(PHASES == 3)
    through = np.intersect1d(labels[0], labels[-1])
    kept, balls = np.isin(labels, through[through > 0]), local_thickness(PHASES == 3, spacing=(1, 1, 1))
    for axis, letter in enumerate("zyx"):
        slabs = [
            np.split(np.moveaxis(each, axis, 0), PHASES.shape[axis] // 2)
            for each in (kept, labels > 0, balls)
        ]

        def found(name: str, letter: str = letter) -> np.ndarray:
            return table["Value"][(table["Axis"] == letter) & (table["Measure"] == name)]

        shares = [one.sum() / every.sum() for one, every in zip(*slabs[:2], strict=True)]
        assert found("Percolating_particle_z") == pytest.approx(shares)
        medians = [size_distribution(each, spacing=(1, 1, 1)).percentile(50) for each in slabs[2]]
        assert found("Thickness_particle_D50") == pytest.approx(medians)
        # Chords across a slab would be cut by it.
        assert found(f"ChordMean_particle_{letter}").size == 0


def test_correlations_are_those_of_each_phase():
    _, tables = measure_arrangement(PhaseImage(PHASES, spacing=SPACING, names=NAMES))
    found = tables["correlations"]
    here = (found["Phase"] == "particle") & (found["Axis"] == "x")
    expected = two_point(PHASES == 3, 2, spacing=SPACING)
    assert found["TwoPoint"][here] == pytest.approx(expected["Probability"][:9])
    assert found["Distance"][here][-1] == 2.0
    assert (found["LinealPath"][here] <= found["TwoPoint"][here] + 1e-12).all()


def test_each_measure_says_what_volume_it_needs():
    measures, tables = measure_arrangement(PhaseImage(PHASES, spacing=(1, 1, 1), names=NAMES))
    found = {each.name: each.value for each in measures}
    halves = tables["volumes"]
    share = halves["Measure"] == "Share_particle"
    eighths = [
        float((PHASES[z : z + 6, y : y + 7, x : x + 8] == 3).mean())
        for z in (0, 6) for y in (0, 7) for x in (0, 8)
    ]  # fmt: skip
    assert halves["Mean"][share][0] == pytest.approx(np.mean(eighths))
    assert halves["RelativeSD"][share][0] == pytest.approx(np.std(eighths, ddof=1) / np.mean(eighths))
    assert halves["Nested"][share][0] == pytest.approx((PHASES[3:9, 3:10, 4:12] == 3).mean())
    assert found["Representative_Share_particle"] > 0
    # Noise of single voxels has less surface on coarser ones.
    assert abs(found["VoxelError_Area_pore_particle"]) > 0.05


@pytest.mark.parametrize("shape", [(1, 20, 20), (2, 2, 2)])
def test_flat_and_tiny_images_have_what_can_be_said_of_them(shape: tuple[int, int, int]):
    phases = np.zeros(shape, np.uint8)
    phases[..., 1:] = 3
    measures, tables = measure_arrangement(PhaseImage(phases, spacing=(1, 1, 1), names=NAMES))
    found = {each.name: each.value for each in measures}
    assert math.isnan(found["VoxelError_Share_pore"])
    assert set(tables["correlations"]["Phase"]) == {"pore", "particle"}


def test_what_is_no_phase_image_is_refused():
    with pytest.raises(InputError, match="whole numbers"):
        PhaseImage(np.zeros((3, 3, 3)), spacing=(1, 1, 1))


def test_with_everything_asked_for_every_measure_has_a_profile(tmp_path: Path):
    phases = np.random.default_rng(0).integers(0, 3, (8, 9, 10)).astype(np.uint8)
    write_volume(tmp_path / "phases.tif", phases, spacing=SPACING, labels=True)
    done = do("morphology", tmp_path / "phases.tif", also=("all",), out=tmp_path / "t.csv")
    measured = set(done.numbers["versions"][0]) - {"name", "of"}
    measured = {each for each in measured if not each.startswith(("Representative_", "VoxelError_"))}
    with (tmp_path / "t_profiles.csv").open(encoding="utf-8", newline="") as handle:
        assert {row["Measure"] for row in csv.DictReader(handle)} == measured


@pytest.mark.slow
def test_the_verb_writes_the_tables_beside_its_own(tmp_path: Path):
    write_volume(tmp_path / "phases.tif", PHASES, spacing=SPACING, labels=True)
    done = do(
        "morphology",
        tmp_path / "phases.tif",
        names=("pore", "a", "b", "particle"),
        also=("sizes", "statistics"),
        out=tmp_path / "t.csv",
    )
    written = sorted(path.name for path in tmp_path.glob("t*"))
    assert written == ["t.csv", "t.json", *(f"t_{name}.csv" for name in TABLES)]
    assert "Representative_Share_particle" in done.numbers["versions"][0]
    heads = {name: (tmp_path / f"t_{name}.csv").read_text(encoding="utf-8").split("\n")[0] for name in TABLES}
    assert heads["correlations"] == "Image,Phase,Axis,Distance,TwoPoint,LinealPath"
    assert heads["sizes"] == "Image,Size,From,To,Share,Below"
    assert '"correlations_columns"' in (tmp_path / "t.json").read_text(encoding="utf-8")


TABLES = ("correlations", "profiles", "sizes", "volumes")
