"""Rooms that are also functions of the library.

`electrodej.morphology` and `electrodej.report` are rooms, and the names of two functions that a person
expects of ``import electrodej as ej``. Importing a room puts it into the package under its name; so the room
itself can be called, and does what the function of the library does.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class CallableRoom(ModuleType):
    """A room that does what the function of its name in `electrodej.library` does."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        from importlib import import_module

        function = getattr(import_module("electrodej.library"), self.__name__.rpartition(".")[2])
        return function(*given, **named)


def make_callable(room: str) -> None:
    """Let a room be called; for the room's own ``__init__``."""
    sys.modules[room].__class__ = CallableRoom
