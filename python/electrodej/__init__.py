"""ElectrodeJ measures battery electrodes imaged by X-ray nano-tomography.

The functions here take arrays; `electrodej.library` is their home. Rooms below have all the rest:
`electrodej.volume`, `electrodej.features`, `electrodej.networks` and so on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.library import (
        explain_damage,
        find_particles,
        find_phases,
        fuse,
        link,
        measure,
        morphology,
        report,
    )
    from electrodej.run import Run
    from electrodej.volume import open_volume

__version__ = "0.1.0"

__all__ = [
    "Run",
    "explain_damage",
    "find_particles",
    "find_phases",
    "fuse",
    "link",
    "measure",
    "morphology",
    "open_volume",
    "report",
]

_HOME = {"Run": "run", "open_volume": "volume"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in __all__:
        return getattr(import_module(f"electrodej.{_HOME.get(name, 'library')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
