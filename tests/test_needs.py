"""Tests that cannot run on a machine are left out by name, and fail where nothing may be left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = """
def test_in_firefox(firefox):
    raise AssertionError("there is no Firefox")

def test_that_needs_nothing():
    pass
"""


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run two tests with the project's conftest.py, where there is no program on the PATH."""
    tests = folder / "test_two.py"
    tests.write_text(TESTS)
    places = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "tools")])
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "--rootdir", folder]
    return subprocess.run(
        [*map(str, command), "-p", "conftest", "-p", "no:cacheprovider", *options, str(tests)],
        env={**os.environ, "PATH": str(folder), "JAVA_HOME": "", "PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["0", "1"])
def test_what_cannot_run_is_named_with_its_remedy_in_the_last_line(tmp_path, parallel):
    done = run_pytest(tmp_path, "-n", parallel)
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert "1 passed, 1 left out (firefox: " in last
    assert "apt-get install firefox-esr" in last


@pytest.mark.slow
def test_where_nothing_may_be_left_out_the_run_fails_and_names_it(tmp_path):
    done = run_pytest(tmp_path, "--nothing-left-out")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "firefox: " in done.stderr
    assert "fiji: " not in done.stderr
