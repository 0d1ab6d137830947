"""The command line is tested as users have it: the installed program, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def program() -> str:
    """The installed `electrodej` beside the Python that runs the tests."""
    name = "electrodej.exe" if os.name == "nt" else "electrodej"
    return str(Path(sys.executable).parent / name)


@pytest.fixture
def electrodej(program: str, tmp_path: Path) -> Command:
    """Run `electrodej` with the words given, in an empty folder."""

    def run(*words: object, timeout: float = 240, **options: object) -> subprocess.CompletedProcess[str]:
        settings = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": timeout} | options
        return subprocess.run([program, *map(str, words)], check=False, **settings)  # type: ignore[call-overload]

    return run
