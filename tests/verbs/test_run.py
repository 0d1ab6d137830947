"""A person's own images, from grey values to pages: one, many, again, with settings from a file."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.cli import main
from electrodej.damage.table_file import TableFile
from electrodej.errors import InputError, OutputError, UsageError
from electrodej.run import Run
from electrodej.verb import Outcome
from electrodej.verbs import do, find
from electrodej.verbs.run import RunOptions
from electrodej.verbs.run.batch import Done
from electrodej.verbs.run.comparison import group_samples
from electrodej.verbs.run.images import Job, find_images, folder_names
from electrodej.verbs.run.one import Found
from electrodej.volume import open_volume, write_volume

SPACING = (0.5, 0.5, 0.5)
# What needs no network and takes no time.
FAST = {"without": ("damage", "phases", "cracks")}


def write_electrode(folder: Path, name: str, *, crack: int = 2, depth: int = 9) -> tuple[Path, Path]:
    """Twelve cubes with a crack of some voxels; return the grey image and its labels."""
    labels = np.zeros((depth, 28, 38), np.uint16)
    middle = slice(1, 8) if depth > 1 else slice(0, 1)
    for number in range(12):
        y, x = 1 + 9 * (number // 4), 1 + 9 * (number % 4)
        labels[middle, y : y + 7, x : x + 7] = number + 1
        labels[depth // 2, y + 3, x + 1 : x + 1 + crack + number % 3] = 0
    grey, marks = folder / f"{name}.tif", folder / f"{name}_labels.tif"
    plane = (50 + 150 * (labels > 0)).astype(np.uint8)
    write_volume(grey, plane if depth > 1 else plane[0], spacing=SPACING, force=True)
    write_volume(marks, labels if depth > 1 else labels[0], spacing=SPACING, labels=True, force=True)
    return grey, marks


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_own_labels_go_from_grey_to_page_and_the_log_has_the_commands(scans: Path, tmp_path: Path) -> None:
    grey, labels = write_electrode(scans, "a")
    said: list[str] = []
    out = tmp_path / "out"
    outcome = find("run").run(
        RunOptions(images=(grey,), labels=labels, out=out, **FAST), Run(hear=said.append)
    )
    assert outcome.failure == ""
    assert outcome.numbers["particles"] == 12
    assert len(rows(out / "particles.csv")) == 12
    assert "<title>a" in (out / "report.html").read_text(encoding="utf-8")
    commands = [line for line in said if line.startswith("$ electrodej ")]
    assert [line.split()[2] for line in commands] == ["measure", "report"]
    log = (out / "run.log").read_text(encoding="utf-8")
    assert all(line in log for line in commands)
    # The command does the same.
    again = commands[0].removeprefix("$ electrodej ").split()
    assert main([*again, "--force"]) == 0


@pytest.mark.slow
def test_phases_and_cracks_that_exist_are_measured_and_damage_explained(scans: Path, tmp_path: Path) -> None:
    grey, labels = write_electrode(scans, "a")
    marks = np.zeros((9, 28, 38), np.uint8)
    marks[1:8, 1:26, 1:36] = 2
    cracks = np.zeros_like(marks)
    cracks[4, 4, 2:4] = 1
    for name, image in (("phases", marks), ("cracks", cracks)):
        write_volume(scans / f"{name}.tif", image, spacing=SPACING, labels=True)
    outcome = do(
        "run", str(grey), labels=labels, phases=scans / "phases.tif", cracks=scans / "cracks.tif",
        names=("pore", "binder", "particle"), out=tmp_path / "out",
    )  # fmt: skip
    assert outcome.numbers["failed"] == {}
    assert set(outcome.numbers["files"]) == {
        "particles", "phases", "cracks", "table", "morphology", "damage", "report",
    }  # fmt: skip
    assert (tmp_path / "out" / "particles_cracks.csv").exists()
    assert "particle" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_an_image_without_a_crack_is_measured_all_the_same(scans: Path, tmp_path: Path) -> None:
    grey, labels = write_electrode(scans, "a")
    write_volume(scans / "cracks.tif", np.zeros((9, 28, 38), np.uint8), spacing=SPACING, labels=True)
    run = Run()
    options = RunOptions(
        images=(str(grey),), labels=labels, cracks=scans / "cracks.tif", only=("table",), out=tmp_path / "out"
    )
    assert find("run").run(options, run).failure == ""
    assert len(rows(tmp_path / "out" / "particles.csv")) == 12
    assert any("no crack" in note for note in run.notes)


@pytest.mark.slow
def test_resume_keeps_what_is_finished_and_does_what_changed(scans: Path, tmp_path: Path) -> None:
    grey, labels = write_electrode(scans, "a")
    out = tmp_path / "out"

    def go(**more: object) -> list[str]:
        said: list[str] = []
        options = RunOptions(**{"images": (str(grey),), "labels": labels, "out": out, **FAST, **more})
        assert find("run").run(options, Run(hear=said.append)).failure == ""
        return [line.partition(" ")[0] for line in said if "electrodej measure" in line]

    assert go() == ["$"]
    made = (out / "particles.csv").stat().st_mtime_ns
    with pytest.raises(OutputError, match="--resume"):
        go()
    assert go(resume=True) == ["finished"]
    assert (out / "particles.csv").stat().st_mtime_ns == made
    # Another voxel size is another setting.
    assert go(resume=True, spacing=(1.0, 1.0, 1.0)) == ["$"]
    assert go(resume=True, spacing=(1.0, 1.0, 1.0)) == ["finished"]
    # What was read changed.
    write_electrode(scans, "a", crack=4)
    assert go(resume=True, spacing=(1.0, 1.0, 1.0)) == ["$"]
    # What was written is gone, or is no longer what was written.
    (out / "particles.csv").write_text("Label\n")
    assert go(resume=True, spacing=(1.0, 1.0, 1.0)) == ["$"]
    assert len(rows(out / "particles.csv")) == 12


def test_a_folder_of_another_version_is_done_again_and_that_is_said(scans: Path, tmp_path: Path) -> None:
    grey, labels = write_electrode(scans, "a")
    do("run", str(grey), labels=labels, out=tmp_path / "out", **FAST)
    facts = json.loads((tmp_path / "out" / "run.json").read_text())
    facts["stages"]["table"]["version"] = "0.0.1"
    facts["stages"]["table"]["made_of"]["version"] = "0.0.1"
    (tmp_path / "out" / "run.json").write_text(json.dumps(facts))
    run = Run()
    find("run").run(
        RunOptions(images=(str(grey),), labels=labels, out=tmp_path / "out", resume=True, **FAST), run
    )
    assert any("0.0.1" in note for note in run.notes)


def test_only_some_stages_take_the_others_from_the_folder(scans: Path, tmp_path: Path) -> None:
    grey, labels = write_electrode(scans, "a")
    out = tmp_path / "out"
    do("run", str(grey), labels=labels, out=out, only=("table",))
    assert not (out / "report.html").exists()
    do("run", str(grey), labels=labels, out=out, only=("report",))
    assert (out / "report.html").exists()
    outcome = do("run", str(grey), out=tmp_path / "empty", only=("table",))
    assert "particles.tif is not there" in outcome.failure


def test_a_slice_is_measured_as_2d(scans: Path, tmp_path: Path) -> None:
    grey, labels = write_electrode(scans, "flat", depth=1)
    said: list[str] = []
    run = Run(hear=said.append)
    outcome = find("run").run(
        RunOptions(
            images=(str(grey),), labels=labels, out=tmp_path / "out", without=("phases", "cracks")
        ), run,
    )  # fmt: skip
    assert outcome.failure == ""
    # That it is measured so is kept for the page, and said once.
    (note,) = [note for note in run.notes if "Measured as 2D" in note]
    assert [note in text for text in said].count(True) == 1
    first = rows(tmp_path / "out" / "particles.csv")[0]
    assert "Area" in first
    assert "Volume" not in first
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count("Measured as 2D") == 1
    assert "of the area" in page
    assert "pixels" in page
    assert "Scroll with the slider" not in page


def test_the_watershed_finds_particles_without_a_network(scans: Path, tmp_path: Path) -> None:
    grey, _ = write_electrode(scans, "a")
    outcome = do("run", str(grey), model="watershed", out=tmp_path / "out", **FAST)
    assert outcome.failure == ""
    assert outcome.numbers["particles"] > 0


def test_no_particle_is_said_and_the_page_is_there(scans: Path, tmp_path: Path) -> None:
    write_volume(scans / "dark.tif", np.full((6, 20, 20), 9, np.uint8), spacing=SPACING)
    write_volume(scans / "none.tif", np.zeros((6, 20, 20), np.uint8), spacing=SPACING, labels=True)
    run = Run()
    outcome = find("run").run(
        RunOptions(
            images=(str(scans / "dark.tif"),), labels=scans / "none.tif", out=tmp_path / "out",
            without=("phases", "cracks"),
        ), run,
    )  # fmt: skip
    assert outcome.failure == ""
    assert any("no particle" in note for note in run.notes)
    assert (tmp_path / "out" / "report.html").exists()


def test_no_particle_with_cracks_of_ones_own_has_a_page_too(scans: Path, tmp_path: Path) -> None:
    grey, _ = write_electrode(scans, "a")
    nothing, cracks = np.zeros((9, 28, 38), np.uint8), np.zeros((9, 28, 38), np.uint8)
    cracks[4, 5, 5:20] = 1
    own = {"labels": scans / "none.tif", "cracks": scans / "cracks.tif"}
    for path, values in zip(own.values(), (nothing, cracks), strict=True):
        write_volume(path, values, spacing=SPACING, labels=True)
    out = tmp_path / "out"
    outcome = do("run", grey, **own, without=("phases", "damage"), out=out)
    assert outcome.failure == ""
    assert "No particle was measured" in (out / "report.html").read_text(encoding="utf-8")


def test_an_engine_is_for_networks_and_a_forest_runs_without(scans: Path, tmp_path: Path) -> None:
    write_electrode(scans, "a")
    labels = scans / "a_labels.tif"
    with open_volume(labels) as volume:
        phases = (volume[:] > 0).astype(np.uint8)
    learn = tmp_path / "learn"
    learn.mkdir()
    (learn / "grey.tif").write_bytes((scans / "a.tif").read_bytes())
    write_volume(learn / "phases.tif", phases, spacing=SPACING, labels=True)
    do("train forest", learn, trees=4, out=tmp_path / "forest")
    outcome = do(
        "run", scans / "a.tif", labels=labels, phase_model=tmp_path / "forest", engine="openvino",
        only=("phases",), out=tmp_path / "out",
    )  # fmt: skip
    assert outcome.failure == ""
    assert (tmp_path / "out" / "phases.tif").exists()


@pytest.fixture
def many(scans: Path) -> Path:
    return write_many(scans)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """What a run over `many` wrote, and what it said; the file that is no image is among them."""
    scans, out = write_many(tmp_path_factory.mktemp("scans")), tmp_path_factory.mktemp("compared") / "out"
    images = [str(scans / "s?.tif"), str(scans / "bad.tif")]
    said = do("run", *images, groups=scans / "groups.csv", out=out, without=("phases", "cracks"))
    return out, said


def write_many(scans: Path) -> Path:
    """Four samples of two kinds, and a file that is no image."""
    lines = ["image,cycles,labels"]
    for number, cycles in enumerate((10, 10, 100, 100)):
        write_electrode(scans, f"s{number}", crack=1 + number // 2 * 2)
        lines.append(f"s{number}.tif,{cycles},s{number}_labels.tif")
    (scans / "bad.tif").write_bytes(b"no image at all")
    (scans / "groups.csv").write_text("\n".join(lines) + "\n")
    return scans


def test_many_go_on_after_one_fails_and_are_compared_by_group(compared: tuple[Path, Outcome]) -> None:
    out, outcome = compared
    assert "1 of 5 images failed: bad.tif" in outcome.failure
    assert outcome.numbers["done"] == 4
    table = {row["Image"]: row for row in rows(out / "summary.csv")}
    assert [table[f"s{n}.tif"]["cycles"] for n in range(4)] == ["10", "10", "100", "100"]
    assert [table[f"s{n}.tif"]["Particles"] for n in range(4)] == ["12.0"] * 4
    assert table["bad.tif"]["State"] == "failed"
    assert "bad.tif" in table["bad.tif"]["Failure"]
    own = rows(out / "s1" / "particles.csv")
    assert float(table["s1.tif"]["Damage_mean"]) == pytest.approx(
        sum(float(row["Damage"]) for row in own) / 12
    )
    page = (out / "comparison.html").read_text(encoding="utf-8")
    assert "10 and 100" in page
    assert "bad.tif" in page
    # Numbers are in the order of their size.
    assert page.index("What differs: 10 and 100") > 0


@pytest.mark.slow
def test_resume_of_many_does_only_what_is_missing(many: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    table: Any = {"groups": many / "groups.csv", "only": ("table",), "out": out}
    do("run", str(many / "s[01].tif"), **table)
    made = (out / "s0" / "particles.csv").stat().st_mtime_ns
    outcome = do("run", str(many / "s[012].tif"), resume=True, **table)
    assert outcome.numbers["done"] == 3
    assert (out / "s0" / "particles.csv").stat().st_mtime_ns == made


def test_labels_of_one_image_are_refused_for_many(many: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--labels belongs to one image"):
        do("run", str(many / "s*.tif"), labels=many / "s0_labels.tif", out=tmp_path / "out")


def test_two_images_of_one_name_get_folders_of_their_own() -> None:
    assert folder_names([Path("a/x.tif"), Path("b/x.tif"), Path("y.ome.tif")]) == ["a_x", "b_x", "y"]
    assert len(set(folder_names([Path("a/x.tif"), Path("a/X.png"), Path("a_x.tif")]))) == 3


def test_folders_and_patterns_lead_to_images(scans: Path) -> None:
    for name in ("b", "a"):
        write_electrode(scans, name)
    (scans / "notes.txt").write_text("no image")
    names = [path.name for path in find_images([str(scans)])[0]]
    assert names == ["a.tif", "a_labels.tif", "b.tif", "b_labels.tif"]
    assert [path.name for path in find_images([str(scans / "?.tif")])[0]] == ["a.tif", "b.tif"]
    with pytest.raises(InputError, match="no image is called"):
        find_images([str(scans / "*.zarr")])
    with pytest.raises(InputError, match="there is no such image"):
        find_images([str(scans / "gone.tif")])


def test_a_folder_of_slices_is_a_volume_unless_they_are_unrelated(scans: Path) -> None:
    for number in range(3):
        write_volume(scans / f"z{number}.tif", np.zeros((8, 8), np.uint8), spacing=SPACING)
    assert find_images([str(scans)]) == ([scans], False)
    found, several = find_images([str(scans)], flat=True)
    assert (len(found), several) == (3, True)


def test_a_configuration_is_written_with_every_field_explained_and_taken(scans: Path, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    do("run", without=("damage",), save_config=config)
    text = config.read_text(encoding="utf-8")
    values = tomllib.loads(text)
    assert values["without"] == ["damage"]
    assert values["table"]["radius"] == 0.7
    assert "# radius of the ball that closes cracks, and of the shell for contacts (default: 0.7 um)" in text
    config.write_text(
        text.replace("radius = 0.7", "radius = 1.5").replace('["damage"]', str(list(FAST["without"])))
    )
    grey, labels = write_electrode(scans, "a")
    do("run", str(grey), labels=labels, config=config, out=tmp_path / "out")
    assert json.loads((tmp_path / "out" / "particles.json").read_text())["parameters"]["radius_um"] == 1.5
    # What the command says counts more.
    config.write_text('without = ["table", "report"]')
    do("run", str(grey), labels=labels, config=config, without=("report", "damage", "phases", "cracks"),
       out=tmp_path / "other")  # fmt: skip
    assert (tmp_path / "other" / "particles.csv").exists()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("phase_modle = 'x'", "phase_model"),
        ("[tabel]\nradius = 1", "table"),
        ("[table]\nradus = 1", "radius"),
        ("[table]\nradius = -1", "radius"),
        ("only = [", "TOML"),
    ],
)
def test_a_misspelt_field_is_named_with_the_nearest(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(InputError, match=named):
        do("run", "grey.tif", config=tmp_path / "run.toml", out=tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, "grey image"),
        ({"images": ("a.tif",)}, "--out"),
        ({"images": ("a.tif",), "out": "o", "only": ("tabel",)}, "'table'"),
        ({"images": ("a.tif",), "out": "o", "only": ("table",), "without": ("damage",)}, "--without"),
        ({"images": ("a.tif",), "out": "o", "by": "cycles"}, "--groups"),
    ],
)
def test_what_makes_no_sense_is_said(options: dict, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        do("run", **options)


@pytest.mark.slow
def test_projections_go_from_the_scan_to_the_page(tmp_path: Path) -> None:
    do(
        "phantom", tmp_path / "made", shape=(16, 96, 96), spacing=(0.3,) * 3, seed=4, scan=True, angles=91,
        offset=1.5,
    )  # fmt: skip
    out = tmp_path / "out"
    options = RunOptions(
        images=(str(tmp_path / "made" / "projections.nxs"),),
        model="watershed",
        out=out,
        filter="median",
        **FAST,
    )
    outcome = find("run").run(options, Run())
    assert outcome.failure == ""
    assert {"grey.tif", "grey_axis.png", "filtered.tif", "particles.tif", "report.html"} <= {
        path.name for path in out.iterdir()
    }
    log = (out / "run.log").read_text(encoding="utf-8")
    assert (
        log.index("electrodej reconstruct") < log.index("electrodej filter") < log.index("electrodej segment")
    )


def test_filters_are_a_setting_of_the_configuration(scans: Path, tmp_path: Path) -> None:
    grey, labels = write_electrode(scans, "a")
    config = tmp_path / "run.toml"
    config.write_text('filter = "median:radius=1px"\n[filtering]\nslices = true\n', encoding="utf-8")
    do("run", str(grey), labels=labels, out=tmp_path / "out", config=config, **FAST)
    assert "--slices" in (tmp_path / "out" / "run.log").read_text(encoding="utf-8")
    config.write_text('filter = "meidan"\n', encoding="utf-8")
    with pytest.raises(InputError, match="median"):
        do("run", str(grey), labels=labels, out=tmp_path / "two", config=config, **FAST)


@pytest.mark.slow
def test_two_bad_images_of_ten_leave_eight_done(scans: Path, tmp_path: Path) -> None:
    lines = ["image,labels"]
    for number in range(8):
        write_electrode(scans, f"s{number}")
        lines.append(f"s{number}.tif,s{number}_labels.tif")
    (scans / "bad.tif").write_bytes(b"no image at all")
    whole = (scans / "s0.tif").read_bytes()
    (scans / "cut.tif").write_bytes(whole[: len(whole) // 3])
    (scans / "groups.csv").write_text("\n".join(lines) + "\n")
    images = [str(scans / name) for name in ("bad.tif", "cut.tif", "s?.tif")]
    outcome = do("run", *images, groups=scans / "groups.csv", only=("table",), out=tmp_path / "out")
    assert "2 of 10 images failed: bad.tif, cut.tif" in outcome.failure
    states = {row["Image"]: row["State"] for row in rows(tmp_path / "out" / "summary.csv")}
    assert list(states.values()).count("done") == 8
    assert states["bad.tif"] == states["cut.tif"] == "failed"


@pytest.mark.slow
def test_a_full_disk_stops_one_image_and_leaves_nothing_half_written(scans: Path, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    write_electrode(scans, "small")
    # A table of 3,000 particles is larger than a file may become here.
    cube = np.pad(np.ones((2, 2, 2), int), ((0, 1), (0, 1), (0, 1)))
    labels = np.kron(np.arange(1, 3001).reshape(1, 50, 60), cube)
    write_volume(scans / "large_labels.tif", labels.astype(np.uint16), spacing=SPACING, labels=True)
    write_volume(scans / "large.tif", (50 + 150 * (labels > 0)).astype(np.uint8), spacing=SPACING)
    (scans / "groups.csv").write_text(
        "image,labels\nlarge.tif,large_labels.tif\nsmall.tif,small_labels.tif\n"
    )
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, before[1]))
    try:
        outcome = do(
            "run", str(scans / "large.tif"), str(scans / "small.tif"), groups=scans / "groups.csv",
            only=("table",), out=tmp_path / "out",
        )  # fmt: skip
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "1 of 2 images failed: large.tif" in outcome.failure
    states = {row["Image"]: row for row in rows(tmp_path / "out" / "summary.csv")}
    assert states["small.tif"]["State"] == "done"
    assert "\n" not in states["large.tif"]["Failure"]
    assert {path.name for path in (tmp_path / "out" / "large").iterdir()} <= {"run.json", "run.log"}


def test_why_a_stage_failed_is_said_once_and_kept_in_the_log(
    scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grey, labels = write_electrode(scans, "a")
    many = (np.arange(9 * 28 * 38).reshape(9, 28, 38) % 250).astype(np.uint8)
    no_phases = write_volume(scans / "many.tif", many, spacing=SPACING, labels=True)
    words = ["run", str(grey), "--labels", str(labels), "--phases", str(no_phases)]
    assert main([*words, "--only", "table,morphology", "--out", str(tmp_path / "out")]) == 1
    captured = capsys.readouterr()
    why = captured.err.splitlines()[-1].partition("morphology: ")[2]
    assert why
    assert (captured.out + captured.err).count(why) == 1
    assert "morphology failed" in captured.err
    assert why in (tmp_path / "out" / "run.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("what", ["(NaN)", "all voxels have the value 100"])
def test_grey_values_that_no_stage_can_use_are_refused_once_and_before_the_first(
    scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    grey = np.full((6, 40, 40), 100, np.float32)
    if what == "(NaN)":
        grey[3] = np.arange(1600).reshape(40, 40)
        grey[4, 2, 1] = np.nan
    path = write_volume(scans / "bad.tif", grey, spacing=SPACING)
    assert main(["run", str(path), "--model", "watershed", "--out", str(tmp_path / "out")]) == 1
    captured = capsys.readouterr()
    assert (captured.out + captured.err).count(what) == 1
    assert "$ electrodej" not in captured.err
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["run.log"]


def test_what_failed_several_stages_is_said_once(scans: Path, tmp_path: Path) -> None:
    done = Done(
        Job(scans / "a.tif", tmp_path, {}),
        Found(failed={"particles": "full", "phases": "full", "table": "lost"}),
    )
    assert done.failure == "particles, phases: full; table: lost"


def test_a_page_of_the_same_files_stays_and_a_new_one_keeps_the_notes(scans: Path, tmp_path: Path) -> None:
    grey, labels = write_electrode(scans, "flat", depth=1)
    out, config = tmp_path / "out", tmp_path / "run.toml"
    given = {"labels": labels, "out": out, **FAST}
    do("run", str(grey), **given)
    page = out / "report.html"
    made = page.stat().st_mtime_ns
    do("run", str(grey), resume=True, **given)
    assert page.stat().st_mtime_ns == made
    config.write_text("[report]\ntitle = 'Anew'\n")
    do("run", str(grey), resume=True, config=config, **given)
    text = page.read_text(encoding="utf-8")
    assert "<title>Anew" in text
    # The table was not measured again, and what there is to know of it is told all the same.
    assert "Measured as 2D" in text


@pytest.mark.slow
def test_methods_claim_no_model_where_particles_are_too_few(scans: Path, tmp_path: Path) -> None:
    pytest.importorskip("shap")
    grey, labels = write_electrode(scans, "a")
    do("run", str(grey), labels=labels, out=tmp_path / "out", without=("phases", "cracks"))
    methods = (tmp_path / "out" / "report.html").read_text(encoding="utf-8").partition("Methods, to paste")[2]
    assert "breiman2001forests" not in methods


def test_samples_have_the_names_of_their_table_and_images_of_one_sample_are_one(tmp_path: Path) -> None:
    about = [("A", "10"), ("A", "10"), ("B", "10"), ("A", "100"), ("", "100")]
    done = [
        Done(
            Job(tmp_path / f"s{n}.tif", tmp_path / f"s{n}", {}, {"sample": sample, "cycles": cycles}), Found()
        )
        for n, (sample, cycles) in enumerate(about)
    ]
    tables = {n: TableFile(tmp_path, {"Label": np.array([n + 1])}) for n in range(len(about))}
    groups, note = group_samples(done, tables, by="cycles")
    assert note == ""
    assert [
        (group.name, {each.name: each.columns["Label"].tolist() for each in group.samples})
        for group in groups
    ] == [("10", {"A": [1, 2], "B": [3]}), ("100", {"A": [4], "s4": [5]})]
    # Compared sample by sample, the images are what a sample's numbers come from.
    groups, note = group_samples(done, tables, by="sample")
    assert [len(group.samples) for group in groups] == [3, 1]
    assert "s4.tif" in note


def test_the_page_of_many_leads_to_each_and_has_the_numbers_of_the_groups(
    compared: tuple[Path, Outcome],
) -> None:
    page = (compared[0] / "comparison.html").read_text(encoding="utf-8")
    assert '<a href="s1/report.html">s1.tif</a>' in page
    assert "1 failed" in page
    assert "cycles 100" in page
    assert "No particle was measured" not in page
    # Of 24 particles a group there is no model, and that is said.
    assert "What explains the damage: 10" in page
    assert "cliff1993dominance" in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("depth", "wanted"),
    [
        (1, "segment particles"),
        (7, "fuse --model nmc-particles"),
        (12, "segment particles --model nmc-particles-3d"),
    ],
)
def test_single_slices_thin_volumes_and_volumes_are_seen_as_suits_them(
    scans: Path, tmp_path: Path, depth: int, wanted: str
) -> None:
    grey, _ = write_electrode(scans, "a", depth=depth)
    said: list[str] = []
    options = RunOptions(images=(str(grey),), only=("particles",), out=tmp_path / "out")
    assert find("run").run(options, Run(hear=said.append)).failure == ""
    (command,) = [line for line in said if line.startswith("$ electrodej ")]
    # The model of sections is the verb's default.
    words = command.replace(f"{grey} ", "").removeprefix("$ electrodej ")
    assert words.startswith(wanted)
    assert ("nmc-particles-3d" in words) == ("nmc-particles-3d" in wanted)


def test_slices_one_by_one_are_not_for_a_model_of_volumes(scans: Path, tmp_path: Path) -> None:
    grey, _ = write_electrode(scans, "a", depth=12)
    outcome = do(
        "run", str(grey), only=("particles",), flat=True, model="nmc-particles-3d", out=tmp_path / "out"
    )
    assert "a model of volumes, and slices are to be looked at one by one" in outcome.failure
    assert not (tmp_path / "out" / "particles.tif").exists()


@pytest.mark.slow
def test_settings_for_three_views_are_not_passed_over(scans: Path, tmp_path: Path) -> None:
    grey, _ = write_electrode(scans, "a", depth=12)
    settings = tmp_path / "run.toml"
    do("run", save_config=settings)
    said: list[str] = []
    for change, verb in ((("", ""), "segment"), (('method = "flow"', 'method = "kmeans"'), "fuse")):
        settings.write_text(settings.read_text().replace(*change) if change[0] else settings.read_text())
        said.clear()
        run = Run(hear=said.append, force=True)
        options = RunOptions(images=(str(grey),), only=("particles",), config=settings, out=tmp_path / "out")
        assert find("run").run(options, run).failure == ""
        (command,) = [line for line in said if line.startswith("$ electrodej ")]
        assert command.split()[2] == verb
        assert any("[particles] sets method" in note for note in run.notes) == (verb == "fuse")


def test_a_saved_file_says_what_is_done_without_it(tmp_path: Path) -> None:
    do("run", save_config=tmp_path / "run.toml")
    saved = tomllib.loads((tmp_path / "run.toml").read_text())
    assert saved["particles"]["intact"] is True
    assert saved["sections"]["intact"] is True
    assert saved["volume"]["type"] == "uint16"
