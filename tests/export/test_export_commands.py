"""The two verbs, through the real command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from electrodej.cli import main


def run(*words: str, code: str = "") -> subprocess.CompletedProcess[str]:
    start = [sys.executable, "-c", code] if code else [sys.executable, "-m", "electrodej"]
    return subprocess.run([*start, *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", ["export", "verify"])
def test_help_has_an_example_and_loads_nothing_heavy(verb: str) -> None:
    code = (
        "import sys; from electrodej.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'stardist', 'jpype', 'h5py', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "import electrodej.export; electrodej.export.export_model\n"
        "assert 'tensorflow' not in sys.modules"
    )
    done = run(verb, "--help", code=code)
    assert done.returncode == 0, done.stderr
    assert f"example:\n  electrodej {verb}" in done.stdout


@pytest.mark.slow
def test_export_says_what_it_wrote_and_how_to_prove_it(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "particles.zip"
    words = [
        "--out",
        str(out),
        "--quiet",
        "--name",
        "Particles",
        "--author",
        "A laboratory",
        "--licence",
        "MIT",
    ]
    assert main(["export", str(data / "stardist-keras-2.15"), *words]) == 0
    told = capsys.readouterr().out
    assert f"electrodej verify {out}" in told
    card = (tmp_path / "particles.rdf.yaml").read_text()
    assert "license: MIT" in card
    assert "- name: A laboratory" in card
    assert json.loads((tmp_path / "particles.json").read_text())["name"] == "Particles"


@pytest.mark.slow
def test_verify_of_a_good_zip_ends_with_0(
    exported: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = exported("stardist-keras-2.15")
    assert main(["verify", str(path), "--json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "runs in Fiji"
    assert found["difference"] <= 1e-5


def test_verify_of_a_bad_zip_ends_with_1_and_one_line(
    unet_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(unet_file), "--quiet"]) == 1
    told = capsys.readouterr()
    assert told.out.splitlines()[-1].endswith("does not run in Fiji")
    assert len(told.err.splitlines()) == 1
    assert "this is a Keras model" in told.err


def test_verify_as_json_tells_the_findings_of_a_bad_zip_too(
    unet_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(unet_file), "--quiet", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert "this is a Keras model" in told["error"]
    assert told["verdict"] == "does not run in Fiji"


def test_export_of_a_bad_model_ends_with_1_one_line_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.keras").write_bytes(b"nonsense")
    assert main(["export", str(tmp_path / "model.keras"), "--out", str(tmp_path / "a.zip"), "--quiet"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]
