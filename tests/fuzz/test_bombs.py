"""Small files that promise or unpack to more than there is are one line, in little memory and time."""

import gzip
import json
import os
import struct
import zipfile
import zlib

import numpy as np
import pytest
import tifffile

STACK = np.arange(4 * 20 * 30, dtype=np.uint8).reshape(4, 20, 30)
IMAGEJ = "ImageJ=1.54p\nimages={n}\nslices={n}\nunit=um\nspacing=0.1\n"


def tiff(path, planes=STACK, **options):
    with tifffile.TiffWriter(path, byteorder="<") as writer:
        for number, plane in enumerate(planes):
            text = options.get("description") if number == 0 else None
            more = {**options, "description": text, "metadata": None, "photometric": "minisblack"}
            writer.write(plane, **more)
    return path


def tags(data):
    """Yield the place and the number of each tag of a little-endian TIFF's first page."""
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    for number in range(count):
        place = first + 2 + 12 * number
        yield place, struct.unpack_from("<H", data, place)[0]


def set_tag(path, code, value, *, form="<I", kind=4):
    data = bytearray(path.read_bytes())
    for place, number in tags(data):
        if number == code:
            struct.pack_into("<HI", data, place + 2, kind, 1)
            struct.pack_into(form, data, place + 8, value)
    path.write_bytes(data)


def test_a_wrong_height(reader, tmp_path):
    for name, options in {"rows": {"rowsperstrip": 1}, "one": {}, "deflate": {"compression": "zlib"}}.items():
        path = tiff(tmp_path / f"{name}.tif", STACK[:1], **options)
        set_tag(path, 257, 2**31 - 1)
        assert path.stat().st_size < 2000
        assert "again" in reader.read("image", path)


@pytest.mark.parametrize("slices", [3 * 10**8, 10**9])
def test_imagej_slices_that_are_not_there(reader, tmp_path, slices):
    path = tiff(tmp_path / "a.tif", STACK[:1], description=IMAGEJ.format(n=slices))
    assert "is cut off: its pixels need" in reader.read("image", path)
    packed = tiff(tmp_path / "b.tif", STACK[:1], description=IMAGEJ.format(n=slices), compression="zlib")
    assert f"{slices} slices were saved, and 1 are there" in reader.read("image", packed)


def test_ome_slices_that_are_not_there(reader, tmp_path):
    text = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="I"><Pixels ID="P" '
        'DimensionOrder="XYZCT" Type="uint8" SizeX="30" SizeY="20" SizeZ="100000000" SizeC="1" SizeT="1">'
        '<TiffData IFD="0" PlaneCount="100000000"/></Pixels></Image></OME>'
    )
    path = tiff(tmp_path / "a.ome.tif", STACK[:2], description=text)
    assert "100000000 slices were saved, and 2 are there" in reader.read("image", path)


@pytest.mark.parametrize("packing", [None, "zlib"])
def test_pages_that_share_their_pixels(reader, tmp_path, packing):
    """One page of 3.9 MB, described 2,000 times, would be 7.8 GB."""
    plane = np.random.default_rng(0).integers(0, 255, (1979, 1981), np.uint8)
    path = tiff(tmp_path / "a.tif", [plane], compression=packing)
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    length = 2 + 12 * count
    start = len(data)
    struct.pack_into("<I", data, first + length, start)
    page = bytes(data[first : first + length])
    for number in range(2000):
        last = number == 1999
        data += page + struct.pack("<I", 0 if last else start + (number + 1) * (length + 4))
    path.write_bytes(data)
    assert "is cut off: its pixels need" in reader.read("image", path)


@pytest.mark.slow
def test_pages_that_share_a_long_table_of_strips(reader, tmp_path):
    path = tiff(tmp_path / "a.tif", [np.zeros((200_000, 1), np.uint8)], rowsperstrip=1, compression="zlib")
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    length = 2 + 12 * count
    start = len(data)
    struct.pack_into("<I", data, first + length, start)
    page = bytes(data[first : first + length])
    for number in range(500):
        data += page + struct.pack("<I", 0 if number == 499 else start + (number + 1) * (length + 4))
    path.write_bytes(data)
    assert "pages lie on top of each other" in reader.read("image", path)


@pytest.mark.slow
def test_a_page_that_unpacks_to_gigabytes(reader, tmp_path):
    side = 60_000
    packer = zlib.compressobj(9)
    row = bytes(side)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    path = tiff(tmp_path / "a.tif", STACK[:1], compression="zlib")
    data = path.read_bytes()
    path.write_bytes(data + packed)
    for code, value in {256: side, 257: side, 278: side, 273: len(data), 279: len(packed)}.items():
        set_tag(path, code, value)
    assert path.stat().st_size < 4_000_000
    assert "a strip that unpacks to 3.4 GiB" in reader.read("image", path)


def array(path, *, shape, chunks, compressor=None, **files):
    """A Zarr 2 array of uint8 with some files in it."""
    path.mkdir()
    about = {
        "zarr_format": 2, "shape": shape, "chunks": chunks, "dtype": "|u1", "compressor": compressor,
        "fill_value": 0, "order": "C", "filters": None,
    }  # fmt: skip
    (path / ".zarray").write_text(json.dumps(about))
    for name, data in files.items():
        (path / name).write_bytes(data)
    return path


GZIP = {"id": "gzip", "level": 1}


def test_a_chunk_that_is_gigabytes(reader, tmp_path):
    path = array(tmp_path / "a.zarr", shape=[1, 2**16, 2**16], chunks=[1, 2**16, 2**16])
    assert "a chunk that unpacks to 4.0 GiB" in reader.read("image", path)


@pytest.mark.slow
@pytest.mark.parametrize("packing", ["gzip", "zlib", "zstd", "blosc", "bz2"])
def test_a_chunk_that_unpacks_to_more_than_it_should(reader, tmp_path, packing):
    import numcodecs

    codec = {"gzip": numcodecs.GZip(1), "zlib": numcodecs.Zlib(1), "zstd": numcodecs.Zstd(), "bz2":
             numcodecs.BZ2(1), "blosc": numcodecs.Blosc()}[packing]  # fmt: skip
    size = 2**28 if packing == "bz2" else 2**30
    packed = gzip.compress(bytes(size), 1) if packing == "gzip" else bytes(codec.encode(bytes(size)))
    about = codec.get_config()
    files = {"0.0.0": packed}
    path = array(tmp_path / "a.zarr", shape=[4, 20, 30], chunks=[4, 20, 30], compressor=about, **files)
    said = reader.read("image", path)
    assert "a.zarr" in said
    assert "unpacks to more than" in said


def test_a_gzip_of_several_parts(reader, tmp_path):
    """A gzip says the size of its last part only."""
    packed = 64 * gzip.compress(bytes(2**24), 1) + gzip.compress(bytes(2400))
    files = {"0.0.0": packed}
    path = array(tmp_path / "a.zarr", shape=[4, 20, 30], chunks=[4, 20, 30], compressor=GZIP, **files)
    assert "unpacks to more than" in reader.read("image", path)


@pytest.mark.slow
def test_a_chunk_whose_count_of_bytes_begins_anew(reader, tmp_path):
    """A gzip counts to 2^32, so that 2^32 + 2400 bytes look like 2400."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # After a full flush a packed block stands for itself, as often as one likes.
    block = packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.compress(bytes(2400)) + packer.flush()
    head = gzip.compress(b"")[:10]
    files = {"0.0.0": head + 256 * block + end + struct.pack("<II", 0, 2400)}
    path = array(tmp_path / "a.zarr", shape=[4, 20, 30], chunks=[4, 20, 30], compressor=GZIP, **files)
    assert "unpacks to more than" in reader.read("image", path)


def test_chunks_of_one_voxel(reader, tmp_path):
    path = array(tmp_path / "a.zarr", shape=[300, 300, 300], chunks=[1, 1, 1])
    assert "27,000,000 chunks of 1 bytes" in reader.read("image", path)


def test_more_voxels_than_any_scan(reader, tmp_path):
    path = array(tmp_path / "a.zarr", shape=[2**40, 2**40, 2**40], chunks=[64, 64, 64])
    assert "a.zarr" in reader.read("image", path)


@pytest.mark.parametrize(
    "attributes",
    [
        {"multiscales": [{"datasets": [3]}]},
        {"multiscales": [{"datasets": {"path": "0"}}]},
        {"multiscales": [{"datasets": [{"path": "0", "coordinateTransformations": 4}]}]},
        {"multiscales": [{"datasets": [{"path": "0", "coordinateTransformations": [4]}], "axes": 7}]},
        {"multiscales": [{"datasets": [{"path": ["0"]}], "axes": [1, 2, 3]}]},
        {"multiscales": {"0": 1}},
        {"ome": []},
    ],
)
def test_an_ome_description_of_wrong_kinds(reader, tmp_path, attributes):
    path = tmp_path / "a.zarr"
    path.mkdir()
    (path / ".zgroup").write_text('{"zarr_format": 2}')
    (path / ".zattrs").write_text(json.dumps(attributes))
    array(path / "0", shape=[4, 20, 30], chunks=[4, 20, 30])
    assert "a.zarr" in reader.read("image", path)
    # The array alone can be read, whatever its parent says.
    assert reader.read("image", path / "0") == ""


def test_deep_json(reader, tmp_path):
    deep = "[" * 100_000 + "]" * 100_000
    path = array(tmp_path / "a.zarr", shape=[4, 20, 30], chunks=[4, 20, 30])
    (path / ".zattrs").write_text(deep)
    assert "a.zarr" in reader.read("image", path)
    (tmp_path / "via.json").write_text(deep)
    assert "nested too deeply" in reader.read("via", tmp_path / "via.json")
    (tmp_path / "table.json").write_text(deep)
    assert reader.read("description", tmp_path / "table.json") == ""


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_out_of_a_zarr_is_not_followed(reader, tmp_path):
    path = array(tmp_path / "a.zarr", shape=[4, 20, 30], chunks=[4, 20, 30])
    (tmp_path / "secret").write_bytes(bytes([201]) * 2400)
    (path / "0.0.0").symlink_to(tmp_path / "secret")
    assert "has a link that leads out of the folder" in reader.read("image", path)
    # Within the folder a link is as good as a file.
    (path / "0.0.0").unlink()
    (path / "data").write_bytes(bytes([7]) * 2400)
    (path / "0.0.0").symlink_to(path / "data")
    assert reader.read("image", path) == ""


@pytest.mark.parametrize("code", [322, 323])
@pytest.mark.parametrize(
    ("form", "kind", "value"), [("<I", 4, 0), ("<f", 11, 2.5), ("<f", 11, 16.0), ("<H", 3, 1)]
)
def test_tiles_of_no_size(reader, tmp_path, code, form, kind, value):
    path = tiff(tmp_path / "a.tif", compression="zlib", tile=(16, 16))
    set_tag(path, code, value, form=form, kind=kind)
    assert "a.tif" in reader.read("image", path)


def test_fewer_tiles_than_a_page_needs(reader, tmp_path):
    path = tiff(tmp_path / "a.tif", compression="zlib", tile=(16, 16))
    set_tag(path, 324, 8)
    set_tag(path, 325, 8)
    assert "save it again" in reader.read("image", path)


def test_a_damaged_zip_of_rois(reader, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("1.roi", bytes(1000))
    data = bytearray(path.read_bytes())
    data[35:60] = b"\xff" * 25
    path.write_bytes(data)
    assert "save it again in the ROI Manager" in reader.read("rois", path)
