"""What a forest finds while somebody labels, over the image in real ImageJ."""

import re
import threading
import time

import numpy as np
import pytest
import scyjava

from electrodej.fiji.convert import to_imagej
from electrodej.fiji.scripting import context, library_class
from electrodej.volume.lut import label_colours

pytestmark = pytest.mark.imagej

EDGE, SHOWN = 48, 2


def names_of_phases():
    return scyjava.jimport("java.util.Arrays").asList("pore", "particle")


@pytest.fixture
def images(imagej, run_script):
    """A stack, dark on the left and bright on the right, and a label image with a stroke on each side."""
    assert imagej is not None
    assert run_script("Help") == {}  # it tells which Python works
    noise = np.random.default_rng(2).normal(0, 6, (3, EDGE, EDGE))
    grey = (np.where(np.arange(EDGE) < EDGE // 2, 60, 180) + noise).astype(np.uint8)
    labels = np.zeros(grey.shape, np.uint8)
    labels[SHOWN - 1, 10:14, 2:20], labels[SHOWN - 1, 30:34, 28:46] = 1, 2
    made = [to_imagej(each, spacing=(0.5,) * 3, title="stack") for each in (grey, labels)]
    for image in made:
        image.setSlice(SHOWN)
    return made


def glances_of(grey, labels):
    strokes = library_class(context(), "Strokes").of(grey, labels)
    return library_class(context(), "Glances")(context(), grey, strokes, names_of_phases())


def glances_of_selections(grey, *rois):
    """What is drawn as selections, as in the ROI Manager, which needs a screen."""
    given = scyjava.jimport("java.util.ArrayList")()
    for roi in rois:
        given.add(roi)
    loader = scyjava.jimport("groovy.lang.GroovyClassLoader")()
    made = loader.parseClass("class All { static Closure of(List rois) { return { rois } } }").getMethod(
        "of", scyjava.jimport("java.util.List").class_
    )
    strokes = library_class(context(), "StrokesInManager")(grey, made.invoke(None, given))
    return library_class(context(), "Glances")(context(), grey, strokes, names_of_phases())


def selection(x, y, slice_, group):
    roi = scyjava.jimport("ij.gui.Roi")(x, y, 16, 6)
    roi.setPosition(slice_)
    roi.setGroup(group)
    return roi


def renewed(glances):
    """Look until Python has nothing else to do; whether anything had changed."""
    for _ in range(600):
        changed = glances.renew()
        if not glances.isBusy():
            return changed
        time.sleep(0.1)
    raise AssertionError("Python is never free")


def over(image):
    """The colours that lie over an image, and on which slice."""
    if image.getOverlay() is None or image.getOverlay().size() == 0:
        return None
    (roi,) = list(image.getOverlay().toArray())
    assert str(roi.getName()) == "ElectrodeJ preview"
    pixels = np.asarray(roi.getProcessor().getIntArray()).T & 0xFFFFFF
    return int(roi.getPosition()), pixels


def colour(number):
    red, green, blue = (int(each[number]) for each in label_colours().reshape(3, 256))
    return red << 16 | green << 8 | blue


@pytest.mark.slow
def test_colours_over_the_slice_follow_what_is_drawn(images):
    grey, labels = images
    glances = glances_of(grey, labels)
    assert renewed(glances)
    position, found = over(grey)
    assert position == SHOWN
    assert (found[:, :20] == colour(1)).all()
    assert (found[:, 28:] == colour(2)).all()
    assert re.search(r"in doubt at .*: (pore or particle|particle or pore)\?", str(glances.getTold()))
    # Nothing changed.
    assert not renewed(glances)
    # Another slice is shown: it is asked about, too.
    grey.setSlice(1)
    assert renewed(glances)
    assert over(grey)[0] == 1
    # What was bright is told to be another phase.
    plane = labels.getStack().getProcessor(SHOWN)
    plane.setValue(3.0)
    plane.setRoi(28, 30, 18, 4)
    plane.fill()
    assert renewed(glances)
    assert (over(grey)[1][:, 28:] == colour(3)).all()
    # With one phase alone there is nothing to tell apart.
    plane.setValue(0.0)
    plane.fill()
    assert renewed(glances)
    assert over(grey) is None
    assert "phase 1 alone" in str(glances.getTold())
    glances.close()


def test_what_is_drawn_while_nobody_looks_counts_later(images):
    grey, labels = images
    glances = glances_of(grey, labels)
    assert renewed(glances)
    roi = scyjava.jimport("ij.gui.Roi")
    for slice_ in (1, 3):
        grey.setSlice(slice_)
        grey.setRoi(roi(2, 2, 12, 6))
        glances.mark(1)
    # By ImageJ's own tools, on a slice that is not shown any more.
    glances.setWanted(False)
    plane = labels.getStack().getProcessor(SHOWN)
    plane.setValue(0.0)
    plane.fill()
    plane.setValue(3.0)
    plane.setRoi(28, 30, 18, 4)
    plane.fill()
    glances.setWanted(True)
    assert renewed(glances)
    assert (over(grey)[1][:, 28:] == colour(3)).all()
    assert (over(grey)[1][:, :20] == colour(1)).all()
    glances.close()


def test_what_is_selected_becomes_part_of_a_phase(images):
    grey, labels = images
    glances = glances_of(grey, labels)
    renewed(glances)
    line = scyjava.jimport("ij.gui.Line")(4, 40, 18, 40)
    line.setStrokeWidth(3.0)
    grey.setRoi(line)
    assert not labels.changes
    glances.mark(3)
    # ImageJ asks before it closes the image.
    assert labels.changes
    assert grey.getRoi() is None
    drawn = np.asarray(labels.getStack().getProcessor(SHOWN).getIntArray()).T
    assert (drawn[40, 6:16] == 3).all()
    assert (drawn[10:14, 2:20] == 1).all()
    assert renewed(glances)
    with pytest.raises(scyjava.jimport("java.lang.RuntimeException"), match="select something"):
        glances.mark(1)
    scyjava.jimport("ij.WindowManager").setTempCurrentImage(labels)
    scyjava.jimport("ij.Undo").undo()
    scyjava.jimport("ij.WindowManager").setTempCurrentImage(None)
    drawn = np.asarray(labels.getStack().getProcessor(SHOWN).getIntArray()).T
    assert not (drawn == 3).any()
    assert (drawn[10:14, 2:20] == 1).all()


def test_selections_beyond_the_stack_are_left_out_and_those_without_a_group_are_told(images):
    grey, _ = images
    rois = selection(2, 10, SHOWN, 0), selection(29, 10, SHOWN, 2), selection(2, 2, 9, 1)
    glances = glances_of_selections(grey, *rois)
    assert renewed(glances)
    position, found = over(grey)
    assert position == SHOWN
    assert (found[:, 28:] == colour(2)).all()
    told = str(glances.getTold())
    assert "in doubt at" in told
    assert "1 selection lies on no slice of stack and is left out" in told
    assert "1 selection has no group and counts as pore" in told
    glances.close()


def test_only_slices_that_something_is_drawn_on_take_memory(images):
    grey, labels = images
    given = scyjava.jimport("java.util.Arrays").asList(selection(2, 10, SHOWN, 1))
    lessons = library_class(context(), "Lessons")
    assert [int(each) for each in lessons.planes(given, grey, True).keySet()] == [SHOWN]
    assert [int(each) for each in lessons.labelled(labels).keySet()] == [SHOWN]


def test_what_lies_over_an_image_in_colours_is_nothing_drawn(images):
    grey, labels = images
    library_class(context(), "Preview").lay(grey, labels.getStack().getProcessor(SHOWN), SHOWN)
    (laid,) = list(grey.getOverlay().toArray())
    rois = library_class(context(), "Rois")
    assert not rois.isArea(laid)
    assert rois.isArea(selection(2, 10, SHOWN, 1))


def test_escape_is_left_to_others_while_a_look_goes_on(images, imagej):
    glances = glances_of(*images)
    key = scyjava.jimport("java.awt.event.KeyEvent").VK_ESCAPE
    imagej.setKeyDown(key)
    try:
        assert renewed(glances)
        assert "in doubt at" in str(glances.getTold())
        assert imagej.escapePressed()
    finally:
        imagej.setKeyUp(key)
        imagej.resetEscape()


def test_colours_that_nobody_wants_any_more_are_not_laid(images):
    grey, labels = images
    glances = glances_of(grey, labels)
    renewed(glances)
    glances.setWanted(False)
    assert over(grey) is None
    glances.forget()
    renewed(glances)
    assert over(grey) is None
    glances.setWanted(True)
    renewed(glances)
    assert over(grey) is not None


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["grey", "labels"])
def test_looks_end_when_an_image_is_closed(images, closed):
    told, ended, heard = [], threading.Event(), threading.Event()

    def hear(text):
        told.append(str(text))
        heard.set()

    glances = glances_of(*images)
    watch = library_class(context(), "Watch")(glances, hear, ended.set)
    watch.start()
    assert heard.wait(60)
    images[("grey", "labels").index(closed)].flush()  # as closing its window does
    assert ended.wait(60)
    assert over(images[0]) is None
    assert "in doubt" in told[0]
    with pytest.raises(scyjava.jimport("java.lang.RuntimeException"), match="was closed"):
        glances.mark(1)


def test_what_goes_wrong_in_a_look_is_told_and_the_next_one_comes(images):
    grey, labels = images
    glances = glances_of(grey, labels)
    stack = labels.getStack()
    planes = [stack.getProcessor(slice_) for slice_ in (SHOWN, SHOWN + 1)]
    for _ in planes:
        stack.deleteLastSlice()
    assert renewed(glances)
    assert "this failed" in str(glances.getTold())
    for plane in planes:
        stack.addSlice(plane)
    assert renewed(glances)
    assert "in doubt" in str(glances.getTold())


FICKLE = """class Fickle extends electrodej.Strokes {
	def glances
	Object state() { return 1 }
	Map drawn() { glances.forget(); throw new RuntimeException("late") }
	void add(ij.gui.Roi area, int slice, int phase) {}
}"""


def test_a_look_that_fails_while_another_one_is_asked_for_tells_nothing(images):
    grey, _ = images
    library = library_class(context(), "Strokes").class_.getClassLoader()
    strokes = scyjava.jimport("groovy.lang.GroovyClassLoader")(library).parseClass(FICKLE)
    strokes = strokes.getConstructor().newInstance()
    glances = library_class(context(), "Glances")(context(), grey, strokes, names_of_phases())
    strokes.setGlances(glances)
    before = str(glances.getTold())
    assert not glances.renew()
    assert str(glances.getTold()) == before


def test_more_drawn_than_can_be_sent_is_told(images):
    glances = glances_of(*images)
    system = scyjava.jimport("java.lang.System")
    system.setProperty("electrodej.shared.limit", "100")
    try:
        assert glances.renew()
    finally:
        system.clearProperty("electrodej.shared.limit")
    assert "1 slices of stack are drawn on, which are too large to be sent" in str(glances.getTold())


def test_labels_that_cannot_be_drawn_in_are_refused(images, imagej, tmp_path):
    grey, labels = images
    problem = scyjava.jimport("java.lang.RuntimeException")
    colours = imagej.createImage("colours", "RGB black", EDGE, EDGE, 3)
    with pytest.raises(problem, match="colour image"):
        glances_of(grey, colours)
    imagej.saveAsTiff(labels.duplicate(), str(tmp_path / "labels.tif"))
    virtual = scyjava.jimport("ij.plugin.FileInfoVirtualStack").openVirtual(str(tmp_path / "labels.tif"))
    with pytest.raises(problem, match="virtual stack"):
        glances_of(grey, virtual)


def test_images_of_other_sizes_and_a_fiji_without_a_screen_are_told(images, imagej, run_script):
    from electrodej.errors import ElectrodeJError

    grey, _ = images
    small = imagej.createImage("small", "8-bit", 12, 12, 3)
    with pytest.raises(scyjava.jimport("java.lang.RuntimeException"), match="differ in size"):
        glances_of(grey, small)
    with pytest.raises(ElectrodeJError, match="needs a screen"):
        run_script("Label With Forest", {"grey": grey})
