"""Folders for the meanwhile, and inputs that an output would take with it."""

from __future__ import annotations

import pytest

from electrodej.errors import OutputError
from electrodej.files import check_target, scratch_folder


def test_a_scratch_folder_is_gone_afterwards_even_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), scratch_folder(tmp_path / "out.tif") as folder:  # noqa: PT012 - the block itself raises
        (folder / "part").write_bytes(b"1")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_an_output_never_replaces_the_folder_that_an_input_lies_in(tmp_path):
    data = tmp_path / "project" / "data"
    data.mkdir(parents=True)
    with pytest.raises(OutputError, match="would be lost"):
        check_target(tmp_path / "project", force=True, inputs=[data])
