"""Our files in a real ImageJ 1.54p, and its files here."""

import jpype
import numpy as np
import pytest
import scyjava

from electrodej.volume import open_volume, write_volume
from electrodej.volume.lut import label_colours

pytestmark = pytest.mark.imagej

SHAPE = (3, 5, 7)
SPACING = (0.1, 0.07, 0.065)


def stack_of(dtype):
    values = np.arange(105).reshape(SHAPE)
    if np.dtype(dtype).kind == "f":
        return (values / 8 - 3).astype(dtype)
    span = min(int(np.iinfo(dtype).max), 2**24) // 105
    return (values * span + (-40 if np.dtype(dtype).kind == "i" else 0)).astype(dtype)


def pixels(image):
    """The calibrated values of every voxel, as ImageJ's own status line shows them."""
    stack, calibration = image.getStack(), image.getCalibration()
    whole = image.getBitDepth() < 32
    return np.array(
        [
            [
                [
                    calibration.getCValue(jpype.JInt(int(value))) if whole else value
                    for value in (stack.getVoxel(x, y, z) for x in range(image.getWidth()))
                ]
                for y in range(image.getHeight())
            ]
            for z in range(image.getStackSize())
        ]
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.uint32, np.int32, np.float32])
@pytest.mark.parametrize("compression", ["none", "deflate", "lzw"])
def test_imagej_reads_our_stack(imagej, tmp_path, dtype, compression):
    stack = stack_of(dtype)
    path = write_volume(tmp_path / "a.tif", stack, spacing=SPACING, compression=compression)
    image = imagej.openImage(str(path))
    calibration = image.getCalibration()
    assert (image.getNSlices(), image.getNChannels(), image.getNFrames()) == (3, 1, 1)
    assert image.getBitDepth() == {1: 8, 2: 16, 4: 32}[np.dtype(dtype).itemsize]
    assert (calibration.pixelDepth, calibration.pixelHeight, calibration.pixelWidth) == pytest.approx(
        SPACING, rel=1e-9
    )
    assert str(calibration.getUnit()) == "micron"
    assert np.array_equal(pixels(image), stack.astype(float))


def test_imagej_reads_the_pixel_size_of_our_ome_tiff(imagej, tmp_path):
    stack = stack_of(np.uint16)
    image = imagej.openImage(str(write_volume(tmp_path / "a.ome.tif", stack, spacing=SPACING)))
    calibration = image.getCalibration()
    assert (calibration.pixelHeight, calibration.pixelWidth) == pytest.approx(SPACING[1:], rel=1e-9)
    assert str(calibration.getUnit()) == "µm"
    assert np.array_equal(pixels(image), stack)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize("compression", ["none", "deflate"])
def test_imagej_shows_labels_in_their_colours(imagej, tmp_path, dtype, compression):
    labels = stack_of(dtype)
    path = write_volume(tmp_path / "a.tif", labels, spacing=SPACING, labels=True, compression=compression)
    image = imagej.openImage(str(path))
    assert (image.getDisplayRangeMin(), image.getDisplayRangeMax()) == (0, labels.max())
    lut = image.getProcessor().getLut()
    shown = [int(lut.getRGB(jpype.JInt(n))) & 0xFFFFFF for n in range(256)]
    red, green, blue = label_colours().astype(int)
    assert shown == (red * 65536 + green * 256 + blue).tolist()
    assert np.array_equal(pixels(image), labels)
    assert image.getNSlices() == 3


def test_label_colours_are_all_different_and_only_the_background_is_dark():
    colours = label_colours().T.astype(int)
    assert len({tuple(colour) for colour in colours}) == 256
    assert colours[0].tolist() == [0, 0, 0]
    assert colours[1:].max(axis=1).min() > 60


@pytest.mark.parametrize("kind", ["8-bit", "16-bit", "32-bit"])
def test_we_read_what_imagej_saves(imagej, tmp_path, kind):
    image = imagej.createImage("x", f"{kind} ramp", 7, 5, 3)
    calibration = image.getCalibration()
    calibration.pixelDepth, calibration.pixelHeight, calibration.pixelWidth = SPACING
    calibration.setUnit("µm")
    stack = image.getStack()
    for z in range(3):
        stack.setVoxel(2, 1, z, z + 10)
    imagej.saveAsTiff(image, str(tmp_path / "a.tif"))
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.dtype == {"8-bit": np.uint8, "16-bit": np.uint16, "32-bit": np.float32}[kind]
        assert volume.spacing == SPACING
        assert np.array_equal(volume.read(), pixels(image))


@pytest.mark.parametrize(
    ("unit", "factor"), [("nm", 1e-3), ("mm", 1e3), ("cm", 1e4), ("micron", 1), ("um", 1), ("inch", 25400)]
)
def test_we_read_the_units_that_imagej_writes(imagej, tmp_path, unit, factor):
    image = imagej.createImage("x", "8-bit ramp", 7, 5, 3)
    calibration = image.getCalibration()
    calibration.pixelDepth, calibration.pixelHeight, calibration.pixelWidth = 3.0, 2.5, 0.75
    calibration.setUnit(unit)
    imagej.saveAsTiff(image, str(tmp_path / "a.tif"))
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.spacing == pytest.approx((3 * factor, 2.5 * factor, 0.75 * factor), rel=1e-12)


def test_a_depth_of_one_unit_that_imagej_leaves_out_is_one(imagej, tmp_path):
    image = imagej.createImage("x", "8-bit ramp", 7, 5, 3)
    calibration = image.getCalibration()
    calibration.pixelDepth, calibration.pixelHeight, calibration.pixelWidth = 1.0, 0.5, 0.5
    calibration.setUnit("micron")
    imagej.saveAsTiff(image, str(tmp_path / "a.tif"))
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.spacing == (1.0, 0.5, 0.5)


def test_an_image_without_calibration_has_no_voxel_size(imagej, tmp_path):
    imagej.saveAsTiff(imagej.createImage("x", "8-bit ramp", 7, 5, 3), str(tmp_path / "a.tif"))
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.spacing is None


def test_signed_values_that_imagej_saves_keep_their_sign(imagej, tmp_path):
    stack = stack_of(np.int16)
    image = imagej.openImage(str(write_volume(tmp_path / "a.tif", stack, spacing=SPACING)))
    imagej.saveAsTiff(image, str(tmp_path / "b.tif"))
    with open_volume(tmp_path / "b.tif") as volume:
        assert volume.dtype == np.int16
        assert np.array_equal(volume.read(), stack)


def test_a_folder_that_imagej_saves_as_sequence(imagej, tmp_path):
    image = imagej.createImage("x", "16-bit ramp", 7, 5, 12)
    for z in range(12):
        image.getStack().setVoxel(0, 0, z, z)
    saver = scyjava.jimport("ij.io.FileSaver")
    for z in range(12):
        slice_ = scyjava.jimport("ij.ImagePlus")("s", image.getStack().getProcessor(z + 1))
        assert saver(slice_).saveAsPng(str(tmp_path / f"s{z}.png"))
    with open_volume(tmp_path) as volume:
        assert volume.dtype == np.uint16
        assert volume[:, 0, 0].tolist() == list(range(12))


def test_imagej_reads_our_slices(imagej, tmp_path):
    stack = stack_of(np.uint16)
    folder = write_volume(tmp_path / "slices", stack, spacing=SPACING, format="slices")
    for z in range(3):
        image = imagej.openImage(str(folder / f"slice_{z:04d}.tif"))
        assert image.getCalibration().pixelWidth == pytest.approx(0.065)
        assert np.array_equal(pixels(image)[0], stack[z])
