"""`measure --phases`: how well particles are wired, as columns of their table."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.errors import InputError, UsageError
from electrodej.verbs import do
from electrodej.volume import write_volume

SPACING = (0.5, 0.5, 0.5)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Two cubes of 4 voxels that touch; the first stands on binder, and all else is pore."""
    labels = np.zeros((8, 10, 12), np.uint16)
    labels[2:6, 3:7, 2:6], labels[2:6, 3:7, 6:10] = 7, 20
    phases = np.zeros(labels.shape, np.uint8)
    phases[labels > 0] = 2
    phases[:2, :, :6] = 1
    for name, image in (("grey", 50 * phases), ("labels", labels), ("phases", phases)):
        write_volume(tmp_path / f"{name}.tif", image, spacing=SPACING, labels=name != "grey")
    return tmp_path


def measured(folder: Path, **options: Any) -> Any:
    more = {"phases": folder / "phases.tif", "phase_names": ("pore", "binder", "particle")} | options
    return do(
        "measure",
        folder / "grey.tif",
        folder / "labels.tif",
        attributes=("Volume",),
        out=folder / "t.csv",
        **more,
    )


def test_the_table_says_at_what_a_particle_lies(files: Path):
    measured(files)
    with (files / "t.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    found = [[float(row[f"Contact{name}"]) for name in ("Pore", "Binder", "Particle")] for row in rows]
    assert found == [pytest.approx([4 / 6, 1 / 6, 1 / 6]), pytest.approx([5 / 6, 0, 1 / 6])]
    told = json.loads((files / "t.json").read_text(encoding="utf-8"))
    assert "binder" in told["columns"]["ContactBinder"]["definition"]
    assert "phases.tif" in json.dumps(told["inputs"]["phases"])


def test_particle_phase_without_a_label_has_a_column_of_its_own(files: Path):
    phases = np.zeros((8, 10, 12), np.uint8)
    phases[:2, :, :6] = 2
    write_volume(files / "unlabelled.tif", phases, spacing=SPACING, labels=True)
    table = measured(files, phases=files / "unlabelled.tif").result.table
    assert table["ContactParticle2"] == pytest.approx([1 / 6, 0])
    assert table["ContactParticle"] == pytest.approx([1 / 6, 1 / 6])
    assert "other particles" in table.definitions["ContactParticle"]
    assert "other particles" not in table.definitions["ContactParticle2"]


def test_names_that_differ_in_their_first_letter_only_stay_two_columns(files: Path):
    table = measured(files, phase_names=("pore", "Pore")).result.table
    assert table["ContactPore"] == pytest.approx([4 / 6, 5 / 6])
    assert table["ContactPore1"] == pytest.approx([1 / 6, 0])


def test_one_name_for_two_classes_is_refused(files: Path):
    for given in (("pore", "pore", "particle"), "pore,pore,particle"):
        with pytest.raises(InputError, match="pore names two classes"):
            measured(files, phase_names=given)


def test_what_is_left_out_of_the_table_still_is_a_particle(files: Path):
    """Without the slices at both ends of x the second particle is at the border, and has no row."""
    table = measured(files, crop=2, exclude_border=True).result.table
    assert len(table) == 0
    table = measured(files, crop=1, exclude_border=True, force=True).result.table
    assert table["ContactParticle"] == pytest.approx([1 / 6, 1 / 6])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"phases": None}, "give --phases too"),
        ({"flat": True}, "leave it out for slices"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(files: Path, options: dict[str, Any], words: str):
    with pytest.raises(UsageError, match=words):
        measured(files, **options)


def test_phases_of_another_shape_or_a_grey_image_are_refused(files: Path):
    write_volume(files / "small.tif", np.zeros((8, 10, 11), np.uint8), spacing=SPACING)
    with pytest.raises(InputError, match="shape"):
        measured(files, phases=files / "small.tif")
    noise = np.random.default_rng(0).integers(0, 256, (8, 10, 12)).astype(np.uint8)
    write_volume(files / "noise.tif", noise, spacing=SPACING)
    with pytest.raises(InputError, match="give a phase image"):
        measured(files, phases=files / "noise.tif")
    assert not (files / "t.csv").exists()
