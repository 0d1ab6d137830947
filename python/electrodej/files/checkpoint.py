"""What long work keeps beside its output while it goes on, so that it can be taken up again after a stop.

A checkpoint is a folder. Its note says what the work depends on (the facts); what is finished lies beside it.
Work goes on only with the same facts.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, OutputError
from electrodej.files.arrays import read_arrays
from electrodej.files.atomic import whole_file
from electrodej.files.json_files import read_json
from electrodej.files.parts import is_part
from electrodej.unfinished import keep_for_resume

Arrays = Mapping[str, NDArray[Any]]


class Checkpoint:
    """The folder of one piece of work.

    Parameters
    ----------
    folder
        Where it is; its parent is there.
    what
        What the work is called in messages: "training".
    facts
        What the result depends on, as JSON has it.
    note
        Name of the file that says so.
    again
        What a person does to begin anew: "give --force instead of --resume".

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     kept = Checkpoint(Path(place) / "out.run", "counting", {"upto": 3}, note="counting.json")
    ...     _ = kept.open()
    ...     kept.save("first", {"counted": np.arange(3)})
    ...     kept.has("first"), kept.load("first")["counted"].tolist(), kept.has("second")
    (True, [0, 1, 2], False)
    """

    def __init__(
        self,
        folder: Path,
        what: str,
        facts: Mapping[str, Any],
        *,
        note: str = "checkpoint.json",
        again: str = "remove that folder to begin anew",
    ) -> None:
        self.folder, self.what, self.again = folder, what, again
        self.facts: dict[str, Any] = json.loads(json.dumps(dict(facts)))
        self._note = note

    @property
    def is_one(self) -> bool:
        """Whether the folder holds such work."""
        return self._read() is not None

    def state(self) -> dict[str, Any]:
        """Return what the note says beside the facts; nothing where there is no such work.

        Raises
        ------
        electrodej.errors.InputError
            The work depends on other facts.
        """
        known = self._read()
        if known is None:
            return {}
        facts = known.get("facts")
        if not isinstance(facts, dict):
            raise self.damaged(self._note)
        for name in sorted({*self.facts, *facts}):
            if self.facts.get(name) != facts.get(name):
                raise InputError(
                    f"{self.folder} holds a {self.what} with another {name!r}; give the same options and "
                    f"data as then, or {self.again}"
                )
        return known

    def check_free(self) -> None:
        """Refuse a folder that is something else.

        Raises
        ------
        electrodej.errors.OutputError
            It is in the way.
        """
        if not self.folder.parent.is_dir():
            raise OutputError(f"{self.folder.parent} does not exist; create it first")
        filled = self.folder.exists() and not (
            self.folder.is_dir() and all(map(is_part, self.folder.iterdir()))
        )
        if filled and not self.is_one:
            raise OutputError(
                f"{self.folder} is in the way and no stopped {self.what}; move it, or change --out"
            )

    def open(self, **state: Any) -> dict[str, Any]:
        """Take the work up, or begin it; return what the note says.

        Raises
        ------
        electrodej.errors.OutputError
            Something else is in the way.
        electrodej.errors.InputError
            The work depends on other facts.
        """
        self.check_free()
        keep_for_resume(self.folder)
        if not self.is_one:
            self.write(**state)
        return self.state()

    def write(self, **state: Any) -> None:
        """Write the note: the facts, and what else is to be known when the work goes on."""
        self.folder.mkdir(exist_ok=True)
        text = json.dumps({"format": self._format, "version": 1, "facts": self.facts, **state}, indent=1)
        with whole_file(self.folder / self._note, force=True) as part:
            part.write_text(text + "\n", encoding="utf-8")

    def has(self, name: str) -> bool:
        """Whether arrays were saved under a name."""
        return self._path(name).is_file()

    def names(self) -> list[str]:
        """Return the names that arrays were saved under."""
        return sorted(path.stem for path in self.folder.glob("*.npz") if not is_part(path))

    def save(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name."""
        with whole_file(self._path(name), force=True) as part, part.open("wb") as handle:
            np.savez(handle, allow_pickle=False, **arrays)

    def load(self, name: str) -> dict[str, NDArray[Any]]:
        """Return arrays that were saved.

        Raises
        ------
        electrodej.errors.InputError
            They are missing or damaged.
        """
        try:
            return read_arrays(self._path(name))
        except Exception as error:  # whatever a damaged file makes NumPy stumble over
            raise self.damaged(self._path(name).name) from error

    def keep_only(self, wanted: Callable[[str], bool]) -> None:
        """Remove arrays whose names are no longer wanted."""
        for name in self.names():
            if not wanted(name):
                self._path(name).unlink()

    def discard(self) -> None:
        """Remove the folder, once the output is written."""
        if self.folder.is_dir() and self.is_one:
            shutil.rmtree(self.folder, ignore_errors=True)

    def damaged(self, name: str) -> InputError:
        """Return the error of a file in the folder that cannot be read."""
        return InputError(
            f"{self.folder / name} is missing or damaged, so the {self.what} cannot go on; {self.again}"
        )

    @property
    def _format(self) -> str:
        return f"electrodej-{self.what.replace(' ', '-')}-run"

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def _read(self) -> dict[str, Any] | None:
        try:
            known = read_json(self.folder / self._note)
        except (OSError, InputError):
            return None
        fine = isinstance(known, dict) and known.get("format") == self._format
        return known if fine and known.get("version", 1) == 1 else None
