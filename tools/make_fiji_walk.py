"""Walk through ElectrodeJ's menu in a whole Fiji as a person does, and take the pictures of it.

    ELECTRODEJ_FIJI=~/Fiji xvfb-run -a -s "-screen 0 1280x900x24" .venv/bin/python tools/make_fiji_walk.py

Needs a Fiji with this version of ElectrodeJ in it (``electrodej fiji install``) and a screen, which may be
a virtual one, as above. Opens every dialog, presses its Help button once, then clicks its way from the
sample to corrected particles. Writes a picture of each dialog for the Help pages (``fiji-
scripts/library/electrodej/help``), one of each step and a sheet of all steps (``docs/images/fiji-*.png``).
Ends with an error where a step does not do what it should.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import make_fiji_picture
import numpy as np
from PIL import Image

from electrodej.fiji import connect
from electrodej.fiji.content import PREFIX, scripts, title_of
from electrodej.fiji.help import folder, page_of
from electrodej.volume.lut import label_colours

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SCREEN = (1280, 900)
LONGEST = 240
STEPS = ("sample", "forest", "segment", "measure", "correct", "colour", "3d")
COLOURS = 64
FOLD = "Further options"
# Squares that are drawn for the forest, the phase that stands for particles, how often the forest is right.
SQUARE, PARTICLE, LEAST_RIGHT = 6, 3, 0.75
# Where the particles in 3D begin on their page, in pixels from above.
IN_3D = 1310
# Where windows are put, so that nothing lies over anything.
LEFT, TOP = 10, 100


class Screen:
    """A Fiji on a screen: its windows, what is clicked, and pictures of it."""

    def __init__(self) -> None:
        import scyjava

        # What somebody chose in dialogs before is no part of the pictures.
        preferences = tempfile.mkdtemp()
        scyjava.config.add_options([f"-Djava.util.prefs.userRoot={preferences}"])
        self.connection = connect(interactive=True, memory="2g")
        self.java = scyjava.jimport
        self.connection.ij.ui().showUI()
        self.robot = self.java("java.awt.Robot")()
        self.IJ = self.connection.IJ

    def windows(self) -> list[Any]:
        """Return the windows that are shown."""
        return [window for window in self.java("java.awt.Window").getWindows() if window.isVisible()]

    def dialog(self, title: str) -> Any | None:
        """Return the dialog of that title, if it is shown."""
        kinds = self.java("java.awt.Dialog"), self.java("javax.swing.JDialog")
        return next((w for w in self.windows() if isinstance(w, kinds) and str(w.getTitle()) == title), None)

    def until(self, what: str, found: Callable[[], Any]) -> Any:
        """Wait for something, and return it."""
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            there = found()
            if there:
                return there
            message = self.dialog("ElectrodeJ")
            if message is not None:
                self.picture(IMAGES / "fiji-problem.png")
                sys.exit(f"while waiting for {what}, Fiji said something: look at fiji-problem.png")
            time.sleep(0.2)
        self.picture(IMAGES / "fiji-problem.png")
        sys.exit(f"{what} did not come within {LONGEST} s: look at fiji-problem.png")

    def press(self, window: Any, words: str) -> None:
        """Press the button with these words, as a click does; without waiting for what it does."""
        button = next(each for each in _parts(window) if _text(each) == words)
        # What a button does may take long, and a click does not wait either.
        self.java("javax.swing.SwingUtilities").invokeLater(_runnable(button.doClick))

    def ask(self, command: str) -> Any:
        """Choose a command in the menu, and return its dialog."""
        self.IJ.doCommand(PREFIX + command)
        dialog = self.until(f"the dialog of {command}", lambda: self.dialog(PREFIX + command))
        self.settle()
        return dialog

    def settle(self) -> None:
        """Wait until everything is drawn."""
        self.robot.waitForIdle()
        time.sleep(0.7)

    def picture(self, file: Path, window: Any = None) -> None:
        """Write a picture of a window, or of all that is shown."""
        self.settle()
        box = window.getBounds() if window is not None else self.java("java.awt.Rectangle")(0, 0, *SCREEN)
        shot = self.robot.createScreenCapture(box)
        with tempfile.TemporaryDirectory() as place:
            raw = Path(place, "shot.png")
            self.java("javax.imageio.ImageIO").write(shot, "png", self.java("java.io.File")(str(raw)))
            Image.open(raw).convert("RGB").quantize(COLOURS).save(file, optimize=True)

    def has_python(self) -> bool:
        """Return whether Fiji has started a Python that works for it."""
        objects = self.connection.ij.context().service("org.scijava.object.ObjectService")
        return not objects.getObjects(self.java("org.apposed.appose.Service").class_).isEmpty()

    def image(self, title: str) -> Any | None:
        """Return the open image of that title."""
        return self.java("ij.WindowManager").getImage(title)


def _runnable(work: Callable[[], Any]) -> Any:
    import jpype

    return jpype.JProxy("java.lang.Runnable", dict={"run": work})


def _parts(window: Any) -> list[Any]:
    found = []
    for part in window.getComponents():
        found += [part, *(_parts(part) if hasattr(part, "getComponents") else ())]
    return found


def _text(part: Any) -> str:
    return str(part.getText()) if hasattr(part, "getText") and hasattr(part, "doClick") else ""


def dialogs(screen: Screen) -> None:
    """Take a picture of every dialog, and see that each has a Help button that shows its page."""
    for path in sorted(scripts().rglob("ElectrodeJ/*.groovy")):
        title = title_of(path)
        if title == "Help":
            continue
        dialog = screen.ask(title)
        if not any(_text(part) == "Help" for part in _parts(dialog)):
            sys.exit(f"the dialog of {title} has no Help button")
        unfolds(screen, path, dialog)
        screen.picture(folder() / f"{page_of(title)}.png", dialog)
        screen.press(dialog, "Cancel")
        screen.until(f"the end of {title}", lambda title=title: screen.dialog(PREFIX + title) is None)
        print(title, flush=True)


def unfolds(screen: Screen, script: Path, dialog: Any) -> None:
    """See that further options are out of sight until they are asked for, and leave them in sight."""
    if FOLD not in script.read_text(encoding="utf-8"):
        return
    before = dialog.getHeight()
    if not any(_text(part) == FOLD for part in _parts(dialog)):
        sys.exit(f"the dialog of {script.stem} is not folded")
    screen.press(dialog, FOLD)
    screen.settle()
    if not dialog.getHeight() > before:
        sys.exit(f"the dialog of {script.stem} does not unfold")
    if dialog.getY() + dialog.getHeight() > SCREEN[1]:
        sys.exit(f"the buttons of {script.stem} lie below the screen once it is unfolded")


def sample(screen: Screen) -> tuple[Any, Any]:
    """Open the sample; return its grey image and its labels."""
    first = screen.ask("Open Sample")
    screen.until("Python, which starts while a dialog is read", screen.has_python)
    screen.press(first, "OK")
    grey = screen.until("the sample", lambda: screen.image("grey.tif"))
    labels = screen.until("its labels", lambda: screen.image("labels.tif"))
    for number, image in enumerate((grey, labels)):
        image.setSlice(32)
        screen.java("ij.plugin.Zoom").set(image, 2.0)
        image.getWindow().setLocation(LEFT + 290 * number, TOP)
    step(screen, "sample")
    return grey, labels


def walk(screen: Screen, grey: Any, labels: Any) -> None:
    """From the sample to corrected particles."""
    label(screen, grey, labels)
    screen.java("ij.WindowManager").setCurrentWindow(grey.getWindow())
    screen.press(screen.ask("Segment Particles"), "OK")
    others = [grey, labels]
    found = screen.until("the particles", lambda: next((i for i in _open(screen) if i not in others), None))
    found.setSlice(32)
    screen.java("ij.plugin.Zoom").set(found, 2.0)
    found.getWindow().setLocation(LEFT + 2 * 290, TOP)
    step(screen, "segment")
    found.changes = False
    found.close()
    # The dialog proposes the grey image and the labels, each in its field.
    screen.press(screen.ask("Measure Particles"), "OK")
    table = screen.until("the table", lambda: screen.java("ij.WindowManager").getWindow("Particles"))
    table.setBounds(LEFT, TOP + 320, 1000, 400)
    notes = screen.java("ij.WindowManager").getWindow("Log")
    if notes is not None:
        notes.setVisible(True)
        notes.setBounds(LEFT + 2 * 290, TOP, 480, 300)
    step(screen, "measure")
    if notes is not None:
        notes.setVisible(False)
    table.dispose()
    correct(screen, labels)


def correct(screen: Screen, labels: Any) -> None:
    """Delete, take back, measure again, colour, look at it in 3D."""
    screen.IJ.run(f"{PREFIX}Correct Particles", "labels=labels.tif grey=grey.tif what=[In a window]")
    window = screen.until(
        "the list of particles",
        lambda: next((w for w in screen.windows() if _title(w) == "Particles of labels.tif"), None),
    )
    window.setBounds(LEFT, TOP + 320, 1000, 400)
    particles = next(part for part in _parts(window) if part.getClass().getSimpleName() == "JTable")
    before = np.asarray(labels.getProcessor().getIntArray()).T
    screen.java("javax.swing.SwingUtilities").invokeLater(
        _runnable(lambda: particles.setRowSelectionInterval(1, 1))
    )
    screen.settle()
    chosen = int(particles.getValueAt(1, 0))
    screen.press(window, "Delete")
    screen.settle()
    stack = labels.getStack()
    left = {int(v) for z in range(stack.size()) for v in np.unique(np.asarray(list(stack.getPixels(z + 1))))}
    if chosen in left:
        sys.exit(f"particle {chosen} was deleted and is still there")
    screen.press(window, "Measure again")
    said = screen.until("the second measurement", lambda: _said(window, "measured anew"))
    print(said, flush=True)
    step(screen, "correct")
    screen.press(window, "Undo")
    screen.settle()
    if not (before == np.asarray(labels.getProcessor().getIntArray()).T).all() and labels.getSlice() == 32:
        sys.exit("what was taken back is not as it was")
    screen.press(window, "Measure again")
    screen.until("the third measurement", lambda: _said(window, "measured anew"))
    screen.press(window, "Colour by it")
    coloured = screen.until(
        "the colours",
        lambda: next((i for i in _open(screen) if str(i.getTitle()).startswith("labels_")), None),
    )
    coloured.setSlice(32)
    screen.java("ij.plugin.Zoom").set(coloured, 2.0)
    coloured.getWindow().setLocation(LEFT + 2 * 290, TOP)
    step(screen, "colour")
    pages = Path.home() / ".electrodej" / "pages"
    shutil.rmtree(pages, ignore_errors=True)
    screen.press(window, "3D view")
    page = screen.until("the page in 3D", lambda: next(iter(pages.glob("*.html")), None))
    solid(page)


def label(screen: Screen, grey: Any, labels: Any) -> None:
    """Draw some squares of two phases, and see that the forest finds the particles."""
    screen.java("ij.WindowManager").setCurrentWindow(grey.getWindow())
    screen.press(screen.ask("Label With Forest"), "OK")
    title = f"Forest on {grey.getTitle()}"
    window = screen.until(
        "its window", lambda: next((w for w in screen.windows() if _title(w) == title), None)
    )
    window.setLocation(LEFT, TOP + 320)
    things = np.asarray(labels.getStack().getProcessor(grey.getSlice()).getIntArray()).T > 0
    for phase, inside in (("pore", ~things), ("particle", things)):
        for x, y in _squares(inside, count=3):
            grey.setRoi(x, y, SQUARE, SQUARE)
            screen.press(window, phase)
            screen.settle()
    manager = screen.java("ij.plugin.frame.RoiManager").getInstance()
    manager.setLocation(LEFT + 600, TOP + 320)
    red, green, blue = (int(each[PARTICLE]) for each in label_colours().reshape(3, 256))
    colour = red << 16 | green << 8 | blue
    screen.until("the forest's look", lambda: (_over(grey) == colour).any())
    # A Fiji without all of ImageJ's colours says so with each group.
    log = screen.java("ij.WindowManager").getWindow("Log")
    if log is not None:
        log.setVisible(False)
        screen.IJ.log("\\Clear")
    step(screen, "forest")
    share = float(((_over(grey) == colour) == things).mean())
    print(f"pixels that the forest tells as they are: {share:.2f}", flush=True)
    if share < LEAST_RIGHT:
        sys.exit("the forest does not tell particles from the rest: look at fiji-forest.png")
    window.dispose()
    manager.close()
    screen.until("the end of it", lambda: not _over(grey).any())


def _over(image: Any) -> Any:
    """Return the colours that lie over an image; 0 where there is nothing."""
    rois = [] if image.getOverlay() is None else list(image.getOverlay().toArray())
    pictures = [roi.getProcessor() for roi in rois if str(roi.getName()) == "ElectrodeJ preview"]
    if not pictures:
        return np.zeros((image.getHeight(), image.getWidth()), np.int64)
    return np.asarray(pictures[0].getIntArray()).T & 0xFFFFFF


def _squares(inside: Any, count: int) -> list[tuple[int, int]]:
    """Return where some squares lie that are wholly inside."""
    from scipy.ndimage import binary_erosion

    middles = np.argwhere(binary_erosion(inside, np.ones((SQUARE + 2,) * 2)))
    chosen = middles[:: max(1, len(middles) // count)][:count]
    return [(int(x) - SQUARE // 2, int(y) - SQUARE // 2) for y, x in chosen]


def _open(screen: Screen) -> list[Any]:
    windows = screen.java("ij.WindowManager")
    return [windows.getImage(number) for number in (windows.getIDList() or ())]


def _title(window: Any) -> str:
    return str(window.getTitle()) if hasattr(window, "getTitle") else ""


def _said(window: Any, words: str) -> str:
    texts = [str(part.getText()) for part in _parts(window) if hasattr(part, "getText")]
    return next((text for text in texts if words in text), "")


def solid(page: Path) -> None:
    """Take a picture of the page in 3D with a browser of our own, where there is one."""
    import subprocess

    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no browser: no picture of the page in 3D")
        return
    target = IMAGES / "fiji-3d.png"
    words = [
        "--headless=new",
        "--no-sandbox",
        "--use-gl=angle",
        "--use-angle=swiftshader",
        "--hide-scrollbars",
    ]
    how = [
        f"--window-size={SCREEN[0]},{IN_3D + SCREEN[1]}",
        "--virtual-time-budget=8000",
        f"--screenshot={target}",
    ]
    command = [browser, *words, *how, page.as_uri()]
    subprocess.run(command, check=False, capture_output=True, timeout=LONGEST)
    if target.is_file():
        whole = Image.open(target).convert("RGB")
        seen = whole.crop((0, IN_3D, SCREEN[0], IN_3D + SCREEN[1]))
        seen.quantize(COLOURS).save(target, optimize=True)


def step(screen: Screen, name: str) -> None:
    """Take the picture of a step."""
    screen.picture(IMAGES / f"fiji-{name}.png")
    print(name, flush=True)


def sheet() -> None:
    """Put the pictures of all steps onto one sheet."""
    width = SCREEN[0] // 2
    pictures = [IMAGES / f"fiji-{name}.png" for name in STEPS]
    small = [
        Image.open(each).convert("RGB").resize((width, SCREEN[1] // 2)) for each in pictures if each.is_file()
    ]
    whole = Image.new("RGB", (2 * width, -(-len(small) // 2) * SCREEN[1] // 2), "white")
    for number, each in enumerate(small):
        whole.paste(each, (number % 2 * width, number // 2 * SCREEN[1] // 2))
    whole.quantize(COLOURS).save(IMAGES / "fiji-walk.png", optimize=True)


def main() -> None:
    if "ELECTRODEJ_FIJI" not in os.environ:
        sys.exit("ELECTRODEJ_FIJI names no Fiji")
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        sys.exit(make_fiji_picture.NO_SCREEN)
    with make_fiji_picture.frames():
        screen = Screen()
        grey, labels = sample(screen)
        if "--walk" not in sys.argv:
            dialogs(screen)
        if "--dialogs" not in sys.argv:
            walk(screen, grey, labels)
            sheet()


if __name__ == "__main__":
    status = 0
    try:
        main()
    except SystemExit as stopped:
        print(stopped.code, file=sys.stderr)
        status = 1
    # Open windows would keep Java, and with it Python, from ending.
    with contextlib.suppress(ValueError):
        sys.stdout.flush()
    os._exit(status)
