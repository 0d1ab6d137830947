"""A command that is stopped ends at once, whatever it is doing, and leaves nothing half written."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from electrodej.volume import write_volume

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send to one process")
# Stands for a library that does not let go of the interpreter while it loads.
STUBBORN = """
import ctypes, pathlib
pathlib.Path("loading").touch()
ctypes.PyDLL(None).sleep(600)
"""


def hearing(*words):
    """A command that hears Ctrl-C, also where these tests run in the background of a script."""
    code = "import os, signal as s, sys; s.signal(s.SIGINT, s.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", code, *map(str, words)]


def wait_until(condition, process, seconds=120):
    """Wait for ``condition`` while the process runs."""
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the program ended before it could be stopped"
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.05)


@pytest.fixture
def started(program, tmp_path):
    """Start a command in an empty folder."""
    running = []

    def start(*words, **surroundings):
        process = subprocess.Popen(
            hearing(program, *words), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **surroundings},
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def has_part(folder):
    return lambda: any(".partial" in path.name for path in folder.iterdir())


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_leaves_nothing_half_written(started, tmp_path, number, code, twice):
    process = started("phantom", "out", "--shape", "400,400,400", "--json")
    wait_until(has_part(tmp_path), process)
    process.send_signal(number)
    if twice:
        time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == code
    assert json.loads(stdout) == {"error": "stopped; unfinished outputs were removed"}
    assert stderr.splitlines()[-1] == "electrodej: stopped; unfinished outputs were removed"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_stopping_tells_from_where_a_run_can_go_on(started, tmp_path):
    grey = np.random.default_rng(0).integers(0, 255, (64, 64, 64), np.uint8)
    write_volume(tmp_path / "grey.tif", grey, spacing=(0.14, 0.14, 0.14))
    views = tmp_path / "o_views"
    process = started("fuse", "grey.tif", "--model", "nmc-particles", "--out", "o.tif", "--json")
    wait_until((views / "xy.tif").exists, process)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    message = json.loads(stdout)["error"]
    assert message.endswith(f"the same command with --resume goes on from what is finished in {views}")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_library_that_is_being_loaded_delays_no_stop(started, tmp_path, number, code):
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    (libraries / "openvino.py").write_text(STUBBORN)
    write_volume(tmp_path / "grey.tif", np.zeros((32, 32, 32), np.uint8), spacing=(0.14, 0.14, 0.14))
    words = ("segment", "particles", "grey.tif", "--model", "nmc-particles", "--out", "o.tif")
    process = started(*words, "--engine", "openvino", "--as-is", PYTHONPATH=str(libraries))
    wait_until((tmp_path / "loading").exists, process)
    process.send_signal(number)
    _, said = process.communicate(timeout=100)
    assert process.returncode == code
    assert said.splitlines()[-1].startswith("electrodej: stopped; ")
    assert not (tmp_path / "o.tif").exists()


def test_the_work_ends_with_the_process_that_was_started(started, tmp_path):
    (tmp_path / "temporary").mkdir()
    process = started("phantom", "out", "--shape", "400,400,400", TMPDIR=str(tmp_path / "temporary"))
    wait_until(has_part(tmp_path), process)
    process.kill()
    # The pipes are closed when nothing of it goes on.
    process.communicate(timeout=100)
    assert [path.name for path in tmp_path.iterdir()] == ["temporary"]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_work_that_the_system_ends_is_tidied_up_and_told(started, tmp_path):
    process = started("phantom", "out", "--shape", "400,400,400", "--json")
    wait_until(has_part(tmp_path), process)
    (work,) = psutil.Process(process.pid).children()
    work.kill()
    stdout, stderr = process.communicate(timeout=100)
    assert process.returncode == 137
    assert "want of memory" in stderr.splitlines()[-1]
    assert "want of memory" in json.loads(stdout)["error"]
    assert list(tmp_path.iterdir()) == []


def test_modules_that_lie_in_the_folder_are_not_run(electrodej, tmp_path):
    for name in ("json", "numpy", "electrodej"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('run')")
    done = electrodej("score", "a.tif", "b.tif")
    assert (done.returncode, done.stderr) == (1, "electrodej score: a.tif does not exist; check the name\n")
