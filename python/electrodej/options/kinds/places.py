"""Where something is: a file, an image, other machines."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from electrodej.options.kinds.kind import Kind, Text, quoted


@dataclass(frozen=True)
class PathTo(Kind):
    """A file or a folder.

    Attributes
    ----------
    role
        "input" for what is there already, "output" for what is written, "folder" for a folder to write,
        "model" for a model's folder, file, or the name of a bundled one.
    suffixes
        What its name may end in, for dialogs.
    """

    metavar: str = "PATH"
    role: str = "input"
    suffixes: tuple[str, ...] = ()

    def check(self, value: Any) -> Any:
        if not isinstance(value, str | os.PathLike) or not os.fspath(value):
            raise ValueError(f"{quoted(value)} is no path; give the name of a file or a folder")
        return value

    def plain(self, value: Any) -> Any:
        return os.fspath(value)

    def shown(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class Pattern(Text):
    """Files or folders: a path, or a text with the signs ``*`` and ``?``."""

    def check(self, value: Any) -> str:
        return super().check(os.fspath(value) if isinstance(value, os.PathLike) else value)


@dataclass(frozen=True)
class Image(Kind):
    """An image: its path, an array, or an open `electrodej.volume.Volume`.

    Attributes
    ----------
    labels
        Whether it holds labels or phases, and no grey values.
    frames
        Whether its slices may be time points, as Fiji's StarDist plugin writes them.
    """

    metavar: str = "IMAGE"
    labels: bool = False
    frames: bool = False

    def check(self, value: Any) -> Any:
        if isinstance(value, str | os.PathLike):
            if not os.fspath(value):
                raise ValueError("'' is no path; give the name of a file or a folder")
        elif not hasattr(value, "shape"):
            raise ValueError(f"{quoted(value)} is no image; give a path, an array or an open volume")
        return value

    def plain(self, value: Any) -> Any:
        return self.shown(value)

    def shown(self, value: Any) -> str:
        return str(value if isinstance(value, str | os.PathLike) else getattr(value, "path", "array"))


@dataclass(frozen=True)
class Address(Kind):
    """The address of a Dask scheduler, or its client."""

    metavar: str = "ADDRESS"

    def check(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        from electrodej.workers import is_address

        if not is_address(value):
            raise ValueError(
                f"{quoted(value)} is no address of a Dask scheduler; give it like tcp://head-node:8786"
            )
        return value
