"""What a Fiji script asks for: a verb with the values of its dialog, and a few things besides."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from electrodej import __version__
from electrodej.errors import InputError
from electrodej.fiji.commands import REPLACE, field_of, sent_as, title_of
from electrodej.fiji.images import opened
from electrodej.fiji.words import fields_of, in_fiji_words
from electrodej.files.plain import plain
from electrodej.options import Flag, Image, Option, PathTo
from electrodej.run import Run
from electrodej.verb import Verb
from electrodej.verbs import find
from electrodej.vocabulary import Spacing
from electrodej.worker.tasks import Arguments, Request

# What scripts of earlier versions ask for.
_FORMER = {"segment": "segment particles", "phases": "segment phases"}

# What is kept for each window, that was used last at the end.
_WINDOWS: dict[str, dict[str, Any]] = {}
_MOST_WINDOWS = 4


def requested(name: str) -> Request | None:
    """Return what does a verb with the values of a script, or None where there is no such verb.

    The values have the names of the command's fields. An image is a map, see `electrodej.fiji.images`; a
    field that is empty is not given. The answer has the verb's numbers, its ``text``, its ``notes`` and what
    ``made`` it. Where a window that measures the same image again and again says its name in ``window``, only
    what changed is measured, and the answer has ``renewed``, the particles that were.
    """
    try:
        verb = find(_FORMER.get(name, name))
    except KeyError:
        return None

    def do(arguments: Arguments, run: Run) -> Mapping[str, Any]:
        with contextlib.ExitStack() as stack:
            values = _values(verb, arguments, stack)
            _refuse_empty(verb, values)
            kept = _kept(arguments)
            outcome = verb.run(verb.make(**values), replace(_forced(run, arguments), kept=kept))
        if outcome.failure:
            raise InputError(outcome.failure)
        fields = fields_of(verb)
        notes = [in_fiji_words(note, fields) for note in run.notes]
        about = {"text": outcome.text, "notes": notes, "made": _made(verb, values)}
        if kept and "features" in kept:
            about["renewed"] = kept["features"].renewed
        return {**plain(outcome.numbers), **about}

    return do


def _refuse_empty(verb: Verb, values: Mapping[str, Any]) -> None:
    needs = () if verb.menu is None else verb.menu.needs
    for option in verb.options.options():
        if (option.required or option.name in needs) and option.name not in values:
            raise InputError(f'the field "{title_of(option)}" is empty: {option.help}')


def _made(verb: Verb, values: Mapping[str, Any]) -> str:
    """Say what made a result, for Image > Show Info."""
    models = values.get("model", ())
    names = [os.fspath(each) for each in ((models,) if isinstance(models, str | os.PathLike) else models)]
    return f"Made in Python by {verb.name}" + (f" with {', '.join(names)}" if names else "")


def _kept(arguments: Arguments) -> dict[str, Any] | None:
    """Return what is kept for a window; the windows that were used last keep it."""
    window = arguments.get("window")
    if not window:
        return None
    kept = _WINDOWS[str(window)] = _WINDOWS.pop(str(window), {})
    while len(_WINDOWS) > _MOST_WINDOWS:
        _WINDOWS.pop(next(iter(_WINDOWS)))
    return kept


def _forced(run: Run, arguments: Arguments) -> Run:
    return replace(run, force=bool(arguments.get(REPLACE)))


def _values(verb: Verb, arguments: Arguments, stack: contextlib.ExitStack) -> dict[str, Any]:
    values: dict[str, Any] = {}
    # Images are opened with the voxel size that was typed.
    options = sorted(verb.options.options(), key=lambda each: each.name != "spacing")
    for option in options:
        names = [sent_as(option)]
        # What a macro calls a field may be another option's own name.
        if not any(sent_as(other) == field_of(option, verb.menu) for other in options):
            names.append(field_of(option, verb.menu))
        given = next((arguments[name] for name in names if _is_given(arguments.get(name))), None)
        if given is None:
            continue
        value = _value(option, given, values.get("spacing"), stack)
        values[option.name] = (value,) if option.many else value
    return values


def _is_given(value: Any) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _value(option: Option, given: Any, spacing: Spacing | None, stack: contextlib.ExitStack) -> Any:
    if isinstance(option.kind, Image) and isinstance(given, Mapping):
        if given.get("file") and "voxel" not in given:
            return str(given["file"])
        return stack.enter_context(opened(given, role=option.title.lower() or option.name, spacing=spacing))
    if isinstance(option.kind, PathTo) and option.kind.role in ("output", "folder"):
        return os.path.abspath(os.path.expanduser(str(given)))  # noqa: PTH100, PTH111 - the user's spelling
    if isinstance(option.kind, Flag):
        return bool(given)
    try:
        return option.kind.read(given.strip()) if isinstance(given, str) else option.kind.check(given)
    except ValueError as error:
        raise InputError(f'"{title_of(option)}": {error}') from None


def _version(arguments: Arguments, run: Run) -> dict[str, Any]:  # noqa: ARG001 - a request's form
    """Say which ElectrodeJ and Python work here, and which extras they lack."""
    from electrodej.diagnosis import diagnose

    # A Fiji asks, whatever ELECTRODEJ_FIJI says.
    checks = [check for check in diagnose().checks if check.name != "Fiji"]
    return {
        "electrodej": __version__,
        "python": platform.python_version(),
        "program": sys.executable,
        "missing": [check.name for check in checks if check.status != "ok"],
    }


def _sample(arguments: Arguments, run: Run) -> dict[str, Any]:
    """Make a small synthetic electrode: grey.tif, labels.tif and phases.tif in ``folder``."""
    folder = str(arguments.get("folder") or "").strip()
    if not folder:
        raise InputError("no folder was given; choose one for the sample")
    verb = find("phantom")
    options = verb.make(folder=folder, shape=(64, 128, 128), spacing=(0.14,) * 3)
    found = verb.run(options, _forced(run, arguments)).numbers
    return {"folder": folder, "particles": found["particles"]}


def _learn(arguments: Arguments, run: Run) -> Mapping[str, Any]:
    """Train from what was drawn on open images."""
    from electrodej.worker.lessons import learn

    return learn(arguments, run)


def _glance(arguments: Arguments, run: Run) -> Mapping[str, Any]:
    """Show what a forest finds while somebody labels."""
    from electrodej.worker.glance import glance

    return glance(arguments, run)


def _rehearse(arguments: Arguments, run: Run) -> Mapping[str, Any]:
    """Load what a glance needs."""
    from electrodej.worker.glance import rehearse

    return rehearse(arguments, run)


# Beside the verbs.
REQUESTS: Mapping[str, Request] = {
    "version": _version,
    "sample": _sample,
    "learn": _learn,
    "glance": _glance,
    "rehearse": _rehearse,
}
