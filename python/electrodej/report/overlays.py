"""Pictures of a fusion: outlines in three views, and the particles that the views do not agree on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.files import whole_file
from electrodej.run import Run
from electrodej.vocabulary import Spacing

if TYPE_CHECKING:
    from electrodej.fusion import Views
    from electrodej.volume import Volume

Picture = NDArray[np.uint8]

NAMES = ("overlay_xy.png", "overlay_xz.png", "overlay_yz.png", "doubtful.png")

_OUTLINE = (255, 196, 0)
_CHOSEN = (255, 64, 64)
_TILE = 128
_TILES = (6, 8)  # columns of the sheet: two particles, three views each; rows
# Small sections are enlarged to this many pixels across, if they do not become taller than that.
_WIDE, _TALL = 600, 2400


def draw_pictures(
    folder: Path,
    labels_path: Path,
    columns: dict[str, NDArray[Any]],
    run: Run,
    *,
    views: Views,
    grey: Volume | None,
) -> list[str]:
    """Draw the middle slice of each view, and a contact sheet of the particles with the least agreement.

    Parameters
    ----------
    folder
        Where ``overlay_xy.png``, ``overlay_xz.png``, ``overlay_yz.png`` and ``doubtful.png`` go.
    labels_path
        The fused labels.
    columns
        The agreement table.
    run
        Whether pictures that exist are replaced.
    views, grey
        What lies under the outlines: the grey volume, or the summed probabilities where there is none.
    """
    from electrodej.volume import open_volume

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with open_volume(labels_path) as labels:
        under = _Under(views, grey)
        for axis, name in enumerate(NAMES[:3]):
            box: list[slice] = [slice(None)] * 3
            middle = labels.shape[axis] // 2
            box[axis] = slice(middle, middle + 1)
            sizes = [size for n, size in enumerate(views.spacing) if n != axis]
            section = under.read(box, axis), np.squeeze(labels[tuple(box)], axis)
            written.append(_save(folder / name, outlined(*in_proportion(*section, sizes)), run))
        sheet = _contact_sheet(under, labels, columns, views.spacing)
        if sheet is not None:
            written.append(_save(folder / NAMES[3], sheet, run))
    return written


def outlined(grey: Picture, labels: NDArray[Any], *, chosen: int | None = None) -> Picture:
    """Grey values with the labels' borders drawn in colour, (Y, X, 3).

    Examples
    --------
    >>> picture = outlined(np.zeros((3, 4), np.uint8), np.array([[0, 0, 5, 5]] * 3))
    >>> picture[1, :, 0].tolist()
    [0, 0, 255, 0]
    """
    border = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        ahead = np.diff(labels, axis=axis) != 0
        low = [slice(None), slice(None)]
        low[axis] = slice(None, -1)
        high = [slice(None), slice(None)]
        high[axis] = slice(1, None)
        border[tuple(low)] |= ahead
        border[tuple(high)] |= ahead
    border &= labels > 0
    picture = np.repeat(grey[..., None], 3, axis=2)
    picture[border] = _OUTLINE
    if chosen is not None:
        picture[border & (labels == chosen)] = _CHOSEN
    return picture


def in_proportion(
    grey: Picture, labels: NDArray[Any], sizes: Sequence[float]
) -> tuple[Picture, NDArray[Any]]:
    """Stretch a section of pixels of ``sizes`` (y, x) to square ones, and enlarge it where it is small.

    The shorter edge of a pixel becomes a whole number of pixels, so that each stands as a block.

    Examples
    --------
    >>> section = np.zeros((50, 200))
    >>> in_proportion(section, section, (0.2, 0.1))[0].shape
    (300, 600)
    """
    tall, wide = (length * size / min(sizes) for length, size in zip(grey.shape, sizes, strict=True))
    times = max(1, min(math.ceil(_WIDE / wide), math.floor(_TALL / tall)))
    rows, columns = (
        np.minimum(np.arange(max(1, round(extent * times))) * length / (extent * times), length - 1).astype(
            int
        )
        for extent, length in zip((tall, wide), grey.shape, strict=True)
    )
    return grey[np.ix_(rows, columns)], labels[np.ix_(rows, columns)]


class _Under:
    """What lies under the outlines, as 8-bit grey values."""

    def __init__(self, views: Views, grey: Volume | None) -> None:
        self._views = views
        self._grey = grey
        self._range = (0.0, 3 * 255.0)
        if grey is not None:
            middle = grey[grey.shape[0] // 2]
            low, high = (float(value) for value in np.percentile(middle, (0.5, 99.5)))
            self._range = (low, max(high, low + 1e-6))

    def read(self, box: list[slice], axis: int) -> Picture:
        if self._grey is not None:
            values = self._grey[tuple(box)].astype(np.float32)
        else:
            z, y, x = box
            first, last, _ = z.indices(self._views.shape[0])
            parts = [view[:, y, x] for view in self._read_views(first, last)]
            values = np.sum(parts, axis=0, dtype=np.float32)
        low, high = self._range
        return np.asarray(np.clip((np.squeeze(values, axis) - low) * (255 / (high - low)), 0, 255), np.uint8)

    def _read_views(self, first: int, last: int) -> tuple[NDArray[np.uint8], ...]:
        return self._views.read(first, last)


def _contact_sheet(
    under: _Under, labels: Volume, columns: dict[str, NDArray[Any]], spacing: Spacing
) -> Picture | None:
    """Sections through the centres of the particles with the least agreement, worst first.

    On each stands the particle's label and how much of it that view sees.
    """
    order = np.argsort(columns["LeastAgreement"], kind="stable")[: _TILES[0] // 3 * _TILES[1]]
    if len(order) == 0:
        return None
    rows = -(-len(order) * 3 // _TILES[0])
    sheet = np.zeros((rows * _TILE, _TILES[0] * _TILE, 3), np.uint8)
    for number, row in enumerate(order):
        centre = [round(float(columns[axis][row]) / size) for axis, size in zip("ZYX", spacing, strict=True)]
        reach = 1.6 * (float(columns["Volume"][row]) * 0.75 / np.pi) ** (1 / 3)
        label = int(columns["Label"][row])
        for axis, view in enumerate(("XY", "XZ", "YZ")):
            tile = _tile(under, labels, centre, reach, axis, label, spacing)
            tile = _written(tile, f"{label}: {view} {columns[f'Seen{view}'][row]:.2f}")
            top, left = divmod(number * 3 + axis, _TILES[0])
            sheet[top * _TILE : (top + 1) * _TILE - 2, left * _TILE : (left + 1) * _TILE - 2] = tile
    return sheet


def _tile(
    under: _Under,
    labels: Volume,
    centre: list[int],
    reach: float,
    axis: int,
    label: int,
    spacing: Spacing,
) -> Picture:
    from PIL import Image

    box = [
        slice(max(0, at - round(reach / size)), min(length, at + round(reach / size) + 1))
        for at, size, length in zip(centre, spacing, labels.shape, strict=True)
    ]
    box[axis] = slice(centre[axis], centre[axis] + 1)
    picture = outlined(under.read(box, axis), np.squeeze(labels[tuple(box)], axis), chosen=label)
    sizes = [size for n, size in enumerate(spacing) if n != axis]
    tall, wide = picture.shape[0] * sizes[0], picture.shape[1] * sizes[1]
    edge = _TILE - 2
    shape = (max(1, round(edge * wide / max(tall, wide))), max(1, round(edge * tall / max(tall, wide))))
    tile = np.zeros((edge, edge, 3), np.uint8)
    scaled = np.asarray(Image.fromarray(picture).resize(shape, Image.Resampling.NEAREST))
    tile[: scaled.shape[0], : scaled.shape[1]] = scaled
    return tile


def _written(tile: Picture, words: str) -> Picture:
    """Write words into the upper left corner."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(tile)
    font = ImageFont.load_default(size=_TILE // 10)
    ImageDraw.Draw(image).text((4, 2), words, font=font, stroke_width=2, stroke_fill=(0, 0, 0))
    return np.array(image)


def _save(path: Path, picture: Picture, run: Run) -> str:
    from PIL import Image

    with whole_file(path, force=run.force) as part:
        Image.fromarray(picture).save(part, format="PNG")
    return str(path)
