"""The Python side of ElectrodeJ's Fiji commands: verbs as Appose tasks.

A Fiji script starts one such process, keeps it, and sends it tasks. The source text of a task never
changes; what the user chose travels in the task's inputs. While a task works it tells ImageJ how far it
is, and it stops when ImageJ asks; it ends with outputs or with one sentence that the user can read. What
went on in full is kept in a log file.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from electrodej import __version__
from electrodej.errors import Cancelled, ElectrodeJError, InputError
from electrodej.extras import require
from electrodej.progress import Progress

Arguments = Mapping[str, Any]
Verb = Callable[[Arguments, Progress], Mapping[str, Any]]

_LOG = logging.getLogger("electrodej.fiji.worker")
_LOGS_KEPT = 20
_SECONDS_BETWEEN_WORDS = 0.1
_STEPS = 1000
_UNITY = threading.Lock()

# What messages call an option on the command line, and what the same thing is called in Fiji.
_FIJI_WORDS = (
    ("with --spacing Z,Y,X", "in the field Voxel size, as Z,Y,X"),
    ("with --memory", "in Edit > Options > Memory & Threads"),
    ("give --force to", "tick Replace existing files to"),
)


def perform(verbs: Mapping[str, Verb], task: Any, verb: str, arguments: Arguments) -> None:
    """Do one task and answer it: outputs, cancelled, or one sentence.

    Parameters
    ----------
    verbs
        What can be done, by name.
    task
        Appose's task: ``update``, ``cancel``, ``fail``, ``outputs``, ``cancel_requested``.
    verb
        Which of the verbs.
    arguments
        Its values, as the script sent them.
    """
    began = time.monotonic()
    _LOG.info("%s %s", verb, {name: _brief(value) for name, value in arguments.items()})
    progress = Reporter(task)
    try:
        if verb not in verbs:
            raise InputError(
                f"this ElectrodeJ ({__version__}) knows no task {verb!r}; "
                "install the scripts and the Python package of the same version"
            )
        with _one_at_a_time(progress):
            outputs = dict(verbs[verb](arguments, progress))
    except Cancelled:
        _LOG.info("%s cancelled", verb)
        task.cancel()
    except ElectrodeJError as error:
        _LOG.info("%s: %s", verb, error)
        task.fail(in_fiji_words(str(error)))
    except MemoryError:
        _LOG.exception("%s", verb)
        task.fail(
            "there is not enough memory for this image; choose a smaller part of it or a larger machine"
        )
    except Exception as error:
        _LOG.exception("%s", verb)
        task.fail(
            f"ElectrodeJ met an error of its own ({type(error).__name__}: {_first_line(error)}); "
            f"please report it with the log {log_file() or '(none was kept)'}"
        )
    else:
        _LOG.info("%s done in %.2f s", verb, time.monotonic() - began)
        task.outputs.update(outputs)


class Reporter:
    """A `electrodej.progress.Progress` that speaks to ImageJ's status bar and hears its Cancel."""

    def __init__(self, task: Any) -> None:
        self._task = task
        self._last = 0.0
        self._stage = ""
        self._lock = threading.Lock()

    def __call__(self, done: float, total: float, stage: str) -> None:
        """Tell how far the work is; raise `electrodej.errors.Cancelled` where the user wants it to stop."""
        if self._task.cancel_requested:
            raise Cancelled("cancelled")
        now = time.monotonic()
        with self._lock:
            if stage == self._stage and now - self._last < _SECONDS_BETWEEN_WORDS:
                return
            self._last, self._stage = now, stage
        share = min(1.0, max(0.0, done / total)) if total > 0 else 0.0
        self._task.update(message=stage, current=round(share * _STEPS), maximum=_STEPS)


def in_fiji_words(message: str) -> str:
    """Return a message with Fiji's fields in place of the command line's options.

    >>> in_fiji_words("t.csv exists already; give --force to replace it")
    't.csv exists already; tick Replace existing files to replace it'
    """
    for option, field in _FIJI_WORDS:
        message = message.replace(option, field)
    return message


@contextlib.contextmanager
def _one_at_a_time(progress: Progress) -> Iterator[None]:
    """Let tasks follow one another: two at once would need twice the memory."""
    while not _UNITY.acquire(timeout=_SECONDS_BETWEEN_WORDS):
        progress(0, 1, "waiting for the task before")
    try:
        yield
    finally:
        _UNITY.release()


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
    """A stream that passes on whole lines, so that the answers of two threads never mix."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._begun = threading.local()

    def write(self, text: str) -> int:
        """Keep ``text`` until its line is whole."""
        line = getattr(self._begun, "text", "") + text
        whole, newline, rest = line.rpartition("\n")
        self._begun.text = rest
        if newline:
            with self._lock:
                self._stream.write(whole + newline)
                self._stream.flush()
        return len(text)

    def flush(self) -> None:
        """Whole lines are passed on at once."""


def keep_log(folder: Path) -> Path | None:
    """Write a log of this process into ``folder``; return its file, or None where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path = folder / f"worker-{stamp}-{os.getpid()}.log"
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("electrodej")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    _LOG.info("ElectrodeJ %s, Python %s (%s)", __version__, sys.version.split()[0], sys.executable)
    for old in sorted(folder.glob("worker-*.log"))[:-_LOGS_KEPT]:
        with contextlib.suppress(OSError):
            old.unlink()
    return path


def log_file() -> Path | None:
    """Return the file that this process logs to, if there is one."""
    for handler in logging.getLogger("electrodej").handlers:
        if isinstance(handler, logging.FileHandler):
            return Path(handler.baseFilename)
    return None


def _brief(value: Any) -> Any:
    if isinstance(value, Mapping) and "array" in value:
        return {**value, "array": str(value["array"])}
    return value


def _first_line(error: BaseException) -> str:
    return (str(error) or "no message").splitlines()[0]
