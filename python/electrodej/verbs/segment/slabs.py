"""What a segmentation that may be stopped keeps beside its output, to go on from there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from electrodej.files.checkpoint import Checkpoint


class KeptSlabs:
    """Finished slabs in a folder beside the output (``OUT.run``).

    Parameters
    ----------
    out
        The output.
    facts
        What the slabs depend on, as JSON has it: a run goes on only with the same facts.

    Raises
    ------
    electrodej.errors.InputError
        The slabs that are there are of another segmentation.
    electrodej.errors.OutputError
        Something else is in the way.
    """

    def __init__(self, out: str | os.PathLike[str], facts: Mapping[str, Any]) -> None:
        target = Path(out)
        folder = target.with_name(f"{target.name}.run")
        self._kept = Checkpoint(folder, "segmentation", facts, note="segment.json")
        self._kept.open()

    def finished(self, count: int, depth: int) -> int:
        """Return how many of ``count`` slices are done, from the first on, in slabs of ``depth``."""
        done = 0
        while done < count and self._kept.has(_name(done)):
            done = min(done + depth, count)
        return done

    def save(self, z0: int, parts: Mapping[str, NDArray[Any]]) -> None:
        """Keep a slab."""
        self._kept.save(_name(z0), parts)

    def load(self, z0: int) -> dict[str, NDArray[Any]]:
        """Return a slab that was kept."""
        return self._kept.load(_name(z0))

    def discard(self) -> None:
        """Remove the folder, once the output is written."""
        self._kept.discard()


def _name(z0: int) -> str:
    return f"slab-{z0:06d}"
