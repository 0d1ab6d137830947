"""A chain of verbs in one folder: each stage says the command that does the same."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from electrodej.options import Image, Option, PathTo, Settings
from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.verbs import find


@dataclass(frozen=True)
class Stage:
    """One step of a chain: the command that does the same, how long it took and what it wrote."""

    name: str
    command: str
    seconds: float
    output: str


@dataclass
class Chain:
    """Verbs that follow one another in a folder.

    Attributes
    ----------
    folder
        Where their files lie; the names that stages are given are those in it.
    run
        How they work.
    stages
        Those that are done.
    """

    folder: Path
    run: Run
    stages: list[Stage] = field(default_factory=list)

    def do(self, title: str, verb: str, output: str, **options: Any) -> Outcome:
        """Do a stage.

        Parameters
        ----------
        title
            What it is called.
        verb
            Name of the verb.
        output
            What it writes, for the report.
        options
            The verb's options.
        """
        found = find(verb)
        asked = found.make(**options)
        command = found.command(asked)
        self.run.say(f"$ {command}")
        start = time.perf_counter()
        outcome = found.run(self._placed(found, asked), replace(self.run, notes=[]))
        self.stages.append(Stage(title, command, round(time.perf_counter() - start, 2), output))
        return outcome

    def path(self, name: str) -> Path:
        """Return where a file of the chain lies."""
        return self.folder / name

    def _placed(self, verb: Verb, options: Settings) -> Settings:
        """Return the same options with the files in the folder."""
        values: Mapping[str, Any] = {
            each.name: self._put(each, value)
            for each in verb.options.options()
            if (value := options.value_of(each)) is not None and _is_file(each)
        }
        return options.changed(values)

    def _put(self, option: Option, value: Any) -> Any:
        if option.many:
            return tuple(self.folder / each for each in value)
        return self.folder / value


def _is_file(option: Option) -> bool:
    if isinstance(option.kind, PathTo):
        return option.kind.role != "model"
    return isinstance(option.kind, Image)


def absolute(path: os.PathLike[str]) -> str:
    """Return a path as a report names it."""
    return str(Path(path).absolute())
