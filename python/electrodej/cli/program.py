"""From the words on the command line to an exit code.

0 the work is done; 1 the input is bad, said in one line; 2 the command was called wrongly, which its words
alone show, whatever the files hold. With ``--json`` each of them prints one object. What is said and returned
where the work is stopped is in `electrodej.cli.guard`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO, cast

from electrodej import __version__, verbs
from electrodej.cli.parser import WrongUsage, given_options, parse, run_of
from electrodej.cli.streams import ForgivingStream
from electrodej.errors import ElectrodeJError, InputError
from electrodej.files.plain import plain
from electrodej.progress import silent
from electrodej.progress.bars import shown_progress
from electrodej.unfinished import answer


def obey(words: Sequence[str]) -> int:
    """Run one verb in this process and return the exit code."""
    mend_surroundings()
    try:
        return _obey(words)
    except WrongUsage as wrong:
        sys.stderr.write(wrong.text)
        if "--json" in words:
            print_json({"error": wrong.reason})
        _let_go_of_stdout()
        return 2


def _obey(words: Sequence[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(_overview())
        return 0
    if words[0] in ("-V", "--version"):
        sys.stdout.write(f"electrodej {__version__}\n")
        return 0
    try:
        found = verbs.load(words[0])
    except KeyError:
        raise _unknown_verb(words[0]) from None
    return _run(words[0], parse(found, words[1:]))


def mend_surroundings() -> None:
    """Make up for what a daemon or a container may lack: open output streams, a place for compiled code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open to the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name may have bytes that are no text; they are shown as escapes.
        sys.stdout.reconfigure(errors="backslashreplace")
    if not isinstance(sys.stderr, ForgivingStream):
        sys.stderr = cast(TextIO, ForgivingStream(sys.stderr))
    places = [Path(__file__).parent, Path(os.path.expanduser("~"))]  # noqa: PTH111 - Path.home() may raise
    if "NUMBA_CACHE_DIR" not in os.environ and not any(os.access(place, os.W_OK) for place in places):
        import atexit
        import shutil
        import tempfile

        # A new folder each time: one with a known name could be prepared by somebody else.
        folder = tempfile.mkdtemp(prefix="electrodej-compiled-")
        os.environ["NUMBA_CACHE_DIR"] = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _overview() -> str:
    summaries = {name: verbs.load(name).summary for name in verbs.names()}
    width = max(len(name) for name in summaries)
    lines = [
        "usage: electrodej VERB ...",
        "",
        "Measure battery electrodes imaged by X-ray nano-tomography.",
        "",
        "verbs:",
        *(f"  {name:<{width}}  {summary}" for name, summary in summaries.items()),
        "",
        "electrodej VERB --help tells more about one of them.",
        "example: electrodej demo --out my-first-electrode",
    ]
    return "\n".join(lines) + "\n"


def _unknown_verb(word: str) -> WrongUsage:
    import difflib

    near = difflib.get_close_matches(word, verbs.names(), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    reason = f"there is no verb {word!r}{hint} (electrodej --help lists them)"
    return WrongUsage(f"electrodej: {reason}\n", reason)


def _run(name: str, parsed: argparse.Namespace) -> int:
    if not parsed.debug:
        # What a library warns of is for us to mend; a user cannot act on it.
        warnings.simplefilter("ignore")
    talk = _Talk(quiet=parsed.quiet)
    answered = finished = False
    try:
        run = run_of(parsed, progress=talk.progress, hear=talk.hear)
        options = parsed.verb.make(**given_options(parsed))
        outcome = parsed.verb.run(options, run)
        finished = True
        talk.finish_progress()
        answer()
        if outcome.text and not parsed.json:
            sys.stdout.write(outcome.text.rstrip("\n") + "\n")
        if outcome.failure:
            raise InputError(outcome.failure, result=outcome.numbers)
        answered = True
        if parsed.json:
            print_json({**outcome.numbers, "notes": run.notes})
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has gone; there is nobody left to tell what was found.
        _let_go_of_stdout()
        if not finished:
            with contextlib.suppress(OSError):
                sys.stderr.write(f"electrodej {name}: stopped, because what it wrote to was closed\n")
            return 1
    except Exception as error:
        if parsed.debug:
            raise
        talk.finish_progress()
        message, code = _explain(error)
        sys.stderr.write(f"electrodej {name}: {message}\n")
        if parsed.json and not answered:
            print_json({"error": message, **getattr(error, "result", {})})
        _let_go_of_stdout()
        return code
    return 0


class _Talk:
    """What is said beside the result, on stderr."""

    def __init__(self, *, quiet: bool) -> None:
        self.progress = silent if quiet else shown_progress()
        self._quiet = quiet

    def hear(self, text: str) -> None:
        """Mention something."""
        if not self._quiet:
            self.finish_progress()
            sys.stderr.write(text.rstrip("\n") + "\n")

    def finish_progress(self) -> None:
        """End a progress bar that stands on the terminal, so that what follows starts on a new line."""
        close = getattr(self.progress, "close", None)
        if close is not None:
            close()


def _let_go_of_stdout() -> None:
    """Write out what stdout holds, or have it dropped quietly where that cannot be."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain(error: Exception) -> tuple[str, int]:
    """Return the one line that the user reads, and the exit code."""
    if isinstance(error, ElectrodeJError):
        return _one_line(str(error)), error.exit_code
    if isinstance(error, MemoryError):
        return "there is not enough memory; give less of it with --memory, or use a smaller volume", 1
    if isinstance(error, OSError):
        return _one_line(f"{error.filename or 'the output'}: {error.strerror or error}"), 1
    kind = type(error).__name__
    return _one_line(f"internal error, {kind}: {error}; please report it with the output of --debug"), 1


def _one_line(text: str) -> str:
    return " ".join(text.split())


def print_json(result: Mapping[str, Any]) -> None:
    """Print one object on one line; what stdout cannot show is escaped the way JSON does it."""
    text = json.dumps(plain(result), allow_nan=False, ensure_ascii=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(plain(result), allow_nan=False, default=str)
    sys.stdout.write(text + "\n")
