"""What an option holds, and any text.

`Kind.read` takes what was typed, `Kind.check` takes a value from Python, JSON or Fiji. Both return the value,
or raise ValueError with what comes after the option's name in a message: "'abc' is no number; give ...".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_LONGEST_QUOTE = 80  # characters of a value in a message


def quoted(value: Any, *, number: bool = False) -> str:
    """Return a value as a message shows it; what is long is cut. A ``number`` is shown as it was typed.

    >>> quoted("abc"), quoted(0.5, number=True), quoted("a" * 100)[-10:]
    ("'abc'", "'0.5'", "a...aaaaa'")
    """
    try:
        typed = number and isinstance(value, int | float)
        text = repr(str(value) if typed else value)
    except ValueError:  # Python writes no number of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 9]}...{text[-6:]}"


@dataclass(frozen=True)
class Kind:
    """Text as it was typed, and any value: the kind that all others are of."""

    metavar = "TEXT"

    def read(self, text: str) -> Any:
        return self.check(text)

    def check(self, value: Any) -> Any:
        return value

    def plain(self, value: Any) -> Any:
        """Return the value as JSON has it."""
        return list(value) if isinstance(value, tuple) else value

    def shown(self, value: Any) -> str:
        """Return the value as it is typed."""
        return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Text(Kind):
    """Any text.

    Attributes
    ----------
    metavar
        What stands for it in the help.
    """

    metavar: str = "TEXT"

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{quoted(value)} is no text")
        return value


@dataclass(frozen=True)
class Flag(Kind):
    """Yes or no; given without a value."""

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{quoted(value)} is neither true nor false")
        return value
