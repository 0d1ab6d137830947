"""Models as the workers of a cluster know them: they load anew what is no longer the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from electrodej.models.far import FarModel


class Engine:
    name, channels = "stand-in", 1

    def run(self, images: Any) -> Any:
        return images


def far(place: Path) -> FarModel:
    return FarModel.of(place, Engine(), "mine")


@pytest.mark.parametrize("changed", ["model.zip", "model.json", "semantic.json"])
@pytest.mark.parametrize("given", [".", "model.zip"])
def test_a_model_that_was_replaced_at_its_place_is_another_one(tmp_path: Path, given: str, changed: str):
    for name in ("model.zip", "model.json", "semantic.json"):
        (tmp_path / name).write_text("as it was")
    before = far(tmp_path / given)
    assert far(tmp_path / given) == before
    (tmp_path / changed).write_text("trained further")
    assert far(tmp_path / given) != before
