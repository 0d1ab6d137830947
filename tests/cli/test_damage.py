"""``electrodej damage`` as users have it: tables in, a folder and a ranking out."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.damage import ATTRIBUTES

Command = Callable[..., Any]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """60 particles whose damage is their contact."""
    generator = np.random.default_rng(0)
    columns = {name: generator.random(60) for name in ATTRIBUTES}
    columns["Damage"] = 0.05 + 0.2 * columns["Contact"]
    path = tmp_path / "particles.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["Label", *columns])
        writer.writerows(zip(range(1, 61), *(column.tolist() for column in columns.values()), strict=True))
    return path


def assert_one_line_error(done: Any, code: int, *parts: str) -> None:
    assert done.returncode == code
    assert done.stderr.count("\n") == 1, done.stderr
    for part in parts:
        assert part in done.stderr


@pytest.mark.slow
def test_options_reach_the_model_and_json_has_the_contributions(
    electrodej: Command, table: Path, tmp_path: Path
) -> None:
    contacts = tmp_path / "contacts.csv"
    contacts.write_text("Label1,Label2\n1,2\n2,3\n")
    words = ("--trees", 7, "--leaves", 9, "--seeds", 2, "--draws", 2, "--draw-size", 40, "--repeats", 1)
    words += ("--seed", 3, "--leave-out", "Z,Yaw", "--jobs", 1, "--contacts", contacts)
    words += ("--evolve", "--cycles", 4, "--json", "--quiet")
    done = electrodej("damage", table, *words, "--out", "study")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    written = json.loads((tmp_path / "study" / "damage.json").read_text(encoding="utf-8"))
    assert written.pop("sections")
    assert found.pop("notes") == written["warnings"]
    written.pop("notes")
    assert found == {"folder": "study"} | written
    assert set(found["contribution"]) == set(ATTRIBUTES) - {"Z", "Yaw"}
    assert found["ranking"][0] == "Contact"
    given = {"trees": 7, "leaves": 9, "seeds": 2, "draws": 2, "draw_size": 40, "repeats": 1, "seed": 3}
    assert {name: found["settings"][name] for name in given} == given
    assert found["network"]["contacts"] == 2
    assert len(found["evolution"]["well-formed"]["curves"]["damage"]) == 4
    assert found["evolution"]["well-formed"]["settings"]["seed"] == 3


@pytest.mark.slow
def test_ten_particles_are_described_and_the_exit_code_is_0(
    electrodej: Command, table: Path, tmp_path: Path
) -> None:
    few = tmp_path / "few.csv"
    few.write_text("\n".join(table.read_text().splitlines()[:11]) + "\n")
    done = electrodej("damage", few, "--out", "study")
    assert done.returncode == 0, done.stderr
    assert "few.csv: 10 particles" in done.stdout
    assert re.search(r"^note: .*10 particles", done.stderr, re.MULTILINE)
    assert (tmp_path / "study" / "report.html").exists()


@pytest.mark.slow
def test_missing_columns_are_named_on_one_line(electrodej: Command, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Label,Damage,Contact\n1,0.5,0.1\n")
    done = electrodej("damage", "t.csv", "--out", "study", "--quiet")
    assert_one_line_error(done, 1, "t.csv", "the columns Z, Roll", "are missing")
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "--out"),
        (("--out", "d", "--evolve"), "--contacts"),
        (("--out", "d", "--cycles", "5"), "--cycles"),
        (("--out", "d", "--labels", "l.tif"), "--labels"),
        (("other.csv", "--out", "d", "--contacts", "c.csv"), "--contacts"),
    ],
)
def test_words_that_make_no_sense_together_are_wrong_usage(
    electrodej: Command, words: tuple[str, ...], part: str
) -> None:
    assert_one_line_error(electrodej("damage", "t.csv", *words), 2, part)


def test_a_seed_beyond_what_the_forest_takes_is_wrong_usage(electrodej: Command) -> None:
    done = electrodej("damage", "t.csv", "--seed", 2**32 - 1, "--out", "o")
    assert done.returncode == 2
    assert re.search(r"--seed.*4294967295.*2147483648", done.stderr)


def test_a_number_of_trees_that_is_none_is_wrong_usage(electrodej: Command) -> None:
    done = electrodej("damage", "t.csv", "--out", "d", "--trees", "0")
    assert done.returncode == 2
    assert "give a whole number from 1" in done.stderr
