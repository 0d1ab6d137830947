"""What a segmentation that may be stopped keeps beside its output, to go on from there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, OutputError
from electrodej.files import keep_for_resume, whole_file

_STATE = "segment.json"
_FORMAT = "electrodej-segment-run"


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
        self.folder = target.with_name(f"{target.name}.run")
        keep_for_resume(self.folder)
        self._facts = json.loads(json.dumps(dict(facts)))
        if not self.folder.exists():
            self.folder.mkdir()
            with whole_file(self.folder / _STATE) as part:
                part.write_text(
                    json.dumps({"format": _FORMAT, "facts": self._facts}, indent=1) + "\n", "utf-8"
                )
            return
        known = self._known()
        for name in sorted({*self._facts, *known}):
            if self._facts.get(name) != known.get(name):
                raise InputError(
                    f"{self.folder} holds a segmentation with another {name!r}; give the same options and "
                    "files as then, or remove that folder to begin anew"
                )

    def _known(self) -> dict[str, Any]:
        try:
            state = json.loads((self.folder / _STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            state = None
        if not isinstance(state, dict) or state.get("format") != _FORMAT:
            raise OutputError(
                f"{self.folder} is in the way and no stopped segmentation; move it, or change --out"
            )
        return dict(state.get("facts") or {})

    def finished(self, count: int, depth: int) -> int:
        """Return how many of ``count`` slices are done, from the first on, in slabs of ``depth``."""
        done = 0
        while done < count and self._path(done).is_file():
            done = min(done + depth, count)
        return done

    def save(self, z0: int, parts: Mapping[str, NDArray[Any]]) -> None:
        """Keep a slab."""
        with whole_file(self._path(z0), force=True) as part, part.open("wb") as handle:
            np.savez(handle, allow_pickle=False, **parts)

    def load(self, z0: int) -> dict[str, NDArray[Any]]:
        """Return a slab that was kept."""
        path = self._path(z0)
        try:
            # Opened here, because NumPy leaves a damaged file open.
            with path.open("rb") as handle, np.load(handle, allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}
        except Exception as error:  # whatever a damaged file makes NumPy stumble over
            raise InputError(
                f"{path} is damaged, so the segmentation cannot go on; remove {self.folder} to begin anew"
            ) from error

    def discard(self) -> None:
        """Remove the folder, once the output is written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, z0: int) -> Path:
        return self.folder / f"slab-{z0:06d}.npz"
