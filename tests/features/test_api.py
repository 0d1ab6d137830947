"""The function as a caller meets it: what it refuses, what it says, what it writes, how it is extended."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from electrodej.errors import Cancelled, InputError, OutputError, VoxelSizeError
from electrodej.features import Particle, features, forget, listing, load_measures, measure, with_measures
from electrodej.files.tables import checksum, write_table
from electrodej.run import Run

UNIT = (1.0, 1.0, 1.0)
NAMES_OF_THE_REGRESSION = [
    "Z", "Roll", "Pitch", "Yaw", "Edensity", "Homogeneity", "SurfInner", "SurfOuter", "Volume",
    "Elongation", "Sphericity", "Vsratio", "RoughInner", "RoughOuter", "Contact", "PDensity", "DisNearest",
    "locVolume", "locOri", "locElongation", "locSphericity", "Damage",
]  # fmt: skip


@pytest.fixture(scope="module")
def scene(blobs: Any) -> Any:
    return blobs((24, 26, 30), 8, seed=2)


def test_columns_come_in_the_order_of_the_regression_with_extras_last(scene: Any) -> None:
    table = features(*scene, spacing=UNIT, radius=2)
    assert list(table.with_image())[:4] == ["Image", "Label", "X", "Y"]
    assert list(table.columns)[3:25] == NAMES_OF_THE_REGRESSION
    assert [row["name"] for row in listing()] == list(table.columns)[1:]


def test_every_attribute_has_a_definition_and_a_unit_in_the_description(scene: Any) -> None:
    table = features(*scene, spacing=(0.5, 0.3, 0.1), radius=1)
    columns = table.description()["columns"]
    assert set(columns) == set(table.columns)
    assert all(column["definition"] for column in columns.values())
    assert columns["Volume"]["unit"] == "um^3"
    assert table.description()["voxel_size_um"] == {"z": 0.5, "y": 0.3, "x": 0.1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attributes": "Volum"}, "no attribute or group"),
        ({"crop": 13}, "leaves nothing"),
        ({"crop": -1}, "leaves nothing"),
        ({"radius": -1.0}, "no length"),
        ({"radius": float("nan")}, "no length"),
        ({"labels": np.zeros((3, 3, 3), np.uint8)}, "differ in shape"),
        ({"labels": np.full((24, 26, 30), -1, np.int16)}, "negative"),
        ({"labels": np.full((24, 26, 30), -1, np.int64)}, "negative"),
        ({"labels": np.full((24, 26, 30), 0.5)}, "whole number"),
        ({"labels": np.full((24, 26, 30), np.nan)}, "not a number"),
        ({"grey": np.zeros((24, 26, 30), np.complex64)}, "no grey value"),
        ({"grey": np.zeros((26, 30), np.uint8)}, "2 axes"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(scene: Any, change: dict[str, Any], message: str) -> None:
    arguments = {"grey": scene[0], "labels": scene[1], "spacing": UNIT, **change}
    with pytest.raises(InputError, match=message):
        features(arguments.pop("grey"), arguments.pop("labels"), **arguments)


LARGEST = 2**31  # of the labels that are measured


@pytest.mark.parametrize(
    ("dtype", "value", "fault"),
    [
        (np.int8, -1, "-1 at z=21, y=4, x=2 is negative"),
        (np.int16, -(2**15), "-32768 at z=21, y=4, x=2 is negative"),
        (np.int32, -1, "-1 at z=21, y=4, x=2 is negative"),
        (np.int32, -(2**31), "-2147483648 at z=21, y=4, x=2 is negative"),
        (np.int64, -1, "-1 at z=21, y=4, x=2 is negative"),
        (np.float32, -2, "-2.0 at z=21, y=4, x=2 is negative"),
        (np.float32, 0.25, "0.25 at z=21, y=4, x=2 is not a whole number"),
        (np.float32, 1e30, "1.*e[+]30 at z=21, y=4, x=2 is above 16777216"),
        (np.float64, np.nan, "nan at z=21, y=4, x=2 is not a number"),
        (np.float64, -np.inf, "-inf at z=21, y=4, x=2 is not a number"),
        (np.uint32, LARGEST + 1, "2147483649 at z=21, y=4, x=2 is above 2147483648"),
        (np.int64, 2**32 + 1, "4294967297 at z=21, y=4, x=2 is above 2147483648"),
        (np.uint64, 2**63, "9223372036854775808 at z=21, y=4, x=2 is above 2147483648"),
        (np.uint64, 2**64 - 1, "18446744073709551615 at z=21, y=4, x=2 is above"),
    ],
)
@pytest.mark.parametrize("crop", [0, 2])
def test_the_first_voxel_that_is_no_label_is_named_by_its_place_in_the_whole_volume(
    dtype: Any, value: float, fault: str, crop: int
) -> None:
    labels = np.zeros((40, 9, 8), dtype)
    labels[3:5, 1:3, 2:5] = 6
    labels[21, 4, 2] = labels[21, 4, 3] = labels[30, 2, 2] = value
    with pytest.raises(InputError, match=f"^labels: the label {fault}"):
        features(
            np.zeros_like(labels, np.uint8), labels, spacing=UNIT, crop=crop, run=Run(jobs=2, memory=1.0)
        )


@pytest.mark.parametrize("dtype", [np.uint32, np.int64, np.uint64, np.float32, np.float64])
def test_the_largest_label_is_measured(dtype: Any) -> None:
    labels = np.zeros((3, 3, 4), dtype)
    labels[1, 1, 1:3] = LARGEST
    table = features(np.zeros_like(labels, np.uint8), labels, spacing=UNIT, attributes="Voxels")
    assert (table["Label"].tolist(), table["Voxels"].tolist()) == ([LARGEST], [2])


def test_what_is_no_label_does_no_harm_where_it_is_cropped_away() -> None:
    labels = np.ones((5, 5, 5), np.int16)
    labels[0, 2, 2] = -1
    assert features(labels, labels, spacing=UNIT, crop=1, attributes="Voxels")["Voxels"].tolist() == [27]


@pytest.mark.parametrize("spacing", [(0.1, 0.1), (0.0, 1.0, 1.0), (1.0, 1.0, float("inf")), "abc", None])
def test_spacing_that_is_no_voxel_size_is_refused(scene: Any, spacing: Any) -> None:
    with pytest.raises(VoxelSizeError, match="voxel size"):
        features(*scene, spacing=spacing)


def test_empty_labels_give_an_empty_table_and_a_note() -> None:
    labels = np.zeros((4, 5, 6), np.uint16)
    table = features(labels, labels, spacing=UNIT)
    assert len(table) == 0
    assert list(table.columns)[3:25] == NAMES_OF_THE_REGRESSION
    assert table.notes == ("The label volume holds no particle; the table is empty.",)
    assert len(table.contacts["Label1"]) == 0


@pytest.mark.slow
def test_undefined_values_are_told_with_their_reason() -> None:
    labels = np.zeros((5, 5, 5), np.uint16)
    labels[2, 2, 2] = 9
    table = features(np.zeros_like(labels), labels, spacing=UNIT, radius=1)
    assert np.isnan(table["Edensity"])
    assert any(
        note.startswith("Edensity is undefined and left empty for label 9 (no grey") for note in table.notes
    )


def test_labels_stored_as_whole_floats_are_taken(scene: Any) -> None:
    grey, labels = scene
    plain = features(grey, labels, spacing=UNIT, radius=2)
    floats = features(grey, labels.astype(np.float32), spacing=UNIT, radius=2)
    for name in plain.columns:
        assert_array_equal(plain[name], floats[name], err_msg=name)


def test_progress_rises_to_one_and_can_cancel(scene: Any) -> None:
    told: list[float] = []

    def tell(done: float, total: float, stage: str) -> None:
        assert stage
        told.append(done / total)

    features(*scene, spacing=UNIT, radius=2, run=Run(progress=tell))
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 5

    def stop(done: float, total: float, stage: str) -> None:
        if done / total > 0.3:
            raise Cancelled(stage)

    with pytest.raises(Cancelled):
        features(*scene, spacing=UNIT, radius=2, run=Run(jobs=2, progress=stop))


@pytest.mark.slow
def test_any_number_of_jobs_and_any_memory_write_the_same_bytes(scene: Any, tmp_path: Path) -> None:
    grey = scene[0].astype(np.float32) * np.float32(1.1)
    written = []
    for number, options in enumerate(({"jobs": 1}, {"jobs": 3}, {"jobs": 2, "memory": 1.0})):
        labels: Any = _Lazy(scene[1]) if "memory" in options else scene[1]
        table = features(grey, labels, spacing=(0.5, 0.3, 0.1), radius=1, run=Run(**options))  # type: ignore[arg-type]
        table.write(tmp_path / f"{number}.csv")
        written.append(
            [(tmp_path / f"{number}{end}").read_bytes() for end in (".csv", ".json", "_contacts.csv")]
        )
    assert written[0] == written[1] == written[2]


class _Lazy:
    """A volume of which only boxes can be read."""

    def __init__(self, array: Any) -> None:
        self._array, self.shape, self.dtype = array, array.shape, array.dtype

    def __getitem__(self, key: Any) -> Any:
        assert isinstance(key, tuple)
        return self._array[key].copy()


@pytest.fixture
def bright_share() -> Iterator[None]:
    @measure("BrightShare", unit="", definition="Share of the particle brighter than grey 100.")
    def share(particle: Particle) -> float:
        return float((particle.grey[particle.raw] > 100).mean())

    yield
    forget("BrightShare")


@pytest.mark.usefixtures("bright_share")
def test_a_measure_of_ones_own_is_a_column(scene: Any) -> None:
    grey, labels = scene
    table = features(grey, labels, spacing=UNIT, radius=2, attributes=["Volume", "BrightShare"])
    expected = [(grey[labels == label] > 100).mean() for label in table["Label"]]
    assert_array_equal(table["BrightShare"], expected)
    assert table.description()["columns"]["BrightShare"]["definition"].startswith("Share of the particle")
    assert listing()[-1]["name"] == "BrightShare"


def test_a_measure_of_ones_own_sees_fill_and_the_faces_of_the_volume(reference: Any, scene: Any) -> None:
    seen: dict[int, Particle] = {}

    @measure("Look", unit="", definition="Keeps what it sees.")
    def look(particle: Particle) -> float:
        seen[particle.label] = particle
        return 1.0

    try:
        features(*scene, spacing=UNIT, radius=2, attributes="Look", run=Run(jobs=1))
    finally:
        forget("Look")
    grey, labels = (np.pad(volume, 1) for volume in scene)
    for label, box in reference.particle_boxes(scene[1]):
        wide = tuple(slice(side.start, side.stop + 2) for side in box)
        raw = labels[wide] == label
        assert_array_equal(seen[label].raw, raw)
        assert_array_equal(seen[label].grey, grey[wide])
        closed = reference.close(raw, spacing=UNIT, radius=2, closing="distance")
        assert seen[label].fill.sum() >= closed.sum() >= raw.sum()
        assert seen[label].box == tuple(edge for side in box for edge in (side.start, side.stop))


ONES = """
import numpy as np
from electrodej.features import measure

def one():
    return np.ones(())

@measure("Ones", unit="", definition="Always one.")
def ones(particle):
    return one()
"""


def test_measures_are_loaded_from_a_file(tmp_path: Path, scene: Any) -> None:
    file = tmp_path / "mine.py"
    file.write_text(ONES)
    try:
        assert load_measures(file) == load_measures(file) == ("Ones",)
        assert_array_equal(features(*scene, spacing=UNIT, attributes="own")["Ones"], 1.0)
    finally:
        forget("Ones")
    for text, fault in (("1 / 0", "ZeroDivisionError"), ("", "adds no measure")):
        file.write_text(text)
        with pytest.raises(InputError, match=fault):
            load_measures(file)


def test_a_file_that_fails_half_way_adds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(ONES + "1 / 0")
    with pytest.raises(InputError, match="ZeroDivisionError"):
        load_measures(file)
    assert "Ones" not in [row["name"] for row in listing()]


def test_measures_of_a_file_are_there_only_while_they_are_wanted(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(ONES)
    with with_measures([file]):
        assert listing()[-1]["name"] == "Ones"
    assert "Ones" not in [row["name"] for row in listing()]
    with pytest.raises(InputError, match=r'mine.py adds a measure "Ones" too'), with_measures([file, file]):
        pass


@pytest.mark.parametrize("name", ["", "a,b", " a", "basic", "own", "all"])
def test_a_measure_cannot_have_a_name_that_could_not_be_asked_for(name: str) -> None:
    with pytest.raises(InputError, match="name of a measure"):
        measure(name, unit="", definition="")(lambda _: 0.0)


def test_a_measure_cannot_take_a_name_that_exists() -> None:
    with pytest.raises(InputError, match="exists already"):
        measure("Volume", unit="", definition="")(lambda _: 0.0)


@pytest.mark.slow
def test_csv_and_parquet_hold_the_same_table_and_empty_cells(scene: Any, tmp_path: Path) -> None:
    grey = scene[0].astype(float)
    grey[scene[1] == 1] = np.nan
    table = replace(features(grey, scene[1], spacing=UNIT, radius=2), image="cell.tif")
    table.write(tmp_path / "t.csv", inputs={"grey": {"file": "cell.tif", "checksum": "sha256:0"}})
    table.write(tmp_path / "t2.parquet")
    csv = pd.read_csv(tmp_path / "t.csv")
    assert list(csv.columns[:3]) == ["Image", "Label", "X"]
    assert csv["Edensity"].isna().iloc[0]
    assert ",nan," not in (tmp_path / "t.csv").read_text()
    pd.testing.assert_frame_equal(csv, pd.read_parquet(tmp_path / "t2.parquet"), check_dtype=False)
    pd.testing.assert_frame_equal(csv, table.to_pandas(), check_dtype=False)
    description = json.loads((tmp_path / "t.json").read_text())
    assert description["parameters"]["radius_um"] == 2
    assert description["inputs"]["grey"]["checksum"] == "sha256:0"
    assert any(note.startswith("Edensity is undefined") for note in description["notes"])
    contacts = pd.read_csv(tmp_path / "t_contacts.csv")
    pd.testing.assert_frame_equal(contacts, table.contacts_to_pandas(), check_dtype=False)


def test_write_table_keeps_what_exists_without_force(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        write_table(tmp_path / "t.csv", {"a": np.ones(2)}, description={})
    assert not (tmp_path / "t.csv").exists()
    with pytest.raises(OutputError, match="does not describe a table"):
        write_table(tmp_path / "t.csv", {"a": np.ones(2)}, description={}, force=True)
    (tmp_path / "t.json").unlink()
    write_table(tmp_path / "t.csv", {"a": np.ones(2)}, description={})
    write_table(
        tmp_path / "t.csv", {"a": np.array([0.1, np.nan]), "b": np.arange(2)}, description={}, force=True
    )
    assert (tmp_path / "t.csv").read_text() == "a,b\n0.1,0\n,1\n"


def test_write_table_refuses_other_formats_and_ragged_columns(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.csv or \.parquet"):
        write_table(tmp_path / "t.xlsx", {"a": np.ones(2)}, description={})
    with pytest.raises(ValueError, match="one length"):
        write_table(tmp_path / "t.csv", {"a": np.ones(2), "b": np.ones(3)}, description={})


def test_checksum_is_that_of_sha256sum_and_sees_names_in_folders(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    known = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert checksum(file) == known
    before = checksum(tmp_path)
    file.rename(tmp_path / "b")
    assert checksum(tmp_path) != before


def test_importing_the_room_loads_nothing_heavy() -> None:
    code = (
        "import sys, electrodej.features\n"
        "print([m for m in ('numba', 'pandas', 'scipy', 'dask', 'distributed') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"


def test_one_voxel_is_no_plural():
    labels = np.ones((2, 2, 2), np.uint8)
    with pytest.raises(InputError, match="a crop of 1 voxel at"):
        features(labels, labels, spacing=(1, 1, 1), crop=1)
