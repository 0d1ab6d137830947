"""The same outlines in a real ImageJ 1.54p: what it fills, and what it makes of the files written here."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.annotation import read_rois, roi_labels, write_rois

pytestmark = [pytest.mark.imagej, pytest.mark.usefixtures("imagej")]
SIZE = (40, 50)
KIND = {"polygon": "POLYGON", "freehand": "FREEROI", "traced": "TRACED_ROI"}


def jimport(name: str) -> Any:
    import scyjava

    return scyjava.jimport(name)


def floats(values: Any) -> Any:
    import jpype

    return jpype.JArray(jpype.JFloat)([float(value) for value in values])


def fill(roi: Any, size: tuple[int, int]) -> np.ndarray:
    """What ImageJ fills for a ROI."""
    pixels = jimport("ij.process.ByteProcessor")(size[1], size[0])
    pixels.setValue(1)
    pixels.fill(roi)
    return np.array(pixels.getPixels()).reshape(size)


def opened(path: Path) -> Any:
    """The ROIs in a zip, read as ImageJ's ROI Manager reads them (it needs a screen itself)."""
    stream = jimport("java.util.zip.ZipInputStream")(jimport("java.io.FileInputStream")(str(path)))
    rois = []
    while (entry := stream.getNextEntry()) is not None:
        rois.append(jimport("ij.io.RoiDecoder")(stream.readAllBytes(), entry.getName()).getRoi())
    stream.close()
    return rois


def polygon(points: np.ndarray, kind: str = "polygon") -> Any:
    roi = jimport("ij.gui.Roi")
    return jimport("ij.gui.PolygonRoi")(
        floats(points[:, 0]), floats(points[:, 1]), len(points), getattr(roi, KIND[kind])
    )


def star(rng: np.random.Generator, step: float) -> np.ndarray:
    """Points around a centre on a grid of ``step`` pixels: an outline that crosses itself nowhere."""
    angles = (np.arange(7) + rng.uniform(0, 0.6, 7)) * 2 * np.pi / 7
    radii = rng.uniform(4, 18, 7)
    points = np.stack([22 + radii * np.cos(angles), 20 + radii * np.sin(angles)], axis=1)
    return np.round(points / step) * step


def make_roi(kind: str, rng: np.random.Generator) -> Any:
    x, y, width, height = (float(value) for value in rng.uniform(1, 20, 4))
    if kind in ("polygon", "polygon on the grid", "polygon through centres"):
        return polygon(star(rng, {"polygon": 1e-3, "polygon on the grid": 1.0}.get(kind, 0.5)))
    if kind in ("freehand", "traced"):
        points = rng.uniform(2, 38, (9, 2))
        return polygon(points if kind == "freehand" else np.round(points), kind)
    if kind == "rectangle":
        return jimport("ij.gui.Roi")(x, y, width, height)
    if kind == "oval":
        return jimport("ij.gui.OvalRoi")(x, y, width, height)
    if kind == "ellipse":
        return jimport("ij.gui.EllipseRoi")(x + 5, y + 5, x + width + 8, y + height + 6, 0.6)
    if kind == "turned rectangle":
        return jimport("ij.gui.RotatedRectRoi")(x + 5, y + 5, x + width + 8, y + height + 6, 7.0)
    shape, oval = jimport("ij.gui.ShapeRoi"), jimport("ij.gui.OvalRoi")
    first, second = shape(oval(2, 3, 25, 20)), shape(polygon(star(rng, 1e-3)))
    return first.xor(second)


KINDS = [
    "polygon",
    "polygon on the grid",
    "polygon through centres",
    "freehand",
    "traced",
    "rectangle",
    "oval",
    "ellipse",
    "turned rectangle",
    "composite",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_roi_that_imagej_saved_covers_the_pixels_that_imagej_fills(tmp_path, kind):
    rng = np.random.default_rng(3)
    for _ in range(30):
        roi = make_roi(kind, rng)
        (tmp_path / "one.roi").write_bytes(bytes(jimport("ij.io.RoiEncoder").saveAsByteArray(roi)))
        ours = roi_labels(read_rois(tmp_path / "one.roi"), SIZE)
        np.testing.assert_array_equal(ours, fill(roi, SIZE))


def test_a_stack_position_that_imagej_saved_is_the_slice(tmp_path):
    roi = polygon(star(np.random.default_rng(0), 1.0))
    for position, z in (((3,), 2), ((1, 4, 1), 3), ((1, 1, 5), 4)):
        roi.setPosition(*position)
        (tmp_path / "one.roi").write_bytes(bytes(jimport("ij.io.RoiEncoder").saveAsByteArray(roi)))
        (read,) = read_rois(tmp_path / "one.roi")
        assert read.z == z


def test_imagej_measures_each_written_roi_as_large_as_its_label(imagej, tmp_path, random_labels):
    labels = random_labels(4, (2, 25, 31), 9)
    labels[:, 5:15, 5:15] = 10
    write_rois(tmp_path / "rois.zip", labels)
    statistics = jimport("ij.process.ImageStatistics")
    image = imagej.createImage("blank", "8-bit black", 31, 25, 2)
    rois = opened(tmp_path / "rois.zip")
    assert len(rois) == sum(len(np.unique(one[one > 0])) for one in labels)
    for roi in rois:
        label, slice_number = (int(part) for part in str(roi.getName()).split("-"))
        assert roi.getPosition() == slice_number
        image.setRoi(roi)
        area = image.getStatistics(statistics.AREA).area
        assert area == np.count_nonzero(labels[slice_number - 1] == label)


def test_imagej_fills_each_written_roi_as_its_label(tmp_path, random_labels, ring_and_pieces):
    for labels in (ring_and_pieces, random_labels(1, (25, 31), 5)):
        write_rois(tmp_path / "rois.zip", labels, force=True)
        for roi in opened(tmp_path / "rois.zip"):
            label = int(str(roi.getName()).split("-")[0])
            np.testing.assert_array_equal(fill(roi, labels.shape), labels == label)


def test_labels_survive_that_imagej_opens_and_saves_their_rois(tmp_path, ring_and_pieces):
    write_rois(tmp_path / "rois.zip", ring_and_pieces)
    for number, roi in enumerate(opened(tmp_path / "rois.zip")):
        data = bytes(jimport("ij.io.RoiEncoder").saveAsByteArray(roi))
        (tmp_path / f"{number}.roi").write_bytes(data)
    rois = [read_rois(tmp_path / f"{number}.roi")[0] for number in range(4)]
    np.testing.assert_array_equal(roi_labels(rois, ring_and_pieces.shape), ring_and_pieces)
