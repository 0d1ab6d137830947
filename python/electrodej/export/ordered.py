"""Sets that keep their order, for a library whose result depends on the order of sets."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, MutableSet
from typing import Generic, Self, TypeVar

Value = TypeVar("Value")


class OrderedSet(MutableSet[Value], Generic[Value]):
    """A set that gives its values in the order in which they came.

    >>> list(OrderedSet("banana").union("cab"))
    ['b', 'a', 'n', 'c']
    """

    def __init__(self, values: Iterable[Value] = ()) -> None:
        self._values = dict.fromkeys(values)

    def __contains__(self, value: object) -> bool:
        return value in self._values

    def __iter__(self) -> Iterator[Value]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def add(self, value: Value) -> None:
        """Add a value, behind the others."""
        self._values[value] = None

    def discard(self, value: Value) -> None:
        """Remove a value, if it is there."""
        self._values.pop(value, None)

    def update(self, *others: Iterable[Value]) -> None:
        """Add the values of others."""
        for other in others:
            self._values.update(dict.fromkeys(other))

    def union(self, *others: Iterable[Value]) -> Self:
        """Return the values of this one and of others."""
        whole = type(self)(self)
        whole.update(*others)
        return whole

    def intersection(self, other: Iterable[Value]) -> Self:
        """Return the values that another one has, too."""
        there = dict.fromkeys(other)
        return type(self)(value for value in self if value in there)

    def difference(self, other: Iterable[Value]) -> Self:
        """Return the values that another one has not."""
        there = dict.fromkeys(other)
        return type(self)(value for value in self if value not in there)

    def issubset(self, other: Iterable[Value]) -> bool:
        """Whether another one has all values."""
        there = dict.fromkeys(other)
        return all(value in there for value in self)


@contextlib.contextmanager
def ordered_sets(package: str) -> Iterator[None]:
    """Let the loaded modules of a package take `OrderedSet` where they say ``set``.

    The order of a built-in set of texts or objects is chance: it differs between processes, and between two
    calls in one.
    """
    modules = [
        module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == package and not hasattr(module, "set")
    ]
    for module in modules:
        # Modules do not say that they have it: it hides the built-in one.
        module.set = OrderedSet  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in modules:
            del module.set
