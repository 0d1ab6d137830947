"""The process that works for one Fiji until that hangs up."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path
from typing import Any

from electrodej.extras import require
from electrodej.worker.logs import keep_log

_ANSWER = '{"'  # how each begins


def serve(arguments: list[str] | None = None) -> int:
    """Work for one Appose service until it hangs up.

    Parameters
    ----------
    arguments
        ``--logs DIR``: where to keep the log.
    """
    parser = argparse.ArgumentParser(description="ElectrodeJ's worker for Fiji; Fiji's scripts start it.")
    parser.add_argument("--logs", type=Path, metavar="DIR")
    logs = parser.parse_args(arguments).logs
    appose = require("appose.python_worker", what="talking to Fiji", extra="fiji")
    if logs is not None:
        keep_log(logs)
    # On Windows numpy cannot be imported once another thread waits for standard input.
    require("numpy", what="ElectrodeJ", extra="fiji")
    _give_answers_their_own_stream()
    worker = appose.Worker()
    worker.run()
    # Nobody listens any more: what still works may stop.
    for task in list(worker.tasks.values()):
        task.cancel_requested = True
    return 0


def _give_answers_their_own_stream() -> None:
    """Keep what libraries print, in Python or below, out of the stream that answers travel in."""
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = WholeLines(answers)


class WholeLines:
    """A stream that passes on whole answers, so that those of two threads never mix.

    An answer is an object of JSON on a line of its own. Whatever else is printed goes to stderr.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._begun = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Keep ``text`` until its line is whole."""
        begun = getattr(self._begun, "text", "")
        if begun and text.startswith(_ANSWER):
            # A library has left its line open.
            begun += "\n"
        whole, newline, self._begun.text = (begun + text).rpartition("\n")
        for line in whole.split("\n") if newline else ():
            if line.startswith(_ANSWER):
                with self._lock:
                    self._stream.write(line + newline)
                    self._stream.flush()
            else:
                sys.stderr.write(line + newline)
        return len(text)

    def flush(self) -> None:
        """Whole lines are passed on at once."""
