"""When Escape is meant for a command, and what is one press of it."""

from __future__ import annotations

import subprocess
import sys

import jpype
import numpy as np
import pytest
import scyjava

from electrodej.errors import ElectrodeJError
from electrodej.fiji.scripting import context, library_class
from electrodej.volume import write_volume

pytestmark = pytest.mark.imagej

# The script's first words, as if the key came while it was still being compiled.
PRESSED = """#@ Context context
#@output Boolean went
import electrodej.Library
went = false
ij.IJ.setKeyDown(java.awt.event.KeyEvent.VK_ESCAPE)
Library.door(context).guard { went = true }
"""
QUIET = "\n".join(line for line in PRESSED.splitlines() if "setKeyDown" not in line)


@pytest.fixture
def escape(imagej):
    """Press Escape as ImageJ does; it is forgotten afterwards."""
    code = scyjava.jimport("java.awt.event.KeyEvent").VK_ESCAPE
    yield lambda: imagej.setKeyDown(code)
    imagej.setKeyUp(code)
    imagej.resetEscape()


def written(folder, text):
    folder.mkdir(parents=True)
    script = folder / "command.groovy"
    script.write_text(text)
    return script


@pytest.mark.usefixtures("escape")
def test_escape_while_a_menu_script_is_still_compiled_is_heard(run_script, tmp_path):
    command = written(tmp_path / "Plugins" / "ElectrodeJ", PRESSED)
    with pytest.raises(ElectrodeJError, match="cancelled"):
        run_script(command)


def test_escape_before_the_click_is_not_meant(run_script, tmp_path, escape):
    command = written(tmp_path / "Plugins" / "ElectrodeJ", QUIET)
    escape()
    assert run_script(command)["went"]


@pytest.mark.usefixtures("escape")
def test_a_script_of_somebody_elses_begins_where_it_asks_for_the_door(run_script, tmp_path):
    # Nothing of ours saw it begin, so that the key may be as old as anything.
    assert run_script(written(tmp_path / "own", PRESSED))["went"]


def test_escape_in_a_macro_is_meant_for_the_command_that_comes_next(run_script, tmp_path, escape):
    command = written(tmp_path / "Plugins" / "ElectrodeJ", QUIET)
    assert run_script(command)["went"]
    interpreter = scyjava.jimport("ij.macro.Interpreter")()
    # As while a macro runs.
    field = interpreter.getClass().getDeclaredField("instance")
    field.setAccessible(True)
    field.set(None, interpreter)
    try:
        escape()
        with pytest.raises(ElectrodeJError, match="cancelled"):
            run_script(command)
    finally:
        field.set(None, None)


@pytest.fixture
def key(imagej):
    """A key with a clock of our own: ``key(at)`` presses it, and returns whether that was a new press."""
    assert imagej is not None
    state = {"down": False, "now": 0}

    def forget():
        state["down"] = False

    made = library_class(context(), "Key")(
        jpype.JProxy("java.util.function.BooleanSupplier", dict={"getAsBoolean": lambda: state["down"]}),
        jpype.JProxy("java.lang.Runnable", dict={"run": forget}),
        jpype.JProxy("java.util.function.LongSupplier", dict={"getAsLong": lambda: state["now"]}),
    )

    def press(at):
        state.update(now=at, down=True)
        new = bool(made.pressedAnew())
        assert not made.pressedAnew()
        return new

    return press


def test_a_key_that_is_held_is_pressed_once_however_long(key):
    assert key(0)
    # A second until it repeats itself, the most that Windows can be set to, then thirty times a second.
    assert not any(key(at) for at in range(1000, 20_000, 33))


def test_a_key_that_was_let_go_of_is_pressed_anew(key):
    assert [key(at) for at in (5000, 5400, 9000, 9400, 12_000)] == [True, False, True, False, True]


# The key is down at each look; the clock stands still, or a long time goes by between two of them.
LEARNT = """#@ Context context
#@ File grey
#@ File out
#@ Integer step
#@output Integer satisfied
import electrodej.Library
import java.util.function.*
def door = Library.door(context)
long now = 0
door.key = door.key.class.newInstance(
	{ true } as BooleanSupplier, { } as Runnable, { now += step; now } as LongSupplier)
satisfied = 0
def task = [grey: [file: grey.path], steps: "nlm:strength=0.8n", out: out.path]
door.guard { door.call("filter", task, [enough: { satisfied++ }]) }
"""


@pytest.fixture
def task(tmp_path):
    grey = np.random.default_rng(1).integers(0, 256, (48, 48, 48)).astype(np.uint8)
    write_volume(tmp_path / "grey.tif", grey, spacing=(0.5, 0.5, 0.5))
    return {"grey": tmp_path / "grey.tif", "out": tmp_path / "out.tif"}


def test_escape_held_too_long_ends_a_training_early_and_does_not_cancel_it(run_script, tmp_path, task):
    assert run_script(written(tmp_path / "own", LEARNT), {**task, "step": 0})["satisfied"] == 1
    assert task["out"].is_file()


def test_a_second_escape_cancels_a_training(run_script, tmp_path, task):
    with pytest.raises(ElectrodeJError, match="cancelled"):
        run_script(written(tmp_path / "own", LEARNT), {**task, "step": 10_000})
    assert not task["out"].exists()


# Java without a screen runs in this process, and in a new one Groovy has not started yet.
ON_A_SCREEN = """
import os, sys, threading, time
from pathlib import Path
import scyjava
from electrodej.fiji.jvm import start_light
from electrodej.fiji.scripting import context, run_script

folder = Path(sys.argv[1])
scyjava.config.add_options([f"-Duser.home={folder}", f"-Djava.util.prefs.userRoot={folder}"])
imagej = start_light(scripting=True, screen=True)
context()
scyjava.jimport("ij.ImageJ")(scyjava.jimport("ij.ImageJ").NO_SHOW)
key = scyjava.jimport("java.awt.event.KeyEvent").VK_ESCAPE
threads = scyjava.jimport("java.lang.Thread")
files = {"greyFile": folder / "grey.tif", "labelFile": folder / "labels.tif"}


def click(table):
    run_script("Measure Particles", {**files, "table": folder / table})


first = threading.Thread(target=click, args=("cancelled.csv",))
first.start()
while "ElectrodeJ gets ready" not in [str(each.getName()) for each in threads.getAllStackTraces().keySet()]:
    assert first.is_alive()
    time.sleep(0.005)
imagej.setKeyDown(key)
imagej.setKeyUp(key)
first.join()
click("second.csv")
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.slow
def test_escape_while_groovy_itself_starts_is_heard_and_the_next_click_is_done(pair, screen):
    words = [*screen, sys.executable, "-c", ON_A_SCREEN, str(pair)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (pair / "second.csv").is_file()
    assert not (pair / "cancelled.csv").exists()
