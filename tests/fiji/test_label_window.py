"""The window of Label With Forest in real ImageJ, on a screen: strokes, looks, and a model that is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.imagej, pytest.mark.slow]

# Java without a screen runs in the other tests' process.
PROGRAM = """
import faulthandler, json, os, sys, time, traceback
from pathlib import Path
import jpype
import numpy as np
import scyjava
from electrodej.fiji.convert import to_imagej
from electrodej.fiji.jvm import start_light


def failed(*error):
    traceback.print_exception(*error)
    sys.stderr.flush()
    os._exit(1)  # Java's threads would keep it alive


sys.excepthook = failed
faulthandler.dump_traceback_later(1000, exit=True)
END = time.monotonic() + 900
EDGE, SLICES, SHOWN = 48, 6, 4
folder = Path(sys.argv[1])
scyjava.config.add_options([f"-Duser.home={folder}", f"-Djava.util.prefs.userRoot={folder}"])
imagej = start_light(scripting=True, screen=True)
from electrodej.fiji.scripting import context, library_class, run_script

context()
# Without it ImageJ prints what it would show.
scyjava.jimport("ij.ImageJ")(scyjava.jimport("ij.ImageJ").NO_SHOW)
system = scyjava.jimport("java.lang.System")
system.setProperty("electrodej.logs", str(folder / "logs"))
swing = scyjava.jimport("javax.swing.SwingUtilities")
windows = scyjava.jimport("java.awt.Window")
told = {}


def until(what, found):
    while time.monotonic() < END:
        there = found()
        if there:
            return there
        time.sleep(0.05)
    titled = [each for each in windows.getWindows() if hasattr(each, "getTitle")]
    there = [str(each.getTitle()) for each in titled if each.isVisible()]
    print(f"{what} did not come; the windows are {there}", file=sys.stderr, flush=True)
    os._exit(1)


def shown(kind, title):
    there = [each for each in windows.getWindows() if isinstance(each, scyjava.jimport(kind))]
    return next((each for each in there if each.isVisible() and str(each.getTitle()) == title), None)


def parts(window):
    for part in window.getComponents():
        yield part
        if hasattr(part, "getComponents"):
            yield from parts(part)


def button(words):
    return next(each for each in parts(window) if hasattr(each, "doClick") and str(each.getText()) == words)


def press(words):
    swing.invokeLater(jpype.JProxy("java.lang.Runnable", dict={"run": button(words).doClick}))


def said():
    return next(str(part.getText()) for part in parts(window) if hasattr(part, "getLineWrap"))


def over():
    rois = [] if grey.getOverlay() is None else list(grey.getOverlay().toArray())
    laid = [roi for roi in rois if roi is not None]
    return [(int(roi.getPosition()), np.asarray(roi.getProcessor().getIntArray()).T) for roi in laid]


noise = np.random.default_rng(2).normal(0, 6, (SLICES, EDGE, EDGE))
voxels = (np.where(np.arange(EDGE) < EDGE // 2, 60, 180) + noise).astype(np.uint8)
grey = to_imagej(voxels, spacing=(0.5,) * 3, title="stack")
grey.show()
grey.setSlice(SHOWN)
library_class(context(), "Door")  # compiled, which takes seconds
run_script("Label With Forest", {"grey": grey, "names": "pore,particle", "name": "mine"})
window = until("the window", lambda: shown("javax.swing.JFrame", "Forest on stack"))
told["first"] = until("a word", said)
for x, phase in ((2, "pore"), (29, "particle")):
    grey.setRoi(x, 10, 16, 6)
    press(phase)
    until(f"the stroke of {phase}", lambda: grey.getRoi() is None)
position, colours = until("the colours", over)[0]
until("the doubt", lambda: "in doubt" in said())
told["position"] = position
told["sides"] = [len(np.unique(part)) for part in (colours[:, :20], colours[:, 28:])]
told["differ"] = bool(colours[0, 0] != colours[0, -1])

# A volume that is too large to be sent: two slices may go, and it has more.
system.setProperty("electrodej.shared.limit", str(2 * 2 * EDGE * EDGE))
press("Keep as a model")
message = until("the end of the training", lambda: shown("java.awt.Dialog", "ElectrodeJ"))
# Disposed of before it is quite shown, it would come back.
until("the button", lambda: (message.dispose(), button("Keep as a model").isEnabled())[1])
until("the colours of the model", over)

# Colours go when nobody wants them, and with the window.
press("Show what the forest finds")
until("the bare image", lambda: not over())
press("Show what the forest finds")
until("the colours once more", over)
window.dispose()
until("the bare image", lambda: not over())
(folder / "told.json").write_text(json.dumps(told))
os._exit(0)
"""


@pytest.mark.timeout(1200)
def test_strokes_colour_the_image_and_the_forest_is_kept_without_sending_the_volume(tmp_path, screen):
    models = tmp_path / "models"
    done = subprocess.run(
        [*screen, sys.executable, "-c", PROGRAM, str(tmp_path)],
        env={**os.environ, "ELECTRODEJ_MODELS": str(models)},
        capture_output=True,
        text=True,
        check=False,
        timeout=1100,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["first"] == "draw something of two phases"
    assert told["position"] == 4
    assert told["sides"] == [1, 1]
    assert told["differ"]
    kept = models / "mine" / "forest.json"
    logs = "".join(log.read_text("utf-8") for log in sorted((tmp_path / "logs").glob("*.log")))
    assert kept.is_file(), logs[-3000:]
    # What the first look needs was loaded as soon as the window was there.
    assert 0 < logs.index("rehearse {}") < logs.index("glance {")
    forest = json.loads(kept.read_text())
    assert [each["name"] for each in forest["classes"]] == ["pore", "particle"]
    # The one slice that was drawn on.
    assert len(list((models / "mine.data" / "grey").glob("*.tif"))) == 1
