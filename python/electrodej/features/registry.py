"""All that can be measured: the attributes, and what users have added to them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from electrodej.errors import InputError, UsageError
from electrodej.features.attributes import ATTRIBUTES, Attribute
from electrodej.features.own import OwnMeasure, Particle
from electrodej.vocabulary import PathLike


class UnknownAttributeError(InputError, UsageError):
    """There is no attribute or group of that name; on the command line that is wrong usage."""


_own: dict[str, OwnMeasure] = {}


def measure(
    name: str, *, unit: str, definition: str
) -> Callable[[Callable[[Particle], float]], Callable[[Particle], float]]:
    """Add a measure of one's own to the table.

    The function gets one `Particle` (``raw``, ``fill`` and ``grey`` arrays of its box with a rim of
    background, ``spacing``, ``label``) and returns a number, NaN where it is undefined.

    Parameters
    ----------
    name
        The column's name.
    unit
        The unit of what the function returns, "" for none.
    definition
        One sentence for the table's description.

    Examples
    --------
    >>> from electrodej.features import measure
    >>> @measure("BrightShare", unit="", definition="Share of the particle brighter than grey 200.")
    ... def bright_share(particle):
    ...     return float((particle.grey[particle.raw] > 200).mean())
    >>> from electrodej.features import forget
    >>> forget("BrightShare")
    """

    def add(function: Callable[[Particle], float]) -> Callable[[Particle], float]:
        if name in {attribute.name for attribute in ATTRIBUTES} or name in ("Image", "Label"):
            raise InputError(f'the measure "{name}" exists already; give yours another name')
        if name in _groups() or not name or name != name.strip() or "," in name:
            raise InputError(f'"{name}" cannot be the name of a measure; choose a word like BrightShare')
        _own[name] = OwnMeasure(name, unit, definition, function)
        return function

    return add


def forget(name: str) -> None:
    """Take a measure of one's own out again."""
    _own.pop(name, None)


def _groups() -> set[str]:
    return {group for attribute in ATTRIBUTES for group in attribute.groups} | {"all", "own"}


def own_measures() -> tuple[OwnMeasure, ...]:
    """The measures that were added with `measure`, in the order in which they were."""
    return tuple(_own.values())


def selected(
    choice: str | Iterable[str] | None,
) -> tuple[tuple[Attribute, ...], tuple[OwnMeasure, ...]]:
    """The attributes that ``choice`` names: None or "all", groups, names, or both, in table order.

    >>> [attribute.name for attribute in selected(["Volume", "Damage"])[0]]
    ['Volume', 'Damage']
    """
    if choice is None:
        choice = "all"
    words = [word.strip() for word in choice.split(",")] if isinstance(choice, str) else list(choice)
    known = {a.name for a in ATTRIBUTES} | set(_own)
    groups = _groups()
    for word in words:
        if word not in known and word not in groups:
            raise UnknownAttributeError(
                f'attributes: there is no attribute or group "{word}"; groups are '
                f"{', '.join(sorted(groups))}, and 'electrodej measure --list' prints all names"
            )
    wanted = set(words)
    every = "all" in wanted
    attributes = tuple(a for a in ATTRIBUTES if every or a.name in wanted or wanted & set(a.groups))
    own = tuple(m for m in _own.values() if every or "own" in wanted or m.name in wanted)
    return attributes, own


def listing() -> list[dict[str, str]]:
    """All attributes in the order of the table: ``name``, ``unit``, ``groups`` and ``definition``."""
    rows = [(a.name, a.unit, ", ".join(a.groups), a.definition) for a in ATTRIBUTES]
    rows += [(m.name, m.unit, "own", m.definition) for m in own_measures()]
    return [dict(zip(("name", "unit", "groups", "definition"), row, strict=True)) for row in rows]


def load_measures(path: PathLike) -> tuple[str, ...]:
    """Run a Python file that adds measures with `measure`, and return their names.

    Raises
    ------
    InputError
        The file cannot be run, or adds nothing. Then no measure is added.
    """
    if not Path(path).is_file():
        raise InputError(f"{path}: there is no such file; give a Python file that adds measures")
    before = dict(_own)
    try:
        _run_file(path)
        added = tuple(name for name, each in _own.items() if each is not before.get(name))
        if not added:
            raise InputError(
                f"{path}: adds no measure; decorate a function with @measure, see docs/features.md"
            )
    except BaseException:
        _restore(before)
        raise
    return added


def _run_file(path: PathLike) -> None:
    import runpy

    try:
        runpy.run_path(os.fspath(path))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except (Exception, SystemExit) as error:
        raise InputError(
            f"{path}: the measures could not be loaded: {type(error).__name__}: {error}"
        ) from error


def _restore(measures: dict[str, OwnMeasure]) -> None:
    _own.clear()
    _own.update(measures)


@contextlib.contextmanager
def with_measures(paths: Iterable[PathLike]) -> Iterator[None]:
    """Have the measures of some files in the table while the block runs.

    Raises
    ------
    InputError
        A file cannot be run or adds nothing, or two of them add a measure of the same name.
    """
    before = dict(_own)
    homes: dict[str, PathLike] = {}
    try:
        for path in paths:
            for name in load_measures(path):
                if name in homes:
                    raise InputError(f'{path}: {homes[name]} adds a measure "{name}" too; rename one of them')
                homes[name] = path
        yield
    finally:
        _restore(before)
