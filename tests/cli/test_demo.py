"""The demo as a newcomer runs it, on a small electrode."""

from __future__ import annotations

import csv
import json
import shlex
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
OUTPUTS = {
    "phantom",
    "particles.tif",
    "particles.csv",
    "particles.json",
    "particles_contacts.csv",
    "particles_cracks.csv",
    "particles_cracks.json",
    "particles_cracks.html",
    "particles_cracks.png",
    "particles_cracks.svg",
    "particles_cracks_packing.csv",
    "phases.tif",
    "phases.csv",
    "phases.json",
    "cracks.tif",
    "damage",
    "score.json",
    "score_phases.json",
    "score_cracks.json",
}


@pytest.fixture(scope="module")
def demo(program, tmp_path_factory):
    """A finished demo: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "my electrode"
    words = [program, "demo", "--out", str(folder), "--shape", "48,72,72", "--seed", "3"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_it_ends_by_naming_the_report_it_wrote(demo):
    folder, done = demo
    label, _, path = done.stdout.splitlines()[-1].partition(": ")
    assert label == "report"
    assert Path(path) == folder / "report.html"
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_every_stage_leaves_the_normal_file_of_its_verb(demo):
    folder, _ = demo
    assert {path.name for path in folder.iterdir()} == OUTPUTS | {"report.html"}
    with (folder / "particles.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) > 2
    assert list(rows[0])[:2] == ["Image", "Label"]
    assert {row["Image"] for row in rows} == {"grey.tif"}


def test_the_commands_it_shows_give_the_same_files(demo, program, tmp_path):
    folder, done = demo
    commands = [line.removeprefix("$ ") for line in done.stderr.splitlines() if line.startswith("$ ")]
    assert len(commands) == 10
    for command in commands:
        name, *words = shlex.split(command)
        assert name == "electrodej"
        again = subprocess.run(
            [program, *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=280
        )
        assert again.returncode == 0, again.stderr
    for made in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        original = folder / made.relative_to(tmp_path)
        assert made.read_bytes() == original.read_bytes(), made.name


def test_a_second_demo_keeps_the_first_without_force(demo, electrodej):
    folder, _ = demo
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    done = electrodej("demo", "--out", folder, "--shape", "48,72,72")
    assert done.returncode == 1
    assert "--force" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_force_replaces_the_earlier_demo_and_keeps_what_is_not_ours(electrodej, tmp_path):
    folder = tmp_path / "electrode"
    for _ in range(2):
        done = electrodej("demo", "--out", folder, "--shape", "32,48,48", "--force", "--json")
        assert done.returncode == 0, done.stderr
        (folder / "notes.txt").write_text("mine")
    assert json.loads(done.stdout)["report"] == str(folder / "report.html")
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_file_in_the_way_is_named(electrodej, tmp_path):
    (tmp_path / "taken").write_text("mine")
    done = electrodej("demo", "--out", "taken", "--shape", "32,48,48")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "taken" in done.stderr
    assert (tmp_path / "taken").read_text() == "mine"
