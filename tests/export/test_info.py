"""The JSON beside a zip and in a model folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from electrodej.errors import InputError
from electrodej.models.info import ModelInfo, read_info, to_json

FULL = ModelInfo(
    kind="stardist",
    name="Körner",
    description="for grey slices",
    channels_out=33,
    grid=(2, 2),
    rays=32,
    probability_threshold=0.6,
    overlap_threshold=0.3,
    percentiles=(0.5, 99.9),
    size_divisor=16,
    context=94,
    classes=("particle",),
    spacing=(0.07, 0.07, 0.07),
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(to_json(FULL, file="model.zip", sha256="0" * 64), encoding="utf-8")
    assert read_info(path) == FULL


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "does not describe a model of ours"),
        ({"version": 2}, "is of version 2"),
        ({"kind": "gan"}, '"kind" must be one of'),
        ({"thresholds": 1}, "the field 'thresholds' is unknown"),
        ({"probability_threshold": 1.5}, '"probability_threshold" must lie between 0 and 1'),
        ({"percentiles": [99, 1]}, '"percentiles" must be two numbers'),
        ({"grid": [2]}, '"grid" must be two whole numbers'),
        ({"size_divisor": 0}, '"size_divisor" must be a whole number from 1'),
        ({"classes": [1]}, '"classes" must be a list of names'),
        ({"spacing": [0, 1, 1]}, '"spacing" must be three lengths'),
    ],
)
def test_what_makes_no_sense_is_named(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "electrodej.json"
    path.write_text(json.dumps({**FULL.as_dict(), **change}))
    with pytest.raises(InputError, match=message):
        read_info(path)


def test_only_the_kind_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "electrodej.json"
    path.write_text('{"format": "electrodej-model", "version": 1, "kind": "unet"}')
    assert read_info(path) == ModelInfo(kind="unet")
