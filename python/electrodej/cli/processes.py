"""Other processes: which ones a piece of work has started, and how they are ended."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

_SECONDS_TO_END = 5
_SECONDS_BETWEEN = 0.02


def started_by(process: int) -> list[psutil.Process]:
    """Return every process that this one has started, and what they have started, while it runs."""
    try:
        return psutil.Process(process).children(recursive=True)
    except psutil.Error:
        return []


def with_temporary(folder: Path) -> list[psutil.Process]:
    """Return the processes whose temporary folder this is, also when what started them has ended."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("TMPDIR") == str(folder):
                found.append(process)
        except (psutil.Error, OSError):  # it has ended, or is somebody else's
            continue
    return found


def end_all(processes: Iterable[psutil.Process]) -> None:
    """Kill processes and wait until they have let go of their files, some seconds at most."""
    left = list(processes)
    for process in left:
        try:
            process.kill()
        except psutil.Error:
            continue
    end = time.monotonic() + _SECONDS_TO_END
    while (left := [process for process in left if _holds_files(process)]) and time.monotonic() < end:
        time.sleep(_SECONDS_BETWEEN)


def _holds_files(process: psutil.Process) -> bool:
    try:
        # One that has ended and was not asked for its exit code is still listed.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
