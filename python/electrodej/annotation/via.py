"""Annotations of the VGG Image Annotator (VIA) 1 and 2, to label images and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.annotation.outlines import joined, trace
from electrodej.annotation.shapes import Drawing, Ellipse, Polygon, Region, Shape, clean_ring, crossing
from electrodej.errors import InputError
from electrodej.files import check_target, read_json, whole_file
from electrodej.vocabulary import PathLike
from electrodej.volume import check_labels, open_volume, relabel_sequential

_FURTHEST = 2.0  # pixels that an outline may lie outside the image; VIA itself draws none outside
_FARTHEST_NUMBER = 1e9
_SMALLEST_RADIUS = 0.01  # pixels
_AREAS = "polygon, rect, circle and ellipse"


@dataclass(frozen=True)
class ViaImage:
    """An image that was annotated.

    Attributes
    ----------
    path
        The image file.
    drawing
        Its regions; ``drawing.read()`` gives the label image, ``drawing.size`` its size (Y, X).
    """

    path: Path
    drawing: Drawing


def read_via(path: PathLike, *, images: PathLike | None = None) -> list[ViaImage]:
    """Read a VIA project or VIA's exported annotations (JSON), of VIA 1 or 2.

    The regions of an image get the labels 1, 2, 3 ... in the file's order. Images without regions are left
    out.

    Parameters
    ----------
    path
        The JSON file.
    images
        The folder with the images; by default where the JSON lies. Names must agree in upper and lower case.

    Raises
    ------
    electrodej.errors.InputError
        The file is no VIA file, an image is missing, or a region is no area, has none, crosses itself or
        lies outside its image. The message names the file, the image and the region, counted from 1.
    """
    place = Path(path)
    folder = place.parent if images is None else Path(images)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give the folder with the images of {place}")
    present = {entry.name for entry in folder.iterdir()}
    found: dict[str, ViaImage] = {}
    for entry in _entries(place):
        name = entry["filename"]
        regions = _regions(entry, f"{place}: {name}")
        if not regions:
            continue
        if name in found:
            raise InputError(f"{place} has the image {name} twice; keep one of the two")
        if "/" in name or "\\" in name or ":" in name or name in ("", ".", ".."):
            raise InputError(
                f"{place} names the image {name}, which is no plain file name; put the image beside the "
                "annotations and give its name alone"
            )
        if name not in present:
            raise InputError(f"{place} names the image {name}, which is not in {folder}; add it there")
        size = _size_of(folder / name)
        drawn = [
            _region(region, number, size, f"{place}: {name}") for number, region in enumerate(regions, 1)
        ]
        found[name] = ViaImage(folder / name, Drawing(tuple(drawn), size))
    if not found:
        raise InputError(f"{place} has no region on any image; draw some in VIA and save the project")
    return list(found.values())


def write_via(
    path: PathLike,
    labels: Mapping[PathLike, NDArray[Any]],
    *,
    force: bool = False,
) -> None:
    """Write labels as a VIA 2 project, one polygon for each label.

    A label with holes or in several pieces becomes one polygon too: its outlines are joined by lines that are
    gone along twice and enclose nothing. `read_via` gives the same labels back, numbered 1, 2, 3 ...

    Parameters
    ----------
    path
        The project to write, ending in ``.json``.
    labels
        For each image file its labels, YX, of the image's size. VIA finds an image by its name and bytes.
    """
    target = check_target(path, force=force, inputs=labels)
    entries: dict[str, Any] = {}
    for image, array in labels.items():
        file = Path(image)
        if array.shape != _size_of(file):
            raise InputError(
                f"the labels for {file} have the shape {array.shape}, and the image has {_size_of(file)}"
            )
        size = file.stat().st_size
        if any(entry["filename"] == file.name for entry in entries.values()):
            raise InputError(f"two images are named {file.name}, and VIA needs different names; rename one")
        entries[f"{file.name}{size}"] = {
            "filename": file.name,
            "size": size,
            "regions": _polygons(array),
            "file_attributes": {},
        }
    attribute = {"type": "text", "description": "", "default_value": ""}
    project = {
        "_via_settings": {"project": {"name": target.stem}},
        "_via_img_metadata": entries,
        "_via_attributes": {"region": {"label": attribute}, "file": {}},
        "_via_data_format_version": "2.0.10",
        "_via_image_id_list": list(entries),
    }
    with whole_file(target, force=force) as part:
        part.write_text(json.dumps(project, indent=1), encoding="utf-8")


def _polygons(labels: NDArray[Any]) -> list[dict[str, Any]]:
    from scipy.ndimage import find_objects

    new, old = relabel_sequential(check_labels(labels))
    regions = []
    for number, (rows, columns) in enumerate(find_objects(new), start=1):
        origin = np.array([columns.start, rows.start])
        outline = joined(trace(new[rows, columns] == number)) + origin
        points = {"all_points_x": outline[:, 0].tolist(), "all_points_y": outline[:, 1].tolist()}
        attributes = {"label": str(old[number])}
        regions.append({"shape_attributes": {"name": "polygon", **points}, "region_attributes": attributes})
    return regions


def _entries(path: Path) -> list[dict[str, Any]]:
    """Return the images of a VIA file, each a mapping with a ``filename``."""
    try:
        content = read_json(path)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; check the name") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the permissions") from error
    if isinstance(content, dict):
        content = content.get("_via_img_metadata", content)
    entries = list(content.values()) if isinstance(content, dict) else None
    known = entries is not None and all(
        isinstance(entry, dict) and isinstance(entry.get("filename"), str) and "regions" in entry
        for entry in entries
    )
    if not known or entries is None:
        raise InputError(
            f"{path} is no annotation of VIA 1 or 2 (COCO's and VIA 3's are not read); "
            "export it in VIA with Annotation > Export Annotations (as json)"
        )
    return entries


def _regions(entry: dict[str, Any], where: str) -> list[Any]:
    """Return an image's regions: a list in VIA 2, a mapping in VIA 1."""
    regions = entry["regions"]
    if isinstance(regions, dict):
        return list(regions.values())
    if not isinstance(regions, list):
        raise InputError(f"{where} has regions that are no list; save the project again in VIA")
    return regions


def _size_of(image: Path) -> tuple[int, int]:
    with open_volume(image) as volume:
        if volume.shape[0] != 1:
            raise InputError(
                f"{image} is a stack of {volume.shape[0]} slices, and VIA draws on single images; "
                "save the slices one by one"
            )
        return volume.shape[1], volume.shape[2]


def _region(region: Any, number: int, size: tuple[int, int], where: str) -> Region:
    name = f"{where}, region {number}"
    attributes = region.get("shape_attributes") if isinstance(region, dict) else None
    if not isinstance(attributes, dict):
        raise InputError(f"{name} has no shape; remove it in VIA")
    kind = attributes.get("name")
    word = _word_of(region)
    try:
        if kind in ("polygon", "polyline"):
            return Region(_polygon(attributes, size), number, name, word)
        if kind == "rect":
            return Region(_rectangle(attributes, size), number, name, word)
        if kind in ("circle", "ellipse"):
            return Region(_ellipse(attributes), number, name, word)
    except ValueError as error:
        raise InputError(f"{name} ({kind}) {error}; correct or remove it in VIA") from error
    raise InputError(f"{name} is of the kind {kind}, which is no area; draw it as {_AREAS}, or remove it")


def _word_of(region: dict[str, Any]) -> str:
    """Return what the person wrote beside a region: the first of its attributes that says something."""
    attributes = region.get("region_attributes")
    values = attributes.values() if isinstance(attributes, dict) else ()
    return next((str(value) for value in values if isinstance(value, str | int) and str(value).strip()), "")


def _polygon(attributes: dict[str, Any], size: tuple[int, int]) -> Shape:
    xs, ys = attributes.get("all_points_x"), attributes.get("all_points_y")
    if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys) or not xs:
        raise ValueError("has no list of points, or x and y of different length")
    points = np.array([[_number(x), _number(y)] for x, y in zip(xs, ys, strict=True)])
    if attributes["name"] == "polyline" and (points[0] != points[-1]).any():
        raise ValueError("is an open line, which is no area")
    _check_inside(points, size)
    ring = clean_ring(points)
    crossed = crossing(ring)
    if crossed is not None:
        raise ValueError(f"crosses itself at x={crossed[0]:.1f}, y={crossed[1]:.1f}")
    return Polygon((ring,))


def _rectangle(attributes: dict[str, Any], size: tuple[int, int]) -> Shape:
    x, y, width, height = (_number(attributes.get(key)) for key in ("x", "y", "width", "height"))
    if width <= 0 or height <= 0:
        raise ValueError("has no width or no height")
    points = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
    _check_inside(points, size)
    return Polygon((points,))


def _ellipse(attributes: dict[str, Any]) -> Shape:
    """Return a circle or an ellipse. They may reach over the image's border, as VIA lets them."""
    round_one = attributes["name"] == "circle"
    radii = tuple(_number(attributes.get(key)) for key in (("r", "r") if round_one else ("rx", "ry")))
    if min(radii) < _SMALLEST_RADIUS:
        raise ValueError(f"has a radius below {_SMALLEST_RADIUS} pixels")
    angle = 0.0 if round_one else _number(attributes.get("theta", 0))
    return Ellipse(_number(attributes.get("cx")), _number(attributes.get("cy")), radii[0], radii[1], angle)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _FARTHEST_NUMBER:
        raise ValueError(f"has the coordinate {str(value)[:40]}, which is no number of pixels")
    return float(value)


def _check_inside(points: NDArray[np.float64], size: tuple[int, int]) -> None:
    if points.min() < -_FURTHEST or (points.max(axis=0) > np.array(size[::-1]) + _FURTHEST).any():
        raise ValueError(
            f"lies in part outside the image of {size[1]} x {size[0]} pixels, so it was drawn on another one"
        )
