"""The notebooks of the documentation: their code runs, and they are those of their sources."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
NAMES = ("in_memory", "from_files")


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(HOME / "tools"))
    import write_notebooks

    yield write_notebooks
    sys.modules.pop("write_notebooks", None)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_is_that_of_its_source_with_an_output_below_what_gives_one(tool, name):
    target = HOME / "docs" / "notebooks" / f"{name.replace('_', '-')}.ipynb"
    cells = json.loads(target.read_text(encoding="utf-8"))["cells"]
    source = (HOME / "tools" / "notebooks" / f"{name}.py").read_text(encoding="utf-8")
    assert [(cell["cell_type"], "".join(cell["source"])) for cell in cells] == tool.cells_of(source)
    assert any(cell["outputs"] for cell in cells if cell["cell_type"] == "code")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_code_of_a_notebook_runs(tool, name):
    names = {"__name__": "__main__"}
    source = (HOME / "tools" / "notebooks" / f"{name}.py").read_text(encoding="utf-8")
    for kind, text in tool.cells_of(source):
        if kind == "code":
            tool.execute(text, names)
