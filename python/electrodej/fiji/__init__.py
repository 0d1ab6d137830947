"""ElectrodeJ's doors into ImageJ and Fiji.

`connect` opens ImageJ or a Fiji in this process; what it returns converts images and tables both ways,
measures, and runs the menu's scripts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.fiji.connection import Connection, connect, measure

__all__ = ["Connection", "connect", "measure"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from electrodej.fiji import connection

    return getattr(connection, name)
