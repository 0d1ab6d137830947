"""Opening reads next to nothing, and a box reads little more than the box."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from electrodej.errors import InputError
from electrodej.volume import open_volume, write_volume

IO = Path("/proc/self/io")
TEN_GB = (2500, 2000, 2000)


def bytes_read():
    with IO.open() as handle:
        return int(next(line for line in handle if line.startswith("rchar")).split()[1])


@pytest.fixture(scope="module")
def sparse_files(tmp_path_factory):
    """Files of 10 GB that take no room on the disk: ImageJ's way of one page, and BigTIFF of 2500 pages."""
    folder = tmp_path_factory.mktemp("sparse")
    with tifffile.TiffWriter(folder / "pages.tif", bigtiff=True) as writer:
        writer.write(shape=TEN_GB, dtype=np.uint8, photometric="minisblack", metadata=None)
    tifffile.imwrite(folder / "imagej.tif", shape=(1, *TEN_GB[1:]), dtype=np.uint8, imagej=True, metadata={})
    description = "ImageJ=1.54p\nimages=2500\nslices=2500\nunit=micron\nspacing=0.1\n"
    tifffile.imwrite(
        folder / "imagej.tif", shape=TEN_GB[1:], dtype=np.uint8, photometric="minisblack",
        description=description, metadata=None, software=False,
    )  # fmt: skip
    with tifffile.TiffFile(folder / "imagej.tif") as tif:
        start = tif.pages[0].dataoffsets[0]
    with (folder / "imagej.tif").open("r+b") as handle:
        handle.truncate(start + np.prod(TEN_GB, dtype=np.int64))
    return folder


@pytest.mark.parametrize(("name", "most"), [("imagej.tif", 200_000), ("pages.tif", 2_500 * 600 + 200_000)])
def test_a_file_of_ten_gb_is_opened_without_being_read(sparse_files, name, most):
    open_volume(sparse_files / "imagej.tif").close()  # imports are not counted
    before = bytes_read()
    with open_volume(sparse_files / name) as volume:
        assert volume.shape == TEN_GB
        assert volume.nbytes == 10**10
        assert bytes_read() - before < most
        assert volume.file.bytes_read == 0


@pytest.mark.parametrize("name", ["imagej.tif", "pages.tif"])
def test_a_box_reads_its_rows_only(sparse_files, name):
    with open_volume(sparse_files / name) as volume:
        assert volume[2000:2010, 100:150, 7:9].shape == (10, 50, 2)
        assert volume.file.bytes_read == 10 * 50 * 2000
        assert volume[2499:, 1999, 1999].tolist() == [0]
        assert volume.file.bytes_read == 10 * 50 * 2000 + 2000


@pytest.mark.parametrize(
    "options", [{"compression": "zlib", "rowsperstrip": 10}, {"compression": "zlib", "tile": (16, 16)}]
)
def test_a_box_of_a_packed_file_reads_the_strips_or_tiles_it_touches(tmp_path, options):
    stack = np.random.default_rng(0).integers(0, 255, (6, 160, 160), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", **options)
    with open_volume(tmp_path / "a.tif") as volume:
        assert np.array_equal(volume[2:4, 20:30, 32:48], stack[2:4, 20:30, 32:48])
        assert 0 < volume.file.bytes_read < 0.03 * stack.nbytes


def test_a_zarr_box_reads_the_chunks_it_touches(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (128, 256, 256), dtype=np.uint8)
    path = write_volume(tmp_path / "a.zarr", noise, spacing=(1, 1, 1), compression="none")
    with open_volume(path) as volume:
        volume[0, 0, 0]
        before = bytes_read()
        assert np.array_equal(volume[64:66, :10, :10], noise[64:66, :10, :10])
        assert bytes_read() - before < 1.2 * 64 * 128 * 128


def test_slabs_have_the_thickness_that_fits(tmp_path):
    path = write_volume(tmp_path / "a.tif", np.zeros((10, 4, 5), np.uint16), spacing=(1, 1, 1))
    with open_volume(path) as volume:
        assert [(a, b) for a, b, _ in volume.slabs(memory=3 * 40)] == [(0, 3), (3, 6), (6, 9), (9, 10)]
        assert [b - a for a, b, _ in volume.slabs(memory=1)] == [1] * 10
        assert [b - a for a, b, _ in volume.slabs(7)] == [7, 3]
        with pytest.raises(ValueError, match="at least one slice"):
            next(volume.slabs(0))


@pytest.mark.slow
def test_reading_a_large_image_tells_its_progress(tmp_path):
    path = write_volume(tmp_path / "a.tif", np.ones((10, 4096, 4096), np.uint8), spacing=(1, 1, 1))
    told = []
    with open_volume(path) as volume:
        whole = volume.read(progress=lambda done, total, _: told.append((done, total)))
    assert whole.sum() == 10 * 4096 * 4096
    assert told == sorted(told)
    assert len(told) > 1
    assert told[-1] == (10, 10)


def test_a_volume_or_an_array_is_opened_as_a_path_is(tmp_path):
    voxels = np.arange(60, dtype=np.uint16).reshape(3, 4, 5)
    path = write_volume(tmp_path / "a.tif", voxels, spacing=(0.1, 0.07, 0.07))
    with open_volume(path) as first:
        with open_volume(first) as again:
            assert (again.spacing, again.path, again.shape) == (first.spacing, path, (3, 4, 5))
            assert np.array_equal(again[:], voxels)
        assert not first.closed
        with open_volume(first, spacing=(1, 2, 3)) as other:
            assert other.spacing == (1, 2, 3)
            assert np.array_equal(other[1:], voxels[1:])
        assert first.spacing == (0.1, 0.07, 0.07)
    with open_volume(voxels, spacing=(1, 2, 3)) as array:
        assert array.spacing == (1, 2, 3)
        assert np.array_equal(array[:], voxels)
    with open_volume(voxels[0]) as flat:
        assert (flat.shape, flat.spacing) == ((1, 4, 5), None)


def test_a_box_that_no_memory_holds_is_refused_before_it_is_made(tmp_path):
    about = '{"zarr_format":2,"shape":[400,100000,100000],"chunks":[64,128,128],"dtype":"|u1",'
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / ".zarray").write_text(
        about + '"compressor":null,"fill_value":0,"order":"C","filters":null}'
    )
    with open_volume(tmp_path / "a.zarr") as volume:
        assert not volume[:1, :10, :10].any()
        with pytest.raises(InputError, match="more memory than is free"):
            volume.read()


def test_less_memory_refuses_larger_pieces(tmp_path):
    about = '{"zarr_format":2,"shape":[1,20000,20000],"chunks":[1,20000,20000],"dtype":"|u1",'
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / ".zarray").write_text(
        about + '"compressor":null,"fill_value":0,"order":"C","filters":null}'
    )
    with pytest.raises(InputError, match=r"a chunk that unpacks to 381\.5 MiB.*--memory"):
        open_volume(tmp_path / "a.zarr", memory=2**30)
    with open_volume(tmp_path / "a.zarr", memory=2**31) as volume:
        assert volume.shape == (1, 20000, 20000)
