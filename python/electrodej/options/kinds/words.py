"""Words: one of a few, or names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from electrodej.options.kinds.kind import Kind, quoted


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words, or of a few whole numbers."""

    values: tuple[Any, ...]

    @property
    def metavar(self) -> str:  # type: ignore[override] # a field of other kinds
        return "{" + ",".join(map(str, self.values)) + "}"

    def read(self, text: str) -> Any:
        for value in self.values:
            if str(value) == text:
                return value
        raise ValueError(self._refusal(text))

    def check(self, value: Any) -> Any:
        if value not in self.values:
            raise ValueError(self._refusal(value))
        return value

    def _refusal(self, value: Any) -> str:
        import difflib

        near = difflib.get_close_matches(str(value), list(map(str, self.values)), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"invalid choice: {quoted(value)} (choose from {', '.join(map(repr, self.values))}){hint}"


@dataclass(frozen=True)
class Names(Kind):
    """Names with commas between them.

    Attributes
    ----------
    numbered
        Whether a name's place matters, so that an empty one keeps its place and no two are the same.

    Examples
    --------
    >>> Names().read("pore, binder,particle")
    ('pore', 'binder', 'particle')
    >>> Names().read("A,,C"), Names(numbered=True).read("A,,C")
    (('A', 'C'), ('A', '', 'C'))
    """

    metavar: str = "A,B,..."
    numbered: bool = False

    def read(self, text: str) -> tuple[str, ...]:
        names = (name.strip() for name in text.split(","))
        return self._without_doubles(tuple(name for name in names if name or self.numbered))

    def check(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            return self.read(value)
        names = tuple(value) if isinstance(value, Iterable) else (value,)
        if not all(isinstance(name, str) for name in names):
            raise ValueError(f"{quoted(value)} are not names; give them as {self.metavar}")
        return self._without_doubles(names)

    def _without_doubles(self, names: tuple[str, ...]) -> tuple[str, ...]:
        double = next((name for name in names if name and names.count(name) > 1), None)
        if self.numbered and double is not None:
            raise ValueError(f"{double} names two classes; give each a name of its own, or leave one empty")
        return names

    def shown(self, value: Any) -> str:
        return ",".join(value)
