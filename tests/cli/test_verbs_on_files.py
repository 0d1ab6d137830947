"""phantom, segment and measure through the installed program: files in, files out."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

# Each starts the whole program, most of them several times.
pytestmark = pytest.mark.slow
# The regression's columns and its target, as the design lists them.
ATTRIBUTES = [
    *(
        "Z",
        "Roll",
        "Pitch",
        "Yaw",
        "Edensity",
        "Homogeneity",
        "SurfInner",
        "SurfOuter",
        "Volume",
        "Elongation",
    ),
    *("Sphericity", "Vsratio", "RoughInner", "RoughOuter", "Contact", "PDensity", "DisNearest"),
    *("locVolume", "locOri", "locElongation", "locSphericity", "Damage"),
]


def cube_files(folder, *, spacing=0.5, unit="um"):
    """A grey and a label file: a cube of 4 x 4 x 4 voxels, grey 90, in a volume of 10 x 10 x 10."""
    labels = np.zeros((10, 10, 10), np.uint16)
    labels[3:7, 3:7, 3:7] = 5
    grey = np.where(labels, 90, 20).astype(np.uint8)
    metadata = {"axes": "ZYX"} if spacing is None else {"axes": "ZYX", "spacing": spacing, "unit": unit}
    resolution = None if spacing is None else (1 / spacing, 1 / spacing)
    for name, image in (("grey.tif", grey), ("labels.tif", labels)):
        tifffile.imwrite(folder / name, image, imagej=True, metadata=metadata, resolution=resolution)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_phantom_is_the_same_for_a_seed_and_another_for_another(electrodej, tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        done = electrodej("phantom", name, "--shape", "16,40,40", "--seed", seed, "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["seed"] == seed
    grey = {name: (tmp_path / name / "grey.tif").read_bytes() for name in "abc"}
    assert grey["a"] == grey["b"] != grey["c"]


def test_phantom_labels_open_in_imagej_in_colour_and_grey_in_grey(electrodej, tmp_path):
    assert electrodej("phantom", "a", "--shape", "4,40,40").returncode == 0
    coloured = {}
    for name in ("grey", "labels", "outlines", "phases"):
        with tifffile.TiffFile(tmp_path / "a" / f"{name}.tif") as file:
            coloured[name] = "ColorMap" in file.pages[0].tags
    assert coloured == {"grey": False, "labels": True, "outlines": True, "phases": True}


def test_phantom_fills_an_empty_folder_and_refuses_one_with_something_in_it(electrodej, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("important")
    assert electrodej("phantom", "empty", "--shape", "8,32,32").returncode == 0
    for force in ([], ["--force"]):
        done = electrodej("phantom", "mine", "--shape", "8,32,32", *force)
        assert done.returncode == 1
        assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_phantom_config_is_taken_again_and_options_override_it(electrodej, tmp_path):
    assert electrodej("phantom", "a", "--shape", "8,32,32", "--seed", 4, "--solid", 0.3).returncode == 0
    assert electrodej("phantom", "b", "--config", "a/phantom.json").returncode == 0
    assert (tmp_path / "a/grey.tif").read_bytes() == (tmp_path / "b/grey.tif").read_bytes()
    done = electrodej("phantom", "c", "--config", "a/phantom.json", "--shape", "8,32,40", "--json")
    assert json.loads(done.stdout)["shape"] == [8, 32, 40]
    assert json.loads((tmp_path / "c/phantom.json").read_text())["solid_fraction"] == 0.3


@pytest.mark.parametrize(
    ("text", "part"),
    [("not json", "JSON"), ('{"sead": 3}', "sead"), ('{"shape": [8, 8]}', "shape"), ("[]", "JSON")],
)
def test_phantom_names_what_is_wrong_in_a_config(electrodej, tmp_path, text, part):
    (tmp_path / "bad.json").write_text(text)
    done = electrodej("phantom", "out", "--config", "bad.json")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert part in done.stderr
    assert not (tmp_path / "out").exists()


def test_measure_writes_table_description_and_contacts(electrodej, tmp_path):
    cube_files(tmp_path)
    done = electrodej("measure", "grey.tif", "labels.tif", "--out", "t.csv", "--json")
    assert done.returncode == 0, done.stderr
    (row,) = rows_of(tmp_path / "t.csv")
    # 64 voxels of 0.125 um^3; the centre of voxels 3 to 6 is 4.5, times 0.5 um.
    assert float(row["Volume"]) == pytest.approx(8.0)
    assert [float(row[axis]) for axis in "ZYX"] == [2.25, 2.25, 2.25]
    assert (row["Image"], row["Label"], float(row["Edensity"]), float(row["Damage"])) == (
        "grey.tif",
        "5",
        90,
        0,
    )
    description = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert description["columns"]["Volume"]["unit"] == "um^3"
    assert description["voxel_size_um"] == {"z": 0.5, "y": 0.5, "x": 0.5}
    assert description["inputs"]["grey"]["checksum"].startswith("sha256:")
    assert rows_of(tmp_path / "t_contacts.csv") == []
    assert json.loads(done.stdout)["particles"] == 1


def test_measure_without_a_voxel_size_stops_and_names_the_option(electrodej, tmp_path):
    cube_files(tmp_path, spacing=None)
    done = electrodej("measure", "grey.tif", "labels.tif", "--out", "t.csv")
    assert done.returncode == 1
    assert "--spacing" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grey.tif", "labels.tif"]
    assert (
        electrodej("measure", "grey.tif", "labels.tif", "--out", "t.csv", "--spacing", "0.5").returncode == 0
    )
    assert float(rows_of(tmp_path / "t.csv")[0]["Volume"]) == pytest.approx(8.0)


def test_measure_takes_the_size_that_one_file_has_and_refuses_two_that_differ(electrodej, tmp_path):
    cube_files(tmp_path, spacing=0.5)
    bare = tmp_path / "bare"
    bare.mkdir()
    cube_files(bare, spacing=None)
    assert electrodej("measure", "grey.tif", "bare/labels.tif", "--out", "one.csv").returncode == 0
    cube_files(bare, spacing=0.25)
    done = electrodej("measure", "grey.tif", "bare/labels.tif", "--out", "two.csv")
    assert done.returncode == 1
    assert "--spacing" in done.stderr
    assert not (tmp_path / "two.csv").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["grey.tif"],
        ["grey.tif", "labels.tif"],
        ["grey.tif", "labels.tif", "--out", "t.csv", "--radius", "-1"],
        ["grey.tif", "labels.tif", "--out", "t.csv", "--crop", "1.5"],
    ],
)
def test_measure_called_wrongly_exits_2(electrodej, tmp_path, words):
    cube_files(tmp_path)
    done = electrodej("measure", *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert not (tmp_path / "t.csv").exists()


def test_measure_refuses_a_table_format_it_does_not_have(electrodej, tmp_path):
    cube_files(tmp_path)
    done = electrodej("measure", "grey.tif", "labels.tif", "--out", "t.xlsx")
    assert done.returncode == 1
    assert ".csv" in done.stderr


def test_measure_keeps_all_of_an_earlier_table_without_force(electrodej, tmp_path):
    cube_files(tmp_path)
    (tmp_path / "t.json").write_text("mine")
    done = electrodej("measure", "grey.tif", "labels.tif", "--out", "t.csv")
    assert done.returncode == 1
    assert "t.json" in done.stderr
    assert (tmp_path / "t.json").read_text() == "mine"
    assert not (tmp_path / "t.csv").exists()


def test_measure_list_names_the_21_attributes_and_damage(electrodej):
    done = electrodej("measure", "--list", "--json")
    listed = {attribute["name"]: attribute for attribute in json.loads(done.stdout)["attributes"]}
    assert [name for name in ATTRIBUTES if name not in listed] == []
    assert all(attribute["definition"] for attribute in listed.values())
    shown = electrodej("measure", "--list").stdout
    assert [name for name in ATTRIBUTES if name not in shown] == []


def test_segment_writes_labels_that_score_reads(electrodej, tmp_path):
    cube_files(tmp_path)
    done = electrodej(
        "segment", "particles", "grey.tif", "--model", "watershed", "--out", "found.tif", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["particles"] == 1
    scores = json.loads(electrodej("score", "found.tif", "labels.tif", "--json").stdout)
    assert (scores["n_true"], scores["n_pred"]) == (1, 1)


def test_segment_without_an_output_is_wrong_usage(electrodej, tmp_path):
    cube_files(tmp_path)
    done = electrodej("segment", "particles", "grey.tif")
    assert done.returncode == 2
    assert "--out" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["segment", "particles", "grey.tif", "--out", "grey.tif"],
        ["segment", "particles", "grey.tif", "--out", "./grey.tif"],
    ],
)
def test_an_input_is_never_replaced_not_even_with_force(electrodej, tmp_path, words):
    cube_files(tmp_path)
    before = (tmp_path / "grey.tif").read_bytes()
    done = electrodej(*words, "--force")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "grey.tif").read_bytes() == before


def test_segment_refuses_a_format_it_does_not_have_before_the_work(electrodej, tmp_path):
    cube_files(tmp_path)
    done = electrodej("segment", "particles", "grey.tif", "--out", "found.png")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert ".tif" in done.stderr


def test_force_does_not_take_other_files_in_a_phantoms_folder_with_it(electrodej, tmp_path):
    assert electrodej("phantom", "p", "--shape", "8,32,32").returncode == 0
    (tmp_path / "p" / "notes.txt").write_text("mine")
    assert electrodej("phantom", "p", "--shape", "8,32,32", "--force").returncode == 1
    assert (tmp_path / "p" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--radius", "1e9"], "--radius"), (["--spacing", "7e-8,7e-8,7e-8"], "--spacing 0.07,0.07,0.07")],
)
def test_measure_refuses_lengths_in_the_wrong_unit(electrodej, tmp_path, words, said):
    cube_files(tmp_path)
    done = electrodej("measure", "grey.tif", "labels.tif", "--out", "t.csv", *words)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


@pytest.mark.parametrize("spacing", ["100,100,100", "1e-9,1e-9,1e-9"])
def test_phantom_refuses_voxels_that_show_no_particles(electrodej, tmp_path, spacing):
    done = electrodej("phantom", "p", "--shape", "16,16,16", "--spacing", spacing)
    assert done.returncode == 1
    assert "spacing" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("dtype", "value", "shown", "fault"),
    [
        (np.float32, 1.5, "1.5", "not a whole number"),
        (np.float32, np.nan, "nan", "not a number"),
        (np.float32, -1.0, "-1.0", "negative"),
        (np.int16, -7, "-7", "negative"),
        (np.uint32, 2**31 + 1, "2147483649", "above 2147483648"),
        (np.float64, 2.0**33, "8589934592.0", "above 2147483648"),
    ],
)
def test_measure_names_file_and_place_of_the_first_voxel_that_is_no_label(
    electrodej, tmp_path, dtype, value, shown, fault
):
    cube_files(tmp_path)
    labels = np.zeros((10, 10, 10), dtype)
    labels[3:7, 3:7, 3:7] = 5
    labels[4, 6, 5:7] = labels[5, 3, 3] = value
    tifffile.imwrite(tmp_path / "odd.tif", labels, metadata={"axes": "ZYX"})
    done = electrodej("measure", "grey.tif", "odd.tif", "--out", "t.csv", "--quiet")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"odd.tif: the label {shown} at z=4, y=6, x=5 is {fault}" in done.stderr
    assert not (tmp_path / "t.csv").exists()


@pytest.fixture
def my_measures(tmp_path):
    """The example file of the docs, as a reader would copy it."""
    page = (Path(__file__).parents[2] / "docs" / "features.md").read_text(encoding="utf-8")
    section = page.partition("## A measure of your own")[2]
    file = tmp_path / "my_measures.py"
    file.write_text(section.partition("```python\n")[2].partition("```")[0], encoding="utf-8")
    return file


def test_the_measures_of_the_docs_are_columns_with_a_description(electrodej, tmp_path, my_measures):
    cube_files(tmp_path)
    grey = tifffile.imread(tmp_path / "grey.tif")
    grey[3, 3, 3:6] = 201
    tifffile.imwrite(tmp_path / "grey.tif", grey, metadata={"axes": "ZYX"})
    words = ["measure", "grey.tif", "labels.tif", "--out", "t.csv", "--measures", my_measures]
    done = electrodej(*words, "--attributes", "Voxels,own", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["columns"] == ["Label", "Voxels", "BrightShare", "CrackVolume"]
    (row,) = rows_of(tmp_path / "t.csv")
    assert float(row["BrightShare"]) == 3 / 64
    assert float(row["CrackVolume"]) == 0
    description = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert description["columns"]["CrackVolume"] == {
        "unit": "um^3",
        "definition": "Volume of fill that is not raw.",
    }
    known = hashlib.sha256(my_measures.read_bytes()).hexdigest()
    assert description["inputs"]["measures"] == [{"file": "my_measures.py", "checksum": f"sha256:{known}"}]


def test_own_measures_are_listed_last_and_only_when_their_file_is_named(electrodej, my_measures):
    listed = json.loads(electrodej("measure", "--list", "--measures", my_measures, "--json").stdout)
    assert [row["name"] for row in listed["attributes"]][-2:] == ["BrightShare", "CrackVolume"]
    assert (
        "Share of the particle brighter" in electrodej("measure", "--list", "--measures", my_measures).stdout
    )
    assert "BrightShare" not in electrodej("measure", "--list").stdout


ADDED = """from electrodej.features import measure
@measure("{}", unit="", definition="")
def function(particle): {}
"""


@pytest.mark.parametrize(
    ("code", "part"),
    [
        (None, "no such file"),
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("def (", "SyntaxError"),
        ("x = 1", "adds no measure"),
        (ADDED.format("Volume", "pass"), "exists"),
        (ADDED.format("Bad", "return 1 / 0"), '"Bad" fails for label 5'),
        (ADDED.format("Bad", "pass"), '"Bad" fails for label 5'),
    ],
)
def test_a_file_of_measures_that_does_not_work_is_told_in_one_line(electrodej, tmp_path, code, part):
    cube_files(tmp_path)
    if code is not None:
        (tmp_path / "mine.py").write_text(code)
    words = ["grey.tif", "labels.tif", "--out", "t.csv", "--measures", "mine.py", "--attributes", "own"]
    done = electrodej("measure", *words, "--quiet")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert part in done.stderr
    assert not (tmp_path / "t.csv").exists()


def test_two_files_with_a_measure_of_one_name_are_refused(electrodej, tmp_path, my_measures):
    (tmp_path / "other.py").write_text(my_measures.read_text())
    done = electrodej("measure", "--list", "--measures", my_measures, "--measures", "other.py")
    assert done.returncode == 1
    assert "BrightShare" in done.stderr


def test_the_scores_beside_a_table_of_the_same_name_are_not_lost(electrodej, tmp_path):
    cube_files(tmp_path)
    assert electrodej("score", "labels.tif", "labels.tif", "--out", "t.json").returncode == 0
    scores = (tmp_path / "t.json").read_bytes()
    done = electrodej("measure", "grey.tif", "labels.tif", "--out", "t.csv", "--force")
    assert done.returncode == 1
    assert "t.json" in done.stderr
    assert (tmp_path / "t.json").read_bytes() == scores
    assert not (tmp_path / "t.csv").exists()


def test_the_description_of_a_table_is_not_replaced_by_scores(electrodej, tmp_path):
    cube_files(tmp_path)
    words = ["measure", "grey.tif", "labels.tif", "--out", "t.csv", "--attributes", "Voxels"]
    assert electrodej(*words).returncode == 0
    description = (tmp_path / "t.json").read_bytes()
    done = electrodej("score", "labels.tif", "labels.tif", "--out", "t.json", "--force")
    assert done.returncode == 1
    assert "t.json" in done.stderr
    assert (tmp_path / "t.json").read_bytes() == description
    assert electrodej(*words, "--force").returncode == 0
