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
