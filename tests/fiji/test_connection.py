"""The light bridge: images, tables and selections both ways, measuring, scripts by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import electrodej.fiji
from electrodej.errors import ElectrodeJError, InputError, VoxelSizeError
from electrodej.features import features
from electrodej.volume import open_volume

pytestmark = pytest.mark.imagej

SPACING = (0.3, 0.2, 0.1)


@pytest.fixture
def connection(run_script):
    """ImageJ, whose worker keeps its logs where those of the other tests of this process lie."""
    assert run_script is not None
    return electrodej.fiji.connect(light=True)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_voxels_survive_both_ways(connection, dtype):
    array = (np.arange(2 * 3 * 4).reshape(2, 3, 4) * (1 if dtype == np.uint8 else 2500)).astype(dtype)
    image = connection.to_imagej(array, spacing=SPACING)
    # ImageJ asks for x, y and counts slices from 1.
    assert float(image.getStack().getVoxel(3, 1, 1)) == float(array[1, 1, 3])
    assert (image.getWidth(), image.getHeight(), image.getNSlices()) == (4, 3, 2)
    back, spacing = connection.to_numpy(image)
    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype
    assert spacing == pytest.approx(SPACING)


def test_an_array_that_is_a_view_goes_over_as_it_looks(connection):
    array = np.arange(5 * 6 * 7, dtype=np.uint16).reshape(5, 6, 7)[::2, ::-1, 1:5]
    back, _ = connection.to_numpy(connection.to_imagej(array, spacing=SPACING))
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("dtype", [">u2", ">f4", "<u2"])
def test_arrays_of_either_byte_order_go_over(connection, dtype):
    image = connection.to_imagej(np.array([[[1, 2, 258]]], dtype), spacing=SPACING)
    assert [float(image.getStack().getVoxel(x, 0, 0)) for x in range(3)] == [1, 2, 258]


def test_signed_values_and_the_units_of_each_axis_are_those_of_the_file(connection, tmp_path):
    array = np.array([[[-32768, -1, 0, 5]], [[1, 2, 3, 32767]]], np.int16)
    # ImageJ keeps signed values 32,768 higher, and says so.
    image = connection.to_imagej((array.astype(np.int32) + 32768).astype(np.uint16), spacing=SPACING)
    size = image.getCalibration()
    size.setSigned16BitCalibration()
    size.pixelDepth = 300.0
    size.setZUnit("nm")
    connection.IJ.saveAsTiff(image, str(tmp_path / "a.tif"))
    with open_volume(tmp_path / "a.tif") as volume:
        by_path, told = volume.read(), volume.spacing
    found, spacing = connection.to_numpy(image)
    for each in (found, by_path):
        assert each.dtype == np.int16
        np.testing.assert_array_equal(each, array)
    assert spacing == pytest.approx(SPACING)
    assert told == pytest.approx(SPACING)


def test_what_imagej_saves_is_what_was_sent(connection, tmp_path):
    array = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
    connection.IJ.saveAsTiff(connection.to_imagej(array, spacing=SPACING), str(tmp_path / "a.tif"))
    with open_volume(tmp_path / "a.tif") as volume:
        np.testing.assert_array_equal(volume.read(), array)
        assert volume.spacing == pytest.approx(SPACING)


def test_labels_are_16_bit_in_colours_with_their_range(connection):
    image = connection.to_imagej(np.array([[0, 1], [2, 700]], np.int64), spacing=SPACING, labels=True)
    assert image.getBitDepth() == 16
    assert (image.getDisplayRangeMin(), image.getDisplayRangeMax()) == (0, 700)
    assert image.getProcessor().isColorLut()


def test_labels_above_16_bit_become_32_bit_and_come_back_whole(connection):
    labels = np.array([[0, 65536], [70000, 2**24]], np.uint32)
    image = connection.to_imagej(labels, spacing=SPACING, labels=True)
    assert image.getBitDepth() == 32
    np.testing.assert_array_equal(connection.to_numpy(image)[0][0], labels)


def test_labels_that_imagej_cannot_tell_apart_are_refused(connection):
    with pytest.raises(InputError, match="renumber"):
        connection.to_imagej(np.array([[2**24 + 1]], np.uint32), spacing=SPACING, labels=True)


def test_voxels_that_imagej_does_not_have_are_refused(connection):
    with pytest.raises(InputError, match="float64"):
        connection.to_imagej(np.zeros((2, 2)), spacing=SPACING)


def test_axes_that_a_volume_does_not_have_are_refused(connection):
    image = connection.to_imagej(np.zeros((6, 2, 2), np.uint8), spacing=SPACING, title="film")
    image.setDimensions(1, 1, 6)
    with pytest.raises(InputError, match="film has 6 time points"):
        connection.to_numpy(image)
    image.setDimensions(6, 1, 1)
    with pytest.raises(InputError, match="film has 6 channels"):
        connection.to_numpy(image)
    with pytest.raises(InputError, match="photo is a colour image"):
        connection.to_numpy(connection.IJ.createImage("photo", "RGB black", 2, 2, 1))


def test_nanometres_become_micrometres_and_pixels_no_size(connection):
    image = connection.to_imagej(np.zeros((2, 2, 2), np.uint8), spacing=SPACING)
    image.getCalibration().setUnit("nm")
    assert connection.to_numpy(image)[1] == pytest.approx([size / 1000 for size in SPACING])
    assert connection.to_numpy(connection.IJ.createImage("b", "8-bit", 2, 2, 2))[1] is None


def test_a_table_survives_both_ways(connection):
    columns = {
        "Image": np.array(["a", "b"], dtype=object),
        "Label": np.array([3, 7]),
        "Volume": np.array([1 / 3, np.nan]),
        "Empty": np.array([np.nan, np.nan]),
    }
    table = connection.to_results_table(columns)
    assert table.size() == 2
    assert table.getValue("Label", 1) == 7
    back = connection.from_results_table(table)
    assert list(back) == list(columns)
    assert list(back["Image"]) == ["a", "b"]
    for name in ("Label", "Volume", "Empty"):
        np.testing.assert_array_equal(back[name], columns[name])


@pytest.mark.slow
def test_selections_survive_both_ways_without_the_roi_manager(connection):
    labels = np.zeros((3, 12, 14), np.uint16)
    labels[0, 2:6, 3:9] = 4
    labels[1:, 5:11, 6:13] = 9
    image = connection.to_imagej(labels, spacing=SPACING, labels=True)
    rois = connection.outlines(image)
    assert [(str(roi.getName()), int(roi.getPosition())) for roi in rois] == [
        ("particle 4 slice 1", 1),
        ("particle 9 slice 2", 2),
        ("particle 9 slice 3", 3),
    ]
    np.testing.assert_array_equal(connection.to_numpy(connection.labels_of(rois, image))[0], labels)


def pair(connection, spacing=SPACING):
    labels = np.zeros((10, 12, 14), np.uint16)
    labels[2:5, 2:6, 2:7] = 1
    labels[6:9, 6:11, 7:13] = 2
    grey = (labels * 60 + 5).astype(np.uint8)
    return (
        grey,
        labels,
        connection.to_imagej(grey, spacing=spacing, title="g"),
        connection.to_imagej(labels, spacing=spacing, title="l", labels=True),
    )


def test_measuring_open_images_is_measuring_the_arrays(connection, tmp_path):
    grey, labels, grey_image, label_image = pair(connection)
    electrodej.fiji.measure(connection, grey_image, label_image).write(tmp_path / "a.csv")
    replace(features(grey, labels, spacing=SPACING), image="g").write(tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_images_that_do_not_fit_are_not_measured(connection):
    _, labels, grey_image, _ = pair(connection)
    small = connection.to_imagej(labels[:5], spacing=SPACING, title="small", labels=True)
    with pytest.raises(InputError, match=r"g .*10 x 12 x 14.*small .*5 x 12 x 14"):
        electrodej.fiji.measure(connection, grey_image, small)
    other = connection.to_imagej(labels, spacing=(1, 1, 1), title="other", labels=True)
    with pytest.raises(VoxelSizeError, match=r"say which is right with spacing="):
        electrodej.fiji.measure(connection, grey_image, other)


def test_an_image_without_a_voxel_size_needs_one(connection):
    blank = connection.IJ.createImage("blank", "8-bit black", 4, 4, 4)
    with pytest.raises(VoxelSizeError, match=r"blank: .*spacing=\(z, y, x\)"):
        electrodej.fiji.measure(connection, blank, blank)
    assert len(electrodej.fiji.measure(connection, blank, blank, spacing=(1, 1, 1))) == 0


@pytest.mark.slow
def test_menu_scripts_run_by_name(connection, tmp_path):
    _, _, grey_image, label_image = pair(connection)
    connection.run_script(
        "Measure Particles", {"grey": grey_image, "labels": label_image, "table": tmp_path / "t.csv"}
    )
    electrodej.fiji.measure(connection, grey_image, label_image).write(tmp_path / "direct.csv")
    assert (tmp_path / "t.csv").read_bytes() == (tmp_path / "direct.csv").read_bytes()
    with pytest.raises(ElectrodeJError, match="no Fiji script 'Dance'"):
        connection.run_script("Dance")


def test_without_fijis_stardist_plugin_the_bridge_says_so(connection):
    _, _, grey_image, _ = pair(connection)
    with pytest.raises(ElectrodeJError, match=r"no StarDist plugin"):
        connection.stardist(grey_image, "nmc-particles")
    with pytest.raises(InputError, match="there is no such model"):
        connection.stardist(grey_image, "nothing-like-it")


def test_what_needs_a_fiji_says_so(connection, monkeypatch, tmp_path):
    with pytest.raises(ElectrodeJError, match="need a Fiji"):
        connection.to_dataset(np.zeros((2, 2), np.uint8))
    monkeypatch.delenv("ELECTRODEJ_FIJI", raising=False)
    with pytest.raises(InputError, match=r"connect\(light=True\)"):
        electrodej.fiji.connect()
    with pytest.raises(InputError, match="is no Fiji folder"):
        electrodej.fiji.connect(tmp_path)
    with pytest.raises(InputError, match="leave fiji and interactive out"):
        electrodej.fiji.connect(tmp_path, light=True)
