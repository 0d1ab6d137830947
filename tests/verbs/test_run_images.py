"""Which images `run` takes, and what it knows of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from electrodej.verbs.run import RunOptions, images
from electrodej.verbs.run.batch import _absolute_models


def test_groups_with_tabs_know_images_with_dots_in_their_names(tmp_path: Path):
    table = tmp_path / "groups.txt"
    table.write_text("image\tsample\nscan.v2\taged\n", encoding="utf-8")
    rows = images._groups(table)
    assert images._about(tmp_path / "scan.v2.tif", rows) == {"sample": "aged"}


@pytest.mark.parametrize("name", ["a.jpg", "b.BMP", "c.h5", "d.hdf5", "e.nxs"])
def test_all_that_can_be_opened_is_found_in_a_folder(tmp_path: Path, name: str):
    (tmp_path / name).touch()
    assert images.find_images([str(tmp_path)]) == ([tmp_path / name], True)


def test_models_are_named_so_that_a_worker_elsewhere_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    options = RunOptions(images=("scan.tif",), out="out", model="mine", phase_model="nmc-phases")
    assert _absolute_models(options) == {"model": tmp_path / "mine"}
