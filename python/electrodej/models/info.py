"""What Fiji cannot read from a zip: thresholds, grid, normalisation, sizes, classes. One JSON beside it."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from electrodej.errors import InputError
from electrodej.models.safety.limits import LARGEST_VOXEL, MOST_CELL, MOST_COUNT, SMALLEST_VOXEL

Kind = Literal["stardist", "stardist3d", "maskrcnn", "care", "unet", "lrcs", "keras"]

FORMAT = "electrodej-model"
VERSION = 1
FOLDER_FILE = "electrodej.json"
# In the folder of a forest.
FOREST_FILE = "forest.json"
_MOST_CHARACTERS = 1 << 20


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What a person or a script needs to know to use a model.

    The same fields stand in ``electrodej.json`` of a model folder, where all but ``kind`` may be missing, and
    in the JSON beside an exported zip.

    Attributes
    ----------
    kind
        What the network is: "stardist" (probability, then ray distances), "stardist3d" (the same of
        volumes), "maskrcnn" (boxes, and a mask in each), "care" (restored grey values), "unet" or "lrcs" (one
        probability for each class), "keras" (anything else).
    name
        What people call it.
    description
        A sentence on what it is for.
    channels_in, channels_out
        Channels of the image and of the result.
    grid
        Pixels (Y, X) for which the network predicts once; the zip's output is at full size nevertheless.
    rays
        Directions of a StarDist model.
    probability_threshold, overlap_threshold
        StarDist's two thresholds, as its plugin asks for them.
    percentiles
        Low and high percentile of the grey values that become 0 and 1 before the network.
    size_divisor
        Height and width must be multiples of it.
    context
        Pixels at most from which one pixel's result is affected; tiles must overlap by as many.
    classes
        Names of the output channels of a network that tells classes apart.
    spacing
        Voxel size (z, y, x) in micrometres of the images it was trained on.
    """

    kind: Kind
    name: str = ""
    description: str = ""
    channels_in: int = 1
    channels_out: int = 1
    grid: tuple[int, int] = (1, 1)
    rays: int | None = None
    probability_threshold: float | None = None
    overlap_threshold: float | None = None
    percentiles: tuple[float, float] = (1.0, 99.8)
    size_divisor: int = 1
    context: int | None = None
    classes: tuple[str, ...] = ()
    spacing: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        _check(self)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        fields = dataclasses.asdict(self)
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
        return {"format": FORMAT, "version": VERSION, **plain}


def to_json(info: ModelInfo, **more: Any) -> str:
    """Return the text of the JSON, ``more`` added at its end."""
    return json.dumps({**info.as_dict(), **more}, indent=2, ensure_ascii=False) + "\n"


def read_info(path: str | os.PathLike[str]) -> ModelInfo:
    """Read ``electrodej.json`` or the JSON beside a zip.

    Raises
    ------
    electrodej.errors.InputError
        It is no such JSON, or a field is unknown or has no sensible value.
    """
    content = read_json(path)
    if content.get("format") != FORMAT:
        raise InputError(f'{Path(path)} does not describe a model of ours ("format" is not "{FORMAT}")')
    if content.get("version") != VERSION:
        raise InputError(
            f"{Path(path)} is of version {content.get('version')!r}, and this ElectrodeJ reads version "
            f"{VERSION}"
        )
    names = {field.name for field in dataclasses.fields(ModelInfo)}
    known = {name: _tuple(value) for name, value in content.items() if name in names}
    unknown = sorted(
        set(content) - names - {"format", "version", "file", "sha256", "made_with", "weights", "onnx_sha256"}
    )
    if unknown:
        raise InputError(f"{Path(path)}: the field {unknown[0]!r} is unknown; take it out")
    try:
        return ModelInfo(**known)
    except (TypeError, ValueError) as error:
        raise InputError(f"{Path(path)}: {error}") from error


def read_json(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a JSON object from a file of a sensible size."""
    file = Path(path)
    try:
        if file.stat().st_size > _MOST_CHARACTERS:
            raise InputError(f"{file} is too large for the settings of a model")
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{file}: there is no such file") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not valid JSON ({error})") from error
    if not isinstance(content, dict):
        raise InputError(f"{file} must hold one JSON object")
    return content


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check(info: ModelInfo) -> None:
    def need(fine: bool, what: str) -> None:
        if not fine:
            raise ValueError(what)

    def share(value: float | None) -> bool:
        return value is None or (_is_number(value) and 0 <= value <= 1)

    need(info.kind in get_args(Kind), f'"kind" must be one of {", ".join(get_args(Kind))}')
    need(
        isinstance(info.name, str) and isinstance(info.description, str), '"name" and "description" are texts'
    )
    for name in ("channels_in", "channels_out", "size_divisor"):
        need(_is_count(getattr(info, name)), f'"{name}" must be a whole number from 1 to {MOST_COUNT}')
    need(
        isinstance(info.grid, tuple) and len(info.grid) == 2 and all(map(_is_cell, info.grid)),
        f'"grid" must be two whole numbers from 1 to {MOST_CELL}',
    )
    need(info.rays is None or _is_count(info.rays), f'"rays" must be a whole number from 1 to {MOST_COUNT}')
    need(
        info.context is None or (_is_count(info.context) or info.context == 0),
        '"context" must be a whole number',
    )
    need(share(info.probability_threshold), '"probability_threshold" must lie between 0 and 1')
    need(share(info.overlap_threshold), '"overlap_threshold" must lie between 0 and 1')
    low_high = info.percentiles
    need(
        isinstance(low_high, tuple)
        and len(low_high) == 2
        and all(map(_is_number, low_high))
        and 0 <= low_high[0] < low_high[1] <= 100,
        '"percentiles" must be two numbers between 0 and 100, the lower one first',
    )
    need(
        isinstance(info.classes, tuple) and all(isinstance(name, str) for name in info.classes),
        '"classes" must be a list of names',
    )
    need(
        info.spacing is None
        or (
            isinstance(info.spacing, tuple)
            and len(info.spacing) == 3
            and all(
                _is_number(length) and SMALLEST_VOXEL <= length <= LARGEST_VOXEL for length in info.spacing
            )
        ),
        f'"spacing" must be three lengths from {SMALLEST_VOXEL:g} to {LARGEST_VOXEL:g} micrometres',
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_COUNT


def _is_cell(value: Any) -> bool:
    return _is_count(value) and value <= MOST_CELL
