"""How long work tells whoever started it how far it is.

Library functions take a ``progress`` callable and call it with what is done, what there is in all and
what is being done. A terminal bar, plain lines in a log and ImageJ's status bar are three such
callables; a callable that raises `electrodej.errors.Cancelled` stops the work.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called now and then with ``done`` of ``total`` units and a word on the stage."""

    def __call__(self, done: float, total: float, stage: str) -> None: ...


def silent(done: float, total: float, stage: str) -> None:
    """The progress of somebody who does not want to hear of it."""


def part(progress: Progress, number: int, of: int, name: str = "") -> Progress:
    """Return the progress of one of several parts that take about equally long.

    Parameters
    ----------
    progress
        That of the whole.
    number
        Which part, from 0.
    of
        How many there are.
    name
        Comes before what is said of a stage.

    Examples
    --------
    >>> second = part(lambda done, total, stage: print(done, total, stage), 1, 4, "view xz: ")
    >>> second(5, 10, "finding outlines")
    1.5 4 view xz: finding outlines
    """

    def told(done: float, total: float, stage: str) -> None:
        progress(number + min(done / total, 1.0) if total > 0 else number, of, f"{name}{stage}")

    return told
