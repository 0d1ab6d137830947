"""Fixtures that cost much and are shared by all rooms."""

from typing import Any

import pytest


@pytest.fixture(scope="session")
def imagej() -> Any:
    """The class ij.IJ of a real ImageJ 1.54p in this process. Where it cannot be had, the test fails."""
    from electrodej.fiji.jvm import start_light

    return start_light()
