"""Tables on disk to a folder: what is read, what is written, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.damage import ATTRIBUTES, DamageConfig, make_table
from electrodej.damage.table_file import read_table_file
from electrodej.errors import InputError, OutputError, UsageError
from electrodej.run import Run
from electrodej.verbs.damage import DamageOptions
from electrodej.verbs.damage import study as verb
from electrodej.verbs.damage.study import DamageStudy

pytestmark = pytest.mark.slow

QUICK = DamageConfig(
    trees=8, seeds=2, draws=2, draw_size=40, folds=2, repeats=1, resamples=5, interaction_rows=10
)
NAMES = (*ATTRIBUTES, "Damage")


def study_damage(tables: list[Path], out: Path, *, force: bool = False, **options: Any) -> DamageStudy:
    return verb.study_damage(DamageOptions(tables=tuple(tables), out=out, **options), Run(force=force))


def columns_of(count: int, *, seed: int = 0) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    columns = {"Label": np.arange(1, count + 1), "X": generator.random(count), "Y": generator.random(count)}
    columns |= {name: generator.random(count) for name in ATTRIBUTES}
    columns["Damage"] = 0.05 + 0.2 * columns["Contact"]
    return columns


def write(path: Path, columns: dict[str, Any], *, separator: str = ",", encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as handle:
        writer = csv.writer(handle, delimiter=separator)
        writer.writerow(columns)
        writer.writerows(zip(*(values.tolist() for values in columns.values()), strict=True))
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study of one table with contacts, evolution and labels, whose name is hostile."""
    import tifffile

    place = tmp_path_factory.mktemp("study")
    columns = columns_of(60)
    columns["Image"] = np.array(["<script>alert(1)</script>"] * 60)
    table = write(place / "a&b $x$ <i>.csv", columns)
    contacts = place / "contacts.csv"
    contacts.write_text("Label1,Label2,Area,Faces\n" + "".join(f"{k},{k + 1},1.5,3\n" for k in range(1, 60)))
    labels = np.arange(61, dtype=np.uint16).reshape(1, 1, 61)
    tifffile.imwrite(
        place / "labels.tif",
        np.repeat(labels, 3, axis=0),
        imagej=True,
        resolution=(10, 10),
        metadata={"axes": "ZYX", "spacing": 0.1, "unit": "um"},
    )
    out = place / "out"
    study_damage(
        [table],
        out,
        config=QUICK,
        contacts=contacts,
        evolve=True,
        cycles=20,
        labels=place / "labels.tif",
    )
    return out


def test_the_folder_holds_tables_figures_page_and_summary(folder: Path) -> None:
    tables = ("contribution", "shap", "predictions", "evolution", "evolution_curves")
    files = {f"{name}{end}" for name in tables for end in (".csv", ".json")}
    files |= {"damage.json", "report.html", "figures", "damage-well-formed.tif", "damage-poorly-formed.tif"}
    assert {entry.name for entry in folder.iterdir()} == files
    figures = (
        "contribution beeswarm dependence fit evaluation interactions network damage-over-distance evolution"
        " damage-map"
    )
    expected = {f"{name}.{end}" for name in figures.split() for end in ("png", "svg", "csv")}
    assert {entry.name for entry in (folder / "figures").iterdir()} == expected


def test_contribution_in_the_summary_is_the_mean_absolute_value_of_the_written_shap_values(
    folder: Path,
) -> None:
    summary = json.loads((folder / "damage.json").read_text(encoding="utf-8"))
    rows = rows_of(folder / "shap.csv")
    assert len(rows) == 60
    assert list(summary["contribution"]) == list(ATTRIBUTES)
    for name in ATTRIBUTES:
        mean = np.mean([abs(float(row[name])) for row in rows])
        assert summary["contribution"][name] == pytest.approx(mean)
    for row, predicted in zip(rows, rows_of(folder / "predictions.csv"), strict=True):
        total = float(row["Base"]) + sum(float(row[name]) for name in ATTRIBUTES)
        assert total == pytest.approx(float(row["Predicted"]))
        assert row["Predicted"] == predicted["Predicted"]
    assert summary["ranking"][0] == "Contact"
    assert [row["Attribute"] for row in rows_of(folder / "contribution.csv")] == summary["ranking"]
    assert sum(int(row["HeldOut"]) for row in rows_of(folder / "predictions.csv")) == 3


def test_every_column_written_is_described(folder: Path) -> None:
    for table in folder.glob("*.csv"):
        described = json.loads(table.with_suffix(".json").read_text(encoding="utf-8"))["columns"]
        with table.open(newline="", encoding="utf-8") as handle:
            assert next(csv.reader(handle)) == list(described)
        assert all(entry["definition"] for entry in described.values()), table


def test_network_and_evolution_are_in_the_summary(folder: Path) -> None:
    summary = json.loads((folder / "damage.json").read_text(encoding="utf-8"))
    assert summary["network"]["contacts"] == 59
    assert summary["network"]["degrees"] == [0, 2, 58]
    assert set(summary["evolution"]) == {"well-formed", "poorly-formed"}
    assert len(rows_of(folder / "evolution_curves.csv")) == 40
    assert summary["provenance"]["inputs"][0]["checksum"].startswith("sha256:")


def test_the_damage_map_has_each_particles_damage(folder: Path) -> None:
    import tifffile

    painted = tifffile.imread(folder / "damage-poorly-formed.tif").reshape(3, 61)
    expected = [0.0, *(float(row["poorly-formed"]) for row in rows_of(folder / "evolution.csv"))]
    np.testing.assert_allclose(painted, np.tile(expected, (3, 1)), rtol=1e-6)


def test_names_from_files_are_text_on_the_page_and_in_the_figures(folder: Path) -> None:
    from xml.etree import ElementTree

    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "a&amp;b $x$ &lt;i&gt;.csv" in page
    assert "<script>alert(1)" not in page
    for figure in (folder / "figures").glob("*.svg"):
        ElementTree.parse(figure)


def test_two_tables_are_compared_and_told_apart(tmp_path: Path) -> None:
    (tmp_path / "50").mkdir()
    tables = [
        write(tmp_path / "t.csv", columns_of(60)),
        write(tmp_path / "50" / "t.csv", columns_of(55, seed=1)),
    ]
    study = study_damage(tables, tmp_path / "out", config=QUICK)
    first, other = (path.as_posix() for path in tables)
    assert [(each.first, each.other) for each in study.comparisons] == [(first, other)]
    summary = json.loads((tmp_path / "out" / "damage.json").read_text(encoding="utf-8"))
    assert summary["contribution"] == summary["tables"][0]["contribution"]
    assert [table["name"] for table in summary["tables"]] == [first, other]
    assert len(summary["comparisons"][0]["changes"]) == 21
    rows = rows_of(tmp_path / "out" / "comparison.csv")
    assert {row["Attribute"] for row in rows} == set(ATTRIBUTES)
    assert len(rows_of(tmp_path / "out" / "shap.csv")) == 115
    assert (tmp_path / "out" / "figures" / "beeswarm-2.svg").exists()
    assert (tmp_path / "out" / "figures" / "comparison.png").exists()


def test_ten_particles_are_reported_without_a_model(tmp_path: Path) -> None:
    table = write(tmp_path / "few.csv", columns_of(10))
    study = study_damage([table], tmp_path / "out")
    assert study.results[0].model is None
    names = {entry.name for entry in (tmp_path / "out").iterdir()}
    assert names == {"damage.json", "report.html", "contribution.csv", "contribution.json"}
    assert "10 particles are too few" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    rows = rows_of(tmp_path / "out" / "contribution.csv")
    assert {row["Contribution"] for row in rows} == {""}
    by_name = {row["Attribute"]: row["Correlation"] for row in rows}
    assert float(by_name["Contact"]) == pytest.approx(1)


def test_a_folder_is_replaced_with_force_only_and_only_if_it_is_ours(tmp_path: Path) -> None:
    table = write(tmp_path / "few.csv", columns_of(10))
    out = tmp_path / "out"
    out.mkdir()
    study_damage([table], out)
    with pytest.raises(OutputError, match="--force"):
        study_damage([table], out)
    study_damage([table], out, force=True)
    (out / "my notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="something else"):
        study_damage([table], out, force=True)
    assert (out / "my notes.txt").read_text() == "mine"


def test_a_picture_of_somebody_else_keeps_the_folder(tmp_path: Path) -> None:
    table, out = write(tmp_path / "few.csv", columns_of(10)), tmp_path / "out"
    study_damage([table], out)
    (out / "figures").mkdir(exist_ok=True)
    (out / "figures" / "mine.png").write_bytes(b"mine")
    with pytest.raises(OutputError, match="something else"):
        study_damage([table], out, force=True)
    assert (out / "figures" / "mine.png").read_bytes() == b"mine"


def test_a_study_with_figures_is_replaced(tmp_path: Path) -> None:
    table, out = write(tmp_path / "t.csv", columns_of(60)), tmp_path / "out"
    for _ in range(2):
        study_damage([table], out, config=QUICK, force=True)
    assert (out / "figures" / "contribution.png").is_file()


def test_a_table_inside_the_folder_is_not_lost(tmp_path: Path) -> None:
    out = tmp_path / "out"
    study_damage([write(tmp_path / "few.csv", columns_of(10))], out)
    table = write(out / "contribution.csv", columns_of(10))
    with pytest.raises(OutputError, match="would be lost"):
        study_damage([table], out, force=True)
    assert len(rows_of(table)) == 10


def test_a_bad_table_leaves_nothing_behind(tmp_path: Path) -> None:
    columns = columns_of(60)
    del columns["Yaw"]
    table = write(tmp_path / "t.csv", columns)
    with pytest.raises(InputError, match=r"t\.csv: the column Yaw is missing"):
        study_damage([table], tmp_path / "out", config=QUICK)
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv"]


def test_of_two_tables_the_one_that_lacks_a_column_is_named_and_both_can_do_without(tmp_path: Path) -> None:
    fewer = columns_of(10)
    del fewer["RoughInner"]
    tables = [write(tmp_path / "a.csv", columns_of(10)), write(tmp_path / "b.csv", fewer)]
    with pytest.raises(InputError, match=r"b\.csv: the column RoughInner is missing.*--leave-out RoughInner"):
        study_damage(tables, tmp_path / "out")
    study = study_damage(tables, tmp_path / "out", leave_out=["RoughInner"])
    assert [len(result.table.attributes) for result in study.results] == [20, 20]


def test_damage_that_is_all_alike_is_reported_without_a_model(tmp_path: Path) -> None:
    table = write(tmp_path / "t.csv", columns_of(60) | {"Damage": np.full(60, 0.25)})
    study = study_damage([table], tmp_path / "out", config=QUICK)
    assert study.results[0].model is None
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "all particles have the same damage, 0.25" in page


def test_a_decimal_comma_among_decimal_points_is_shown_with_its_row(tmp_path: Path) -> None:
    columns = columns_of(10)
    columns["Contact"] = columns["Contact"].astype(object)
    columns["Contact"][2] = "0,5"
    with pytest.raises(InputError, match=r"row 3 of Contact holds '0,5', which is no number"):
        study_damage([write(tmp_path / "t.csv", columns)], tmp_path / "out")


def test_a_bad_cell_among_decimal_commas_is_the_one_that_is_named(tmp_path: Path) -> None:
    columns = columns_of(10)
    path = write(tmp_path / "t.csv", columns, separator=";")
    good = path.read_text().replace(".", ",")
    value = str(columns["Volume"][4]).replace(".", ",")
    path.write_text(good.replace(value, "bad"))
    with pytest.raises(InputError, match="row 5 of Volume holds 'bad'"):
        make_table(read_table_file(path).columns)
    path.write_text(good.replace(value, "1.234"))
    with pytest.raises(InputError, match=r"Volume has decimal commas and, in row 5, '1\.234'"):
        read_table_file(path)


def test_tabs_with_decimal_commas_and_empty_lines_before_the_names_are_read(tmp_path: Path) -> None:
    columns = columns_of(12)
    path = write(tmp_path / "t.txt", columns, separator="\t")
    path.write_text("\n\n" + path.read_text().replace(".", ","))
    table = make_table(read_table_file(path).columns)
    np.testing.assert_array_equal(table.damage, columns["Damage"])
    assert table.labels.tolist() == list(range(1, 13))


@pytest.fixture
def electrode(tmp_path: Path) -> dict[str, Any]:
    """A table of 60 particles, their contacts and an evolution, for a map of labels."""
    contacts = tmp_path / "c.csv"
    contacts.write_text("Label1,Label2\n1,2\n2,3\n")
    table = write(tmp_path / "t.csv", columns_of(60))
    return {
        "tables": [table], "out": tmp_path / "out", "config": QUICK, "contacts": contacts,
        "evolve": True, "cycles": 3,
    }  # fmt: skip


def save_labels(path: Path, labels: Any, spacing: Any = (0.1, 0.1, 0.1)) -> Path:
    from electrodej.volume import write_volume

    write_volume(path, labels, spacing=spacing)
    return path


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.full((3, 4, 5), 99, np.uint16), "has no particle of t.csv"),
        (np.zeros((3, 4, 5), np.uint8), "has no particle of t.csv"),
        (np.full((3, 4, 5), 1.5, np.float32), r"l\.tif: the label 1\.5 at .* is not a whole number"),
        (np.ones((1, 4, 5), np.uint8), "single section"),
    ],
)
def test_a_map_of_another_electrode_is_refused(
    tmp_path: Path, electrode: dict[str, Any], labels: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        study_damage(**electrode, labels=save_labels(tmp_path / "l.tif", labels))
    assert not electrode["out"].exists()


def test_particles_that_only_the_table_or_the_map_has_are_counted(
    tmp_path: Path, electrode: dict[str, Any]
) -> None:
    labels = np.zeros((4, 8, 8), np.uint16)
    labels[1, 0, :] = [1, 2, 3, 70, 71, 0, 5, 6]
    study = study_damage(**electrode, labels=save_labels(tmp_path / "l.tif", labels))
    assert "55 of the 60 particles are not in l.tif." in study.warnings
    assert any(note.startswith("2 particles of l.tif are not modelled") for note in study.warnings)


def test_what_the_network_left_out_is_among_the_notes(electrode: dict[str, Any]) -> None:
    electrode["contacts"].write_text("Label1,Label2\n1,2\n2,300\n")
    study = study_damage(**electrode)
    assert "1 of 2 contacts name a particle that is not modelled." in study.warnings


def test_an_evolution_without_volumes_is_refused_before_the_forests(electrode: dict[str, Any]) -> None:
    columns = columns_of(60)
    columns["Volume"][7] = 0
    write(electrode["tables"][0], columns)

    told: list[str] = []

    def tell(_done: float, _total: float, stage: str) -> None:
        told.append(stage)

    options = DamageOptions(**electrode | {"tables": tuple(electrode["tables"])})
    with pytest.raises(InputError, match="label 8 has no volume above 0"):
        verb.study_damage(options, Run(progress=tell))
    assert told == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"contacts": "c.csv"}, "one table"),
        ({"evolve": True}, "--contacts"),
        ({"labels": "l.tif"}, "--evolve"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(
    tmp_path: Path, words: dict[str, Any], message: str
) -> None:
    table = write(tmp_path / "t.csv", columns_of(10))
    with pytest.raises(UsageError, match=message):
        study_damage([table, table], tmp_path / "out", **words)


@pytest.mark.parametrize(
    ("name", "separator", "encoding"),
    [("t.csv", ",", "utf-8"), ("t.csv", ",", "utf-8-sig"), ("t.tsv", "\t", "utf-8"), ("t.CSV", ";", "utf-8")],
)
def test_tables_of_other_programs_are_read(tmp_path: Path, name: str, separator: str, encoding: str) -> None:
    columns = columns_of(12)
    path = write(tmp_path / name, {f" {key}": column for key, column in columns.items()}, separator=separator,
                 encoding=encoding)  # fmt: skip
    if separator == ";":
        path.write_text(path.read_text().replace(".", ","))
    table = make_table(read_table_file(path).columns)
    np.testing.assert_array_equal(table.damage, columns["Damage"])
    np.testing.assert_array_equal(table.values[:, 0], columns["Z"])


def test_parquet_and_the_description_beside_it_are_read(tmp_path: Path) -> None:
    from electrodej.files.tables import write_table

    columns = columns_of(12)
    columns["RoughInner"][3] = np.nan
    columns["Image"] = np.array(["a.tif"] * 12, dtype=object)
    description = {"columns": {"Z": {"unit": "um", "definition": "Centroid."}}}
    write_table(tmp_path / "t.parquet", columns, description=description)
    found = read_table_file(tmp_path / "t.parquet")
    assert (dict(found.units), dict(found.definitions)) == ({"Z": "um"}, {"Z": "Centroid."})
    table = make_table(found.columns)
    np.testing.assert_array_equal(table.damage, columns["Damage"])
    assert table.filled == {"RoughInner": 1}
    assert set(table.images) == {"a.tif"}
    assert table.labels.tolist() == list(range(1, 13))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2,3\n4,5,6\n", "line 2 has 3 cells and the first one 2"),
        (b"a,b\n1,2\n3,4,5\n", "line 3 has 3 cells and the first one 2"),
        (b"a,a\n1,2\n", "column a is there twice"),
        (b"\xff\xfe\x00\x01\x80\x81", "cannot be read"),
    ],
)
def test_files_that_are_no_table_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_table_file(path)
    assert "bad.csv" in str(caught.value)


def test_a_table_with_a_header_alone_has_no_particles(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",".join(NAMES) + "\n")
    study = study_damage([path], tmp_path / "out")
    assert study.results[0].description.particles == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [("t.xlsx", ".csv or .parquet"), ("gone.csv", "no such file"), ("folder.csv", "is a folder")],
)
def test_files_that_cannot_be_tables_are_refused(tmp_path: Path, name: str, message: str) -> None:
    if name == "t.xlsx":
        (tmp_path / name).write_bytes(b"PK")
    if name == "folder.csv":
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=message):
        read_table_file(tmp_path / name)


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"x" * 50, b""])
def test_a_damaged_parquet_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as Parquet") as caught:
        read_table_file(tmp_path / "t.parquet")
    assert "\n" not in str(caught.value)


def test_a_description_that_is_nested_deeply_is_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Label\n1\n")
    (tmp_path / "t.json").write_text("[" * 100_000 + "]" * 100_000)
    assert read_table_file(tmp_path / "t.csv").units == {}
