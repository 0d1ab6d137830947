"""``run.log``: what was done and said, beside the outputs."""

from __future__ import annotations

import contextlib
import datetime
import platform
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from electrodej import __version__
from electrodej.errors import OutputError
from electrodej.run import Run

Write = Callable[[str], None]


@contextlib.contextmanager
def logged(path: Path, run: Run, *, command: str) -> Iterator[tuple[Run, Write]]:
    """Yield a run that says everything to a file too, each line with its time; notes are shared.

    With it comes what writes a line to the file alone.
    """
    try:
        file = path.open("a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror or error})") from error
    with file:

        def write(text: str) -> None:
            # A full disk stops the work where it matters, and not its log.
            with contextlib.suppress(OSError):
                file.write(f"{_now()} {text}\n")
                file.flush()

        def hear(text: str) -> None:
            write(text)
            if run.hear is not None:
                run.hear(text)

        with contextlib.suppress(OSError):
            file.write(
                f"{_now()} electrodej {__version__}, Python {platform.python_version()}, "
                f"{platform.system()}: {command}\n"
            )
        yield replace(run, hear=hear), write
        with contextlib.suppress(OSError):
            file.write(f"{_now()} end\n")


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")
