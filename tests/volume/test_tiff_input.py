"""TIFFs as other programs write them, with tifffile as the other program and its reading as the truth."""

import threading

import numpy as np
import pytest
import tifffile

from electrodej.errors import InputError, VoxelSizeError
from electrodej.volume import open_volume

RNG = np.random.default_rng(7)


def random_stack(dtype, shape=(5, 37, 29)):
    info = np.dtype(dtype)
    if info.kind == "f":
        return RNG.normal(size=shape).astype(dtype)
    return RNG.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def assert_read(path, expected):
    with open_volume(path) as volume:
        assert volume.shape == expected.shape
        assert volume.dtype == expected.dtype
        assert volume.dtype.isnative
        assert np.array_equal(volume.read(), expected)
        box = (slice(1, 4), slice(3, 30), slice(5, 11))
        assert np.array_equal(volume[box], expected[box])
        assert np.array_equal(volume[-1, 2:, :], expected[-1, 2:, :])
        assert np.array_equal(np.concatenate([slab for _, _, slab in volume.slabs(2)]), expected)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i1", "i2", "i4", "f4", "f8", "u8", "f2"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_plain_stacks_of_any_type_and_byte_order(tmp_path, dtype, order):
    stack = random_stack(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stack, byteorder=order, photometric="minisblack")
    assert_read(tmp_path / "a.tif", stack)


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "lzw"},
        {"compression": "lzw", "predictor": True},
        {"compression": "zlib"},
        {"compression": "adobe_deflate", "rowsperstrip": 5},
        {"compression": "zstd"},
        {"compression": "packbits"},
        {"compression": "lzma"},
        {"tile": (16, 16)},
        {"tile": (16, 32), "compression": "zlib"},
        {"rowsperstrip": 4},
        {"bigtiff": True},
        {"bigtiff": True, "compression": "zlib", "predictor": True},
        {"ome": True},
        {"ome": True, "compression": "zlib"},
        {"ome": True, "tile": (16, 16)},
        {"imagej": True},
        {"imagej": True, "compression": "zlib"},
        {"imagej": True, "byteorder": "<"},
        {"metadata": None},
        {"metadata": None, "contiguous": True},
        {"photometric": "miniswhite"},
        {"truncate": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_stacks_packed_and_laid_out_in_many_ways(tmp_path, options, dtype):
    stack = random_stack(dtype)
    metadata = {"axes": "ZYX"} if options.get("ome") or options.get("imagej") else {}
    tifffile.imwrite(
        tmp_path / "a.tif", stack, **{"photometric": "minisblack", "metadata": metadata, **options}
    )
    assert_read(tmp_path / "a.tif", stack)


def test_a_float_predictor(tmp_path):
    stack = random_stack("f4")
    tifffile.imwrite(tmp_path / "a.tif", stack, compression="zlib", predictor=3)
    assert_read(tmp_path / "a.tif", stack)


def test_pages_packed_each_in_its_own_way(tmp_path):
    stack = random_stack("u2")
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for plane, packing in zip(stack, [None, "zlib", "lzw", None, "zlib"], strict=True):
            writer.write(plane, compression=packing, metadata=None)
    assert_read(tmp_path / "a.tif", stack)


def test_pages_with_gaps_between_them(tmp_path):
    stack = random_stack("u2")
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for plane in stack:
            writer.write(plane, metadata=None)
    assert_read(tmp_path / "a.tif", stack)


def test_one_bit_masks(tmp_path):
    mask = RNG.random((5, 37, 29)) > 0.5
    tifffile.imwrite(tmp_path / "a.tif", mask, photometric="minisblack")
    assert_read(tmp_path / "a.tif", mask)


def test_thumbnails_between_the_slices_are_left_out(tmp_path):
    stack = random_stack("u1")
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        for plane in stack:
            writer.write(plane, metadata=None)
            writer.write(plane[::4, ::4], metadata=None, subfiletype=1)
    assert_read(tmp_path / "a.tif", stack)


def test_an_image_with_a_pyramid_opens_at_full_size(tmp_path):
    stack = random_stack("u2", (5, 64, 64))
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as writer:
        writer.write(stack, subifds=1, tile=(16, 16), metadata={"axes": "ZYX"})
        writer.write(stack[:, ::2, ::2], subfiletype=1, tile=(16, 16))
    assert_read(tmp_path / "a.ome.tif", stack)


def test_a_single_image_is_one_slice(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", random_stack("u2", (9, 8)))
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.is_2d
        assert volume.shape == (1, 9, 8)


@pytest.mark.parametrize("suffix", [".tif", ".TIFF", ".lsmx", ""])
def test_a_tiff_is_known_by_its_content(tmp_path, suffix):
    stack = random_stack("u1")
    tifffile.imwrite(tmp_path / "a.tif", stack)
    (tmp_path / "a.tif").rename(tmp_path / f"b{suffix}")
    assert_read(tmp_path / f"b{suffix}", stack)


@pytest.mark.parametrize("unit", ["um", r"\u00B5m", "micron", "micrometer"])
def test_imagej_calibration_in_micrometres(tmp_path, unit):
    tifffile.imwrite(
        tmp_path / "a.tif", random_stack("u1"), imagej=True, resolution=(1 / 0.065, 1 / 0.07),
        metadata={"spacing": 0.1, "unit": unit, "axes": "ZYX"},
    )  # fmt: skip
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.spacing == pytest.approx((0.1, 0.07, 0.065), rel=1e-9)


@pytest.mark.parametrize(("unit", "factor"), [("nm", 1e-3), ("mm", 1e3), ("cm", 1e4), ("inch", 25400)])
def test_imagej_calibration_in_other_units(tmp_path, unit, factor):
    tifffile.imwrite(
        tmp_path / "a.tif", random_stack("u1"), imagej=True, resolution=(1 / 70.5, 1 / 71.5),
        metadata={"spacing": 100, "unit": unit, "axes": "ZYX"},
    )  # fmt: skip
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.spacing == pytest.approx((100 * factor, 71.5 * factor, 70.5 * factor), rel=1e-8)


def test_a_pixel_is_no_length(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        random_stack("u1"),
        imagej=True,
        metadata={"spacing": 1, "unit": "pixel", "axes": "ZYX"},
    )
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.spacing is None
        with pytest.raises(VoxelSizeError, match=r"a\.tif .*voxel size.*--spacing"):
            volume.require_spacing()


def test_an_unknown_unit_stops_only_who_needs_it(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif",
        random_stack("u1"),
        imagej=True,
        metadata={"spacing": 1, "unit": "furlong", "axes": "ZYX"},
    )
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.spacing is None
        with pytest.raises(VoxelSizeError, match=r'a\.tif.*"furlong".*--spacing'):
            volume.require_spacing()
    with open_volume(tmp_path / "a.tif", spacing=(3, 2, 1)) as volume:
        assert volume.require_spacing() == (3, 2, 1)


def test_a_missing_slice_distance_is_named(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", random_stack("u1"), imagej=True, resolution=(1 / 0.07, 1 / 0.07),
        metadata={"unit": "um", "axes": "ZYX"},
    )  # fmt: skip
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.spacing is None
        with pytest.raises(VoxelSizeError, match="along Z"):
            volume.require_spacing()


@pytest.mark.parametrize("unit", ["µm", "nm", "mm", "m", "Å"])
def test_ome_calibration(tmp_path, unit):
    factor = {"µm": 1, "nm": 1e-3, "mm": 1e3, "m": 1e6, "Å": 1e-4}[unit]
    metadata = {"axes": "ZYX"}
    for axis, size in zip("XYZ", (65.0, 70.0, 100.0), strict=True):
        metadata[f"PhysicalSize{axis}"] = size
        metadata[f"PhysicalSize{axis}Unit"] = unit
    tifffile.imwrite(tmp_path / "a.tif", random_stack("u1"), ome=True, metadata=metadata)
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.spacing == pytest.approx((100 * factor, 70 * factor, 65 * factor), rel=1e-12)


def test_ome_micrometres_need_no_unit(tmp_path):
    metadata = {"axes": "ZYX", "PhysicalSizeX": 0.065, "PhysicalSizeY": 0.07, "PhysicalSizeZ": 0.1}
    tifffile.imwrite(tmp_path / "a.tif", random_stack("u1"), ome=True, metadata=metadata)
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.spacing == (0.1, 0.07, 0.065)


def test_ome_slices_may_lie_in_another_order(tmp_path):
    stack = random_stack("u1", (2, 37, 29))
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="29" SizeY="37" SizeZ="2" SizeC="1" '
        'SizeT="1"><TiffData IFD="0" FirstZ="1" PlaneCount="1"/><TiffData IFD="1" FirstZ="0" PlaneCount="1"/>'
        "</Pixels></Image></OME>"
    )
    tifffile.imwrite(tmp_path / "a.ome.tif", stack, description=xml, metadata=None, photometric="minisblack")
    with open_volume(tmp_path / "a.ome.tif") as volume:
        assert np.array_equal(volume.read(), stack[::-1])


@pytest.mark.parametrize(
    ("dpi", "unit"), [(72, 2), (96, 2), (300, 2), (1, 2), (28.346, 3), (1, 1), (14.3, 1)]
)
def test_print_resolutions_are_no_voxel_size(tmp_path, dpi, unit):
    tifffile.imwrite(tmp_path / "a.tif", random_stack("u1"), resolution=(dpi, dpi), resolutionunit=unit)
    with (
        open_volume(tmp_path / "a.tif") as volume,
        pytest.raises(VoxelSizeError, match="does not say its voxel size;"),
    ):
        volume.require_spacing()


def test_a_measured_resolution_gives_the_pixel_and_not_the_depth(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.tif", random_stack("u1"), resolution=(1e4 / 0.07, 1e4 / 0.065), resolutionunit=3
    )
    with open_volume(tmp_path / "a.tif") as volume:
        assert (volume.voxel_size.y, volume.voxel_size.x) == pytest.approx((0.065, 0.07), rel=1e-8)
        with pytest.raises(VoxelSizeError, match=r"along Z .*Y 0\.065 um, X 0\.07 um"):
            volume.require_spacing()


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((4, 8, 9, 3), {"photometric": "rgb"}, "colours in each pixel.*8-bit"),
        ((3, 2, 8, 9), {"imagej": True, "metadata": {"axes": "ZCYX"}}, "has 2 channels.*Split Channels"),
        ((3, 8, 9), {"imagej": True, "metadata": {"axes": "TYX"}}, "has 3 time points.*Re-order"),
        ((2, 3, 8, 9), {"ome": True, "metadata": {"axes": "CZYX"}}, "has 2 channels"),
        ((2, 3, 8, 9), {"ome": True, "metadata": {"axes": "TZYX"}}, "has 2 time points"),
        ((2, 3, 8, 9), {"photometric": "minisblack"}, "has 4 dimensions"),
        ((2, 8, 9), {"photometric": "minisblack", "metadata": {"axes": "CYX"}}, "has 2 channels"),
        ((8, 9, 2), {"photometric": "minisblack", "planarconfig": "contig"}, "several values in each pixel"),
    ],
)
def test_channels_time_and_colour_are_refused_with_a_way_out(tmp_path, shape, options, words):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros(shape, np.uint8), **options)
    with pytest.raises(InputError, match=rf"a\.tif .*{words}"):
        open_volume(tmp_path / "a.tif")


def test_axes_of_length_one_are_dropped(tmp_path):
    stack = random_stack("u2")
    tifffile.imwrite(tmp_path / "a.tif", stack[None, :, None], imagej=True, metadata={"axes": "TZCYX"})
    tifffile.imwrite(tmp_path / "b.tif", stack[None, None], ome=True, metadata={"axes": "TCZYX"})
    assert_read(tmp_path / "a.tif", stack)
    assert_read(tmp_path / "b.tif", stack)


def test_complex_values_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((2, 5, 6), np.complex64), photometric="minisblack")
    with pytest.raises(InputError, match="type that is not read"):
        open_volume(tmp_path / "a.tif")


@pytest.mark.parametrize("packing", [None, "zlib"])
def test_several_threads_read_boxes_at_once(tmp_path, packing):
    stack = random_stack("u2", (12, 40, 41))
    tifffile.imwrite(tmp_path / "a.tif", stack, compression=packing)
    wrong = []

    def read(volume, seed):
        rng = np.random.default_rng(seed)
        for _ in range(20):
            low = rng.integers(0, (10, 30, 30))
            box = tuple(slice(int(n), int(n) + 7) for n in low)
            if not np.array_equal(volume[box], stack[box]):
                wrong.append(box)

    with open_volume(tmp_path / "a.tif") as volume:
        threads = [threading.Thread(target=read, args=(volume, seed)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_closed_volume_is_not_read_and_gives_its_file_back(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", random_stack("u2"))
    volume = open_volume(tmp_path / "a.tif")
    volume.close()
    volume.close()
    with pytest.raises(ValueError, match="closed"):
        volume[0]


@pytest.mark.parametrize("key", [(0, 0, 0, 0), (slice(None, None, 2),), (99,), (-99,)])
def test_an_index_that_is_no_box_is_refused(tmp_path, key):
    tifffile.imwrite(tmp_path / "a.tif", random_stack("u2"))
    with open_volume(tmp_path / "a.tif") as volume, pytest.raises(IndexError):
        volume[key]


def test_a_box_is_indexed_as_numpy_does(tmp_path):
    stack = random_stack("u2")
    tifffile.imwrite(tmp_path / "a.tif", stack)
    keys = [
        0,
        -1,
        slice(2, 2),
        (Ellipsis, 3),
        (1, Ellipsis, 2),
        (slice(-3, None), 4),
        (slice(9, 2),),
        (1, 2, 3),
    ]
    with open_volume(tmp_path / "a.tif") as volume:
        for key in keys:
            assert np.array_equal(volume[key], stack[key]), key
