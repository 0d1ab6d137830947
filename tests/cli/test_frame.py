"""What every verb shares: help, exit codes, JSON, stopping."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from electrodej import verbs
from electrodej.diagnosis import diagnose
from electrodej.extras import EXTRAS

FULL = Path("/dev/full")


def test_help_names_every_verb(electrodej):
    done = electrodej("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert [name for name in verbs.names() if f"\n  {name} " not in done.stdout] == []


@pytest.mark.slow
@pytest.mark.parametrize("verb", verbs.names())
def test_each_verb_has_help_with_an_example(electrodej, verb):
    done = electrodej(verb, "--help")
    assert done.returncode == 0, done.stderr
    assert f"electrodej {verb}" in done.stdout.partition("example:")[2]


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], *([verb, "--help"] for verb in verbs.names())])
def test_help_imports_nothing_heavy(words):
    heavy = [
        "numba",
        "tensorflow",
        "jpype",
        "scyjava",
        "pandas",
        "scipy",
        "skimage",
        "matplotlib",
        "dask",
        "zarr",
    ]
    code = (
        "import sys\nfrom electrodej.cli import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        f"sys.stderr.write(' '.join(set({heavy!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.slow
def test_without_words_the_overview_is_shown(electrodej):
    done = electrodej()
    assert done.returncode == 0
    assert "verbs:" in done.stdout


def test_module_and_program_are_the_same(electrodej):
    done = subprocess.run(
        [sys.executable, "-m", "electrodej", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == electrodej("--version").stdout


def test_unknown_verb_is_wrong_usage_and_suggests_the_nearest(electrodej):
    done = electrodej("phantm")
    assert done.returncode == 2
    assert "phantom" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["phantom"],
        ["phantom", "out", "--shape", "64,64"],
        ["phantom", "out", "--shape", "64,64,0"],
        ["phantom", "out", "--shape", "a,b,c"],
        ["phantom", "out", "--spacing", "0.07,-1,0.07"],
        ["phantom", "out", "--spacing", "nan"],
        ["phantom", "out", "--seed", "-1"],
        ["phantom", "out", "--jobs", "0"],
        ["phantom", "out", "--memory", "much"],
        ["phantom", "out", "--unknown"],
        ["phantom", "out", "--forc"],
        ["doctor", "extra-word"],
        ["phantom", "out", "--solid", "0.95"],
        ["phantom", "out", "--solid", "nan"],
        ["segment", "particles", "grey.tif", "--out", "l.tif", "--probability-threshold", "1.5"],
        ["segment", "particles", "grey.tif", "--out", "l.tif", "--scale", "0"],
        ["train", "stardist", "data", "--out", "m", "--epochs", "-1"],
        ["train", "unet", "data", "--out", "m", "--batch", "0"],
        ["measure", "grey.tif", "labels.tif", "--out", "t.csv", "--scheduler", "nowhere"],
    ],
)
def test_wrong_usage_exits_2_and_writes_nothing(electrodej, tmp_path, words):
    done = electrodej(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: electrodej")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["phantom", "out", "--solid", "0.95", "--json"], "0.95"),
        (["phantom", "--json"], "DIR"),
        (["fiji", "polish", "folder", "--json"], "polish"),
        (["train", "--json"], "required"),
        (["phantm", "--json"], "phantom"),
        (["measure", "grey.tif", "labels.tif", "--out", "t.csv", "--attributes", "Volum", "--json"], "Volum"),
    ],
)
def test_json_of_wrong_usage_is_one_object_too(electrodej, tmp_path, words, part):
    for name in ("grey.tif", "labels.tif") if "measure" in words else ():
        tifffile.imwrite(
            tmp_path / name, np.zeros((2, 3, 4), np.uint8), imagej=True, metadata={"axes": "ZYX"}
        )
    done = electrodej(*words, *(["--spacing", "1"] if "measure" in words else []))
    assert done.returncode == 2
    (line,) = done.stdout.splitlines()
    assert part in json.loads(line)["error"]
    assert json.loads(line)["error"] in " ".join(done.stderr.split())


def test_bad_input_is_one_line_and_exit_1(electrodej):
    done = electrodej("score", "missing.tif", "missing-too.tif")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "missing.tif" in done.stderr


def test_json_of_an_error_is_one_object_too(electrodej):
    done = electrodej("score", "missing.tif", "missing-too.tif", "--json")
    assert done.returncode == 1
    assert "missing.tif" in json.loads(done.stdout)["error"]


def test_debug_shows_where_an_error_came_from(electrodej):
    done = electrodej("score", "missing.tif", "missing-too.tif", "--debug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


@pytest.mark.slow
def test_doctor_json_is_one_object_and_nothing_else(electrodej):
    done = electrodej("doctor", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert {check["name"] for check in found["checks"]} >= {"core packages", "extra [train]", "Java", "Fiji"}
    assert done.stderr == ""


def test_doctor_names_what_an_extra_brings_where_it_is_missing(monkeypatch):
    """As on a machine where nothing but the core was installed."""
    monkeypatch.setattr("electrodej.diagnosis.installed", lambda _: {})
    found = {check.name: check for check in diagnose().checks}
    for extra in EXTRAS:
        check = found[f"extra [{extra}]"]
        assert check.status == "missing"
        assert check.disables


def test_doctor_says_what_a_missing_java_disables_and_how_to_get_one(electrodej, tmp_path):
    environment = {key: value for key, value in os.environ.items() if key not in ("JAVA_HOME", "PATH")}
    done = electrodej("doctor", "--json", env=environment | {"PATH": str(tmp_path)})
    java = next(check for check in json.loads(done.stdout)["checks"] if check["name"] == "Java")
    assert java["status"] == "missing"
    assert "JAVA_HOME" in java["remedy"]
    assert "ImageJ" in java["disables"]


@pytest.mark.slow
def test_progress_is_plain_lines_in_a_log_and_none_with_quiet(electrodej):
    loud = electrodej("phantom", "loud", "--shape", "16,32,32")
    quiet = electrodej("phantom", "quiet", "--shape", "16,32,32", "--quiet")
    assert loud.returncode == quiet.returncode == 0
    assert loud.stderr.endswith("\n")
    assert "packing" in loud.stderr
    assert "\r" not in loud.stderr
    assert quiet.stderr == ""


@pytest.mark.slow
def test_a_full_output_pipe_that_closes_early_is_no_error(program, tmp_path):
    reader = [sys.executable, "-c", "import sys; sys.stdin.read(1)"]
    with subprocess.Popen(
        [program, "doctor"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as writer:
        subprocess.run(reader, stdin=writer.stdout, check=True)
        assert writer.stdout is not None
        writer.stdout.close()
        assert writer.stderr is not None
        assert writer.stderr.read() == b""
        assert writer.wait(timeout=60) == 0


@pytest.mark.slow
def test_outputs_land_where_paths_have_spaces_and_other_scripts(electrodej, tmp_path):
    folder = tmp_path / "Elektrode für Ω 電極"
    done = electrodej("phantom", folder, "--shape", "16,32,32", "--quiet")
    assert done.returncode == 0, done.stderr
    assert (folder / "grey.tif").is_file()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the shell's way to close a stream")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("words", ["--help", "doctor"])
def test_closed_output_streams_are_no_error(program, closed, words):
    done = subprocess.run(
        f"'{program}' {words} {closed}", shell=True, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not FULL.exists(), reason="a disk that is full is Linux's to pretend")
def test_a_full_stderr_costs_the_progress_and_not_the_result(electrodej, tmp_path):
    with FULL.open("w") as full:
        done = electrodej(
            "phantom", "p", "--shape", "8,32,32", "--json",
            capture_output=False, stdout=subprocess.PIPE, stderr=full,
        )  # fmt: skip
    assert done.returncode == 0
    assert json.loads(done.stdout)["shape"] == [8, 32, 32]
    assert (tmp_path / "p" / "truth.csv").is_file()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a pipe of which the reading end can be closed first")
def test_a_stderr_that_nobody_reads_costs_the_progress_and_not_the_result(electrodej):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = electrodej(
            "phantom", "p", "--shape", "8,32,32", "--json",
            capture_output=False, stdout=subprocess.PIPE, stderr=writing,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert done.returncode == 0
    assert json.loads(done.stdout)["shape"] == [8, 32, 32]


@pytest.mark.skipif(not FULL.exists(), reason="a disk that is full is Linux's to pretend")
def test_a_full_stdout_is_told_in_one_line(electrodej):
    with FULL.open("w") as full:
        done = electrodej("doctor", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name of a file is text")
@pytest.mark.parametrize("table", [b"t\xfd.csv", b"t\xfd.parquet"])
def test_names_that_are_no_text_are_taken_and_told(electrodej, tmp_path, table):
    labels = np.zeros((6, 6, 6), np.uint16)
    labels[2:4, 2:4, 2:4] = 3
    folder = tmp_path / os.fsdecode(b"b\xff")
    folder.mkdir()
    grey, labelled, out = (folder / os.fsdecode(name) for name in (b"grey\xfe.tif", b"labels\xfe.tif", table))
    for path in (grey, labelled):
        tifffile.imwrite(path, labels, metadata={"axes": "ZYX"})
    done = electrodej("measure", grey, labelled, "--out", out, "--spacing", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["table"] == str(out)
    assert out.is_file()
    description = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert description["inputs"]["grey"]["file"] == grey.name
    missing = electrodej("measure", folder / "none.tif", labelled, "--out", "t.csv")
    assert missing.returncode == 1
    assert "b\\udcff" in missing.stderr
