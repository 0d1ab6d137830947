"""A command that is stopped ends at once, whatever it is doing, and leaves nothing half written."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from electrodej.cli import guard
from electrodej.cli.processes import end_all, with_temporary
from electrodej.models import bundled_models
from electrodej.unfinished import read_book
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


# Stands for TensorFlow, which is given the folder that a model was unpacked to and does not come back.
LOADS_FOR_EVER = """
import ctypes, pathlib, sys, time, unittest.mock
def load(session, tags, folder):
    pathlib.Path("unpacked").write_text(folder)
    {sleep}(600)
known = unittest.mock.MagicMock(__spec__=__spec__)
known.compat.v1.saved_model.load = load
sys.modules[__name__] = known
"""


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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "sleep"),
    [
        (signal.SIGINT, 130, "ctypes.PyDLL(None).sleep"),  # which lets nothing else of Python run
        (signal.SIGTERM, 143, "ctypes.PyDLL(None).sleep"),
        (signal.SIGKILL, -signal.SIGKILL, "time.sleep"),
    ],
)
def test_what_a_model_was_unpacked_to_goes_when_the_run_is_stopped(started, tmp_path, number, code, sleep):
    libraries, temporary = tmp_path / "libraries", tmp_path / "temporary"
    libraries.mkdir()
    temporary.mkdir()
    (libraries / "tensorflow.py").write_text(LOADS_FOR_EVER.format(sleep=sleep))
    write_volume(tmp_path / "grey.tif", np.zeros((32, 32, 32), np.uint8), spacing=(0.14, 0.14, 0.14))
    model = bundled_models()["nmc-particles"] / "model.zip"
    words = ("segment", "particles", "grey.tif", "--model", model, "--out", "o.tif", "--engine", "keras")
    process = started(*words, "--as-is", PYTHONPATH=str(libraries), TMPDIR=str(temporary))
    unpacked = tmp_path / "unpacked"
    wait_until(lambda: unpacked.is_file() and unpacked.read_text(), process)
    place = Path(unpacked.read_text())
    assert (place / "saved_model.pb").is_file()
    assert temporary in place.parents
    process.send_signal(number)
    process.communicate(timeout=100)
    assert process.returncode == code
    assert list(temporary.iterdir()) == []
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


@pytest.mark.slow
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


def test_what_does_the_work_is_started_by_the_program_only(tmp_path):
    folder = tmp_path / "electrodej-run-host-1-x"
    folder.mkdir()
    (folder / "unfinished").write_text("token\n")
    (tmp_path / "mine.txt").touch()
    for words in (["measure", "a.tif"], [str(folder / "unfinished"), "score", "a.tif", "b.tif"], []):
        done = subprocess.run(
            [sys.executable, "-m", "electrodej.cli.work", *words], cwd=tmp_path, stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert (folder / "unfinished").read_text() == "token\n"
        assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name, "mine.txt"]


# Writes the book as the work does, and is ended before a step of the renaming.
KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from electrodej.files import sets, whole_directory, whole_file, whole_set
from electrodej.unfinished import write_down

def ended_before(function, calls):
    def step(*given, **named):
        nonlocal calls
        calls -= 1
        if calls == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)
    return step

book, what, module, name, calls = *map(Path, sys.argv[1:3]), *sys.argv[3:]
module = {"os": os, "shutil": shutil, "sets": sets}[module]
write_down(book)
if what.name == "set":
    what.mkdir(exist_ok=True)
    for word in ("old", "new"):
        if word == "new":
            setattr(module, name, ended_before(getattr(module, name), int(calls)))
        with whole_set(what / "table.csv", what / "a.txt", force=True):
            for file in ("table.csv", "a.txt"):
                with whole_file(what / file, force=True) as part:
                    part.write_text(word)
else:
    what.mkdir()
    (what / "file").write_text("old")
    setattr(module, name, ended_before(getattr(module, name), int(calls)))
    with whole_directory(what, ours=lambda _: True, force=True) as part:
        (part / "file").write_text("new")
"""


@pytest.mark.parametrize(
    ("what", "module", "name", "calls", "word"),
    [
        ("folder", "os", "replace", 1, "old"),
        ("folder", "os", "replace", 2, "old"),
        ("folder", "shutil", "rmtree", 1, "new"),
        ("set", "sets", "move", 2, "old"),
        ("set", "sets", "move", 4, "old"),
        ("set", "sets", "remove", 1, "new"),
    ],
)
def test_a_stop_while_something_is_replaced_leaves_it_or_its_replacement(
    tmp_path, what, module, name, calls, word
):
    book, results = tmp_path / "book", tmp_path / "results"
    results.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, book, results / what, module, name, str(calls)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert guard._tidy(read_book(book)) == "unfinished outputs were removed"
    assert [path.name for path in results.iterdir()] == [what]
    found = {path.name: path.read_text() for path in (results / what).iterdir()}
    assert found == dict.fromkeys(["file"] if what == "folder" else ["a.txt", "table.csv"], word)


# The work is ended by the system, and while it is tidied up, the guard is told to end, too.
TOLD_LATE = """
import os, signal, subprocess, sys
from electrodej.cli import guard

def tidy(left):
    os.kill(os.getpid(), signal.SIGTERM)
    return "tidied"

ended = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
guard._start = lambda words, folder: subprocess.Popen(ended)
guard._tidy = tidy
sys.exit(guard.guard())
"""


@pytest.mark.parametrize(
    ("verb", "advice"), [("mesh", ""), ("morphology", " (give less of it with --memory)")]
)
def test_a_stop_does_not_disturb_the_tidying(tmp_path, verb, advice):
    done = subprocess.run(
        [sys.executable, "-c", TOLD_LATE, verb, "a.tif"], env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    reason = "ended by the system, most often for want of memory"
    assert (done.returncode, done.stderr) == (137, f"electrodej: {reason}{advice}; tidied\n")
    assert list(tmp_path.iterdir()) == []


def test_a_stop_without_parts_tells_from_where_to_go_on(tmp_path):
    (tmp_path / "weights.npz").touch()
    (tmp_path / "book").write_text(f'5\n["resumable", "{tmp_path}"]\n["begun"]\n["begu')
    assert guard._tidy(read_book(tmp_path / "book")).endswith(f"what is finished in {tmp_path}")


def test_stdin_and_what_the_shell_has_opened_reach_the_work(electrodej):
    done = electrodej("run", "a.tif", "--config", "/dev/stdin", "--out", "o", input="from_stdin = 1\n")
    assert "from_stdin" in done.stderr
    end, other = os.pipe()
    os.write(other, b"from_pipe = 1\n")
    os.close(other)
    done = electrodej("run", "a.tif", "--config", f"/dev/fd/{end}", "--out", "o", pass_fds=[end])
    os.close(end)
    assert "from_pipe" in done.stderr


def test_the_package_that_was_started_does_the_work(tmp_path):
    package = Path(guard.__file__).parent.parent
    (tmp_path / "electrodej").symlink_to(package, target_is_directory=True)
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "electrodej", "score", "a.tif", "b.tif", "--debug"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert str(tmp_path / "electrodej" / "cli" / "work.py") in done.stderr
    assert str(tmp_path / "electrodej" / "verbs") in done.stderr


def test_the_flags_of_python_reach_the_work():
    flags = ["-E", "-s", "-X", "utf8", "-u", "-W", "error"]
    code = "from electrodej.cli import guard; print(*guard._interpreter_flags())"
    done = subprocess.run([sys.executable, *flags, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.split() == ["-E", "-s", "-Werror", "-X", "utf8", "-u", "-P"]


def test_folders_of_killed_guards_are_swept(tmp_path):
    dead = 2_000_000_000  # no system gives numbers this high
    other = f"electrodej-run-elsewhere-{dead}-abc"
    names = [f"electrodej-run-{socket.gethostname()}-{process}-abc" for process in (dead, os.getpid())]
    for name in (*names, other):
        (tmp_path / name).mkdir()
    guard._sweep(tmp_path / names[1])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([names[1], other])


@pytest.mark.parametrize(("code", "told"), [(0xC0000005, (1, "0xc0000005")), (0xC000013A, (130, "stopped"))])
def test_what_windows_returns_for_a_crash_is_an_exit_code(code, told):
    number, reason = guard._how_it_ended(code, ["measure"])
    assert number == told[0]
    assert told[1] in reason


def test_what_has_lost_its_parent_is_found_by_its_temporary_folder_and_ended(tmp_path):
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    lost = subprocess.Popen(sleep, env={**os.environ, "TMPDIR": str(tmp_path)})
    try:
        found = with_temporary(tmp_path)
        assert [process.pid for process in found] == [lost.pid]
        end_all(found)
        assert lost.wait(timeout=60) == -signal.SIGKILL
    finally:
        lost.kill()
        lost.wait()
