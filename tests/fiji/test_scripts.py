"""The menu's scripts in SciJava over real ImageJ, with a real Python worker behind them."""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import scyjava

from electrodej.errors import ElectrodeJError
from electrodej.fiji.scripting import context
from electrodej.volume import open_volume, write_volume

pytestmark = pytest.mark.imagej

MEASURE = "Measure Particles"
# Seconds after which something hangs.
LONGEST = 240


def system():
    return scyjava.jimport("java.lang.System")


def workers():
    """The Python workers that belong to this process."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended while being looked at
            if "electrodej.worker" in child.cmdline():
                found.append(child)
    return found


@pytest.mark.slow
def test_the_worker_stays_warm_between_two_clicks(run_script, opened, tmp_path):
    run_script(MEASURE, {**opened, "table": tmp_path / "one.csv"})
    (first,) = workers()
    run_script(MEASURE, {**opened, "table": tmp_path / "two.csv"})
    assert workers() == [first]


def test_a_slice_thicker_than_wide_counts_along_z(imagej, run_script, pair, tmp_path):
    for name in ("grey", "labels"):
        with open_volume(pair / f"{name}.tif") as volume:
            write_volume(tmp_path / f"{name}2.tif", volume.read(), spacing=(1.5, 0.5, 0.25))
    images = {name: imagej.openImage(str(tmp_path / f"{name}2.tif")) for name in ("grey", "labels")}
    run_script(MEASURE, {**images, "table": tmp_path / "t.csv", "attributes": "Volume,X,Y,Z"})
    header, row = (tmp_path / "t.csv").read_text().splitlines()
    values = dict(zip(header.split(","), row.split(","), strict=True))
    assert float(values["Volume"]) == pytest.approx(216 * 1.5 * 0.5 * 0.25)
    # Voxels 3 to 8 of each axis: the middle lies at index 5.5.
    assert [float(values[axis]) for axis in "ZYX"] == pytest.approx([5.5 * 1.5, 5.5 * 0.5, 5.5 * 0.25])


def test_images_above_the_limit_of_shared_memory_are_read_from_their_files(
    run_script, opened, tmp_path, worker_logs
):
    system().setProperty("electrodej.shared.limit", "100")
    try:
        run_script(MEASURE, {**opened, "table": tmp_path / "t.csv"})
        opened["grey"].changes = True
        with pytest.raises(ElectrodeJError, match=r"larger than 2 GiB.*save it"):
            run_script(MEASURE, {**opened, "table": tmp_path / "u.csv"})
    finally:
        system().clearProperty("electrodej.shared.limit")
    assert (tmp_path / "t.csv").is_file()
    last = [
        line
        for log in worker_logs.glob("*.log")
        for line in log.read_text("utf-8").splitlines()
        if str(tmp_path / "t.csv") in line
    ]
    assert "array" not in last[-1]


def test_nothing_of_a_shared_image_is_left_behind(run_script, opened, tmp_path, worker_logs):
    from multiprocessing.shared_memory import SharedMemory

    run_script(MEASURE, {**opened, "table": tmp_path / "t.csv"})
    names = re.findall(r"shm='([^']+)'", "".join(log.read_text("utf-8") for log in worker_logs.glob("*.log")))
    assert len(names) >= 2
    for name in names:
        with pytest.raises(FileNotFoundError):
            SharedMemory(name)


@pytest.fixture
def said(imagej):
    """What the status bar was told: pairs of words and the most that can be done."""
    assert imagej is not None
    ear = scyjava.jimport("groovy.lang.GroovyClassLoader")().parseClass(
        "class Ear { List said = [].asSynchronized();"
        " @org.scijava.event.EventHandler void on(org.scijava.app.event.StatusEvent e)"
        " { said << [e.statusMessage, e.progressMaximum] } }"
    )
    ear = ear.getConstructor().newInstance()
    events = context().service("org.scijava.event.EventService")
    kept = events.subscribe(ear)
    yield lambda: [(str(word), int(most)) for word, most in list(ear.getSaid()) if word]
    events.unsubscribe(kept)


def test_progress_reaches_the_status_bar(run_script, opened, tmp_path, said):
    run_script(MEASURE, {**opened, "table": tmp_path / "t.csv"})
    deadline = time.monotonic() + 20
    while not said() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ("measuring particles", 1000) in said()


def large(folder):
    """Many particles: work for some seconds."""
    labels = np.kron(np.arange(1, 8001, dtype=np.uint16).reshape(20, 20, 20), np.ones((9, 9, 9), np.uint16))
    write_volume(folder / "labels.tif", labels, spacing=(0.1,) * 3)
    write_volume(folder / "grey.tif", (labels % 250).astype(np.uint8) + 1, spacing=(0.1,) * 3)
    return {"greyFile": folder / "grey.tif", "labelFile": folder / "labels.tif"}


def while_running(run_script, inputs, act):
    """Run the script, do ``act`` again and again until it ends, and return what it said."""
    said = []

    def work():
        try:
            run_script(MEASURE, inputs)
            said.append("done")
        except ElectrodeJError as error:
            said.append(str(error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    deadline = time.monotonic() + LONGEST
    while thread.is_alive():
        assert time.monotonic() < deadline, f"{MEASURE} does not end"
        act()
        thread.join(0.1)
    return said


def test_escape_cancels_and_leaves_no_table(imagej, run_script, tmp_path):
    key = scyjava.jimport("java.awt.event.KeyEvent").VK_ESCAPE
    inputs = {**large(tmp_path), "table": tmp_path / "t.csv"}
    said = while_running(run_script, inputs, lambda: imagej.setKeyDown(key))
    imagej.setKeyUp(key)
    imagej.resetEscape()
    assert said == ["cancelled"]
    assert not (tmp_path / "t.csv").exists()


def test_escape_ends_the_waiting_for_what_is_compiled_once_and_the_next_click_has_it(
    imagej, run_script, opened, tmp_path
):
    run_script("Help")  # Groovy itself is there
    home = str(system().getProperty("user.home"))
    objects = context().service("org.scijava.object.ObjectService")
    (compiled,) = (
        each for each in objects.getObjects(scyjava.jimport("java.util.concurrent.FutureTask").class_)
    )
    objects.removeObject(compiled)
    system().setProperty("user.home", str(tmp_path))
    key = scyjava.jimport("java.awt.event.KeyEvent").VK_ESCAPE
    inputs = {**opened, "table": tmp_path / "t.csv"}
    try:
        assert while_running(run_script, inputs, lambda: imagej.setKeyDown(key)) == ["cancelled"]
        assert not (tmp_path / "t.csv").exists()
        imagej.setKeyUp(key)
        imagej.resetEscape()
        run_script(MEASURE, inputs)
    finally:
        system().setProperty("user.home", home)
        imagej.setKeyUp(key)
        imagej.resetEscape()
    assert (tmp_path / "t.csv").is_file()
    assert list((tmp_path / ".electrodej" / "classes").iterdir())


PRESSED_EARLY = """#@ Context context
import electrodej.Library
import ij.IJ
def door = Library.door(context)
door.guard {
	IJ.setKeyDown(java.awt.event.KeyEvent.VK_ESCAPE)
	door.call("version", [:])
}
null
"""


def test_escape_before_a_task_is_sent_is_heard_and_a_former_one_is_not(imagej, run_script, tmp_path):
    script = tmp_path / "early.groovy"
    script.write_text(PRESSED_EARLY)
    try:
        with pytest.raises(ElectrodeJError, match="cancelled"):
            run_script(script, {})
        # The key is still down in ImageJ's eyes, and the next command is not meant.
        assert imagej.escapePressed()
        assert run_script("Help", {}) == {}
    finally:
        imagej.setKeyUp(scyjava.jimport("java.awt.event.KeyEvent").VK_ESCAPE)
        imagej.resetEscape()


# Escape comes while the classes are just there: what holds them presses it.
PRESSED_AT_LAST = """#@ Context context
import electrodej.Library
import ij.IJ
import java.util.concurrent.*
def objects = context.service(org.scijava.object.ObjectService)
def name = "ElectrodeJ library"
Library.door(context)
def kept = objects.getObjects(FutureTask).find { objects.getName(it) == name }
def late = new FutureTask({ IJ.setKeyDown(java.awt.event.KeyEvent.VK_ESCAPE); kept.get() } as Callable) {
	Object get(long time, TimeUnit unit) { run(); return super.get(time, unit) }
}
objects.removeObject(kept)
objects.addObject(late, name)
try {
	Library.door(context).guard { println "not heard" }
}
finally {
	objects.removeObject(late)
	objects.addObject(kept, name)
}
null
"""


def test_escape_just_before_a_command_begins_is_heard(imagej, run_script, tmp_path, capfd):
    script = tmp_path / "late.groovy"
    script.write_text(PRESSED_AT_LAST)
    try:
        with pytest.raises(ElectrodeJError, match="cancelled"):
            run_script(script, {})
    finally:
        imagej.setKeyUp(scyjava.jimport("java.awt.event.KeyEvent").VK_ESCAPE)
        imagej.resetEscape()
    assert "not heard" not in capfd.readouterr().out


FAILED_EARLY = """#@ Context context
#@output Boolean kept
import electrodej.Library
import java.util.concurrent.*
def objects = context.service(org.scijava.object.ObjectService)
def name = "ElectrodeJ library"
Library.door(context)
def whole = objects.getObjects(FutureTask).find { objects.getName(it) == name }
def failed = new FutureTask({ throw new IOException("the disk is full") } as Callable)
failed.run()
objects.removeObject(whole)
objects.addObject(failed, name)
try {
	Library.ready(context, new CountDownLatch(1), true)
	kept = objects.getObjects(FutureTask).any { it.is(failed) }
}
finally {
	objects.removeObject(failed)
	objects.addObject(whole, name)
}
"""


def test_what_could_not_be_compiled_beside_a_dialog_is_tried_again_by_the_command(run_script, tmp_path):
    script = tmp_path / "failed.groovy"
    script.write_text(FAILED_EARLY)
    assert not run_script(script, {})["kept"]


@pytest.mark.slow
def test_a_killed_worker_is_told_and_the_next_click_works(run_script, opened, tmp_path):
    folder = tmp_path / "large"
    folder.mkdir()
    inputs = {**large(folder), "table": tmp_path / "t.csv"}
    began = time.monotonic()

    def kill():
        if time.monotonic() - began > 1:
            for worker in workers():
                worker.kill()

    (said,) = while_running(run_script, inputs, kill)
    assert "Python stopped" in said
    assert not (tmp_path / "t.csv").exists()
    run_script(MEASURE, {**opened, "table": tmp_path / "after.csv"})
    assert (tmp_path / "after.csv").is_file()


@pytest.mark.slow
def test_images_closed_in_the_middle_of_the_work_are_measured_all_the_same(
    imagej, run_script, tmp_path, said
):
    files = large(tmp_path)
    images = {
        "grey": imagej.openImage(str(files["greyFile"])),
        "labels": imagej.openImage(str(files["labelFile"])),
    }
    closed = []

    def close():
        if not closed and any(word == "measuring particles" for word, _ in said()):
            closed.extend(image.flush() for image in images.values())  # as closing a window does

    assert while_running(run_script, {**images, "table": tmp_path / "t.csv"}, close) == ["done"]
    assert len(closed) == 2
    with (tmp_path / "t.csv").open() as table:
        assert sum(1 for _ in table) == 8001


def test_a_closed_image_is_told_from_an_open_one(opened):
    from electrodej.fiji.scripting import library_class

    tables = library_class(context(), "Tables")
    assert tables.isOpen(opened["labels"])
    opened["labels"].flush()  # as closing its window does
    assert not tables.isOpen(opened["labels"])


def as_fiji_does(name, **inputs):
    """Run a command as Fiji does, SciJava's preparations and all, with what a macro gives and no more."""
    from electrodej.fiji.content import script

    values = scyjava.jimport("java.util.HashMap")()
    for key, value in inputs.items():
        values.put(key, java_file(value) if isinstance(value, Path) else value)
    service = context().service("org.scijava.script.ScriptService")
    return service.run(java_file(script(name)), True, values).get()


def java_file(path):
    return scyjava.jimport("java.io.File")(str(path))


def test_what_somebody_chose_last_does_not_come_back_without_a_screen(opened, pair, worker_logs, tmp_path):
    """SciJava keeps what was chosen, and fills with it what is left out; the table would be another one."""

    assert worker_logs.is_dir()
    first = as_fiji_does(
        MEASURE,
        **opened,
        radius=1.5,
        attributes="Volume",
        excludeBorder=True,
        table=tmp_path / "a.csv",
        replace=True,
    )
    item = first.getInfo().getInput("radius")
    modules = context().service("org.scijava.module.ModuleService")
    assert float(modules.load(item)) == 1.5  # it is kept, for the next dialog
    files = {"greyFile": pair / "grey.tif", "labelFile": pair / "labels.tif"}
    as_fiji_does(MEASURE, **files, table=tmp_path / "b.csv")
    header, row = (tmp_path / "b.csv").read_text().splitlines()
    assert len(header.split(",")) > 40
    assert row.startswith("grey.tif,1,")
    parameters = json.loads((tmp_path / "b.json").read_text())["parameters"]
    assert parameters["radius_um"] == 0.7
    before = (tmp_path / "b.csv").read_bytes()
    as_fiji_does(MEASURE, **files, radius=0.9, table=tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes() == before  # "replace" was not kept
    third = as_fiji_does(MEASURE)
    given = [
        third.getInput(name) for name in ("grey", "greyFile", "labels", "labelFile", "table", "voxelSize")
    ]
    assert given == [None] * 6


def test_no_field_of_a_file_or_of_replace_is_ever_kept():
    from electrodej.fiji.content import scripts

    for path in scripts().rglob("*.*"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(("#@ File", "#@ ImagePlus")) or line.endswith((" replace", " voxelSize")):
                assert "persist=false" in line, f"{path}: {line}"
            elif line.startswith("#@") and "(" in line:
                assert "persistKey=" in line or "persist=false" in line, f"{path}: {line}"


def test_an_image_chosen_earlier_does_not_come_back_for_a_field_left_out(opened, pair, tmp_path):
    """As macros run a command: SciJava keeps what was chosen, and fills fields that are left out."""
    from electrodej.fiji.scripting import library_class

    def show(**inputs):
        return as_fiji_does("Show Particles", what="ROI file", **inputs)

    show(labels=opened["labels"], roiFile=tmp_path / "a.zip")
    assert show(labelFile=pair / "labels.tif", roiFile=tmp_path / "b.zip").getInput("labels") is None
    assert (tmp_path / "b.zip").is_file()
    images = library_class(context(), "Images")
    assert images.orNull(scyjava.jimport("ij.ImagePlus")()) is None
    assert images.orNull(opened["labels"]) is not None


# A macro that goes on after a command of ours, which fails as it does where it is run by hand.
_FAILING = """
import electrodej.Library
import org.scijava.Context
import org.scijava.app.StatusService
import org.scijava.object.ObjectService
class Failing {
    static String run() {
        def door = Library.door(new Context(ObjectService, StatusService))
        door.guard { door.images.open(null, "thing") }
        return "x"
    }
}
"""


@pytest.mark.slow
def test_an_error_ends_a_macro_with_its_sentence(imagej, capfd):
    loader = scyjava.jimport("groovy.lang.GroovyClassLoader")(
        scyjava.jimport("org.scijava.Context").getClassLoader()
    )
    loader.parseClass(_FAILING)
    change = imagej.class_.getDeclaredMethod(
        "setClassLoader", scyjava.jimport("java.lang.ClassLoader").class_
    )
    change.setAccessible(True)
    change.invoke(None, loader)
    try:
        went_on = imagej.runMacro('call("Failing.run"); return "went on";')
    finally:
        imagej.resetClassLoader()
    assert str(went_on) != "went on"
    said = capfd.readouterr().err
    assert "ElectrodeJ: there is no thing; open one, or give its file" in said
    assert "\tat " not in said


# As a Fiji does that was started for one script: it names its program in a property of Java's.
_ALONE = """
import sys
import time
from electrodej.fiji.scripting import context
import scyjava
made = context()
scyjava.jimport("java.lang.System").setProperty("ij.executable", "fiji")
file = scyjava.jimport("java.io.File")
inputs = scyjava.jimport("java.util.HashMap")()
for words in sys.argv[2:]:
    key, value = words.split("=", 1)
    inputs.put(key, file(value) if key.endswith("File") else value)
service = made.service("org.scijava.script.ScriptService")
running = service.run(file(sys.argv[1]), True, inputs)
try:
    while not running.isDone():
        time.sleep(0.1)
    print(running.get().getOutput("said"))
except Exception:
    time.sleep(30)  # Java goes away under us, and we with it
print("went on")
import os
sys.stdout.flush()
os._exit(0)
"""

# Somebody's own script, which tries a command and goes on where that fails.
_CALLER = """
#@ org.scijava.script.ScriptService scripts
#@ File commandFile
#@ File imageFile
#@output String said
try {
    scripts.run(commandFile, true, [labelFile: imageFile, what: "ROI file"] as Map<String, Object>).get()
    said = "tried"
}
catch (Exception error) {
    said = "caught"
}
"""


def alone(*words):
    return subprocess.run(
        [sys.executable, "-c", _ALONE, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


def own_lines(text):
    return [line for line in text.splitlines() if "\tat " in line or "ElectrodeJ:" in line]


@pytest.mark.slow
def test_a_fiji_started_for_one_script_ends_with_a_status_and_one_line(tmp_path):
    from electrodej.fiji.content import script

    done = alone(script("Show Particles"), f"labelFile={tmp_path / 'no.tif'}", "what=ROI file")
    assert done.returncode == 1
    assert "went on" not in done.stdout
    assert own_lines(done.stderr) == [f"ElectrodeJ: there is no file {tmp_path / 'no.tif'}"]


@pytest.mark.slow
def test_a_script_of_ones_own_goes_on_after_a_command_that_failed(tmp_path):
    from electrodej.fiji.content import script

    (tmp_path / "caller.groovy").write_text(_CALLER)
    image, command = tmp_path / "no.tif", script("Show Particles")
    done = alone(tmp_path / "caller.groovy", f"commandFile={command}", f"imageFile={image}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["tried", "went", "on"]
    (line,) = own_lines(done.stderr)
    assert f"ElectrodeJ: there is no file {image}" in line


def refused(run_script, name=MEASURE, **inputs):
    with pytest.raises(ElectrodeJError) as caught:
        run_script(name, inputs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_colours_are_no_grey_values(imagej, run_script, opened, tmp_path):
    colours = imagej.createImage("photo", "RGB black", 12, 12, 12)
    said = refused(run_script, grey=colours, labels=opened["labels"], table=tmp_path / "t.csv")
    assert said.startswith("photo is a colour image")


def test_slices_tagged_as_time_points_are_named(run_script, opened, tmp_path):
    opened["grey"].setDimensions(1, 1, 12)
    said = refused(run_script, **opened, table=tmp_path / "t.csv")
    assert re.search(r"grey\.tif .*12 time points", said)


def test_channels_are_named(run_script, opened, tmp_path):
    opened["labels"].setDimensions(12, 1, 1)
    assert "12 channels" in refused(run_script, **opened, table=tmp_path / "t.csv")


def test_images_of_two_sizes_are_named(imagej, run_script, opened, tmp_path):
    small = imagej.createImage("small", "8-bit black", 5, 12, 12)
    said = refused(run_script, grey=small, labels=opened["labels"], table=tmp_path / "t.csv")
    assert re.search(r"small .*12 x 12 x 5.*labels\.tif .*12 x 12 x 12", said)


def test_an_uncalibrated_image_is_not_measured_in_pixels(imagej, run_script, tmp_path):
    grey, labels = (imagej.createImage(name, "8-bit black", 5, 5, 5) for name in ("blank", "none"))
    said = refused(run_script, grey=grey, labels=labels, table=tmp_path / "t.csv")
    assert "does not say its voxel size" in said
    assert "Image > Properties" in said
    assert "--" not in said
    run_script(MEASURE, {"grey": grey, "labels": labels, "voxelSize": "1,1,1", "table": tmp_path / "t.csv"})
    assert (tmp_path / "t.csv").is_file()


def test_an_image_with_a_print_resolution_is_asked_for_its_voxel_size(imagej, run_script, opened, tmp_path):
    """ImageJ opens a plain TIFF of 300 dpi as calibrated in inches."""
    import tifffile

    from electrodej.fiji.scripting import library_class
    from electrodej.volume import units

    tifffile.imwrite(
        tmp_path / "dots.tif", np.ones((4, 4), np.uint8), resolution=(300, 300), resolutionunit="INCH"
    )
    dots = imagej.openImage(str(tmp_path / "dots.tif"))
    assert str(dots.getCalibration().getUnit()) == "inch"
    kind = library_class(context(), "Images")
    assert not kind.isCalibrated(dots)
    assert kind.isCalibrated(opened["grey"])
    assert "does not say its voxel size" in refused(
        run_script, grey=dots, labels=dots.duplicate(), table=tmp_path / "t.csv"
    )
    size = dots.getCalibration()
    for unit, density in itertools.product(("inch", "cm", "mm"), (28.35, 72.0, 118.11, 300.0, 310.0, 1.0)):
        size.setUnit(unit)
        size.pixelWidth = size.pixelHeight = 1 / density
        # One rule for the question and for the worker.
        assert bool(kind.isCalibrated(dots)) is not units.is_print_resolution([density, density], unit)


def test_signed_values_and_units_of_each_axis_of_open_images_count(imagej, run_script, pair, tmp_path):
    for name in ("grey", "labels"):
        image = imagej.openImage(str(pair / f"{name}.tif"))
        scyjava.jimport("ij.process.StackConverter")(image).convertToGray16()
        for z in range(1, 13):
            image.getStack().getProcessor(z).add(32768)
        size = image.getCalibration()
        size.setSigned16BitCalibration()
        size.pixelDepth = 500.0
        size.setZUnit("nm")
        imagej.saveAsTiff(image, str(tmp_path / f"{name}.tif"))
    images = {name: imagej.openImage(str(tmp_path / f"{name}.tif")) for name in ("grey", "labels")}
    wanted = {"attributes": "Volume,Edensity,Z"}
    run_script(MEASURE, {**images, **wanted, "table": tmp_path / "open.csv"})
    paths = {"greyFile": tmp_path / "grey.tif", "labelFile": tmp_path / "labels.tif"}
    run_script(MEASURE, {**paths, **wanted, "table": tmp_path / "path.csv"})
    for table in ("open.csv", "path.csv"):
        header, row = (tmp_path / table).read_text().splitlines()
        values = dict(zip(header.split(","), row.split(","), strict=True))
        assert (values["Label"], float(values["Edensity"])) == ("1", 90)
        assert float(values["Volume"]) == pytest.approx(216 * 0.5**3)
        assert float(values["Z"]) == pytest.approx(5.5 * 0.5)


def test_a_row_shows_its_slice_whatever_the_unit_of_the_depth(opened):
    from electrodej.fiji.scripting import library_class

    table = scyjava.jimport("ij.measure.ResultsTable")()
    table.incrementCounter()
    table.addValue("Label", 1.0)
    # The particle's last slice, the 9th, counted from 1.
    table.addValue("Z", 8 * 0.5)
    size = opened["labels"].getCalibration()
    for depth, unit, z_unit in ((500.0, "nm", None), (0.0005, "mm", None), (500.0, "micron", "nm")):
        size.pixelDepth = depth
        size.setUnit(unit)
        size.setZUnit(z_unit)
        library_class(context(), "Tables").select(table, 0, opened["labels"])
        assert opened["labels"].getCurrentSlice() == 9


def by_another_name():
    """The Python that runs, which is taken for another one."""
    here = Path(sys.executable)
    return here.parent / ".." / here.parent.name / here.name


def test_a_python_that_is_tried_takes_no_modules_from_where_it_is_tried(imagej, tmp_path, monkeypatch):
    from electrodej import __version__
    from electrodej.fiji.program import electrodej_in
    from electrodej.fiji.scripting import library_class

    assert imagej is not None
    (tmp_path / "electrodej.py").write_text("raise SystemExit('taken from here')")
    monkeypatch.chdir(tmp_path)
    assert electrodej_in(str(by_another_name())) == __version__
    file = scyjava.jimport("java.io.File")
    runs = library_class(context(), "Builder").class_.getDeclaredMethod("runs", file.class_)
    runs.setAccessible(True)
    assert runs.invoke(None, file(str(by_another_name())))


def test_the_worker_takes_no_modules_from_the_folder_of_temporary_files(run_script, opened, tmp_path):
    (tmp_path / "numpy.py").write_text("raise SystemExit('taken from the folder of temporary files')")
    folder, python = system().getProperty("java.io.tmpdir"), system().getProperty("electrodej.python")
    before = workers()
    try:
        system().setProperty("java.io.tmpdir", str(tmp_path))
        # Python is started anew.
        system().setProperty("electrodej.python", str(by_another_name()))
        run_script(MEASURE, {**opened, "table": tmp_path / "t.csv"})
    finally:
        system().setProperty("java.io.tmpdir", folder)
        system().setProperty("electrodej.python", python or sys.executable)
        for worker in set(workers()) - set(before):
            worker.kill()
            worker.wait()
    assert (tmp_path / "t.csv").is_file()


def test_a_filtered_image_is_not_called_after_particles(run_script, opened):
    image = run_script("Filter Image", {"grey": opened["grey"], "steps": "median"})["image"]
    assert str(image.getTitle()) == "grey_filtered.tif"


def test_a_voxel_size_that_nobody_typed_is_not_taken(imagej):
    from electrodej.fiji.scripting import library_class

    assert imagej is not None
    tables = library_class(context(), "Tables")
    lengths = scyjava.jimport("java.util.Arrays").asList
    double = scyjava.jimport("java.lang.Double")
    assert str(tables.voxelSize(lengths(double(0.3), double(0.2), double(0.1)))) == "0.3,0.2,0.1"
    # What ImageJ's dialog gives for a field that is left empty.
    with pytest.raises(scyjava.jimport("java.lang.RuntimeException"), match="three lengths above 0"):
        tables.voxelSize(lengths(double(0.3), double(0.2), double(float("nan"))))


def test_the_same_image_is_not_both_grey_and_labels(run_script, opened, tmp_path):
    said = refused(run_script, grey=opened["grey"], labels=opened["grey"], table=tmp_path / "t.csv")
    assert said == "the grey image and the labels are both grey.tif; choose another image for one of them"


def test_a_file_that_is_given_counts_more_than_an_image_that_is_open(run_script, opened, pair, tmp_path):
    """Dialogs always have an image chosen, and SciJava takes the active one for a macro that names none."""
    run_script(
        MEASURE,
        {
            "grey": opened["grey"],
            "labels": opened["grey"],
            "labelFile": pair / "labels.tif",
            "table": tmp_path / "t.csv",
        },
    )
    (row,) = (tmp_path / "t.csv").read_text().splitlines()[1:]
    assert row.startswith("grey.tif,1,")


@pytest.mark.slow
def test_labels_of_32_bit_are_taken_as_whole_numbers(run_script, opened, tmp_path):
    scyjava.jimport("ij.process.StackConverter")(opened["labels"]).convertToGray32()
    run_script(MEASURE, {**opened, "table": tmp_path / "t.csv"})
    opened["labels"].getStack().setVoxel(1, 1, 1, 0.5)
    assert "labels.tif" in refused(run_script, **opened, table=tmp_path / "u.csv")


def test_a_file_that_is_not_there_is_named(run_script, pair, tmp_path):
    said = refused(
        run_script, greyFile=tmp_path / "no.tif", labelFile=pair / "labels.tif", table=tmp_path / "t.csv"
    )
    assert said == f"there is no file {tmp_path / 'no.tif'}"


def test_a_table_that_exists_is_kept_until_the_user_says_otherwise(run_script, opened, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("mine")
    assert "Replace existing files" in refused(run_script, **opened, table=table)
    assert table.read_text() == "mine"
    run_script(MEASURE, {**opened, "table": table, "replace": True})
    assert table.read_text().startswith("Image,Label")


def test_without_a_screen_a_table_needs_a_file(run_script, opened):
    assert "give a file" in refused(run_script, **opened)


def test_without_a_python_the_remedy_is_named(run_script, opened, tmp_path):
    python = system().getProperty("electrodej.python")
    try:
        for path, words in (
            (tmp_path / "gone" / "python", "is not there any more"),
            ("", "no Python is set up"),
        ):
            system().setProperty("electrodej.python", str(path))
            said = refused(run_script, **opened, table=tmp_path / "t.csv")
            assert words in said
            assert "Set Up Python" in said
    finally:
        system().setProperty("electrodej.python", python)


def test_a_python_without_electrodej_is_told_apart(run_script, opened, tmp_path):
    import venv

    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    python = system().getProperty("electrodej.python")
    system().setProperty("electrodej.python", str(tmp_path / "bare"))
    try:
        said = refused(run_script, **opened, table=tmp_path / "t.csv")
    finally:
        system().setProperty("electrodej.python", python)
    assert "has no ElectrodeJ (" in said
    assert "Set Up Python" in said


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Segment Particles", "Segment Particles in Jython"])
def test_segmented_labels_come_back_with_their_calibration_and_colours(
    name, run_script, opened, pair, tmp_path
):
    labels = run_script(name, {"grey": opened["grey"], "model": "watershed", "out": tmp_path / "found.tif"})[
        "labels"
    ]
    assert labels.getBitDepth() == 16
    size = labels.getCalibration()
    assert [size.pixelDepth, size.pixelHeight, size.pixelWidth] == pytest.approx([0.5] * 3)
    assert labels.getDisplayRangeMax() == 1
    assert labels.getProcessor().isColorLut()
    found = np.array([list(labels.getStack().getPixels(z + 1)) for z in range(12)]).reshape(12, 12, 12)
    with open_volume(pair / "labels.tif") as truth:
        np.testing.assert_array_equal(found, truth.read())


def test_segmented_labels_say_where_they_were_made(run_script, opened):
    labels = run_script("Segment Particles", {"grey": opened["grey"], "model": "watershed"})["labels"]
    first, second = str(labels.getProperty("Info")).splitlines()
    assert first == "Made in Python by segment particles with watershed"
    assert second == f"1 particle in {labels.getTitle()}"
    assert labels.getTitle() == "grey_particles.tif"


def in_fiji(run_script, grey, **inputs):
    return refused(run_script, "Segment Particles", grey=grey, engine="Fiji's StarDist plugin", **inputs)


def test_on_another_processor_than_intels_python_is_named_for_the_plugin(run_script, opened):
    before = system().getProperty("os.arch")
    system().setProperty("os.arch", "aarch64")
    try:
        said = refused(run_script, "Segment Particles", grey=opened["grey"], engine="Fiji's StarDist plugin")
    finally:
        system().setProperty("os.arch", before)
    assert "Intel processors only" in said
    assert "choose Python" in said


@pytest.mark.parametrize("model", ["nmc-particles-3d", "nmc-regions", "watershed", "maskrcnn", "stardist3d"])
def test_what_the_plugin_cannot_run_is_sent_to_python(run_script, opened, tmp_path, model):
    if model in ("maskrcnn", "stardist3d"):
        (tmp_path / "electrodej.json").write_text(f'{{"format": 1, "kind": "{model}"}}')
        said = in_fiji(run_script, opened["grey"], modelFile=tmp_path)
    else:
        said = in_fiji(run_script, opened["grey"], model=model)
    assert "runs in Python alone; choose Python" in said


def test_without_the_stardist_plugin_the_update_sites_are_named(run_script, opened):
    said = in_fiji(run_script, opened["grey"], model="nmc-particles")
    assert "no StarDist plugin" in said
    assert "update sites CSBDeep, StarDist and TensorFlow" in said
    assert "xy sections only" in in_fiji(run_script, opened["grey"], model="nmc-particles", view="xz")
    assert "let Python refine" in in_fiji(run_script, opened["grey"], model="nmc-particles", refine="2")
    assert "leaves no cracks out" in in_fiji(run_script, opened["grey"], model="nmc-particles", intact=True)


def test_cracks_are_left_out_of_labels_where_that_is_ticked(run_script, tmp_path):
    z, y, x = np.indices((24, 24, 24)) - 12
    grey = np.where(z**2 + y**2 + x**2 <= 64, 200, 30).astype(np.uint8)
    # Inside the ball, so narrow that the watershed closes it.
    grey[8:17, 8:17, 12] = 30
    write_volume(tmp_path / "grey.tif", grey, spacing=(0.14,) * 3)
    given = {"greyFile": tmp_path / "grey.tif", "model": "watershed"}
    for intact in (False, True):
        out = tmp_path / f"{intact}.tif"
        run_script("Segment Particles", {**given, "intact": intact, "out": out})
        with open_volume(out) as volume:
            # Without its corners, which are smoothed away.
            assert (volume.read()[9:16, 9:16, 12] > 0).mean() == (0 if intact else 1)


def test_labels_are_not_segmented_where_they_cannot_be_saved(run_script, opened, tmp_path):
    (tmp_path / "mine.tif").write_text("mine")
    for name, words in (
        ("mine.tif", "tick Replace existing files"),
        ("labels.png", "end it with .tif"),
        ("gone/labels.tif", "there is no folder"),
    ):
        assert words in in_fiji(run_script, opened["grey"], model="nmc-particles", out=tmp_path / name)
    assert (tmp_path / "mine.tif").read_text() == "mine"


def test_the_colours_of_labels_are_pythons(imagej):
    from electrodej.fiji.content import library
    from electrodej.volume.lut import label_colours

    assert imagej is not None
    assert (library() / "electrodej" / "labels.lut").read_bytes() == label_colours().tobytes()


def test_a_models_thresholds_come_from_its_sidecar(imagej, tmp_path):

    from electrodej.fiji.scripting import library_class
    from electrodej.models.bundled import find_model

    assert imagej is not None
    stardist = library_class(context(), "StarDist")
    file = scyjava.jimport("java.io.File")
    model = find_model("nmc-particles")
    found = stardist.settings(stardist.zip(str(model)))
    expected = json.loads((model / "model.json").read_text("utf-8"))
    assert float(found["probability"]) == expected["probability_threshold"]
    assert float(found["overlap"]) == expected["overlap_threshold"]
    assert [float(each) for each in found["percentiles"]] == expected["percentiles"]
    assert (int(found["divisor"]), int(found["context"])) == (expected["size_divisor"], expected["context"])
    assert [int(each) for each in found["grid"]] == expected["grid"]
    # Zero is a threshold.
    told = {"kind": "stardist", "probability_threshold": 0, "overlap_threshold": 0}
    (tmp_path / "zero.json").write_text(json.dumps(told))
    found = stardist.settings(file(str(tmp_path / "zero.zip")))
    assert (float(found["probability"]), float(found["overlap"])) == (0, 0)
    for text, words in (
        (None, "is missing"),
        ("[]", "cannot be read"),
        ('{"kind": "phases"}', "no StarDist"),
    ):
        if text is not None:
            (tmp_path / "a.json").write_text(text)
        with pytest.raises(scyjava.jimport("java.lang.RuntimeException")) as caught:
            stardist.settings(file(str(tmp_path / "a.zip")))
        assert words in str(caught.value)
    with pytest.raises(scyjava.jimport("java.lang.RuntimeException")) as caught:
        stardist.zip("nothing-like-it")
    assert "there is no model nothing-like-it" in str(caught.value)


@pytest.mark.parametrize("version", [(2, 7), (3, 0)])
def test_jython_scripts_read_in_python_2_and_3(version):
    import ast

    from electrodej.fiji.content import scripts

    paths = list(scripts().rglob("*.py"))
    assert paths
    for path in paths:
        text = path.read_text(encoding="ascii")
        if version == (3, 0):
            ast.parse(text)
        else:
            assert scyjava.jimport("org.python.util.PythonInterpreter")().compile(text) is not None


def test_linked_slices_number_a_particle_once(run_script, pair, imagej, tmp_path):
    slices = imagej.openImage(str(pair / "labels.tif"))
    for z in range(3, 9):
        plane = slices.getStack().getProcessor(z + 1)
        plane.multiply(z + 1)
    # As Fiji's StarDist plugin leaves them: the slices as time points.
    slices.setDimensions(1, 1, 12)
    out = tmp_path / "linked.tif"
    labels = run_script("Link Slices", {"slices": slices, "out": out})["labels"]
    assert labels.getNSlices() == 12
    with open_volume(out) as linked, open_volume(pair / "labels.tif") as truth:
        np.testing.assert_array_equal(linked.read(), truth.read())
        assert linked.spacing == pytest.approx((0.5,) * 3)


@pytest.mark.slow
def test_the_sample_opens_with_its_voxel_size(run_script, tmp_path):
    found = run_script("Open Sample", {"folder": tmp_path / "sample"})
    assert found["grey"].getStackSize() == found["labels"].getStackSize() == 64
    assert found["grey"].getCalibration().pixelDepth == pytest.approx(0.14)
    assert (tmp_path / "sample" / "labels.tif").is_file()
    # Shown in this order: the last one is active, and the next command takes the grey image.
    assert [name for name in found if name in ("grey", "labels")] == ["labels", "grey"]


def test_outlines_to_a_roi_file_and_back_give_the_same_labels(run_script, imagej, tmp_path):
    labels = np.zeros((4, 20, 30), np.uint16)
    labels[0, 2:7, 3:9] = 5
    labels[0, 2:7, 9:12] = 6  # touches 5
    labels[1:3, 10:18, 20:29] = 300
    labels[1, 12:14, 22:24] = 0  # a hole
    labels[3, 1, 1] = 5
    labels[3, 15, 15] = 5  # a second piece
    write_volume(tmp_path / "many.tif", labels, spacing=(0.2, 0.1, 0.1), labels=True)
    image = imagej.openImage(str(tmp_path / "many.tif"))
    file = tmp_path / "rois.zip"
    run_script("Show Particles", {"labels": image, "what": "ROI file", "roiFile": file})
    drawn = run_script("Show Particles", {"labels": image, "what": "Labels from ROI file", "roiFile": file})[
        "drawn"
    ]
    back = np.array([list(drawn.getStack().getPixels(z + 1)) for z in range(4)]).reshape(labels.shape)
    np.testing.assert_array_equal(back, labels)
    assert drawn.getCalibration().pixelDepth == pytest.approx(0.2)
    import roifile

    assert len(roifile.roiread(file)) == 5
    # GeoJSON: the same way, with its hole and both pieces.
    file = tmp_path / "rois.geojson"
    run_script("Show Particles", {"labels": image, "what": "ROI file", "roiFile": file})
    drawn = run_script("Show Particles", {"labels": image, "what": "Labels from ROI file", "roiFile": file})
    stack = drawn["drawn"].getStack()
    back = np.array([list(stack.getPixels(z + 1)) for z in range(4)]).reshape(labels.shape)
    np.testing.assert_array_equal(back, labels)
    features = json.loads(file.read_text("utf-8"))["features"]
    (holed,) = [each for each in features if each["properties"]["slice"] == 2]
    assert holed["properties"]["label"] == 300
    ((outer, hole),) = holed["geometry"]["coordinates"]
    assert sorted(map(tuple, outer))[0] == (20, 10)
    assert {tuple(point) for point in hole} == {(22, 12), (24, 12), (24, 14), (22, 14)}


RING = [[1, 1], [5, 1], [5, 5], [1, 1]]
FEATURE = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [RING]}, "properties": {}}


def damaged_geojson():
    """Texts that are no polygons within any image."""
    yield ""
    yield "3"
    yield '{"features": [3]}'
    yield "[" * 100_000 + "]" * 100_000
    for coordinates in ([[["a", 1]]], [[[1e300, 1], [5, 1], [5, 5]]], [[[1]]], 7, [[7]], [[]], None):
        yield json.dumps(FEATURE | {"geometry": {"type": "Polygon", "coordinates": coordinates}})
    yield json.dumps(FEATURE | {"geometry": {"type": "Point", "coordinates": [1, 1]}})
    for name, value in {"label": "x", "slice": -3}.items():
        yield json.dumps(FEATURE | {"properties": {"slice": 1, name: value}})


def test_a_damaged_geojson_is_one_sentence(run_script, opened, tmp_path):
    file = tmp_path / "rois.geojson"
    for text in damaged_geojson():
        file.write_text(text)
        said = refused(run_script, "Show Particles", labels=opened["labels"], what="Labels from ROI file",
                       roiFile=file)  # fmt: skip
        assert "rois.geojson is no GeoJSON of polygons" in said, text[:200]


def test_a_geojson_without_outlines_has_none(imagej, tmp_path):
    from electrodej.fiji.scripting import library_class

    assert imagej is not None
    (tmp_path / "none.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    found = library_class(context(), "GeoJson").read(
        scyjava.jimport("java.io.File")(str(tmp_path / "none.geojson"))
    )
    assert found.size() == 0


def test_a_selection_that_was_drawn_by_hand_is_a_particle_of_its_own(opened):
    from electrodej.fiji.scripting import library_class

    rois = library_class(context(), "Rois")
    drawn = rois.outlines(opened["labels"])
    by_hand = scyjava.jimport("ij.gui.Roi")(10, 10, 2, 1)
    by_hand.setPosition(2)
    drawn.add(by_hand)
    made = rois.labels(drawn, opened["labels"])
    assert [int(made.getStack().getVoxel(*at)) for at in ((5, 5, 5), (10, 10, 1), (0, 0, 0))] == [1, 2, 0]
    by_hand.setPosition(13)
    with pytest.raises(scyjava.jimport("java.lang.RuntimeException"), match="lies on slice 13"):
        rois.labels(drawn, opened["labels"])


def test_particles_in_3d_are_a_page_for_the_web_browser(run_script, opened, worker_logs):
    run_script(
        "Show Particles",
        {"labels": opened["labels"], "target": opened["grey"], "what": "3D view in the web browser"},
    )
    page = worker_logs.parent / "pages" / "labels_3d.html"
    assert "webgl" in page.read_text("utf-8")
    page.unlink()


def test_outlines_lie_over_the_grey_image(run_script, opened):
    run_script("Show Particles", {"labels": opened["labels"], "target": opened["grey"]})
    overlay = opened["grey"].getOverlay()
    assert [int(overlay.get(n).getPosition()) for n in range(overlay.size())] == [4, 5, 6, 7, 8, 9]
    assert [int(n) for n in (overlay.get(0).getBounds().x, overlay.get(0).getBounds().width)] == [3, 6]


def test_the_roi_manager_needs_a_screen(run_script, opened):
    said = refused(run_script, "Show Particles", labels=opened["labels"], what="ROI Manager")
    assert "needs a screen" in said
    assert "ROI file" in said


def test_a_python_that_works_is_written_down_for_the_next_time(run_script, tmp_path):
    system().setProperty("imagej.dir", str(tmp_path))
    try:
        run_script("Set Up Python", {"place": Path(sys.prefix)})
        assert (tmp_path / "electrodej" / "python.txt").read_text("utf-8").strip().startswith(sys.prefix)
        said = refused(run_script, "Set Up Python", place=tmp_path)
        assert "there is no Python in" in said
        said = refused(run_script, "Set Up Python", how="Build one (needs the network)")
        assert "take ElectrodeJ's zip for Fiji" in said
    finally:
        system().clearProperty("imagej.dir")


def test_help_names_the_versions(run_script):
    # ImageJ2 puts scripts into its menu whose names have an underscore.
    assert run_script("Help") == {}


def test_a_row_of_the_table_selects_its_particle_in_the_middle(opened, run_script, tmp_path):
    from electrodej.fiji.scripting import library_class

    run_script(MEASURE, {**opened, "table": tmp_path / "t.csv"})
    table = scyjava.jimport("ij.measure.ResultsTable").open(str(tmp_path / "t.csv"))
    library_class(context(), "Tables").select(table, 0, opened["labels"])
    # Slices 4 to 9, counted from 1; the centre lies between the 6th and the 7th.
    assert opened["labels"].getCurrentSlice() in (6, 7)
    box = opened["labels"].getRoi().getBounds()
    assert [int(box.x), int(box.y), int(box.width), int(box.height)] == [3, 3, 6, 6]


def test_the_table_of_phases_opens_in_imagej(opened, run_script, tmp_path):
    run_script(
        "Measure Phases",
        {
            "phases": opened["labels"],
            "names": "pore,particle",
            "also": "connectivity,transport",
            "table": tmp_path / "t.csv",
        },
    )
    table = scyjava.jimport("ij.measure.ResultsTable").open(str(tmp_path / "t.csv"))
    assert table.size() == 1
    columns = dict(zip(map(str, table.getHeadings()), range(100), strict=False))
    assert {"Share_pore", "Area_pore_particle", "Percolating_pore_z", "Tau_pore_x"} <= set(columns)
    assert table.getValue("Share_pore", 0) + table.getValue("Share_particle", 0) == pytest.approx(1)
    assert table.getValue("Tau_pore_z", 0) > 1


@pytest.mark.slow
def test_curves_of_phases_are_drawn_from_the_tables_beside(opened, run_script, tmp_path):
    from electrodej.fiji.scripting import library_class

    run_script(
        "Measure Phases",
        {
            "phases": opened["labels"],
            "names": "pore,particle",
            "also": "sizes,statistics",
            "table": tmp_path / "t.csv",
        },
    )
    plots, file = library_class(context(), "Plots"), scyjava.jimport("java.io.File")
    curves = {}
    for name in ("sizes", "profiles", "correlations"):
        curves[name] = plots.read(plots.beside(file(str(tmp_path / "t.csv")), name), name)
        image = plots.drawn(name, curves[name])
        assert (str(image.getTitle()), image.getStackSize()) == (name.capitalize(), len(curves[name]))
        assert image.getStack().getProcessor(1).getHistogram()[0] > 0
    assert str(next(iter(curves["profiles"].keySet()))) == "Share along z"
    depth, share = curves["profiles"].get("Share along z").get("Share_particle")
    # Slabs of two slices: the cube lies in the slices 3 to 8 of 12.
    assert list(map(float, depth)) == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
    assert list(map(float, share)) == pytest.approx([0, 1 / 8, 1 / 4, 1 / 4, 1 / 8, 0])
    assert set(map(str, curves["correlations"].get("along x").keySet())) == {
        f"{phase} {curve}" for phase in ("pore", "particle") for curve in ("TwoPoint", "LinealPath")
    }


@pytest.mark.slow
def test_phases_are_those_of_python_with_their_names(run_script, opened, pair, tmp_path):
    from electrodej.verbs import do

    found = run_script(
        "Segment Phases", {"grey": opened["grey"], "model": "nmc-phases", "out": tmp_path / "a.tif"}
    )
    do("segment phases", pair / "grey.tif", model="nmc-phases", out=tmp_path / "b.tif")
    with open_volume(tmp_path / "a.tif") as here, open_volume(tmp_path / "b.tif") as there:
        np.testing.assert_array_equal(here.read(), there.read())
        expected = there.read()
    phases = found["phases"]
    for told in ("0 pore", "1 binder", "2 particle", "nmc-phases"):
        assert told in phases.getProperty("Info")
    assert phases.getCalibration().pixelDepth == pytest.approx(0.5)
    shown = [np.asarray(memoryview(phases.getStack().getPixels(z + 1))) for z in range(len(expected))]
    np.testing.assert_array_equal(np.reshape(shown, expected.shape), expected)


def test_phases_need_a_model_that_is_there(run_script, opened):
    said = refused(run_script, "Segment Phases", grey=opened["grey"], model="nothing-like-it")
    assert "there is no such model" in said
    assert 'field "Model" is empty' in refused(run_script, "Segment Phases", grey=opened["grey"], model=" ")


def test_labels_are_scored_from_the_menu(run_script, pair, imagej, tmp_path):
    import csv

    truth = imagej.openImage(str(pair / "labels.tif"))
    found = truth.duplicate()
    found.setTitle("found")
    for z in range(6, 9):  # half of the cube
        found.getStack().getProcessor(z + 1).multiply(0)
    run_script("Score Labels", {"pred": found, "truth": truth, "out": tmp_path / "s.csv"})
    with (tmp_path / "s.csv").open(newline="") as table:
        (row,) = csv.DictReader(table)
    assert float(row["IoU"]) == pytest.approx(0.5)


def test_a_model_is_not_exported_to_somewhere(run_script):
    assert refused(run_script, "Export Model").startswith('the field "Save zip as" is empty')


def test_every_command_reads_and_stands_in_the_menu(imagej):
    """ImageJ2 leaves out scripts whose names have no underscore, and SciJava fields that it cannot read."""
    from electrodej.fiji.content import scripts

    assert imagej is not None
    service = context().service("org.scijava.script.ScriptService")
    for path in scripts().rglob("*.*"):
        assert "_" in path.stem
        declared = [line for line in path.read_text("utf-8").splitlines() if line.startswith("#@ ")]
        info = service.getScript(java_file(path))
        names = [str(item.getName()) for item in info.inputs()]
        assert names == [line.split()[-1] for line in declared]
        for line, item in zip(declared, info.inputs(), strict=True):
            assert not ("value=" in line and item.getDefaultValue() is None), f"{path}: {line}"


def test_notes_of_python_come_out_without_a_screen(run_script, opened, tmp_path, capfd):
    run_script(MEASURE, {**opened, "table": tmp_path / "t.csv"})
    assert "ElectrodeJ: note: Roll is undefined" in capfd.readouterr().out


def test_models_of_ones_own_stand_in_the_lists_that_can_run_them(imagej, tmp_path):
    from electrodej.fiji.content import script

    assert imagej is not None

    models = tmp_path / ".electrodej" / "models"
    kinds = {"mine": "stardist", "my-solid": "stardist3d", "my-phases": "lrcs", "my-regions": "maskrcnn"}
    for name, kind in {**kinds, "no-model": None}.items():
        (models / name).mkdir(parents=True)
        if kind:
            (models / name / "electrodej.json").write_text(f'{{"format": 1, "kind": "{kind}"}}')
    home = system().getProperty("user.home")
    system().setProperty("user.home", str(tmp_path))

    def listed(command):
        fields = scyjava.jimport("electrodej.Fields")()
        context().inject(fields)
        service = context().service("org.scijava.script.ScriptService")
        module = service.getScript(java_file(script(command))).createModule()
        fields.process(module)
        names = {str(name) for name in module.getInfo().getInput("model").getChoices()}
        return names & {*kinds, "no-model"}

    try:
        assert listed("Segment Particles") == {"mine", "my-solid", "my-regions"}
        assert listed("Segment Phases") == {"my-phases"}
        assert listed("Export Model") == {"mine", "my-phases"}
        assert listed("Fuse Views") == {"mine"}
        (models / "mine" / "electrodej.json").unlink()
        assert listed("Segment Particles") == {"my-solid", "my-regions"}
    finally:
        system().setProperty("user.home", home)


def test_what_is_drawn_is_numbered_by_selection_or_by_group(imagej):
    from electrodej.fiji.scripting import library_class

    image = imagej.createImage("grey", "8-bit black", 20, 10, 3)
    image.setSlice(2)
    roi = scyjava.jimport("ij.gui.Roi")
    first, second = roi(2, 1, 4, 3), roi(10, 5, 6, 2)
    first.setPosition(3)
    second.setGroup(2)
    rois = scyjava.jimport("java.util.ArrayList")()
    rois.add(first)
    rois.add(second)
    lessons = library_class(context(), "Lessons")
    for classes, numbers in ((False, (1, 2)), (True, (1, 2))):
        planes = lessons.planes(rois, image, classes)
        expected = np.zeros((3, 10, 20))
        expected[2, 1:4, 2:6] = numbers[0]
        expected[1, 5:7, 10:16] = numbers[1]  # on the slice that is shown
        assert [int(slice_) for slice_ in planes.keySet()] == [2, 3]
        for slice_ in planes.keySet():
            drawn = np.asarray(planes.get(slice_).getIntArray()).T
            np.testing.assert_array_equal(drawn, expected[int(slice_) - 1])


def test_the_curve_of_a_training_has_a_point_for_each_epoch(imagej):
    import jpype

    from electrodej.fiji.scripting import library_class

    assert imagej is not None
    kind = library_class(context(), "Curve")
    curve = kind.class_.getConstructor(jpype.java.lang.String).newInstance("training")
    for said in (
        "reading the training images",
        "training, epoch 1 of 3",
        "training, epoch 2 of 3 (last: loss 0.885, held out 2.65), about 2.3 min left",
        "training, epoch 2 of 3 (last: loss 0.885, held out 2.65), about 2.3 min left",
        "training, epoch 3 of 3 (last: loss 0.5, held out 1e+03), about 2.3 min left",
        "training, epoch 3 of 3 (last: loss 0.25, held out 0.5)",
    ):
        curve.hear(said)
    read = [
        [float(each) for each in values]
        for values in (curve.getEpochs(), curve.getLearnt(), curve.getHeldOut())
    ]
    assert read == [[1, 2, 3], [0.885, 0.5, 0.25], [2.65, 1000, 0.5]]


@pytest.mark.slow
def test_training_from_a_label_image_ends_with_a_model_that_segments(run_script, tmp_path):
    from electrodej.phantom import make_slice

    slices = make_slice((96, 96), spacing=(0.14,) * 3, seed=5)
    write_volume(tmp_path / "grey.tif", slices.grey, spacing=(0.14,) * 3)
    write_volume(tmp_path / "labels.tif", slices.labels, spacing=(0.14,) * 3, labels=True)
    given = {"from": "Label image", "greyFile": tmp_path / "grey.tif", "labelFile": tmp_path / "labels.tif"}
    short = {"epochs": 1, "steps": 1, "patch": 32, "name": "from-a-test", "replace": True}
    run_script("Train From My ROIs", {**given, **short})
    found = run_script("Segment Particles", {"greyFile": tmp_path / "grey.tif", "model": "from-a-test"})
    assert "from-a-test" in str(found["labels"].getProperty("Info"))


def test_a_label_image_that_nothing_is_drawn_on_is_named(imagej, run_script, tmp_path):
    grey = imagej.createImage("grey", "8-bit ramp", 12, 12, 3)
    labels = imagej.createImage("strokes", "16-bit black", 12, 12, 3)
    given = {"from": "Label image", "network": "Phases, in seconds (forest)", "name": "of-nothing"}
    with pytest.raises(ElectrodeJError, match="nothing is drawn on strokes"):
        run_script("Train From My ROIs", {"grey": grey, "labels": labels, **given})
    # Slices that ImageJ reads one by one are left to Python, which says what is missing.
    imagej.saveAsTiff(labels, str(tmp_path / "labels.tif"))
    virtual = scyjava.jimport("ij.plugin.FileInfoVirtualStack").openVirtual(str(tmp_path / "labels.tif"))
    with pytest.raises(ElectrodeJError) as told:
        run_script("Train From My ROIs", {"grey": grey, "labels": virtual, **given})
    assert "nothing is drawn on" not in str(told.value)


@pytest.mark.slow
def test_training_sends_the_slices_that_have_labels_of_a_volume_that_is_too_large(
    imagej, run_script, tmp_path
):
    scene = np.random.default_rng(3).normal(90, 6, (7, 64, 64))
    scene[:, :, 32:] += 90
    labels = np.zeros(scene.shape, np.uint16)
    labels[4, 10:30, 4:28], labels[4, 10:30, 36:60] = 1, 2
    write_volume(tmp_path / "grey.tif", scene.astype(np.uint8), spacing=(0.14,) * 3)
    write_volume(tmp_path / "labels.tif", labels, spacing=(0.14,) * 3, labels=True)
    images = {name: imagej.openImage(str(tmp_path / f"{name}.tif")) for name in ("grey", "labels")}
    for image in images.values():
        image.changes = True  # its file is another one now
    given = {"from": "Label image", "network": "Phases, in seconds (forest)", "names": "dark,bright"}
    system().setProperty("electrodej.shared.limit", str(64 * 64 * 2))
    try:
        run_script("Train From My ROIs", {**images, **given, "name": "of-one-slice", "replace": True})
        images["labels"].getStack().setVoxel(5, 5, 1, 1.0)
        with pytest.raises(ElectrodeJError, match="larger than 2 GiB"):
            run_script("Train From My ROIs", {**images, **given, "name": "of-one-slice", "replace": True})
    finally:
        system().clearProperty("electrodej.shared.limit")
    segmented = {"greyFile": tmp_path / "grey.tif", "model": "of-one-slice", "out": tmp_path / "phases.tif"}
    run_script("Segment Phases", segmented)
    with open_volume(tmp_path / "phases.tif") as volume:
        found = volume.read()
    assert (found[:, :, 40:] == 1).mean() > 0.99
    assert (found[:, :, :24] == 0).mean() > 0.99


def test_particles_are_merged_split_and_deleted_by_hand_and_each_step_taken_back(imagej):
    from electrodej.fiji.scripting import library_class

    start = np.zeros((2, 10, 12), np.uint16)
    start[:, 1:5, 1:5], start[:, 1:5, 5:9], start[1, 6:9, 2:10] = 1, 2, 7

    def image_of(array):
        image = imagej.createImage("labels", "16-bit black", 12, 10, 2)
        for z, y, x in np.argwhere(array):
            image.getStack().setVoxel(int(x), int(y), int(z), float(array[z, y, x]))
        return image

    def now():
        return np.array([list(image.getStack().getPixels(z + 1)) for z in range(2)]).reshape(start.shape)

    def numbers(*values):
        return scyjava.jimport("java.util.Arrays").asList(*map(scyjava.jimport("java.lang.Integer"), values))

    image = image_of(start)
    kind = library_class(context(), "Corrections")
    hand = kind.class_.getConstructor(image.getClass()).newInstance(image)
    assert int(hand.merge(numbers(2, 1))) == 1
    np.testing.assert_array_equal(now(), np.where(start == 2, 1, start))
    hand.delete(numbers(7))
    assert not (now() == 7).any()
    # A line down through the merged one: what is right of it, seen along it, lies to smaller x.
    line = scyjava.jimport("ij.gui.Line")(3.0, 0.0, 3.0, 9.0)
    image.setSlice(1)
    assert int(hand.under(line)) == 1
    assert int(hand.split(1, line)) == 2
    expected = np.where(start == 2, 1, np.where(start == 7, 0, start))
    expected[:, 1:5, 1:3] = 2
    np.testing.assert_array_equal(now(), expected)
    assert sorted(int(each) for each in hand.getChanged()) == [1, 2, 7]
    problem = scyjava.jimport("java.lang.RuntimeException")
    with pytest.raises(problem, match="does not go through"):
        hand.split(2, scyjava.jimport("ij.gui.Line")(11.0, 0.0, 11.0, 9.0))
    with pytest.raises(problem, match="two particles"):
        hand.merge(numbers(1))
    np.testing.assert_array_equal(now(), expected)
    assert [bool(hand.undo()) for _ in range(4)] == [True, True, True, False]
    np.testing.assert_array_equal(now(), start)


@pytest.mark.parametrize(
    ("bits", "most", "words"), [(8, 255, "16-bit"), (16, 65535, "32-bit"), (32, 2**24, "renumber")]
)
def test_a_part_gets_no_number_that_the_image_cannot_hold(imagej, bits, most, words):
    from electrodej.fiji.scripting import library_class

    image = imagej.createImage("labels", f"{bits}-bit black", 12, 10, 1)
    for x, y in itertools.product(range(2, 10), range(10)):
        image.getStack().setVoxel(x, y, 0, 7.0)
    image.getStack().setVoxel(0, 0, 0, float(most))
    kind = library_class(context(), "Corrections")
    hand = kind.class_.getConstructor(image.getClass()).newInstance(image)
    line = scyjava.jimport("ij.gui.Line")(6.0, 0.0, 6.0, 9.0)
    with pytest.raises(scyjava.jimport("java.lang.RuntimeException"), match=f"above {most}; .*{words}"):
        hand.split(7, line)
    assert sum(float(image.getStack().getVoxel(x, y, 0)) == 7 for x in range(12) for y in range(10)) == 80
    image.getStack().setVoxel(0, 0, 0, float(most - 1))
    assert int(hand.split(7, line)) == most


def test_a_particle_that_is_not_there_is_neither_merged_nor_deleted(run_script, pair, imagej):
    labels = imagej.openImage(str(pair / "labels.tif"))
    for what, typed, words in (
        ("Delete", "1,99", "labels.tif has no particle 99"),
        ("Merge", "1,7,3", "labels.tif has no particle 3, 7"),
    ):
        assert words in refused(run_script, "Correct Particles", labels=labels, what=what, particles=typed)
        assert float(labels.getStack().getVoxel(5, 5, 5)) == 1


def test_a_particle_changed_again_while_python_measures_still_counts(opened):
    from electrodej.fiji.scripting import library_class

    kind = library_class(context(), "Corrections")
    hand = kind.class_.getConstructor(opened["labels"].getClass()).newInstance(opened["labels"])
    one = scyjava.jimport("java.util.Arrays").asList(scyjava.jimport("java.lang.Integer")(1))
    hand.delete(one)
    for succeeded, stale in ((False, True), (True, False)):
        hand.beginMeasuring()
        assert hand.isStale(1)
        with pytest.raises(scyjava.jimport("java.lang.RuntimeException"), match="being measured"):
            hand.beginMeasuring()
        hand.endMeasuring(succeeded)
        assert bool(hand.isStale(1)) is stale
    hand.undo()
    hand.beginMeasuring()
    hand.delete(one)
    hand.endMeasuring(True)
    assert hand.isStale(1)


def test_particles_have_the_colour_of_what_was_measured_of_them(opened, run_script, tmp_path):
    from electrodej.fiji.scripting import library_class

    run_script(MEASURE, {**opened, "table": tmp_path / "t.csv", "attributes": "Volume"})
    table = scyjava.jimport("ij.measure.ResultsTable").open(str(tmp_path / "t.csv"))
    image = library_class(context(), "Colours").by(table, "Volume", opened["labels"])
    voxel = image.getStack().getVoxel
    assert float(voxel(5, 5, 5)) == pytest.approx(216 * 0.5**3)
    assert np.isnan(float(voxel(0, 0, 0)))
    assert image.getCalibration().pixelDepth == pytest.approx(0.5)
    assert int(image.getOverlay().size()) == 4


def table_of(**columns):
    table = scyjava.jimport("ij.measure.ResultsTable")()
    for row in zip(*columns.values(), strict=True):
        table.incrementCounter()
        for name, value in zip(columns, row, strict=True):
            table.addValue(name, value)
    return table


def test_a_value_of_zero_has_a_colour(opened):
    from electrodej.fiji.scripting import library_class

    opened["labels"].getStack().setVoxel(0, 0, 0, 2.0)
    table = table_of(Label=[1.0, 2.0], Damage=[0.0, 0.5])
    image = library_class(context(), "Colours").by(table, "Damage", opened["labels"])
    assert float(image.getStack().getVoxel(5, 5, 5)) == 0
    assert float(image.getStack().getVoxel(0, 0, 0)) == 0.5
    assert np.isnan(float(image.getStack().getVoxel(1, 0, 0)))


def test_a_table_goes_to_python_with_all_its_digits(imagej, tmp_path):
    from electrodej.fiji.scripting import library_class

    assert imagej is not None
    table = table_of(Label=[1.0, 2.0], Damage=[0.000123456789, 1234567.89], Name=["a b", "c"])
    library_class(context(), "Tables").save(table, scyjava.jimport("java.io.File")(str(tmp_path / "t.csv")))
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as handle:
        first, second = csv.DictReader(handle)
    assert [float(row["Damage"]) for row in (first, second)] == [0.000123456789, 1234567.89]
    assert [(row["Label"], row["Name"]) for row in (first, second)] == [("1", "a b"), ("2", "c")]


def test_a_column_whose_first_cell_is_empty_is_one_of_numbers(imagej, tmp_path):
    from electrodej.fiji.scripting import library_class

    assert imagej is not None
    (tmp_path / "t.csv").write_text("Image,Label,RoughInner,Kind,Volume\na,1,,,3\nb,2,0.5,x,4\n")
    model = library_class(context(), "Workbench$Model")()
    model.setTable(scyjava.jimport("ij.measure.ResultsTable").open(str(tmp_path / "t.csv")))
    assert [str(name) for name in model.getNames()] == ["Label", "RoughInner", "Volume"]
    assert float(model.getTable().getValue("RoughInner", 1)) == 0.5
    assert np.isnan(model.getTable().getValue("RoughInner", 0))


def test_a_macro_merges_and_deletes_particles(run_script, pair, tmp_path):
    given = {"labelFile": pair / "labels.tif", "what": "Delete"}
    run_script("Correct Particles", {**given, "particles": "1", "out": tmp_path / "a.tif"})
    with open_volume(tmp_path / "a.tif") as volume:
        assert not volume.read().any()
        assert volume.spacing == pytest.approx((0.5,) * 3)
    for typed, words in (("", "choose a particle"), ("1,x", "x is no number of a particle")):
        assert words in refused(run_script, "Correct Particles", **given, particles=typed)
    assert "needs a screen" in refused(run_script, "Correct Particles", labelFile=pair / "labels.tif")
    # They would be saved before anything was corrected.
    early = {"labelFile": pair / "labels.tif", "out": tmp_path / "early.tif"}
    assert "Save As" in refused(run_script, "Correct Particles", **early)
    assert not early["out"].exists()


def test_odd_names_and_a_calibration_in_inches_change_no_number(run_script, opened, pair, tmp_path):
    odd = tmp_path / "it's ünï [1] 100%, a=b"
    odd.mkdir()
    for name in ("grey", "labels"):
        (odd / f"{name} ü'].tif").write_bytes((pair / f"{name}.tif").read_bytes())
        size = opened[name].getCalibration()
        size.setUnit("inch")
        size.pixelWidth = size.pixelHeight = size.pixelDepth = 0.5 / 25400
    files = {"greyFile": odd / "grey ü'].tif", "labelFile": odd / "labels ü'].tif"}
    run_script(MEASURE, {**files, "attributes": "Volume", "table": odd / "t'é.csv"})
    run_script(MEASURE, {**opened, "attributes": "Volume", "table": tmp_path / "inches.csv"})
    for table in (odd / "t'é.csv", tmp_path / "inches.csv"):
        header, row = table.read_text("utf-8").splitlines()
        values = dict(zip(header.split(","), row.split(","), strict=True))
        assert float(values["Volume"]) == pytest.approx(216 * 0.5**3)


def test_a_virtual_stack_is_read_where_it_lies_with_imagejs_voxel_size(run_script, opened, pair, tmp_path):
    folder_opener = scyjava.jimport("ij.plugin.FolderOpener")
    for name in ("grey", "labels"):
        with open_volume(pair / f"{name}.tif") as volume:
            (tmp_path / name).mkdir()
            for z, plane in enumerate(volume.read()):
                write_volume(tmp_path / name / f"{z:02d}.tif", plane[None], spacing=(1.0,) * 3)
    images = {name: folder_opener.open(str(tmp_path / name), "virtual") for name in ("grey", "labels")}
    for image in images.values():
        assert image.getStack().isVirtual()
        image.setCalibration(opened["grey"].getCalibration())
    from electrodej.fiji.scripting import library_class

    kind = library_class(context(), "Images")
    assert str(kind.storedAt(images["grey"])) == str(tmp_path / "grey")
    run_script(MEASURE, {**images, "attributes": "Volume", "table": tmp_path / "t.csv"})
    assert float((tmp_path / "t.csv").read_text().splitlines()[1].split(",")[-1]) == 216 * 0.5**3
    # A part of the folder is not the folder.
    images["grey"].getStack().deleteLastSlice()
    assert kind.storedAt(images["grey"]) is None


@pytest.mark.parametrize(
    ("names", "same"),
    [
        (("s1.tif", "s2.tif", "s10.tif"), True),
        (("2.tif", "B 10.TIF", "b 011.tif"), True),
        # ImageJ as it sorts names plainly, which Python does not.
        (("s1.tif", "s10.tif", "s2.tif"), False),
        # Python has no order for these.
        (("s01.tif", "s1.tif"), False),
        # Python refuses the folder, or sees another one.
        (("s1.tif", "s2.tif", "other.png"), False),
        (("s1.tif", "s2.tif", "unseen.tiff"), False),
    ],
)
def test_a_virtual_stack_is_read_where_it_lies_in_imagejs_order_only(imagej, tmp_path, names, same):
    from electrodej.fiji.scripting import library_class
    from electrodej.volume.slices import slice_files

    for name in names:
        (tmp_path / name).write_bytes(b"")
    shown = [name for name in names if not name.startswith(("other", "unseen"))]
    stack = scyjava.jimport("ij.VirtualStack")(12, 12, None, str(tmp_path))
    for name in shown:
        stack.addSlice(name)
    image = imagej.createImage("labels", "8-bit", 12, 12, 1)
    image.setStack(stack)
    found = library_class(context(), "Images").storedAt(image)
    assert found == (str(tmp_path) if same else None)
    if same:
        assert [file.name for file in slice_files(tmp_path)] == shown


def test_a_channel_and_a_time_point_of_an_image_are_chosen(run_script, opened, tmp_path):
    stack = scyjava.jimport("ij.ImageStack")(12, 12)
    many = 2 * 12 * 3
    for n in range(many):
        # Channels first, then slices, then time points; only channel 2 of time point 3 is not empty.
        of, z = n % 2, (n // 2) % 12
        plane = opened["labels"].getStack().getProcessor(z + 1).duplicate()
        if (of, n // 24) != (1, 2):
            plane.multiply(0)
        stack.addSlice(plane)
    image = scyjava.jimport("ij.ImagePlus")("many", stack)
    image.setDimensions(2, 12, 3)
    image.setCalibration(opened["labels"].getCalibration())
    said = refused(run_script, grey=opened["grey"], labels=image, table=tmp_path / "t.csv")
    assert "channel=1 frame=1" in said
    macro = scyjava.jimport("ij.Macro")
    thread = scyjava.jimport("java.lang.Thread").currentThread()
    before = thread.getName()
    for options, rows in (("channel=2 frame=3", 1), ("channel=1 frame=3", 0)):
        # As ImageJ hands a macro's line to the command that it runs.
        thread.setName("Run$_" + str(before))
        macro.setOptions(thread, options + " ")
        try:
            from electrodej.fiji.scripting import library_class

            planes = library_class(context(), "Axes").planes(image)
        finally:
            macro.setOptions(thread, None)
            thread.setName(before)
        voxels = sum(float(image.getStack().getProcessor(int(n)).getStats().max) for n in planes)
        assert (len(planes), voxels > 0) == (12, rows == 1)


def test_a_folder_of_images_goes_through_the_chain_with_a_log(run_script, pair, tmp_path, capfd):
    given = {"imagesFile": pair / "grey.tif", "out": tmp_path / "out", "only": "particles,table"}
    run_script("Run Whole Chain", {**given, "model": "watershed"})
    assert (tmp_path / "out" / "run.log").is_file()
    assert "ElectrodeJ: $ electrodej segment particles" in capfd.readouterr().out
    assert "is empty" in refused(run_script, "Run Whole Chain", out=tmp_path / "none")


@pytest.mark.slow
def test_left_to_itself_the_chain_sees_a_slice_with_a_model_of_slices(run_script, tmp_path):
    from electrodej.volume import write_volume

    plane = np.random.default_rng(0).integers(0, 255, (48, 56), np.uint8)
    write_volume(tmp_path / "slice.tif", plane, spacing=(0.14,) * 3)
    given = {"imagesFile": tmp_path / "slice.tif", "out": tmp_path / "out", "only": "particles"}
    run_script("Run Whole Chain", {**given, "model": "automatic"})
    assert (tmp_path / "out" / "particles.tif").is_file()
    assert "3d" not in (tmp_path / "out" / "run.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("called", "there", "meant"),
    [
        ("Measure Particles", ["ElectrodeJ Measure Particles"], "ElectrodeJ Measure Particles"),
        ("ElectrodeJ Measure Particles", ["ElectrodeJ Measure Particles"], "ElectrodeJ Measure Particles"),
        # Another plugin's.
        ("Open Sample", ["ElectrodeJ Open Sample", "Open Sample"], "Open Sample"),
        ("Invert", ["Invert"], "Invert"),
        ("Nothing", ["ElectrodeJ Help"], "Nothing"),
    ],
)
def test_a_command_is_called_by_its_former_name_unless_another_has_that(imagej, called, there, meant):
    assert imagej is not None
    names = scyjava.jimport("java.util.HashMap")(dict.fromkeys(there, "script:x"))
    assert str(scyjava.jimport("electrodej.Commands").meant(called, names)) == meant


def test_every_command_has_the_projects_name_before_its_own():
    from electrodej.fiji.content import scripts

    found = [path.name for path in scripts().rglob("*.*") if path.suffix in (".groovy", ".py")]
    assert len(found) > 20
    assert all(name.startswith("ElectrodeJ_") for name in found)


@pytest.mark.slow
def test_what_was_compiled_is_kept_and_used_by_the_next_fiji(imagej, run_script, opened, tmp_path):
    assert imagej is not None
    home = Path(str(system().getProperty("user.home")))
    run_script(MEASURE, {**opened, "table": tmp_path / "t.csv"})
    (kept,) = (home / ".electrodej" / "classes").iterdir()
    assert (kept / "electrodej" / "Door.class").is_file()
    before = {path.name: path.stat().st_mtime_ns for path in kept.rglob("*.class")}
    # A SciJava of its own, as a Fiji that was just started has it.
    other = scyjava.jimport("org.scijava.Context")(False)
    from electrodej.fiji.scripting import library_class

    place = library_class(other, "Door").class_.getProtectionDomain().getCodeSource().getLocation()
    assert Path(str(place.getPath())) == kept
    assert {path.name: path.stat().st_mtime_ns for path in kept.rglob("*.class")} == before
    sources = {path.stem for path in (Path(__file__).parents[2] / "fiji-scripts/library").rglob("*.groovy")}
    assert sources <= {name.removesuffix(".class") for name in before}
    other.dispose()
    # One that a full disk cut off is not loaded at each click for ever.
    cut = kept / "electrodej" / "Door.class"
    whole = cut.read_bytes()
    cut.write_bytes(whole[:100])
    other = scyjava.jimport("org.scijava.Context")(False)
    assert library_class(other, "Door") is not None
    assert cut.read_bytes() == whole
    other.dispose()


@pytest.mark.slow
def test_every_command_without_anything_says_in_one_sentence_what_it_needs(run_script):
    from electrodej.fiji.content import scripts, title_of

    titles = {title_of(path) for path in scripts().rglob("ElectrodeJ/*.groovy")}
    for title in sorted(titles - {"Open Sample", "Help"}):
        said = refused(run_script, title)
        assert len(said) < 500, title
        assert not re.search(r"Exception|Traceback|\bnull\b|error of its own", said), (title, said)


def test_two_commands_at_once_follow_one_another(run_script, pair, tmp_path):
    given = {"greyFile": pair / "grey.tif", "labelFile": pair / "labels.tif", "attributes": "Volume"}
    failed = []

    def click(number):
        try:
            run_script(MEASURE, {**given, "table": tmp_path / f"{number}.csv"})
        except ElectrodeJError as error:
            failed.append(error)

    clicks = [threading.Thread(target=click, args=(number,)) for number in range(2)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert failed == []
    assert len({(tmp_path / f"{number}.csv").read_text() for number in range(2)}) == 1
    assert len(workers()) == 1


def test_numbers_above_16_bit_are_measured_corrected_and_painted(imagej, run_script, opened, tmp_path):
    from electrodej.fiji.scripting import library_class

    labels = imagej.createImage("many", "32-bit black", 12, 12, 12)
    labels.setCalibration(opened["labels"].getCalibration())
    for z, y, x in np.ndindex(3, 3, 3):
        labels.getStack().setVoxel(2 + x, 2 + y, 2 + z, 70000.0)
        labels.getStack().setVoxel(7 + x, 7 + y, 7 + z, 1000001.0)
    run_script(MEASURE, {"grey": opened["grey"], "labels": labels, "table": tmp_path / "t.csv"})
    rows = (tmp_path / "t.csv").read_text().splitlines()[1:]
    assert [row.split(",")[1] for row in rows] == ["70000", "1000001"]
    table = scyjava.jimport("ij.measure.ResultsTable").open(str(tmp_path / "t.csv"))
    painted = library_class(context(), "Colours").by(table, "X", labels)
    assert float(painted.getStack().getVoxel(8, 8, 8)) == pytest.approx(8 * 0.5)
    run_script("Correct Particles", {"labels": labels, "what": "Merge", "particles": "1000001,70000"})
    assert float(labels.getStack().getVoxel(8, 8, 8)) == 70000
