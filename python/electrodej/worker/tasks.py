"""One task: done, told of while it works, and answered with outputs or one sentence that a user can read."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from electrodej import __version__
from electrodej.errors import Cancelled, ElectrodeJError, InputError, MissingExtraError
from electrodej.fiji.words import fields_of, in_fiji_words
from electrodej.progress import Progress
from electrodej.run import Run
from electrodej.worker.logs import LOG, log_file

Arguments = Mapping[str, Any]
Request = Callable[[Arguments, Run], Mapping[str, Any]]

_SECONDS_BETWEEN_WORDS = 0.1
_STEPS = 1000
_UNITY = threading.Lock()

# What is asked again and again beside the commands waits for none: the answer is that Python is busy.
_BESIDE = ("glance", "rehearse")


def perform(do: Request | None, task: Any, verb: str, arguments: Arguments) -> None:
    """Do one task and answer it: outputs, cancelled, or one sentence.

    Parameters
    ----------
    do
        Does it; None where nobody knows the verb.
    task
        Appose's task: ``update``, ``cancel``, ``fail``, ``outputs``, ``cancel_requested``.
    verb
        What it is called.
    arguments
        Its values, as the script sent them.
    """
    began = time.monotonic()
    LOG.info("%s %s", verb, {name: _brief(value) for name, value in arguments.items()})
    progress = Reporter(task)
    try:
        if do is None:
            raise InputError(
                f"this ElectrodeJ ({__version__}) knows no task {verb!r}; "
                "install the scripts and the Python package of the same version"
            )
        with _one_at_a_time(progress, waits=verb not in _BESIDE) as mine:
            run = Run(progress=progress, hear=partial(_say, progress, verb))
            outputs = dict(do(arguments, run)) if mine else {"busy": True}
    except Cancelled:
        LOG.info("%s cancelled", verb)
        task.cancel()
    except MissingExtraError as error:
        LOG.info("%s: %s", verb, error)
        task.fail(_in_this_fiji(error))
    except ElectrodeJError as error:
        LOG.info("%s: %s", verb, error)
        task.fail(in_fiji_words(str(error), _fields(verb)))
    except MemoryError:
        LOG.exception("%s", verb)
        task.fail(
            "there is not enough memory for this image; choose a smaller part of it or a larger machine"
        )
    except Exception as error:
        LOG.exception("%s", verb)
        task.fail(
            f"ElectrodeJ met an error of its own ({type(error).__name__}: {_first_line(error)}); "
            f"please report it with the log {log_file() or '(none was kept)'}"
        )
    else:
        LOG.info("%s done in %.2f s", verb, time.monotonic() - began)
        task.outputs.update(outputs)


def _in_this_fiji(error: MissingExtraError) -> str:
    """Return what somebody who clicks can do where a part of Python is missing."""
    needs, _, command = str(error).partition("; run: ")
    if error.extra != "train":
        return f"{needs}; run in the Python that is set up: {command}"
    return f'{needs}; run Plugins > ElectrodeJ > Set Up Python, build one and tick "With training"'


def _fields(name: str) -> dict[str, str]:
    """What a dialog calls the options of a verb; nothing for what is no verb."""
    from electrodej.verbs import find

    try:
        return fields_of(find(name))
    except KeyError:
        return {}


def _say(progress: Reporter, verb: str, text: str) -> None:
    LOG.info(text)
    progress.say(in_fiji_words(text, _fields(verb)))


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

    def say(self, text: str) -> None:
        """Say something that is of interest at once, for ImageJ's Log window."""
        self._task.update(info={"said": text})


@contextlib.contextmanager
def _one_at_a_time(progress: Progress, *, waits: bool) -> Iterator[bool]:
    """Let tasks follow one another: two at once would need twice the memory.

    What is given is False where another one works and this one does not wait.
    """
    while not _UNITY.acquire(timeout=_SECONDS_BETWEEN_WORDS):
        if not waits:
            yield False
            return
        progress(0, 1, "waiting for the task before")
    try:
        yield True
    finally:
        _UNITY.release()


def _brief(value: Any) -> Any:
    if isinstance(value, Mapping) and "array" in value:
        return {**value, "array": str(value["array"])}
    return value


def _first_line(error: BaseException) -> str:
    return (str(error) or "no message").splitlines()[0]
