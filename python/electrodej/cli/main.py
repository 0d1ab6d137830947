"""From the words on the command line to an exit code.

0 the work is done; 1 the input is bad, said in one line; 2 the command was called wrongly, which its words
alone show, whatever the files hold; 130 stopped by Ctrl-C and 143 by a termination signal, with nothing
half written. With ``--json`` each of them prints one object.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import os
import signal
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO, cast

from electrodej import __version__
from electrodej.cli.context import Context
from electrodej.cli.terminal import ForgivingStream, make_progress
from electrodej.cli.verbs import SUMMARIES, Verb, load
from electrodej.errors import ElectrodeJError

_SECONDS_BETWEEN_LOOKS = 0.1


class WrongUsage(Exception):
    """The words on the command line make no sense; carries what is shown and the reason in one line."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(reason)
        self.text, self.reason = text, reason


class _Stopped(BaseException):
    """The process was told to end; carries the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code."""
    _mend_surroundings()
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _obey(words)
    except WrongUsage as wrong:
        sys.stderr.write(wrong.text)
        if "--json" in words:
            _print_json({"error": wrong.reason})
        _let_go_of_stdout()
        return 2
    except KeyboardInterrupt:
        # Before the work began, so there is nothing to tidy up.
        return 130


def _obey(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(_overview())
        return 0
    if words[0] in ("-V", "--version"):
        sys.stdout.write(f"electrodej {__version__}\n")
        return 0
    if words[0] not in SUMMARIES:
        raise _unknown_verb(words[0])
    verb = load(words[0])
    options = make_parser(words[0], verb).parse_args(words[1:])
    return _run(words[0], verb, options)


def _mend_surroundings() -> None:
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
    width = max(len(name) for name in SUMMARIES)
    lines = [
        "usage: electrodej VERB ...",
        "",
        "Measure battery electrodes imaged by X-ray nano-tomography.",
        "",
        "verbs:",
        *(f"  {name:<{width}}  {summary}" for name, summary in SUMMARIES.items()),
        "",
        "electrodej VERB --help tells more about one of them.",
        "example: electrodej demo --out my-first-electrode",
    ]
    return "\n".join(lines) + "\n"


def _unknown_verb(word: str) -> WrongUsage:
    import difflib

    near = difflib.get_close_matches(word, SUMMARIES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    reason = f"there is no verb {word!r}{hint} (electrodej --help lists them)"
    return WrongUsage(f"electrodej: {reason}\n", reason)


class _Parser(argparse.ArgumentParser):
    """Leaves it to `main` to say what is wrong, because with --json that is said twice."""

    def error(self, message: str) -> NoReturn:
        raise WrongUsage(f"{self.format_usage()}{self.prog}: error: {message}\n", _one_line(message))


def make_parser(name: str, verb: Verb) -> argparse.ArgumentParser:
    """Return the parser of one verb's options."""
    parser = _Parser(
        prog=f"electrodej {name}",
        description=verb.HELP,
        epilog=f"example:\n  {verb.EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verb.add_arguments(parser)
    return parser


def _run(name: str, verb: Verb, options: argparse.Namespace) -> int:
    if not options.debug:
        # What a library warns of is for us to mend; a user cannot act on it.
        warnings.simplefilter("ignore")
    context = Context(json=options.json, quiet=options.quiet, progress=make_progress(quiet=options.quiet))
    answered = False
    # While a verb works, a library may have put something else in its place.
    stdout = sys.stdout
    try:
        result = _run_stoppable(verb, options, context)
        context.finish_progress()
        answered = True
        if options.json:
            _print_json(result)
        sys.stdout.flush()
    except (_Stopped, KeyboardInterrupt) as stop:
        sys.stdout = stdout
        _leave(stop.code if isinstance(stop, _Stopped) else 130, context, answered=answered)
    except BrokenPipeError:
        # Whoever read the output has gone; there is nobody left to tell.
        _let_go_of_stdout()
    except Exception as error:
        if options.debug:
            raise
        context.finish_progress()
        message, code = _explain(error)
        sys.stderr.write(f"electrodej {name}: {message}\n")
        if options.json and not answered:
            _print_json({"error": message, **getattr(error, "result", {})})
        _let_go_of_stdout()
        return code
    return 0


def _let_go_of_stdout() -> None:
    """Write out what stdout holds, or have it dropped quietly where that cannot be."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run_stoppable(verb: Verb, options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Run the verb on a thread of its own, so that a signal is heard while native code is at work."""
    outcome: list[Mapping[str, Any]] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(verb.run(options, context))
        except BaseException as error:  # handed to the main thread, which raises it
            failure.append(error)

    _listen_for_termination()
    thread = threading.Thread(target=work, name="electrodej", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_SECONDS_BETWEEN_LOOKS)
    if failure:
        raise failure[0]
    return outcome[0]


def _listen_for_termination() -> None:
    if threading.current_thread() is not threading.main_thread():
        return

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is the signal module's
        _hear_no_more()
        raise _Stopped(128 + number)

    signal.signal(signal.SIGTERM, stop)


def _hear_no_more() -> None:
    """Let signals go while the program ends: `timeout`, for one, sends two."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _leave(code: int, context: Context, *, answered: bool) -> NoReturn:
    """End at once: threads may be deep in native code, so nothing waits for them."""
    _hear_no_more()
    from electrodej.files import discard_unfinished, kept_for_resume

    discard_unfinished()
    _end_children()
    context.finish_progress()
    message = "stopped; unfinished outputs were removed"
    if kept := kept_for_resume():
        places = " and ".join(map(str, kept))
        message += f"; the same command with --resume goes on from what is finished in {places}"
    sys.stderr.write(f"electrodej: {message}\n")
    sys.stderr.flush()
    if context.json and not answered:
        with contextlib.suppress(OSError, ValueError):
            _print_json({"error": message})
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)


def _end_children() -> None:
    import psutil

    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.Error:
            continue


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


def _print_json(result: Mapping[str, Any]) -> None:
    """Print one object on one line; what stdout cannot show is escaped the way JSON does it."""
    text = json.dumps(_plain(result), allow_nan=False, ensure_ascii=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(_plain(result), allow_nan=False, default=str)
    sys.stdout.write(text + "\n")


def _plain(value: Any) -> Any:
    """Turn numpy scalars and arrays into what JSON has; what is not finite becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
