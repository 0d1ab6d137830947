"""OME-Zarr as others write it: axes, units, transforms, levels; zarr's own reading is the truth."""

import numpy as np
import pytest
import zarr

from electrodej.errors import InputError
from electrodej.volume import open_volume

RNG = np.random.default_rng(5)
STACK = RNG.integers(0, 60_000, (6, 20, 30)).astype(np.uint16)


def image(path, data, axes, *, version="0.4", scale=None, unit="micrometer", outer=None, name="0"):
    group = zarr.open_group(str(path), mode="w", zarr_format=2 if version == "0.4" else 3)
    group.create_array(name, data=data, chunks=tuple(min(n, 8) for n in data.shape))
    full = [
        {"name": a, "type": "space", "unit": unit} if a in "zyx" else {"name": a, "type": "channel"}
        for a in axes
    ]
    dataset = {"path": name}
    if scale is not None:
        dataset["coordinateTransformations"] = [{"type": "scale", "scale": scale}]
    multiscale = {"axes": full, "datasets": [dataset]}
    if outer is not None:
        multiscale["coordinateTransformations"] = [{"type": "scale", "scale": outer}]
    if version == "0.4":
        group.attrs["multiscales"] = [{"version": "0.4", **multiscale}]
    else:
        group.attrs["ome"] = {"version": "0.5", "multiscales": [multiscale]}
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_both_versions(tmp_path, version):
    path = image(tmp_path / "a.zarr", STACK, "zyx", version=version, scale=[0.1, 0.07, 0.065])
    with open_volume(path) as volume:
        assert volume.spacing == (0.1, 0.07, 0.065)
        assert np.array_equal(volume.read(), STACK)
        assert np.array_equal(volume[1:3, 4:15, 7], STACK[1:3, 4:15, 7])
        assert volume.slab_thickness(1) == 1


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_channels_and_times_of_one_are_dropped(tmp_path, version):
    scale = [1.0, 1.0, 0.1, 0.07, 0.065]
    path = image(tmp_path / "a.zarr", STACK[None, None], "tczyx", version=version, scale=scale)
    with open_volume(path) as volume:
        assert volume.shape == STACK.shape
        assert volume.spacing == (0.1, 0.07, 0.065)
        assert np.array_equal(volume[2, 3:9, :], STACK[2, 3:9, :])


def test_the_scale_of_all_levels_counts_too(tmp_path):
    path = image(tmp_path / "a.zarr", STACK, "zyx", scale=[2.0, 1.0, 1.0], outer=[0.05, 0.07, 0.065])
    with open_volume(path) as volume:
        assert volume.spacing == (0.1, 0.07, 0.065)


@pytest.mark.parametrize(("unit", "factor"), [("nanometer", 1e-3), ("millimeter", 1e3), ("angstrom", 1e-4)])
def test_other_units(tmp_path, unit, factor):
    path = image(tmp_path / "a.zarr", STACK, "zyx", scale=[100, 70, 65], unit=unit)
    with open_volume(path) as volume:
        assert volume.spacing == pytest.approx((100 * factor, 70 * factor, 65 * factor))


def test_without_a_unit_or_scale_the_voxel_size_is_unknown(tmp_path):
    with open_volume(image(tmp_path / "a.zarr", STACK, "zyx", scale=[1, 1, 1], unit=None)) as volume:
        assert volume.spacing is None
    with open_volume(image(tmp_path / "b.zarr", STACK, "zyx")) as volume:
        assert volume.spacing is None


def test_two_axes_are_one_slice(tmp_path):
    with open_volume(image(tmp_path / "a.zarr", STACK[0], "yx", scale=[0.07, 0.065])) as volume:
        assert volume.is_2d
        assert np.array_equal(volume[0:1, 2:4], STACK[:1, 2:4])


@pytest.mark.parametrize(
    ("axes", "words"),
    [("czyx", r"2 channels \(axis c\).*array\[0, :, :, :\]"), ("tzyx", r"2 time points \(axis t\)")],
)
def test_real_channels_are_refused_with_the_axis(tmp_path, axes, words):
    path = image(tmp_path / "a.zarr", np.stack([STACK, STACK]), axes)
    with pytest.raises(InputError, match=words):
        open_volume(path)


def test_axes_in_another_order_are_refused(tmp_path):
    with pytest.raises(InputError, match="axes x, y, z"):
        open_volume(image(tmp_path / "a.zarr", STACK, "xyz"))


def test_a_bare_array_is_read_without_voxel_size(tmp_path):
    zarr.create_array(str(tmp_path / "a.zarr"), data=STACK)
    with open_volume(tmp_path / "a.zarr") as volume:
        assert np.array_equal(volume.read(), STACK)
        assert volume.spacing is None


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_array_inside_an_image_knows_its_voxel_size(tmp_path, version):
    path = image(tmp_path / "a.zarr", STACK, "zyx", version=version, scale=[0.1, 0.07, 0.065], name="full")
    with open_volume(path / "full") as volume:
        assert volume.spacing == (0.1, 0.07, 0.065)


def test_a_group_without_an_image_names_an_array(tmp_path):
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w")
    group.create_array("raw", data=STACK)
    with pytest.raises(InputError, match=r"without an OME image.*raw"):
        open_volume(tmp_path / "a.zarr")


def test_slabs_are_whole_chunks(tmp_path):
    path = image(tmp_path / "a.zarr", np.zeros((40, 20, 30), np.uint16), "zyx")
    with open_volume(path) as volume:
        assert volume.slab_thickness(20 * 20 * 30 * 2) == 16


@pytest.mark.parametrize("scale", [["a", "b", "c"], [None, 1, 1]])
def test_a_scale_that_is_no_number_is_an_error_naming_the_image(tmp_path, scale):
    path = image(tmp_path / "odd.zarr", STACK, "zyx", scale=scale)
    with pytest.raises(InputError, match=r"odd\.zarr"):
        open_volume(path)
