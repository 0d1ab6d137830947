"""Draw docs/images/fiji.png: ImageJ with an electrode, its labels, their table and a particle chosen there.

    xvfb-run -a -s "-screen 0 1180x640x24" .venv/bin/python tools/make_fiji_picture.py [OUT.png]

Needs a screen, which may be a virtual one, as above; where openbox is installed, windows get their frames.
Measures a synthetic electrode with the menu command, sorts the table, clicks on one of its rows and then on a
particle, as a person does. Ends with an error where a click does not choose the particle and the row that it
should, so that it is the test of what only a screen shows.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.fiji.jvm import start_light
from electrodej.phantom import make_phantom
from electrodej.volume import write_volume

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "fiji.png"
NO_SCREEN = (
    "there is no screen to draw on: DISPLAY is not set. Run this on a desktop, or on a virtual screen: "
    'xvfb-run -a -s "-screen 0 1180x640x24" .venv/bin/python tools/make_fiji_picture.py'
)
SHAPE, SPACING = (64, 128, 128), (0.14, 0.14, 0.14)
SIZE = (1180, 640)
ZOOM = 2.5
TOP, GAP = 130, 30
# Where the table is clicked: within its third row or so, below the names of the columns.
DOWN = 3.5
COLUMNS = "Volume,SurfInner,SurfOuter,Sphericity,Contact,Damage"


def main(out: Path) -> None:
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        sys.exit(NO_SCREEN)
    with frames(), tempfile.TemporaryDirectory() as folder:
        phantom = make_phantom(SHAPE, spacing=SPACING, seed=3, jobs=1)
        write_volume(Path(folder, "grey.tif"), phantom.grey, spacing=SPACING)
        write_volume(Path(folder, "labels.tif"), phantom.labels, spacing=SPACING, labels=True)
        print(draw(Path(folder), out))


@contextlib.contextmanager
def frames() -> Iterator[None]:
    """Have windows framed by openbox, where there is one and nothing frames them already."""
    program = shutil.which("openbox") if sys.platform.startswith("linux") else None
    if program is None:
        yield
        return
    manager = subprocess.Popen([program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        yield
    finally:
        manager.terminate()
        manager.wait()


def draw(folder: Path, out: Path) -> str:
    """Open, measure, click and write the picture; say what the clicks chose."""
    import scyjava

    from electrodej.fiji.scripting import run_script

    IJ = start_light(memory="1g", scripting=True, screen=True)
    scyjava.jimport("java.lang.System").setProperty("electrodej.logs", str(folder / "logs"))
    scyjava.jimport("ij.ImageJ")().setLocation(0, 0)
    images = {}
    for number, name in enumerate(("grey", "labels")):
        images[name] = image = IJ.openImage(str(folder / f"{name}.tif"))
        image.setSlice(SHAPE[0] // 2)
        image.show()
        scyjava.jimport("ij.plugin.Zoom").set(image, ZOOM)
        image.getWindow().setLocation(8 + number * int(ZOOM * SHAPE[2] + GAP), TOP)
    run_script("Measure Particles", {**images, "attributes": COLUMNS + ",X,Y,Z"})
    run_script("Show Particles", {"labels": images["labels"], "target": images["grey"]})
    windows = scyjava.jimport("ij.WindowManager")
    # The notes come up over the images, and a click there would be for them.
    notes = windows.getWindow("Log")
    if notes is not None:
        notes.setVisible(False)
    window = windows.getWindow("Particles")
    left = 8 + 2 * int(ZOOM * SHAPE[2] + GAP)
    window.setLocation(left, TOP)
    window.setSize(SIZE[0] - left - 8, SIZE[1] - TOP - 40)
    window.toFront()
    panel = window.getTextPanel()
    panel.getResultsTable().sort("Volume")
    panel.getResultsTable().show("Particles")
    mouse = Mouse(scyjava)
    said = [click_row(mouse, panel, images["labels"]), click_particle(mouse, panel, images["labels"])]
    picture = mouse.robot.createScreenCapture(scyjava.jimport("java.awt.Rectangle")(0, 0, *SIZE))
    out.parent.mkdir(parents=True, exist_ok=True)
    scyjava.jimport("javax.imageio.ImageIO").write(
        picture, "png", scyjava.jimport("java.io.File")(str(out.absolute()))
    )
    return "\n".join(said)


class Mouse:
    """A hand on the mouse."""

    def __init__(self, scyjava: Any) -> None:
        self.robot = scyjava.jimport("java.awt.Robot")()
        self._button = scyjava.jimport("java.awt.event.InputEvent").BUTTON1_DOWN_MASK

    def click(self, component: Any, x: int, y: int) -> None:
        """Click at a place in a component."""
        corner = component.getLocationOnScreen()
        self.settle()
        self.robot.mouseMove(int(corner.x) + x, int(corner.y) + y)
        self.robot.mousePress(self._button)
        self.robot.mouseRelease(self._button)
        self.settle()

    def settle(self) -> None:
        """Wait until everything that was clicked has been drawn."""
        self.robot.waitForIdle()
        time.sleep(1.0)


def click_row(mouse: Mouse, panel: Any, labels: Any) -> str:
    """Click on a row, and stop unless its particle is outlined."""
    canvas = next(part for part in panel.getComponents() if "TextCanvas" in str(part.getClass().getName()))
    height = canvas.getFontMetrics(canvas.getFont()).getHeight()
    mouse.click(canvas, 30, int(DOWN * height))
    row, label, outlined = chosen(panel, labels)
    if label is None or outlined != label:
        sys.exit(f"a click on a row chose row {row}, particle {label}, and outlined {outlined}")
    return f"a click on row {row} outlines its particle {label}"


def click_particle(mouse: Mouse, panel: Any, labels: Any) -> str:
    """Click on the largest particle in the slice that is shown, and stop unless its row is chosen."""
    plane = np.asarray(labels.getProcessor().getIntArray()).T
    now = chosen(panel, labels)[1]
    numbers, counts = np.unique(plane[(plane > 0) & (plane != now)], return_counts=True)
    wanted = int(numbers[counts.argmax()])
    inside = np.argwhere(plane == wanted)
    y, x = inside[np.abs(inside - inside.mean(axis=0)).sum(axis=1).argmin()]
    canvas = labels.getCanvas()
    mouse.click(canvas, int(canvas.screenX(int(x))), int(canvas.screenY(int(y))))
    row, label, outlined = chosen(panel, labels)
    if not wanted == label == outlined:
        sys.exit(f"a click on particle {wanted} chose row {row}, particle {label}, and outlined {outlined}")
    return f"a click on particle {wanted} outlines it and chooses its row {row}"


def chosen(panel: Any, labels: Any) -> tuple[int, int | None, int | None]:
    """The row that is chosen, its particle, and the particle that is outlined."""
    row = int(panel.getSelectionStart())
    roi = labels.getRoi()
    outlined = None if roi is None else int(str(roi.getProperty("electrodej.label")))
    label = int(panel.getResultsTable().getValue("Label", row)) if row >= 0 else None
    return row, label, outlined


if __name__ == "__main__":
    status = 0
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
    except SystemExit as stopped:
        print(stopped.code, file=sys.stderr)
        status = 1
    # ImageJ's open windows would keep Java, and with it Python, from ending.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
