"""Fixtures that cost much and are shared by all rooms."""

from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(scope="session")
def imagej() -> Any:
    """The class ij.IJ of a real ImageJ 1.54p in this process. Where it cannot be had, the test fails."""
    from electrodej.fiji.jvm import start_light

    return start_light()
