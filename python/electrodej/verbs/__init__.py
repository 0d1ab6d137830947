"""What ElectrodeJ does: one module for each verb, found by the folder it lies in.

A module has a `VERB`; the package of verbs that share their first word has a `GROUP` that names them. To add
a verb is to add a module. What is not part of ElectrodeJ is added with `add`.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from electrodej.errors import UsageError
from electrodej.run import Run
from electrodej.verb import Group, Outcome, Verb

# In the order a person meets them; what is not named here comes last.
_ORDER = (
    "demo",
    "phantom",
    "reconstruct",
    "check",
    "filter",
    "run",
    "train",
    "segment",
    "fuse",
    "link",
    "measure",
    "morphology",
    "mesh",
    "damage",
    "report",
    "score",
    "export",
    "verify",
    "fiji",
    "doctor",
)
_ADDED: dict[str, Verb] = {}


def names() -> list[str]:
    """Return the first words of all verbs, in order."""
    there = {module.name for module in pkgutil.iter_modules(__path__)}
    there |= {name.partition(" ")[0] for name in _ADDED}
    return sorted(there, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))


def load(name: str) -> Verb | Group:
    """Return the verb or the group that starts with a word; KeyError where there is none."""
    if name in _ADDED:
        return _ADDED[name]
    if name not in names():
        raise KeyError(name)
    module = importlib.import_module(f"{__name__}.{name}")
    found: Verb | Group = module.GROUP if hasattr(module, "GROUP") else module.VERB
    return found


def members(group: Group) -> dict[str, Verb]:
    """Return the verbs of a group by their second word."""
    return {name: importlib.import_module(f"{__name__}.{group.name}.{name}").VERB for name in group.members}


def all_verbs() -> Iterator[Verb]:
    """Yield every verb, in order."""
    for name in names():
        found = load(name)
        yield from members(found).values() if isinstance(found, Group) else (found,)


def in_menu() -> dict[str, Verb]:
    """Return the verbs that stand in Fiji's menu, by what they are called there."""
    return {verb.menu.title: verb for verb in all_verbs() if verb.menu is not None}


def find(name: str) -> Verb:
    """Return a verb by its whole name, "segment particles" for one; KeyError where there is none."""
    first, _, second = name.partition(" ")
    found = load(first)
    if isinstance(found, Group):
        return members(found)[second]
    if second:
        raise KeyError(name)
    return found


def add(verb: Verb) -> None:
    """Make a verb of one's own known to every door of this process."""
    if " " in verb.name:
        raise ValueError(f"a verb that is added has one word, not {verb.name!r}")
    _ADDED[verb.name] = verb


def remove(name: str) -> None:
    """Forget a verb that was added."""
    _ADDED.pop(name, None)


def do(name: str, /, *given: Any, **values: Any) -> Outcome:
    """Do a verb from Python.

    Parameters
    ----------
    name
        Its whole name.
    given
        What the shell takes without a name, in that order.
    values
        Its options by name, and of every run: ``force``, ``jobs``, ``memory``, ``scheduler``, ``progress``.

    Returns
    -------
    Outcome
        Numbers, files and text.

    Examples
    --------
    >>> do("measure", listing=True).numbers["attributes"][0]["name"]
    'X'
    """
    try:
        verb = find(name)
    except KeyError:
        whole = [each.name for each in all_verbs()]
        near = [each for each in whole if each.startswith(f"{name} ")]
        near = near or difflib.get_close_matches(name, whole, 1)
        meant = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise UsageError(f"there is no verb {name!r}{meant}") from None
    of_run = {field.name for field in fields(Run)}
    run = Run(**{name: values.pop(name) for name in of_run & values.keys()})
    positional = [each for each in verb.options.options() if each.positional]
    if given and positional and positional[-1].many and len(given) > len(positional):
        given = (*given[: len(positional) - 1], given[len(positional) - 1 :])
    values |= {each.name: value for each, value in zip(positional, given, strict=False)}
    return verb.run(verb.make(**values), run)
