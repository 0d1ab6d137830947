"""An engine whose errors say which model they are about."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from electrodej.errors import ElectrodeJError, InputError, one_line
from electrodej.models.engines.base import Engine, FloatArray
from electrodej.models.memory_errors import is_out_of_memory


@contextlib.contextmanager
def naming(place: Path, *, running: bool = False) -> Iterator[None]:
    """Have what fails inside, in an engine of whoever's make, be an `InputError` that names the model.

    ``running``: too little memory is left to the caller, who may take smaller tiles.
    """
    try:
        yield
    except InputError as error:
        said = str(error)
        raise InputError(said if said.startswith(str(place)) else f"{place}: {said}") from error
    except (ElectrodeJError, MemoryError):
        raise
    except ImportError as error:
        raise InputError(
            f"what runs {place} is installed and cannot be loaded ({one_line(error)}); install it anew; "
            "'electrodej doctor' says which it is"
        ) from error
    except Exception as error:  # each library has kinds of its own
        if is_out_of_memory(error):
            if running:
                raise  # smaller tiles may do
            raise InputError(
                f"there is not enough memory to load {place}; end other programs that use it"
            ) from error
        raise InputError(f"{place} cannot be run ({one_line(error)}); export or copy it anew") from error


class NamedEngine:
    """Another engine, all of whose attributes this one has.

    Parameters
    ----------
    engine
        What computes.
    place
        The folder or file of the model.
    """

    def __init__(self, engine: Engine, place: Path) -> None:
        self._engine, self._place = engine, place
        self.name, self.channels = engine.name, engine.channels

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # asked for before there is anything, where one is copied
            raise AttributeError(name)
        return getattr(self._engine, name)

    def run(self, images: FloatArray) -> FloatArray:
        """Return the output for images (N, Y, X, channels), or volumes."""
        with naming(self._place, running=True):
            found = self._engine.run(images)
            plain = found.ndim == images.ndim and len(found) == len(images) and all(found.shape[1:])
            if not plain or (self.channels and found.shape[-1] != self.channels):
                raise InputError(
                    f"{self._place} gives an array of the shape {found.shape} for {images.shape}, and an "
                    f"image of {self.channels} channels is wanted; export or copy it anew"
                )
            return found
