"""``electrodej score`` as users have it: files in, a table or JSON out."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

Command = Callable[..., Any]


def write(path: Path, labels: NDArray[Any], *, micrometres: float | None = 0.5) -> Path:
    """Write labels as an ImageJ TIFF, by tifffile alone."""
    if micrometres is None:
        tifffile.imwrite(path, labels, photometric="minisblack")
        return path
    tifffile.imwrite(
        path,
        labels,
        imagej=True,
        resolution=(1 / micrometres, 1 / micrometres),
        metadata={"axes": "ZYX", "spacing": micrometres, "unit": "um"},
    )
    return path


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    labels = np.zeros((4, 8, 10), np.uint16)
    labels[1:3, 1:5, 1:5] = 3
    labels[1:3, 1:5, 6:9] = 500
    labels[0, 7, 9] = 8
    return write(tmp_path / "truth.tif", labels)


@pytest.fixture
def pred(tmp_path: Path) -> Path:
    labels = np.zeros((4, 8, 10), np.float32)
    # 24 of the 32 voxels of particle 3, all of 500, and none of 8.
    labels[1:3, 1:4, 1:5] = 70_000
    labels[1:3, 1:5, 6:9] = 2
    return write(tmp_path / "pred.tif", labels)


def test_particles_are_scored_in_json(electrodej: Command, pred: Path, truth: Path) -> None:
    done = electrodej("score", pred, truth, "--json")
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)
    assert (scores["kind"], scores["n_true"], scores["n_pred"]) == ("particles", 3, 2)
    assert (scores["pred"], scores["truth"]) == (str(pred), str(truth))
    counts = {entry["threshold"]: (entry["tp"], entry["fp"], entry["fn"]) for entry in scores["thresholds"]}
    assert counts[0.75] == (2, 0, 1)
    assert counts[0.8] == (1, 1, 2)
    assert scores["mean"]["accuracy"] == pytest.approx((6 * 2 / 3 + 4 * 1 / 4) / 10)
    assert scores["notes"] == []


def test_the_table_names_its_columns_and_has_a_row_a_threshold(
    electrodej: Command, pred: Path, truth: Path
) -> None:
    done = electrodej("score", pred, truth, "--quiet")
    lines = done.stdout.splitlines()
    assert re.search(r"3 true.*2 predicted.*4 x 8 x 10", lines[0])
    assert lines[2].split()[:6] == ["IoU", "found", "invented", "missed", "precision", "recall"]
    assert lines[3].split()[:4] == ["0.50", "2", "0", "1"]
    # Matches of 3/4 and 1: a mean of 7/8, over 3 particles 7/12, panoptic quality 1.75 / 2.5.
    assert lines[3].split()[4:] == ["1.0000", "0.6667", "0.8000", "0.6667", "0.8750", "0.5833", "0.7000"]
    assert lines[13].split()[0] == "mean"
    assert done.stderr == ""


# Particle 3 has 32 voxels of 0.125 um^3, of which the prediction has 24; 500 has 24; 8 has one, in a corner.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "n_true", "found_at_95"),
    [
        (("--exclude-border",), 2, 1),
        (("--ignore", "500", "--criterion", "iop"), 2, 1),
        (("--min-volume", "3.5"), 1, 0),
        (("--min-volume", "3.5", "--spacing", "1,1,1"), 2, 1),
    ],
)
def test_options_for_particles_reach_the_scores(
    electrodej: Command, pred: Path, truth: Path, words: tuple[str, ...], n_true: int, found_at_95: int
) -> None:
    scores = json.loads(electrodej("score", pred, truth, "--json", *words).stdout)
    assert scores["n_true"] == n_true
    assert scores["thresholds"][-1]["tp"] == found_at_95


@pytest.mark.slow
def test_best_partners_are_written_as_a_table_and_replace_one_only_with_force(
    electrodej: Command, pred: Path, truth: Path, tmp_path: Path
) -> None:
    table = tmp_path / "best.csv"
    table.write_text("mine")
    assert_one_line_error(electrodej("score", pred, truth, "--out", table), 1, "best.csv", "--force")
    assert table.read_text() == "mine"
    done = electrodej("score", pred, truth, "--out", table, "--force")
    assert done.returncode == 0, done.stderr
    assert str(table) in done.stdout
    with table.open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [(row["Image"], row["Label"], row["Best"], row["IoU"]) for row in rows] == [
        ("truth.tif", "3", "70000", "0.75"),
        ("truth.tif", "8", "0", "0.0"),
        ("truth.tif", "500", "2", "1.0"),
    ]


@pytest.mark.slow
def test_phases_are_scored(electrodej: Command, tmp_path: Path) -> None:
    known = np.array([[[0, 0, 0, 2], [2, 2, 255, 255]]], np.uint8)
    guess = np.array([[[0, 0, 2, 2], [2, 2, 2, 0]]], np.uint8)
    files = write(tmp_path / "guess.tif", guess), write(tmp_path / "known.tif", known)
    scores = json.loads(electrodej("score", *files, "--phases", "--json").stdout)
    assert (scores["kind"], scores["voxels"]) == ("phases", 6)
    assert scores["accuracy"] == pytest.approx(5 / 6)
    assert [entry["iou"] for entry in scores["classes"]] == pytest.approx([2 / 3, 3 / 4])
    words = ("--phases", "--ignore", "none", "--names", "pore,binder,particle")
    shown = electrodej("score", *files, *words).stdout
    assert shown.startswith("accuracy 0.6250 over 8 voxels")
    assert [line.split()[0] for line in shown.splitlines()[3:7]] == ["pore", "particle", "255", "mean"]


def test_voxel_sizes_that_differ_are_noted_and_scored_all_the_same(
    electrodej: Command, truth: Path, tmp_path: Path
) -> None:
    other = write(tmp_path / "other.tif", tifffile.imread(truth), micrometres=0.25)
    done = electrodej("score", other, truth, "--json")
    assert done.returncode == 0
    assert re.search(r"other\.tif.*0\.25 x 0\.25 x 0\.25", done.stderr)
    (note,) = json.loads(done.stdout)["notes"]
    assert re.search(r"truth\.tif.*0\.5 x 0\.5 x 0\.5", note)


def assert_one_line_error(done: Any, code: int, *parts: str) -> None:
    assert done.returncode == code
    assert done.stderr.count("\n") == 1, done.stderr
    for part in parts:
        assert part in done.stderr


def test_shapes_that_differ_are_named_with_both_files(
    electrodej: Command, truth: Path, tmp_path: Path
) -> None:
    small = write(tmp_path / "small.tif", np.ones((4, 8, 9), np.uint16))
    done = electrodej("score", small, truth, "--quiet")
    assert_one_line_error(done, 1, "small.tif has the shape 4 x 8 x 9", "truth.tif has 4 x 8 x 10")


def test_a_probability_map_is_refused_and_named(electrodej: Command, truth: Path, tmp_path: Path) -> None:
    map_file = write(tmp_path / "probability.tif", np.full((4, 8, 10), 0.5, np.float32))
    assert_one_line_error(
        electrodej("score", map_file, truth, "--quiet"), 1, "probability.tif", "not a whole number"
    )


def test_a_smallest_volume_without_a_voxel_size_names_the_option(electrodej: Command, tmp_path: Path) -> None:
    bare = write(tmp_path / "bare.tif", np.ones((3, 4, 5), np.uint16), micrometres=None)
    done = electrodej("score", bare, bare, "--min-volume", 1, "--quiet")
    assert_one_line_error(done, 1, "bare.tif", "--spacing")


@pytest.mark.parametrize(
    "words",
    [
        ("--phases", "--exclude-border"),
        ("--phases", "--min-volume", "2"),
        ("--phases", "--criterion", "iot"),
        ("--names", "pore,particle"),
        ("--slices",),
        ("--coco", "--exclude-border"),
        ("--phases", "--coco"),
    ],
)
def test_options_of_the_other_kind_are_wrong_usage(
    electrodej: Command, pred: Path, truth: Path, words: tuple[str, ...]
) -> None:
    offender = next(word for word in reversed(words) if word.startswith("--") and word != "--phases")
    assert_one_line_error(electrodej("score", pred, truth, *words), 2, offender)


def test_a_label_to_ignore_that_is_no_number_is_wrong_usage(
    electrodej: Command, pred: Path, truth: Path
) -> None:
    done = electrodej("score", pred, truth, "--ignore", "crack")
    assert done.returncode == 2
    assert "'crack' is not a label" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), ("--phases",), ("--coco",)])
def test_scores_go_to_a_json_file_as_they_are_printed(
    electrodej: Command, truth: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = electrodej("score", truth, truth, "--json", "--out", tmp_path / "scores.json", *words)
    printed = json.loads(done.stdout)
    written = json.loads((tmp_path / "scores.json").read_text())
    assert printed == {"pred": str(truth), "truth": str(truth), "kind": printed["kind"]} | written


def test_coco_ranks_by_the_confidence_in_a_table(
    electrodej: Command, pred: Path, truth: Path, tmp_path: Path
) -> None:
    table = tmp_path / "confidence.csv"
    table.write_text("Slice,Label,Confidence\n1,70000,0.4\n1,2,0.9\n2,70000,0.4\n2,2,0.9\n")
    done = electrodej("score", pred, truth, "--coco", "--slices", "--confidence", table, "--json")
    scores = json.loads(done.stdout)
    # At 0.75 four of the five sections are found; the sure ones alone at 0.95: two, at the recall 0.4.
    assert (scores["kind"], scores["images"], scores["n_true"]) == ("coco", 4, 5)
    assert scores["ap75"] == pytest.approx(81 / 101)
    assert scores["ap"] == pytest.approx((6 * 81 + 4 * 41) / 10 / 101)
    assert scores["ar"] == pytest.approx((6 * 0.8 + 4 * 0.4) / 10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("Label,Score\n1,2\n", ("no column Confidence",)),
        ("Label,Confidence\n2,nan\n", ("line 2", "nan")),
        ("Label,Confidence\n2,0.5\n2,0.4\n", ("line 3", "label 2 is there twice")),
        ("Label,Confidence\n2,high\n", ("line 2", "no number")),
        ("Label,Confidence\n2,0.5\n", ("70000 has no confidence",)),
    ],
)
def test_a_wrong_table_of_confidences_is_refused(
    electrodej: Command, pred: Path, truth: Path, tmp_path: Path, table: str, words: tuple[str, ...]
) -> None:
    path = tmp_path / "confidence.csv"
    path.write_text(table)
    done = electrodej("score", pred, truth, "--coco", "--confidence", path, "--quiet")
    assert_one_line_error(done, 1, *words)


@pytest.mark.parametrize(("name", "words"), [("best.csv", ("--phases",)), ("scores.xlsx", ())])
def test_a_format_that_scores_do_not_have_is_refused(
    electrodej: Command, truth: Path, tmp_path: Path, name: str, words: tuple[str, ...]
) -> None:
    done = electrodej("score", truth, truth, "--quiet", "--out", tmp_path / name, *words)
    assert_one_line_error(done, 1, name, ".json")
    assert not (tmp_path / name).exists()
