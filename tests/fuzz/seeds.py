"""Small whole files of every kind that is read, and ways to damage them."""

import gzip
import io
import json
import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

STACK = np.arange(4 * 20 * 30, dtype=np.uint8).reshape(4, 20, 30) % 200
OUTSIDE = bytes([201]) * 4096
NUMBERS = (0, 1, 2, 3, 7, 100, 255, 256, 65535, 65536, 10**8, 3 * 10**8, 10**9, 2**31 - 1, 2**31, 2**32 - 1)
ODD = (None, -1, 0, 1, 2.5, 1e300, 10**9, 2**31 - 1, 2**64, True, "x", "", [], {}, [[]], {"a": 1}, "deep")
# Where in a tag what is changed, how it is written, and to what: its type, its count, its value, a fraction.
LARGE = (0, 1, 3, 255, 65536, 10**8, 2**31 - 1, 2**32 - 1)
FIELDS = (
    (2, "H", (1, 2, 3, 4, 5, 11, 12, 16)),
    (4, "I", LARGE),
    (8, "I", LARGE),
    (8, "I", LARGE),
    (8, "f", (2.5, 16.0)),
)
# Those that say how large a page is, and where and how its pixels lie.
TAGS = (254, 256, 257, 258, 259, 273, 277, 278, 279, 322, 323, 324, 325)
# Enough to end the patience of a reader that goes down one step at a time.
DEPTH = 20_000


@dataclass(frozen=True)
class Seed:
    """A file, or the files of a folder, and what reads it."""

    kind: str
    name: str
    files: dict[str, bytes]


def seeds() -> list[Seed]:
    """Return one of each kind of file."""
    made = [Seed("image", f"{name}.tif", {"": data}) for name, data in tiffs().items()]
    made += [Seed("image", f"{name}.zarr", files) for name, files in zarrs().items()]
    made.append(Seed("image", "picture.png", {"": picture()}))
    made.append(Seed("rois", "rois.zip", {"": rois()}))
    made.append(Seed("via", "via.json", {"": via()}))
    made += [Seed("scan", f"{name}.nxs", {"": data}) for name, data in scans().items()]
    made.append(Seed("labkit", "drawn.labeling", {"": labkit()}))
    made.append(Seed("forest", "forest", forest()))
    made.append(Seed("config", "run.toml", {"": config()}))
    made += [Seed(kind, name, files) for kind in ("mesh", "filter") for name, files in volumes().items()]
    made.append(Seed("fiji", "Fiji", fiji()))
    made.append(Seed("description", "table.json", {"": json.dumps({"columns": {"A": {}}}).encode()}))
    return made


def tiffs() -> dict[str, bytes]:
    """TIFFs of every maker and packing; counts in texts have ten digits, so that they can be changed."""
    imagej = "ImageJ=1.54p\nimages=0000000004\nslices=0000000004\nunit=um\nspacing=0.1\n"
    ome = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="30" SizeY="20" SizeZ="0000000004" '
        'SizeC="0000000001" SizeT="0000000001"><TiffData IFD="0000000000" PlaneCount="0000000004"/>'
        "</Pixels></Image></OME>"
    )

    def written(pages=True, **options):
        buffer = io.BytesIO()
        with tifffile.TiffWriter(buffer, byteorder=options.pop("byteorder", "<")) as writer:
            for number, plane in enumerate(STACK if pages else STACK[:1]):
                text = options.get("description") if number == 0 else None
                more = {**options, "description": text, "metadata": None, "photometric": "minisblack"}
                writer.write(plane, **more)
        return buffer.getvalue()

    return {
        "plain": written(),
        "rows": written(rowsperstrip=1),
        "single": written(pages=False, rowsperstrip=1),
        "single-deflate": written(pages=False, compression="zlib"),
        "imagej": written(description=imagej),
        "imagej-one": written(pages=False, description=imagej) + bytes(3 * 600),
        "ome": written(description=ome),
        "deflate": written(compression="zlib", rowsperstrip=5, byteorder=">"),
        "lzw": written(compression="lzw", predictor=2),
        "tiled": written(compression="zlib", tile=(16, 16)),
        "tiles": written(tile=(16, 16)),
        "zstd": written(compression="zstd", rowsperstrip=5),
    }


def zarrs() -> dict[str, dict[str, bytes]]:
    """OME-Zarr of both versions, and arrays packed in other ways."""
    import tempfile

    import numcodecs
    import zarr

    from electrodej.volume import write_volume

    made = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for version in ("0.4", "0.5"):
            write_volume(folder / f"ome{version}.zarr", STACK, spacing=(0.1, 0.07, 0.07), version=version)
        packings = {2: numcodecs.GZip(), 3: zarr.codecs.GzipCodec()}
        for form, packing in packings.items():
            zarr.create_array(
                str(folder / f"gzip{form}.zarr"), data=STACK, chunks=(2, 20, 30), zarr_format=form,
                compressors=packing,
            )  # fmt: skip
        zarr.create_array(
            str(folder / "zstd.zarr"), data=STACK, chunks=(2, 20, 30), compressors=zarr.codecs.ZstdCodec()
        )
        for path in folder.iterdir():
            files = (file for file in path.rglob("*") if file.is_file())
            made[path.stem] = {file.relative_to(path).as_posix(): file.read_bytes() for file in sorted(files)}
    return made


def picture() -> bytes:
    """A PNG."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(STACK[0]).save(buffer, "PNG")
    return buffer.getvalue()


def rois() -> bytes:
    """Two ROIs in a zip."""
    import roifile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in (1, 2):
            points = np.array([[2, 2], [9, 2], [9, 8], [2, 8]]) + 8 * number
            roi = roifile.ImagejRoi.frompoints(points, name=f"roi {number}")
            roi.position = 1
            archive.writestr(f"{number}.roi", roi.tobytes())
    return buffer.getvalue()


def via() -> bytes:
    """A project of VIA; its image is put beside it by `write`."""
    shape = {"name": "polygon", "all_points_x": [2, 9, 9, 2], "all_points_y": [2, 2, 8, 8]}
    circle = {"name": "circle", "cx": 20, "cy": 10, "r": 4}
    regions = [{"shape_attributes": one, "region_attributes": {}} for one in (shape, circle)]
    entry = {"filename": "drawn.png", "size": 1, "regions": regions, "file_attributes": {}}
    return json.dumps({"_via_img_metadata": {"drawn.png1": entry}}).encode()


def scans() -> dict[str, bytes]:
    """NXtomo and Data Exchange, packed and not."""
    import h5py

    made = {}
    for name, packing in {"nxtomo": None, "nxtomo-gzip": "gzip", "exchange": "gzip"}.items():
        buffer = io.BytesIO()
        pictures = np.arange(12 * 4 * 16, dtype=np.uint16).reshape(12, 4, 16)
        angles = np.linspace(0, 180, 12)
        with h5py.File(buffer, "w") as file:
            if name == "exchange":
                for key in ("data", "data_white", "data_dark"):
                    file.create_dataset(f"exchange/{key}", data=pictures, compression=packing)
                file["exchange/theta"] = angles
            else:
                detector = file.create_group("entry/instrument/detector")
                detector.create_dataset("data", data=pictures, compression=packing)
                detector["image_key"] = np.array([1, 2, *[0] * 10])
                detector["x_pixel_size"] = 1e-7
                detector["distance"] = 0.1
                file["entry/sample/rotation_angle"] = angles
                file["entry/beam/incident_energy"] = 20.0
        made[name] = buffer.getvalue()
    return made


def labkit() -> bytes:
    """What Labkit writes."""
    drawn = {"pore": [[1, 2, 0], [2, 2, 1]], "particle": [[9, 9, 3]]}
    return json.dumps({"interval": {"min": [0, 0, 0], "max": [29, 19, 3]}, "labels": drawn}).encode()


def forest() -> dict[str, bytes]:
    """A forest of one tree that decides once, as `train forest` writes it."""
    import tempfile

    from electrodej.forest import Forest, write_forest
    from electrodej.forest.model import Trees

    leaf = 65535 << 8
    names = Forest(None, (0, 1), ("pore", "particle"), (0.7, 1.4), 2).bank().names
    trees = Trees(
        roots=np.zeros(1, np.int32),
        nodes=np.array([(1 << 24) | (7 << 8), (1 << 24) | leaf, (2 << 24) | leaf], np.int64),
        leaves=np.full((3, 3), 0.5, np.float32),
        low=np.zeros(len(names), np.float32),
        factor=np.ones(len(names), np.float32),
    )
    made = Forest(
        trees, (0, 1), ("pore", "particle"), (0.7, 1.4), 2, spacing=(0.1, 0.1, 0.1), grey=(0.0, 1.0)
    )
    with tempfile.TemporaryDirectory() as place:
        folder = write_forest(Path(place) / "forest", made)
        return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def volumes() -> dict[str, dict[str, bytes]]:
    """Labels with a voxel size."""
    import tempfile

    from electrodej.volume import write_volume

    made = {}
    labels = np.zeros((4, 12, 14), np.uint8)
    labels[1:3, 2:8, 3:9] = 1
    with tempfile.TemporaryDirectory() as place:
        for name in ("labels.tif", "labels.ome.tif", "labels.zarr"):
            path = write_volume(Path(place) / name, labels, spacing=(0.2, 0.1, 0.1), labels=True)
            every = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
            made[name] = {
                "" if each == path else each.relative_to(path).as_posix(): each.read_bytes() for each in every
            }
    return made


def fiji() -> dict[str, bytes]:
    """A folder as ElectrodeJ was put into one, and the note on its Python."""
    from electrodej.fiji.layout import MANIFEST, PYTHON_NOTE

    sums = {PYTHON_NOTE: ["0" * 64], "macros/a.ijm": ["0" * 64]}
    return {
        MANIFEST: json.dumps({"version": "0", "files": sums, "folders": ["macros"]}).encode(),
        PYTHON_NOTE: b"/nowhere/python",
        "jars/a.jar": b"",
        "plugins/a.jar": b"",
        "macros/a.ijm": b"a",
    }


def config() -> bytes:
    """Settings of a run."""
    return b"""spacing = [0.14, 0.14, 0.14]
model = "nmc-particles"
only = ["particles", "table"]
names = ["pore", "binder", "particle"]

[table]
radius = 0.7

[particles]
method = "kmeans"

[filtering]
slices = true
"""


def write(seed: Seed, files: dict[str, bytes], folder: Path) -> Path:
    """Write a seed's files, changed or not, and return the path to read."""
    path = folder / seed.name
    for name, data in files.items():
        file = path / name if name else path
        file.parent.mkdir(parents=True, exist_ok=True)
        if data is LINK:
            (folder / "outside").write_bytes(OUTSIDE)
            file.symlink_to(folder / "outside")
        else:
            file.write_bytes(data)
    if seed.kind == "via":
        (folder / "drawn.png").write_bytes(picture())
    return path


LINK = b"a link that leads out"


def _set_bytes(data: bytes, b: int, c: int) -> bytes:
    changed = bytearray(data)
    if changed:
        changed[b % len(changed)] = c % 256
    return bytes(changed)


def _set_number(data: bytes, b: int, c: int) -> bytes:
    order, size = "<>"[c % 2], "HIQ"[c // 2 % 3]
    value = NUMBERS[c // 6 % len(NUMBERS)] % 256 ** struct.calcsize(size)
    at = b % max(1, len(data))
    return data[:at] + struct.pack(order + size, value) + data[at + struct.calcsize(size) :]


def _cut(data: bytes, b: int, c: int) -> bytes:  # noqa: ARG001 - the form of a damage
    return data[: b % (len(data) + 1)]


def _set_tag(data: bytes, b: int, c: int) -> bytes:
    """Change the type, the count or the value of a TIFF's tag; ``b`` says on which page and which."""
    if data[:2] not in (b"II", b"MM"):
        return _set_json(data, b, c)
    order = "<" if data[:2] == b"II" else ">"
    try:
        at = struct.unpack_from(order + "I", data, 4)[0]
        for _ in range(b % 2):
            (count,) = struct.unpack_from(order + "H", data, at)
            at = struct.unpack_from(order + "I", data, at + 2 + 12 * count)[0] or at
        (count,) = struct.unpack_from(order + "H", data, at)
        places = [at + 2 + 12 * number for number in range(count)]
        places = [place for place in places if struct.unpack_from(order + "H", data, place)[0] in TAGS]
        place = places[b // 2 % len(places)]
        field, form, values = FIELDS[c % len(FIELDS)]
        changed = bytearray(data)
        value = values[c // len(FIELDS) % len(values)]
        struct.pack_into(order + form, changed, place + field, value)
        if field == 8:  # written as it says
            struct.pack_into(order + "H", changed, place + 2, 11 if form == "f" else 4)
    except (struct.error, ZeroDivisionError):
        return data
    return bytes(changed)


def _set_count(data: bytes, b: int, c: int) -> bytes:
    """Change one of the ten-digit counts in a text."""
    found = list(re.finditer(rb"(?<!\d)\d{10}(?!\d)", data))
    if not found:
        return _set_tag(data, b, c)
    place = found[b % len(found)].start()
    return data[:place] + b"%010d" % NUMBERS[c % len(NUMBERS)] + data[place + 10 :]


def _set_json(data: bytes, b: int, c: int) -> bytes:
    """Give one value in a JSON another kind, or nest it deeply."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return _set_bytes(data, b, c)
    places: list[tuple[object, object]] = []
    todo = [content]
    while todo:
        here = todo.pop()
        inside = here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ()
        for key, value in inside:
            places.append((here, key))
            todo.append(value)
    value = ODD[c % len(ODD)]
    if places:
        holder, key = places[b % len(places)]
        holder[key] = "deep-place" if value == "deep" else value  # type: ignore[index]
    text = json.dumps(content).replace('"deep-place"', "[" * DEPTH + "]" * DEPTH)
    return text.encode()


def _bomb(data: bytes, b: int, c: int) -> bytes:  # noqa: ARG001 - the form of a damage
    """Put something in the place of a chunk that unpacks to two gigabytes, its last part being small."""
    if not _BOMBS:
        _BOMBS.append(128 * gzip.compress(bytes(2**24), 1) + gzip.compress(bytes(1200)))
    return data if data[:1] in b"{[" else _BOMBS[0]


def _link(data: bytes, b: int, c: int) -> bytes:  # noqa: ARG001 - the form of a damage
    return LINK


def _set_toml(data: bytes, b: int, c: int) -> bytes:
    """Give a setting another value, or nest it deeply."""
    lines = data.decode(errors="replace").splitlines()
    places = [number for number, line in enumerate(lines) if "=" in line]
    if not places:
        return data
    value = TOML[c % len(TOML)]
    at = places[b % len(places)]
    lines[at] = lines[at].partition("=")[0] + "= " + value
    return "\n".join(lines).encode()


def _set_npz(data: bytes, b: int, c: int) -> bytes:
    """Change a length that an array in an archive says of itself, and keep the archive whole."""
    if data[:2] != b"PK":
        return _set_json(data, b, c)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = {name: archive.read(name) for name in archive.namelist()}
    except Exception:
        return data
    if not inside:
        return data
    name = sorted(inside)[b % len(inside)]
    lengths = list(re.finditer(rb"\d+(?=[,)])", inside[name][:128]))
    if lengths:
        found = lengths[c % len(lengths)]
        new = str(NUMBERS[c // 7 % len(NUMBERS)]).encode()
        head, rest = inside[name][:128], inside[name][128:]
        head = (head[: found.start()] + new + head[found.end() :].rstrip(b" \n")).ljust(127)[:127] + b"\n"
        inside[name] = head + rest
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in inside.items():
            archive.writestr(each, content)
    return buffer.getvalue()


TOML = (
    "true", "-1", "0", "1e300", "inf", "nan", "99999999999999999999", '""', '"x"', "[]", "[[1]]", "{}",
    "{a = 1}",
    "1979-05-27T07:32:00Z", '"a\\nb"', "[" * DEPTH + "]" * DEPTH, '[1e300, "x"]', '"\\u0000"',
)  # fmt: skip
_BOMBS: list[bytes] = []
WAYS = {
    "byte": _set_bytes,
    "number": _set_number,
    "cut": _cut,
    "tag": _set_tag,
    "count": _set_count,
    "json": _set_json,
}
# What changes what a TIFF says of itself finds more than what changes any byte.
OFTEN = {"tag": 4, "count": 3, "json": 3}
FOLDER_WAYS = {**WAYS, "bomb": _bomb, "link": _link}
# Ways that suit some kinds alone.
MORE_WAYS = {"config": {"toml": _set_toml}, "forest": {"npz": _set_npz}}
