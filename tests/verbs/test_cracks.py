"""Files of particles and cracks to a crack table: what comes out, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.errors import InputError, OutputError, VoxelSizeError
from electrodej.verbs import do
from electrodej.verbs.measure.cracks import CrackStudy
from electrodej.volume import write_volume

SPACING = (0.5, 0.5, 0.5)
CRACK = 3


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Sixteen cubes of 7 voxels; cube n has an unlabelled crack of n modulo 6 voxels inside."""
    labels = np.zeros((9, 38, 38), np.uint16)
    phases = np.zeros(labels.shape, np.uint8)
    for number in range(16):
        y, x = 1 + 9 * (number // 4), 1 + 9 * (number % 4)
        labels[1:8, y : y + 7, x : x + 7] = number + 1
        phases[1:8, y : y + 7, x : x + 7] = 2
        crack = (4, y + 3, slice(x + 1, x + 1 + number % 6))
        labels[crack], phases[crack] = 0, CRACK
    for name, image in (("grey", 50 * phases), ("labels", labels), ("phases", phases)):
        write_volume(tmp_path / f"{name}.tif", image, spacing=SPACING, labels=name != "grey")
    return tmp_path


def measured(
    labels: Path, cracks: Path, out: Path, *, value: int | None = None, **options: Any
) -> CrackStudy:
    """Measure particles and cracks into ``out`` and beside it; return the study of the cracks."""
    grey = labels.with_name("grey.tif")
    done = do(
        "measure", grey, labels, cracks=cracks, crack_class=value, attributes=("Volume",), out=out, **options
    )
    study: CrackStudy = done.result.cracks
    assert len(done.result.table) == len(study.table["Label"])
    return study


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.slow
def test_cracks_without_a_label_count_for_their_particle(files: Path):
    result = measured(files / "labels.tif", files / "phases.tif", files / "t.csv", value=CRACK).result
    rows = rows_of(files / "t_cracks.csv")
    assert [float(row["CrackVolume"]) for row in rows] == [number % 6 * 0.125 for number in range(16)]
    # The cracks are part of the particle: every cube is 343 voxels.
    assert {float(row["Volume"]) for row in rows} == {343 * 0.125}
    assert (result["particles"], result["cracked"]) == (16, 13)
    assert result["crack_share_outside_particles"] == 0
    assert result["notes"] == []


def test_the_packing_density_counts_the_cracks_as_particle(files: Path):
    measured(files / "labels.tif", files / "phases.tif", files / "t.csv", value=CRACK)
    # 10 um are 20 voxels: the grown box of the corner cube is the volume up to 27 voxels along y and x.
    first = rows_of(files / "t_cracks.csv")[0]
    cubes = 3 * 7  # along one axis: cubes begin at 1, 10 and 19 and end before 28
    assert float(first["PDensity"]) == pytest.approx(7 * cubes**2 / (9 * 28 * 28))


def test_what_lies_beside_the_table(files: Path):
    result = measured(files / "labels.tif", files / "phases.tif", files / "t.csv", value=CRACK).result
    assert {Path(file).name for file in result["files"]} == {
        "t_cracks.csv", "t_cracks.json", "t_cracks_packing.csv",
        "t_cracks.png", "t_cracks.svg", "t_cracks.html",
    }  # fmt: skip
    assert all(Path(file).stat().st_size for file in result["files"])
    described = json.loads((files / "t_cracks.json").read_text())
    assert described["columns"]["CrackShare"]["definition"] == "CrackVolume / Volume"
    share = described["relation_to_packing"]["CrackShare"]
    assert share["particles"] == 16
    bins = [row for row in rows_of(files / "t_cracks_packing.csv") if row["Measure"] == "CrackShare"]
    assert sum(int(row["Particles"]) for row in bins) == 16
    total = sum(int(row["Particles"]) * float(row["Mean"]) for row in bins)
    assert total == pytest.approx(sum(number % 6 for number in range(16)) / 343)
    assert "Cracks and packing density" in (files / "t_cracks.html").read_text(encoding="utf-8")


def test_measuring_with_cracks_writes_both_tables_or_none(files: Path):
    paths = files / "labels.tif", files / "phases.tif", files / "t.csv"
    cracks = measured(*paths, value=CRACK)
    assert cracks.result["particles"] == 16
    assert [row["Label"] for row in rows_of(files / "t.csv")] == [
        row["Label"] for row in rows_of(files / "t_cracks.csv")
    ]
    for path in files.glob("t*"):
        path.unlink()
    (files / "t_cracks.svg").write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        measured(*paths, value=CRACK)
    assert [path.name for path in files.glob("t*")] == ["t_cracks.svg"]


def test_work_that_is_stopped_between_the_tables_leaves_neither(files: Path):
    def stop(_done: float, _total: float, stage: str) -> None:
        if "crack" in stage:
            raise KeyboardInterrupt

    before = sorted(path.name for path in files.iterdir())
    with pytest.raises(KeyboardInterrupt):
        measured(files / "labels.tif", files / "phases.tif", files / "t.csv", value=CRACK, progress=stop)
    assert sorted(path.name for path in files.iterdir()) == before


@pytest.mark.slow
def test_particles_at_the_border_are_left_out_where_that_is_asked_for(files: Path):
    options: dict[str, Any] = {"value": CRACK, "exclude_border": True}
    whole = measured(files / "labels.tif", files / "phases.tif", files / "a.csv", **options)
    assert whole.result["particles"] == 16
    cropped = measured(files / "labels.tif", files / "phases.tif", files / "b.csv", crop=2, **options)
    # All cubes are cut at z; none is left.
    assert cropped.result["particles"] == 0
    assert rows_of(files / "b_cracks.csv") == []


@pytest.mark.slow
@pytest.mark.parametrize(("value", "said"), [(None, "--crack-class"), (9, "class 9"), (CRACK, None)])
def test_which_number_is_crack_must_be_said_where_there_are_several(
    files: Path, value: int | None, said: str
):
    if said is None:
        assert measured(files / "labels.tif", files / "phases.tif", files / "t.csv", value=value)
        return
    with pytest.raises(InputError, match=said):
        measured(files / "labels.tif", files / "phases.tif", files / "t.csv", value=value)
    assert not list(files.glob("t*"))


def test_images_that_do_not_belong_together_are_refused_before_the_work(files: Path):
    write_volume(files / "small.tif", np.ones((9, 38, 37), np.uint8), spacing=SPACING)
    write_volume(files / "coarse.tif", np.ones((9, 38, 38), np.uint8), spacing=(1, 1, 1))
    for name, error in (("small", InputError), ("coarse", VoxelSizeError)):
        with pytest.raises(error):
            measured(files / "labels.tif", files / f"{name}.tif", files / "t.csv")
    with pytest.raises(InputError, match="nothing is left"):
        measured(files / "labels.tif", files / "phases.tif", files / "t.csv", value=CRACK, crop=5)
    assert not list(files.glob("t*"))


def test_cracks_far_from_every_particle_are_noted(files: Path):
    labels = np.zeros((9, 38, 38), np.uint16)
    labels[4, 4, 4] = 1
    write_volume(files / "one.tif", labels, spacing=SPACING, labels=True)
    result = measured(files / "one.tif", files / "phases.tif", files / "t.csv", value=CRACK).result
    assert result["crack_share_outside_particles"] == 1
    assert "--radius" in result["notes"][0]
