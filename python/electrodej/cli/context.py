"""What a verb gets to talk to the person who called it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from electrodej.progress import Progress, silent


@dataclass
class Context:
    """Results go to stdout, everything else to stderr.

    Attributes
    ----------
    json
        The result is printed as one JSON object by the frame, so `say` prints nothing.
    quiet
        Neither progress nor notes.
    progress
        What a library function is given to report how far it is.
    """

    json: bool = False
    quiet: bool = False
    progress: Progress = field(default=silent)

    def say(self, text: str) -> None:
        """Print a result for a person to read."""
        if not self.json:
            sys.stdout.write(text.rstrip("\n") + "\n")

    def note(self, text: str) -> None:
        """Mention something beside the result."""
        if not self.quiet:
            self.finish_progress()
            sys.stderr.write(text.rstrip("\n") + "\n")

    def finish_progress(self) -> None:
        """End a progress bar that stands on the terminal, so that what follows starts on a new line."""
        close = getattr(self.progress, "close", None)
        if close is not None:
            close()


def counted(number: int, noun: str) -> str:
    """Return the number with its noun.

    >>> counted(1, "particle"), counted(0, "particle")
    ('1 particle', '0 particles')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
