"""Running macro files."""

from pathlib import Path

import pytest

MACROS = Path(__file__).parents[2] / "macros"


@pytest.fixture
def run_macro(imagej):
    """Run a macro file with an argument; return what it returns."""

    def run(name, argument):
        return str(imagej.runMacro((MACROS / name).read_text(encoding="utf-8"), argument))

    return run
