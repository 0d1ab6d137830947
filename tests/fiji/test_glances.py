"""What a forest finds while somebody labels, over the image in real ImageJ."""

import re

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


def test_colours_over_the_slice_follow_what_is_drawn(images):
    grey, labels = images
    glances = library_class(context(), "Glances")(context(), grey, labels, names_of_phases())
    assert glances.renew()
    position, found = over(grey)
    assert position == SHOWN
    assert (found[:, :20] == colour(1)).all()
    assert (found[:, 28:] == colour(2)).all()
    assert re.search(r"in doubt at .*: (pore or particle|particle or pore)\?", str(glances.getTold()))
    # Nothing changed.
    assert not glances.renew()
    # Another slice is shown: it is asked about, too.
    grey.setSlice(1)
    assert glances.renew()
    assert over(grey)[0] == 1
    # What was bright is told to be another phase.
    plane = labels.getStack().getProcessor(SHOWN)
    plane.setValue(3.0)
    plane.setRoi(28, 30, 18, 4)
    plane.fill()
    assert glances.renew()
    assert (over(grey)[1][:, 28:] == colour(3)).all()
    # With one phase alone there is nothing to tell apart.
    plane.setValue(0.0)
    plane.fill()
    assert glances.renew()
    assert over(grey) is None
    assert "phase 1 alone" in str(glances.getTold())
    glances.close()


def test_what_is_selected_becomes_part_of_a_phase(images):
    grey, labels = images
    glances = library_class(context(), "Glances")(context(), grey, labels, names_of_phases())
    glances.renew()
    line = scyjava.jimport("ij.gui.Line")(4, 40, 18, 40)
    line.setStrokeWidth(3.0)
    grey.setRoi(line)
    glances.mark(3)
    assert grey.getRoi() is None
    drawn = np.asarray(labels.getStack().getProcessor(SHOWN).getIntArray()).T
    assert (drawn[40, 6:16] == 3).all()
    assert (drawn[10:14, 2:20] == 1).all()
    assert glances.renew()
    with pytest.raises(scyjava.jimport("java.lang.RuntimeException"), match="select something"):
        glances.mark(1)


def test_images_of_other_sizes_and_a_fiji_without_a_screen_are_told(images, imagej, run_script):
    from electrodej.errors import ElectrodeJError

    grey, _ = images
    small = imagej.createImage("small", "8-bit", 12, 12, 3)
    with pytest.raises(scyjava.jimport("java.lang.RuntimeException"), match="differ in size"):
        library_class(context(), "Glances")(context(), grey, small, names_of_phases())
    with pytest.raises(ElectrodeJError, match="needs a screen"):
        run_script("Label With Forest", {"grey": grey})
