"""What a TIFF says of its dimensions and its voxel size: ImageJ's words, OME's, or the bare tags."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import tifffile

from electrodej.errors import InputError
from electrodej.volume.units import VoxelSize, from_values, is_print_resolution

_INCH, _CENTIMETRE = 2, 3
_TIFFFILE_IMAGEJ = "1.11a"  # what tifffile signs as when it writes in ImageJ's manner


@dataclass
class Description:
    """What the file says beside its pixels.

    Attributes
    ----------
    kind
        Who wrote so: ``imagej``, ``ome``, ``shaped`` (tifffile) or ``plain``.
    slices
        How many slices it says there are; None where it does not say.
    order
        OME only: the page of each slice, where they are not in order.
    signed
        ImageJ only: signed 16-bit values, kept as unsigned ones 32,768 higher.
    """

    kind: str
    voxel_size: VoxelSize
    slices: int | None = None
    order: list[int] = field(default_factory=list)
    signed: bool = False


def describe(tif: tifffile.TiffFile, path: Path, pages: int) -> Description:
    """Return what ``tif`` says; refuse channels and time points."""
    page = tif.pages.first
    text = page.description or ""
    if text.startswith("ImageJ="):
        return _describe_imagej(page, _imagej_items(text), path)
    if tif.is_ome:
        return _describe_ome(text, path, pages)
    if page.is_shaped:
        return _describe_shaped(page, text, path)
    return Description("plain", _tag_voxel_size(page))


def _refuse(path: Path, number: int, what: str) -> InputError:
    remedy = {
        "channels": "keep one, in Fiji with Image > Color > Split Channels, and save it",
        "time points": "keep one, in Fiji with Image > Duplicate; if they are slices, "
        "swap them with Image > Hyperstacks > Re-order Hyperstack, and save it",
    }[what]
    return InputError(f"{path} has {number} {what}, and one 3D image is wanted; {remedy}")


def _imagej_items(text: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _describe_imagej(page: tifffile.TiffPage, items: dict[str, str], path: Path) -> Description:
    for key, what in (("channels", "channels"), ("frames", "time points")):
        number = _integer(items.get(key)) or 1
        if number > 1:
            raise _refuse(path, number, what)
    images = _integer(items.get("images")) or 1
    slices = _integer(items.get("slices")) or images
    signed = (
        page.dtype is not None
        and page.dtype.char == "H"
        and items.get("cf") == "0"
        and _number(items.get("c0")) == -32768
        and _number(items.get("c1")) == 1
    )
    return Description("imagej", _imagej_voxel_size(page, items, slices), slices, signed=signed)


def _imagej_voxel_size(page: tifffile.TiffPage, items: dict[str, str], slices: int) -> VoxelSize:
    unit = items.get("unit")
    x, y = (_pixel_size(page, name) for name in ("XResolution", "YResolution"))
    if _is_print_resolution(page, unit):
        return VoxelSize()
    depth = _number(items.get("spacing"))
    # ImageJ leaves a depth of one unit out; a single slice and other writers just do not say.
    if depth is None and slices > 1 and items.get("ImageJ") != _TIFFFILE_IMAGEJ:
        depth = 1.0
    depth = abs(depth) if depth is not None else None
    return from_values(
        (depth, y or 1.0, x or 1.0), (items.get("zunit", unit), items.get("yunit", unit), unit)
    )


def _describe_ome(text: str, path: Path, pages: int) -> Description:
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise InputError(f"{path} has OME metadata that cannot be read ({error}); save it again") from error
    images = [element for element in root.iter() if _name(element) == "Pixels"]
    if not images:
        raise InputError(f"{path} is part of an OME-TIFF of several files; save it as one file in Fiji")
    if len(images) > 1:
        raise InputError(f"{path} holds {len(images)} images; save the one to be used as a file of its own")
    pixels = images[0]
    for key, what in (("SizeC", "channels"), ("SizeT", "time points")):
        number = _integer(pixels.get(key)) or 1
        if number > 1:
            raise _refuse(path, number, what)
    slices = _integer(pixels.get("SizeZ")) or 1
    names = ("PhysicalSizeZ", "PhysicalSizeY", "PhysicalSizeX")
    size = from_values(
        [_number(pixels.get(name)) for name in names], [pixels.get(f"{name}Unit", "um") for name in names]
    )
    return Description("ome", size, slices, _ome_order(pixels, slices, pages, path))


def _ome_order(pixels: ElementTree.Element, slices: int, pages: int, path: Path) -> list[int]:
    """Return the page of each slice, from the TiffData elements."""
    order: dict[int, int] = {}
    counted = 0
    for element in pixels:
        if _name(element) != "TiffData":
            continue
        for uuid in element:
            name = uuid.get("FileName")
            if name and name != path.name and pages < slices:
                raise InputError(f"{path} has slices in other files ({name}); save it as one file in Fiji")
        ifd, first = _integer(element.get("IFD")), _integer(element.get("FirstZ")) or 0
        count = _integer(element.get("PlaneCount")) or (slices if ifd is None else 1)
        planes = min(count, slices - first)
        counted += max(0, planes)
        if counted > pages:
            return []  # more than there are: the caller says what is missing
        for plane in range(planes):
            order[first + plane] = (ifd or 0) + plane
    if len(order) != slices or sorted(order) != list(range(slices)) or max(order.values()) >= pages:
        return []
    return [order[z] for z in range(slices)]


def _describe_shaped(page: tifffile.TiffPage, text: str, path: Path) -> Description:
    try:
        items: dict[str, Any] = json.loads(text)
    except ValueError:
        items = {}
    shape = [int(n) for n in items.get("shape", ())]
    axes = str(items.get("axes", ""))
    if len(axes) == len(shape):
        for axis, length in zip(axes, shape, strict=True):
            if length > 1 and axis in "CT":
                raise _refuse(path, length, "channels" if axis == "C" else "time points")
    long = [n for n in shape if n > 1]
    if len(long) > 3:
        raise InputError(
            f"{path} has {len(long)} dimensions ({' x '.join(map(str, shape))}), and one 3D image is wanted; "
            "save a single 3D image"
        )
    slices = math.prod(shape) // max(1, page.imagelength * page.imagewidth) if shape else None
    unit = items.get("unit") if isinstance(items.get("unit"), str) else None
    size = _tag_voxel_size(page)
    depth = items.get("spacing")
    if unit is not None and isinstance(depth, int | float):
        x, y = (_pixel_size(page, name) for name in ("XResolution", "YResolution"))
        size = from_values((float(depth), y, x), (unit, unit, unit))
    return Description("shaped", size, slices)


def _tag_voxel_size(page: tifffile.TiffPage) -> VoxelSize:
    tag = page.tags.get("ResolutionUnit")
    unit = {_INCH: "inch", _CENTIMETRE: "cm"}.get(int(tag.value) if tag is not None else _INCH)
    x, y = (_pixel_size(page, name) for name in ("XResolution", "YResolution"))
    if unit is None or x is None or y is None or _is_print_resolution(page, unit):
        return VoxelSize()
    return from_values((None, y, x), (unit, unit, unit))


def _is_print_resolution(page: tifffile.TiffPage, unit: str | None) -> bool:
    densities = [_pixels_per_unit(page, name) for name in ("XResolution", "YResolution")]
    return is_print_resolution(densities, unit)


def _pixels_per_unit(page: tifffile.TiffPage, name: str) -> float | None:
    tag = page.tags.get(name)
    if tag is None:
        return None
    value = tag.value
    try:
        number, divisor = (value, 1) if isinstance(value, int | float) else (int(value[0]), int(value[1]))
    except (TypeError, IndexError, ValueError):
        return None
    return float(number) / divisor if divisor else None


def _pixel_size(page: tifffile.TiffPage, name: str) -> float | None:
    """Return units per pixel from a resolution tag, at the precision the tag has."""
    density = _pixels_per_unit(page, name)
    if density is None or density == 0:
        return None
    tag = page.tags[name]
    divisor = tag.value[1] if isinstance(tag.value, tuple) else 1
    size = 1.0 / density
    if divisor in (1000, 10_000, 100_000, 1_000_000):
        # ImageJ rounds pixels per unit to six decimals: 0.07 comes back as 0.0700000014. The shortest
        # number that would have been rounded to the same is the one that was meant.
        for digits in range(1, 15):
            short = float(f"{size:.{digits}g}")
            if short and abs(1.0 / short - density) <= 1.0 / divisor:
                return short
    return size


def _name(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _integer(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d+", text.strip()) else None


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
