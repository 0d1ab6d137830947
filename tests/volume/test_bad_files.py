"""Files that are damaged, cut off, misnamed or missing: one line with the name and the remedy."""

import io
import os
import re
import struct
import tracemalloc

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from electrodej.errors import ElectrodeJError, InputError
from electrodej.volume import open_volume, write_volume

STACK = np.random.default_rng(1).integers(0, 255, (4, 20, 30), dtype=np.uint8)


def message_of(path):
    with pytest.raises(InputError) as caught:
        open_volume(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_a_missing_file(tmp_path):
    assert "does not exist" in message_of(tmp_path / "a.tif")


def test_an_empty_file(tmp_path):
    (tmp_path / "a.tif").touch()
    assert "is empty" in message_of(tmp_path / "a.tif")


def test_a_picture_named_tif(tmp_path):
    Image.fromarray(STACK[0]).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.tif")
    assert re.search("is a PNG file.*save it as TIFF", message_of(tmp_path / "a.tif"))


def test_a_picture_that_claims_more_bytes_than_it_has_takes_no_memory_for_them(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(STACK[0]).save(path)
    data = bytearray(path.read_bytes())
    data[data.index(b"IDAT") - 4] = 0x60  # 1.6 GB
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with open_volume(path) as volume:
            assert np.array_equal(volume[0], STACK[0])  # which is there in full
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()


def test_a_width_that_is_no_whole_number(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK[0], compression="zlib")
    data = path.read_bytes()
    width = struct.pack("<HHII", 256, 4, 1, 30)
    assert width in data
    path.write_bytes(data.replace(width, struct.pack("<HHIf", 256, 11, 1, 16.0)))
    assert "an image of 20 x 16.0" in message_of(path)


def test_a_text_named_tif(tmp_path):
    (tmp_path / "a.tif").write_text("not an image")
    assert "save it as TIFF" in message_of(tmp_path / "a.tif")


@pytest.mark.parametrize("start", [b"\x89HDF\r\n", b"NRRD0004", b"PK\x03\x04", b"anything"])
def test_a_format_that_is_not_read(tmp_path, start):
    (tmp_path / "a.dat").write_bytes(start)
    assert "an image is read from TIFF" in message_of(tmp_path / "a.dat")


def test_a_folder_without_images(tmp_path):
    (tmp_path / "notes.txt").touch()
    assert "has no images in it" in message_of(tmp_path)


def test_a_zarr_folder_that_is_none(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    assert "incomplete" in message_of(tmp_path / "a.zarr")


@pytest.mark.parametrize(
    "options", [{}, {"compression": "zlib"}, {"imagej": True}, {"ome": True}, {"truncate": True}]
)
def test_a_stack_cut_anywhere_is_refused_when_opened(tmp_path, options):
    tifffile.imwrite(tmp_path / "whole.tif", STACK, photometric="minisblack", **options)
    whole = (tmp_path / "whole.tif").read_bytes()
    with tifffile.TiffFile(tmp_path / "whole.tif") as tif:
        needed = max(
            o + n for page in tif.pages for o, n in zip(page.dataoffsets, page.databytecounts, strict=True)
        )
        if options.get("truncate"):
            needed = tif.pages[0].dataoffsets[0] + STACK.nbytes
    for length in sorted({1, 7, 8, 9, 100, 300, needed // 2, needed - 1}):
        (tmp_path / "cut.tif").write_bytes(whole[:length])
        message = message_of(tmp_path / "cut.tif")
        assert "again" in message or "save it as TIFF" in message


def test_a_big_imagej_stack_that_is_cut_is_told_from_its_slices(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK, imagej=True, truncate=True, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        end = tif.pages[0].dataoffsets[0] + STACK.nbytes
    os.truncate(tmp_path / "a.tif", end - 1)
    assert f"is cut off: its pixels need {end:,} bytes, and the file has {end - 1:,}" in message_of(
        tmp_path / "a.tif"
    )


def test_pages_in_a_circle(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0], metadata=None, byteorder="<")
    data = bytearray((tmp_path / "a.tif").read_bytes())
    first = int.from_bytes(data[4:8], "little")
    tags = int.from_bytes(data[first : first + 2], "little")
    data[first + 2 + 12 * tags : first + 6 + 12 * tags] = first.to_bytes(4, "little")
    (tmp_path / "a.tif").write_bytes(data)
    assert "circle" in message_of(tmp_path / "a.tif")


def test_pages_of_different_sizes_are_named(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK[0], metadata=None)
        writer.write(STACK[0, :10], metadata=None)
    message = message_of(tmp_path / "a.tif")
    assert re.search("page 1 .*30 x 20.*page 2 .*30 x 10", message)


def test_pages_of_different_types_are_refused(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK[0], metadata=None)
        writer.write(STACK[0].astype(np.uint16), metadata=None)
    assert "different sizes or types" in message_of(tmp_path / "a.tif")


def test_pixels_that_cannot_be_decoded_are_named_with_their_slice(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK, compression="zlib", photometric="minisblack")
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        start, count = tif.pages[2].dataoffsets[0], tif.pages[2].databytecounts[0]
    data = bytearray((tmp_path / "a.tif").read_bytes())
    data[start : start + count] = b"\xff" * count
    (tmp_path / "a.tif").write_bytes(data)
    with open_volume(tmp_path / "a.tif") as volume:
        assert np.array_equal(volume[:2], STACK[:2])
        with pytest.raises(InputError, match=r"a\.tif: slice 2 cannot be decoded"):
            volume.read()


def test_a_file_that_shrinks_while_it_is_open_is_an_error(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack")
    with open_volume(tmp_path / "a.tif") as volume:
        os.truncate(tmp_path / "a.tif", 500)
        with pytest.raises(InputError, match="ends early"):
            volume.read()


def tiff_bytes(**options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, STACK, photometric="minisblack", **options)
    return buffer.getvalue()


WHOLE = [
    tiff_bytes(),
    tiff_bytes(imagej=True),
    tiff_bytes(ome=True),
    tiff_bytes(compression="zlib", tile=(16, 16)),
]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    whole=st.sampled_from(WHOLE),
    changes=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_a_damaged_head_never_gives_anything_but_an_image_or_one_line(tmp_path, caplog, whole, changes):
    data = bytearray(whole)
    for place, value in changes:
        data[place % len(data)] = value
    (tmp_path / "a.tif").write_bytes(data)
    try:
        with open_volume(tmp_path / "a.tif") as volume:
            if volume.nbytes < 10**8:
                volume.read()
        said = ""
    except ElectrodeJError as error:
        said = str(error)
    assert "\n" not in said
    assert caplog.records == []


def test_damage_is_not_logged_on_the_terminal(tmp_path, capfd):
    tifffile.imwrite(tmp_path / "a.tif", STACK, imagej=True)
    os.truncate(tmp_path / "a.tif", 700)
    message_of(tmp_path / "a.tif")
    assert capfd.readouterr() == ("", "")


def test_mixed_slices_name_the_two_files(tmp_path):
    tifffile.imwrite(tmp_path / "s1.tif", STACK[0])
    tifffile.imwrite(tmp_path / "s2.tif", STACK[0])
    tifffile.imwrite(tmp_path / "s10.tif", STACK[0, :10])
    message = message_of(tmp_path)
    assert re.search(r"s1\.tif .*30 x 20.*s10\.tif .*30 x 10", message)


def test_mixed_slice_types_name_the_two_files(tmp_path):
    tifffile.imwrite(tmp_path / "s1.tif", STACK[0])
    tifffile.imwrite(tmp_path / "s2.tif", STACK[0].astype(np.uint16))
    assert re.search(r"s1\.tif .*uint8.*s2\.tif .*uint16", message_of(tmp_path))


def test_mixed_file_types_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "s1.tif", STACK[0])
    Image.fromarray(STACK[0]).save(tmp_path / "s2.png")
    assert re.search(r"\.tif.*\.png", message_of(tmp_path))


def test_a_stack_in_a_folder_of_slices_is_refused(tmp_path):
    tifffile.imwrite(tmp_path / "s1.tif", STACK, photometric="minisblack")
    with pytest.raises(InputError, match=r"s1\.tif is a stack of 4 slices"):
        open_volume(tmp_path)


def test_a_colour_picture_is_refused(tmp_path):
    Image.fromarray(np.zeros((4, 5, 3), np.uint8)).save(tmp_path / "a.png")
    assert "colour picture" in message_of(tmp_path / "a.png")


def test_a_zarr_without_its_array_is_incomplete(tmp_path):
    import shutil

    write_volume(tmp_path / "a.zarr", STACK, spacing=(1, 1, 1))
    shutil.rmtree(tmp_path / "a.zarr" / "0")
    assert "incomplete: its array 0 is missing" in message_of(tmp_path / "a.zarr")


def test_a_zarr_with_damaged_metadata_is_one_line(tmp_path):
    write_volume(tmp_path / "a.zarr", STACK, spacing=(1, 1, 1))
    (tmp_path / "a.zarr" / "zarr.json").write_text("{")
    assert "cannot be read" in message_of(tmp_path / "a.zarr")


def test_a_zarr_with_a_damaged_chunk_names_itself(tmp_path):
    write_volume(tmp_path / "a.zarr", STACK, spacing=(1, 1, 1))
    chunk = next(
        file for file in (tmp_path / "a.zarr" / "0").rglob("*") if file.is_file() and file.name == "0"
    )
    chunk.write_bytes(b"\x02\x01\x00")
    with open_volume(tmp_path / "a.zarr") as volume, pytest.raises(InputError, match=r"a\.zarr: a chunk"):
        volume.read()


def test_a_level_that_is_not_there_is_named(tmp_path):
    write_volume(tmp_path / "a.zarr", STACK, spacing=(1, 1, 1))
    with pytest.raises(InputError, match="no resolution 3; it has 1"):
        open_volume(tmp_path / "a.zarr", level=3)
