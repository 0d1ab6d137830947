"""ImageJ's ROIs, single or in a zip of the ROI Manager, to label images and back."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.annotation.outlines import Outline, outlines_of
from electrodej.annotation.shapes import Drawing, Ellipse, Polygon, Region, Ring, Shape, clean_ring, crossing
from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.files import check_target, whole_file
from electrodej.progress import Progress, silent
from electrodej.vocabulary import PathLike
from electrodej.volume import ArrayVolume, Volume, compact_dtype

_LABEL = "electrodej.label"  # the property of a ROI that keeps its label
_LARGEST_ROI = 16 * 2**20
_LARGEST_ZIP = 2**30  # bytes, unpacked
_HIGHEST_WHOLE = 30_000  # a ROI's whole-numbered coordinates have 16 bits
_FARTHEST = 1e9  # pixels
_AREAS = ("POLYGON", "FREEHAND", "TRACED", "RECT", "OVAL")
_DRAWN = ("UNDEFINED", "ELLIPSE", "ROTATED_RECT")
_CONVERT = "convert it, in Fiji with Edit > Selection > Create Mask and Create Selection, or remove it"


@dataclass(frozen=True)
class Roi:
    """An area that was drawn in ImageJ.

    Attributes
    ----------
    name
        Its place in the file and its name, for messages.
    shape
        Its area, in pixels.
    z
        The slice it lies on, counted from 0, or None where it belongs to no slice.
    label
        The label it was made from, or None where a person drew it.
    word
        What it is called in the ROI Manager.
    """

    name: str
    shape: Shape
    z: int | None
    label: int | None
    word: str = ""


def read_rois(path: PathLike) -> list[Roi]:
    """Read the areas of a ``.roi`` file or of a zip of them, in the file's order.

    Polygons, freehand and traced outlines, rectangles (turned ones too), ovals, ellipses and composites are
    read, with their sub-pixel coordinates. The slice is ImageJ's stack position; of a hyperstack, Z or T.

    Raises
    ------
    electrodej.errors.InputError
        The file is no ROI file or damaged, a polygon crosses itself, or something in it is no area.
    electrodej.errors.MissingExtraError
        The library roifile is not installed.
    """
    roifile = require("roifile", what="reading ImageJ ROIs", extra="train")
    place = Path(path)
    rois = []
    for number, (entry, data) in enumerate(_entries(place), start=1):
        try:
            roi = roifile.ImagejRoi.frombytes(data)
        except (ValueError, TypeError, IndexError, OverflowError, struct.error) as error:
            raise InputError(
                f"{place}: {entry} is damaged or no ROI ({error}); save it again in the ROI Manager"
            ) from error
        name = f"{place}: ROI {number} ({roi.name or entry})"
        word = roi.name or entry.removesuffix(".roi")
        rois.append(Roi(name, _shape_of(roi, name), _slice_of(roi, name), _label_of(roi), word))
    return rois


def drawings_of(rois: Sequence[Roi], shape: Sequence[int]) -> list[Drawing]:
    """Return one drawing for each slice of an image of ``shape`` (Z, Y, X) or (Y, X).

    A ROI that was written from labels keeps its label; the others are numbered after those, in their order.
    """
    depth, size = (shape[0] if len(shape) == 3 else 1), (int(shape[-2]), int(shape[-1]))
    highest = max((roi.label or 0 for roi in rois), default=0)
    slices: list[list[Region]] = [[] for _ in range(depth)]
    for roi in rois:
        label = roi.label
        if label is None:
            highest += 1
            label = highest
        if roi.z is None and depth > 1:
            raise InputError(
                f"{roi.name} belongs to no slice, and the image has {depth}; select it in the ROI Manager on "
                "its slice and press Update, with Associate ROIs With Slices set in More > Options"
            )
        z = roi.z or 0
        if z >= depth:
            raise InputError(
                f"{roi.name} lies on slice {z + 1}, and the image has {depth}; give the image it was drawn on"
            )
        slices[z].append(Region(roi.shape, label, roi.name, roi.word))
    return [Drawing(tuple(regions), size) for regions in slices]


def roi_labels(rois: Sequence[Roi], shape: Sequence[int], *, progress: Progress = silent) -> NDArray[Any]:
    """Return ROIs as a label image of ``shape`` (Z, Y, X) or (Y, X); where two overlap, the later one wins.

    Raises
    ------
    electrodej.errors.InputError
        A ROI lies on a slice that the image has not, outside of it, or under others.
    """
    drawings = drawings_of(rois, shape)
    highest = max((region.label for drawing in drawings for region in drawing.regions), default=0)
    labels = np.zeros((len(drawings), *drawings[0].size), compact_dtype(highest))
    for z, drawing in enumerate(drawings):
        labels[z] = drawing.read()
        progress(z + 1, len(drawings), "drawing ROIs")
    return labels if len(shape) == 3 else labels[0]


def write_rois(
    path: PathLike,
    labels: NDArray[Any] | Volume,
    *,
    force: bool = False,
    progress: Progress = silent,
) -> int:
    """Write labels as a zip that ImageJ's ROI Manager opens, and return the number of ROIs.

    Each label has one ROI on each slice, named ``label-slice``: a traced outline, or a composite where the
    label has holes or several pieces. `read_rois` and `roi_labels` give the same labels back.

    Parameters
    ----------
    path
        Ends in ``.zip``.
    labels
        YX, ZYX or a volume. A single slice is given no stack position.
    """
    roifile = require("roifile", what="writing ImageJ ROIs", extra="train")
    target = check_target(path, force=force)
    if target.suffix.lower() != ".zip":
        raise InputError(f"{target} does not end in .zip, as a file of several ROIs must; give such a name")
    volume = labels if isinstance(labels, Volume) else ArrayVolume(labels, spacing=None, name="the labels")
    depth = volume.shape[0]
    count = 0
    with whole_file(target, force=force) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for z in range(depth):
            for label, outlines in outlines_of(volume[z]):
                roi = _as_roi(roifile, outlines)
                roi.name, roi.props = f"{label}-{z + 1}", f"{_LABEL}: {label}\n"
                roi.position = z + 1 if depth > 1 else 0
                archive.writestr(zipfile.ZipInfo(f"{roi.name}.roi", (1980, 1, 1, 0, 0, 0)), roi.tobytes())
                count += 1
            progress(z + 1, depth, "tracing outlines")
        if count == 0:
            raise InputError(f"{volume.path} has no particle on it, all its labels are 0; give other labels")
    return count


def _entries(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the ROIs in a file with their names. Nothing is unpacked to the disk, and sizes are bounded."""
    try:
        if path.suffix.lower() != ".zip":
            if path.stat().st_size > _LARGEST_ROI:
                raise InputError(f"{path} is too large for a ROI; give a .roi file or a zip of them")
            yield path.name, path.read_bytes()
            return
        with zipfile.ZipFile(path) as archive:
            entries = _checked_entries(path, archive.infolist())
            for entry in entries:
                yield entry.filename, archive.read(entry)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; check the name") from error
    except (
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        RuntimeError,
        ValueError,
    ) as error:
        raise InputError(
            f"{path} cannot be read as ROIs ({error}); save it again in the ROI Manager"
        ) from error


def _checked_entries(path: Path, entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    total = 0
    for entry in entries:
        inside = PurePosixPath(entry.filename.replace("\\", "/"))
        drive = PureWindowsPath(entry.filename).drive
        if inside.is_absolute() or drive or ".." in inside.parts:
            raise InputError(
                f"{path} has an entry that leads out of the zip, {entry.filename}; nothing was read of it"
            )
        total += entry.file_size
        if entry.file_size > _LARGEST_ROI or total > _LARGEST_ZIP:
            raise InputError(
                f"{path} is too large to be ROIs when unpacked ({entry.filename}); "
                "give the ROI Manager's own zip"
            )
    rois = [entry for entry in entries if entry.filename.lower().endswith(".roi")]
    if not rois:
        raise InputError(f"{path} has no .roi in it; save the ROIs, in the ROI Manager with More > Save")
    return rois


def _slice_of(roi: Any, name: str) -> int | None:
    if roi.z_position > 1 and roi.t_position > 1:
        raise InputError(
            f"{name} lies on slice {roi.z_position} of time {roi.t_position}; "
            "give the ROIs of one stack in space or one in time"
        )
    position = max(roi.z_position, roi.t_position) or roi.position
    return int(position) - 1 if position > 0 else None


def _label_of(roi: Any) -> int | None:
    for line in roi.props.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == _LABEL and value.strip().isdecimal() and 0 < int(value) < 2**32:
            return int(value)
    return None


def _shape_of(roi: Any, name: str) -> Shape:
    kind, subtype = roi.roitype.name, roi.subtype.name
    if kind not in _AREAS or subtype not in _DRAWN:
        what = (subtype if subtype != "UNDEFINED" else kind).lower()
        raise InputError(f"{name} is of the kind {what}, which is no area; remove it or draw the outline")
    if roi.options & 1:  # SPLINE_FIT
        raise InputError(f"{name} is a fitted spline, whose outline is not in the file; {_CONVERT}")
    try:
        if kind == "RECT" and roi.composite:
            return Polygon(tuple(_composite_rings(_numbers(roi.multi_coordinates), name)))
        if kind == "OVAL" or (kind == "RECT" and roi.rounded_rect_arc_size == 0):
            return _boxed(roi, kind)
        if kind == "RECT":
            raise InputError(f"{name} is a rectangle with round corners; {_CONVERT}")
        points = roi.subpixel_coordinates
        if points is None:
            points = roi.integer_coordinates + np.array([roi.left, roi.top])
        ring = clean_ring(_numbers(points))
        crossed = crossing(ring) if kind == "POLYGON" else None
    except ValueError as error:
        raise InputError(f"{name} {error}; remove it or draw it again") from error
    if crossed is not None:
        raise InputError(
            f"{name} crosses itself at x={crossed[0]:.1f}, y={crossed[1]:.1f}; draw it again without crossing"
        )
    return Polygon((ring,))


def _numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    if not (np.isfinite(values).all() and (abs(values) < _FARTHEST).all()):
        raise ValueError("has coordinates that are no numbers of pixels")
    return values.astype(np.float64)


def _boxed(roi: Any, kind: str) -> Shape:
    # ImageJ fills a rectangle and an oval with sub-pixel coordinates by their whole-numbered bounds, too.
    width, height = roi.right - roi.left, roi.bottom - roi.top
    if width < 1 or height < 1:
        raise ValueError("has no area")
    if kind == "OVAL":
        return Ellipse(roi.left + width / 2, roi.top + height / 2, width / 2, height / 2)
    x, y = np.array([0, width, width, 0]), np.array([0, 0, height, height])
    return Polygon((np.stack([x + roi.left, y + roi.top], axis=1).astype(float),))


def _composite_rings(path: NDArray[np.float64], name: str) -> list[Ring]:
    """Return the outlines in a composite's path: 0 x y begins one, 1 x y goes on, 4 closes it."""
    outlines: list[list[NDArray[np.float64]]] = []
    at = 0
    while at < len(path):
        step = path[at]
        if step not in (0, 1, 4):
            raise InputError(f"{name} has curves in it, as older ImageJ wrote them; {_CONVERT}")
        if step == 4:
            at += 1
            continue
        point = path[at + 1 : at + 3]
        if len(point) < 2 or (step == 1 and not outlines):
            raise ValueError("has a damaged path")
        if step == 0:
            outlines.append([])
        outlines[-1].append(point)
        at += 3
    rings = [np.array(outline) for outline in outlines if len(outline) > 2]
    if not rings:
        raise ValueError("has no area")
    return rings


def _as_roi(roifile: Any, outlines: list[Outline]) -> Any:
    points = np.concatenate(outlines)
    left_top, right_bottom = points.min(0), points.max(0)
    roi = roifile.ImagejRoi()
    (roi.left, roi.top), (roi.right, roi.bottom) = left_top.tolist(), right_bottom.tolist()
    if len(outlines) == 1 and right_bottom.max() <= _HIGHEST_WHOLE:
        roi.roitype = roifile.ROI_TYPE.TRACED
        roi.integer_coordinates = (points - left_top).astype(np.int32)
        roi.n_coordinates = len(points)
        return roi
    path: list[float] = []
    for outline in outlines:
        steps = np.column_stack([np.arange(len(outline)) > 0, outline])
        path += [*steps.astype(float).reshape(-1).tolist(), 4.0]
    roi.roitype = roifile.ROI_TYPE.RECT
    roi.multi_coordinates = np.array(path, np.float32)
    roi.shape_roi_size = len(path)
    return roi
