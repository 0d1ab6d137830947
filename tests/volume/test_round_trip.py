"""What is written is what is read: values, type, axes and voxel size, by us and by others."""

import json
import math
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from electrodej.errors import InputError, OutputError, VoxelSizeError
from electrodej.volume import ArrayVolume, VolumeWriter, open_volume, write_volume

TIFF_TYPES = [np.uint8, np.uint16, np.uint32, np.int8, np.int16, np.int32, np.float32, np.float64]
LENGTHS = st.one_of(
    st.floats(1e-4, 1e3), st.sampled_from([0.07, 0.065, 1 / 3, 1.0, 25.4]), st.integers(1, 500).map(float)
)
SPACINGS = st.tuples(LENGTHS, LENGTHS, LENGTHS)


def arrays(types):
    return hnp.arrays(
        st.sampled_from(types), hnp.array_shapes(min_dims=3, max_dims=3, min_side=1, max_side=9)
    )


@settings(max_examples=50, deadline=None)
@given(
    array=arrays(TIFF_TYPES),
    spacing=SPACINGS,
    suffix=st.sampled_from([".tif", ".tiff", ".ome.tif", ".OME.TIFF"]),
    compression=st.sampled_from(["auto", "none", "deflate", "lzw", "zstd"]),
    thickness=st.integers(1, 9),
)
def test_tiff(array, spacing, suffix, compression, thickness):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        with VolumeWriter(path, array.shape, array.dtype, spacing=spacing, compression=compression) as writer:
            for z in range(0, len(array), thickness):
                writer.write(z, array[z : z + thickness])
        with open_volume(path) as volume:
            assert volume.dtype == array.dtype
            assert volume.shape == array.shape
            assert volume.spacing == pytest.approx(spacing, rel=1e-6)
            assert np.array_equal(volume.read(), array, equal_nan=array.dtype.kind == "f")
        theirs = tifffile.imread(path)
        assert theirs.dtype == array.dtype
        assert np.array_equal(theirs.reshape(array.shape), array, equal_nan=array.dtype.kind == "f")


@settings(max_examples=20, deadline=None)
@given(
    array=arrays([*TIFF_TYPES, np.uint64, np.int64, np.bool_, np.float16]),
    spacing=SPACINGS,
    version=st.sampled_from(["0.4", "0.5"]),
    compression=st.sampled_from(["auto", "none"]),
)
def test_ome_zarr(array, spacing, version, compression):
    with tempfile.TemporaryDirectory() as folder:
        path = write_volume(
            Path(folder) / "a.zarr", array, spacing=spacing, version=version, compression=compression
        )
        with open_volume(path) as volume:
            assert volume.dtype == array.dtype
            assert volume.spacing == pytest.approx(spacing, rel=1e-12)
            assert np.array_equal(volume.read(), array, equal_nan=array.dtype.kind == "f")
        theirs = zarr.open_group(str(path), mode="r")
        assert theirs.metadata.zarr_format == {"0.4": 2, "0.5": 3}[version]
        assert np.array_equal(theirs["0"][:], array, equal_nan=array.dtype.kind == "f")


@settings(max_examples=15, deadline=None)
@given(array=arrays(TIFF_TYPES[:7]), spacing=SPACINGS)
def test_a_folder_of_slices(array, spacing):
    with tempfile.TemporaryDirectory() as folder:
        path = write_volume(Path(folder) / "slices", array, spacing=spacing, format="slices")
        with open_volume(path) as volume:
            assert volume.dtype == array.dtype
            assert volume.shape == array.shape
            assert volume.spacing == pytest.approx(spacing, rel=1e-6)
            assert np.array_equal(volume.read(), array, equal_nan=array.dtype.kind == "f")


@pytest.mark.parametrize("suffix", [".tif", ".ome.tif", ".zarr"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_labels_keep_numbers_and_type(tmp_path, suffix, dtype):
    labels = np.arange(60, dtype=dtype).reshape(3, 4, 5) * (np.iinfo(dtype).max // 60)
    path = write_volume(tmp_path / f"a{suffix}", labels, spacing=(0.1, 0.07, 0.07), labels=True)
    with open_volume(path) as volume:
        assert volume.dtype == dtype
        assert np.array_equal(volume.read(), labels)


def test_usual_voxel_sizes_come_back_to_the_last_digit(tmp_path):
    for suffix in (".tif", ".ome.tif", ".zarr"):
        path = write_volume(
            tmp_path / f"a{suffix}", np.zeros((2, 3, 4), np.uint8), spacing=(0.1, 0.07, 0.065)
        )
        with open_volume(path) as volume:
            assert volume.spacing == (0.1, 0.07, 0.065)


def test_tifffile_reads_our_calibration(tmp_path):
    path = write_volume(tmp_path / "a.tif", np.zeros((2, 3, 4), np.uint16), spacing=(0.1, 0.07, 0.065))
    with tifffile.TiffFile(path) as tif:
        assert tif.is_imagej
        assert tif.series[0].axes == "ZYX"
        assert tif.imagej_metadata["unit"] == "micron"
        assert tif.imagej_metadata["spacing"] == 0.1
        num, den = tif.pages[0].tags["XResolution"].value
        assert den / num == pytest.approx(0.065, rel=1e-9)
        assert tif.series[0].dataoffset is not None  # contiguous, so that it can be mapped


def test_tifffile_reads_our_ome(tmp_path):
    stack = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    path = write_volume(tmp_path / "a.ome.tif", stack, spacing=(0.1, 0.07, 0.065))
    with tifffile.TiffFile(path) as tif:
        assert tif.is_ome
        assert tif.series[0].axes == "ZYX"
        assert np.array_equal(tif.series[0].asarray(), stack)
        pixels = tifffile.xml2dict(tif.ome_metadata)["OME"]["Image"]["Pixels"]
    assert (pixels["PhysicalSizeZ"], pixels["PhysicalSizeY"], pixels["PhysicalSizeX"]) == (0.1, 0.07, 0.065)
    assert pixels["PhysicalSizeXUnit"] == "µm"
    assert pixels["Type"] == "float"


@pytest.mark.parametrize("dtype", [np.int8, np.float64])
def test_types_that_imagej_does_not_know_get_ome_metadata(tmp_path, dtype):
    path = write_volume(tmp_path / "a.tif", np.zeros((2, 3, 4), dtype), spacing=(1, 1, 1))
    with tifffile.TiffFile(path) as tif:
        assert tif.is_ome
        assert not tif.is_imagej


def test_above_four_gib_it_is_an_ome_bigtiff(tmp_path):
    shape = (4300, 1000, 1000)
    with VolumeWriter(tmp_path / "a.tif", shape, np.uint8, spacing=(1, 2, 3)) as writer:
        # Laid out sparsely; only the last slice is filled, and those before it stay holes.
        writer._sink._handle.seek(4299 * 1000 * 1000, 1)
        writer._next = 4299
        writer.write(4299, np.full((1000, 1000), 7, np.uint8))
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert tif.is_bigtiff
        assert tif.is_ome
        assert len(tif.pages) == 4300
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.shape == shape
        assert volume.spacing == (1, 2, 3)
        assert volume[4298:, -1, -1].tolist() == [0, 7]


def test_a_mask_is_written_as_zero_and_one(tmp_path):
    mask = np.random.default_rng(0).random((3, 4, 5)) > 0.5
    path = write_volume(tmp_path / "a.tif", mask, spacing=(1, 1, 1), labels=True)
    with open_volume(path) as volume:
        assert volume.dtype == np.uint8
        assert np.array_equal(volume.read(), mask)


def test_a_flat_image_is_one_slice(tmp_path):
    path = write_volume(tmp_path / "a.tif", np.eye(3, dtype=np.uint8), spacing=(0.5, 0.07, 0.07))
    with open_volume(path) as volume:
        assert volume.is_2d
        assert volume.spacing == (0.5, 0.07, 0.07)


def test_a_volume_is_copied_slab_by_slab(tmp_path):
    stack = np.arange(3000, dtype=np.uint16).reshape(30, 10, 10)
    told = []
    source = ArrayVolume(stack, spacing=(1, 1, 1))
    path = write_volume(
        tmp_path / "a.zarr",
        source,
        spacing=(1, 1, 1),
        progress=lambda done, total, _: told.append((done, total)),
    )
    with open_volume(path) as volume:
        assert np.array_equal(volume.read(), stack)
    assert told[-1] == (30, 30)


def test_the_whole_pyramid_of_grey_is_the_mean(tmp_path):
    grey = np.random.default_rng(0).integers(0, 255, (130, 10, 260)).astype(np.uint8)
    path = write_volume(tmp_path / "a.zarr", grey, spacing=(0.1, 0.2, 0.3))
    with open_volume(path, level=1) as half:
        # Y is shorter than a chunk and stays; Z and X are halved.
        assert half.shape == (65, 10, 130)
        assert half.spacing == pytest.approx((0.2, 0.2, 0.6))
        blocks = grey.reshape(65, 2, 10, 130, 2).astype(float).mean(axis=(1, 4))
        assert np.array_equal(half.read(), np.floor(blocks + 0.5))
    datasets = json.loads((path / "zarr.json").read_text())["attributes"]["ome"]["multiscales"][0]["datasets"]
    assert datasets[1]["coordinateTransformations"][1] == {
        "type": "translation",
        "translation": pytest.approx([0.05, 0.0, 0.15]),
    }
    with open_volume(path, level=2) as quarter:
        assert quarter.shape == (33, 10, 65)


def test_the_pyramid_of_labels_keeps_label_numbers(tmp_path):
    labels = np.random.default_rng(0).integers(0, 3, (5, 5, 301)).astype(np.uint32) * 70_000
    path = write_volume(tmp_path / "a.zarr", labels, spacing=(1, 1, 1), labels=True)
    with open_volume(path, level=1) as half:
        assert np.array_equal(half.read(), labels[:, :, ::2])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr_metadata_is_where_the_specification_puts_it(tmp_path, version):
    path = write_volume(
        tmp_path / "a.zarr", np.ones((2, 3, 4), np.uint16), spacing=(0.1, 0.07, 0.065), version=version
    )
    if version == "0.4":
        attributes = json.loads((path / ".zattrs").read_text())
        assert attributes["multiscales"][0]["version"] == "0.4"
        assert (path / "0" / "0" / "0" / "0").is_file()
    else:
        attributes = json.loads((path / "zarr.json").read_text())["attributes"]["ome"]
        assert attributes["version"] == "0.5"
        assert json.loads((path / "0" / "zarr.json").read_text())["dimension_names"] == ["z", "y", "x"]
    multiscale = attributes["multiscales"][0]
    assert multiscale["axes"] == [{"name": a, "type": "space", "unit": "micrometer"} for a in "zyx"]
    assert multiscale["datasets"][0]["coordinateTransformations"] == [
        {"type": "scale", "scale": [0.1, 0.07, 0.065]}
    ]
    assert attributes["omero"]["channels"][0]["window"]["end"] == 1.0


@pytest.mark.parametrize("spacing", [(1, 1), (1, 1, 0), (1, -1, 1), (1, 1, float("nan"))])
def test_nothing_is_written_without_a_voxel_size(tmp_path, spacing):
    with pytest.raises(VoxelSizeError):
        write_volume(tmp_path / "a.tif", np.zeros((2, 2, 2), np.uint8), spacing=spacing)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.float16, np.complex64])
def test_types_that_no_tiff_reader_knows_are_refused(tmp_path, dtype):
    with pytest.raises(InputError, match="cannot be kept in a TIFF"):
        write_volume(tmp_path / "a.tif", np.zeros((2, 2, 2), dtype), spacing=(1, 1, 1))
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"\.tif, \.ome\.tif or \.zarr"):
        write_volume(tmp_path / "a.png", np.zeros((2, 2), np.uint8), spacing=(1, 1, 1))


@pytest.mark.parametrize("shape", [(0, 2, 2), (2, 2, 0), (2, 2)])
def test_an_image_without_voxels_is_refused(tmp_path, shape):
    with pytest.raises(InputError, match="at least one voxel"):
        VolumeWriter(tmp_path / "a.tif", shape, np.uint8, spacing=(1, 1, 1))


def test_four_dimensions_are_refused(tmp_path):
    with pytest.raises(InputError, match="not 4"):
        write_volume(tmp_path / "a.tif", np.zeros((1, 2, 2, 2), np.uint8), spacing=(1, 1, 1))


def test_labels_with_fractions_are_not_written(tmp_path):
    with pytest.raises(InputError, match="not a whole number"):
        write_volume(tmp_path / "a.tif", np.full((2, 2), 0.5), spacing=(1, 1, 1), labels=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".tif", ".ome.tif", ".zarr"])
def test_an_existing_output_needs_force(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_volume(path, np.zeros((2, 3, 4), np.uint8), spacing=(1, 1, 1))
    with pytest.raises(OutputError, match="--force"):
        write_volume(path, np.ones((2, 3, 4), np.uint8), spacing=(1, 1, 1))
    with open_volume(path) as volume:
        assert volume.read().max() == 0
    write_volume(path, np.ones((2, 3, 4), np.uint8), spacing=(1, 1, 1), force=True)
    with open_volume(path) as volume:
        assert volume.read().min() == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_values_that_would_be_cut_are_refused_and_nothing_is_written(tmp_path):
    writer = VolumeWriter(tmp_path / "a.tif", (2, 2, 2), np.uint8, spacing=(1, 1, 1))
    with pytest.raises(InputError, match="do not fit uint8"), writer:
        writer.write(0, np.full((2, 2, 2), 300, np.uint16))
    assert list(tmp_path.iterdir()) == []


def test_a_label_that_would_wrap_is_refused_and_nothing_is_written(tmp_path):
    writer = VolumeWriter(tmp_path / "a.tif", (2, 2, 2), np.uint16, spacing=(1, 1, 1), labels=True)
    with pytest.raises(InputError, match="label 70000 does not fit uint16"), writer:
        writer.write(0, np.full((2, 2, 2), 70_000, np.uint32))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".tif", ".ome.tif", ".zarr"])
def test_missing_slices_and_gaps_leave_nothing(tmp_path, suffix):
    writer = VolumeWriter(tmp_path / f"a{suffix}", (4, 2, 2), np.uint8, spacing=(1, 1, 1))
    with pytest.raises(ValueError, match="lacks slices: 2 of 4"), writer:
        writer.write(0, np.zeros((2, 2, 2), np.uint8))
    writer = VolumeWriter(tmp_path / f"a{suffix}", (4, 2, 2), np.uint8, spacing=(1, 1, 1))
    with pytest.raises(ValueError, match="does not continue"), writer:
        writer.write(1, np.zeros((2, 2, 2), np.uint8))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32])
@pytest.mark.parametrize("step", [(2, 2, 2), (1, 2, 2), (2, 1, 1), (1, 1, 1)])
def test_half_the_resolution_is_the_rounded_mean_of_exact_fractions(dtype, step):
    from electrodej.volume.zarr_writer import halve

    rng = np.random.default_rng(0)
    limits = np.finfo(dtype) if np.dtype(dtype).kind == "f" else np.iinfo(dtype)
    low, high = (-8, 8) if np.dtype(dtype).kind == "f" else (limits.min, limits.max)
    array = rng.integers(low, high, (4, 6, 2), endpoint=True).astype(dtype)
    got = halve(array, list(step), nearest=False)
    for index in np.ndindex(got.shape):
        block = array[tuple(slice(n * s, (n + 1) * s) for n, s in zip(index, step, strict=True))]
        mean = Fraction(sum(Fraction(float(value)) for value in block.flat), block.size)
        expected = mean if np.dtype(dtype).kind == "f" else math.floor(mean + Fraction(1, 2))
        assert Fraction(float(got[index])) == expected


def test_the_last_voxel_of_an_odd_axis_stands_for_two():
    from electrodej.volume.zarr_writer import halve

    assert halve(np.array([[[10, 20, 7]]], np.uint8), [1, 1, 2], nearest=False).tolist() == [[[15, 7]]]
