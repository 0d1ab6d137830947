"""A chain of verbs in one folder: each stage says the command that does the same."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.options import Image, Option, PathTo, Settings
from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.verbs import find

if TYPE_CHECKING:
    from electrodej.verbs.run.facts import Facts


@dataclass(frozen=True)
class Stage:
    """One step of a chain: the command that does the same, how long it took and what it wrote."""

    name: str
    command: str
    seconds: float
    output: str


@dataclass(frozen=True)
class Kept:
    """What is told of a stage when it is not done again: its numbers, how long it took, and its notes."""

    numbers: Mapping[str, Any]
    seconds: float = 0.0
    notes: Sequence[str] = ()


@dataclass
class Chain:
    """Verbs that follow one another in a folder.

    Attributes
    ----------
    folder
        Where their files lie; the names that stages are given are those in it.
    run
        How they work.
    facts
        What is known of finished stages, which are not done again; None for a chain that starts anew.
    typed_inside
        Whether the commands that it says are those of somebody who stands in the folder; else of whoever
        started it.
    stages
        Those that are done.
    """

    folder: Path
    run: Run
    facts: Facts | None = None
    typed_inside: bool = True
    stages: list[Stage] = field(default_factory=list)

    def do(self, title: str, verb: str, output: str, **options: Any) -> Outcome:
        """Do a stage, unless it is known to be finished.

        Parameters
        ----------
        title
            What it is called.
        verb
            Name of the verb.
        output
            What it writes, for the report.
        options
            The verb's options. A text that names a file is a name in the folder; a `Path` is taken as it is.
        """
        found = find(verb)
        named = found.make(**options)
        asked = self._placed(found, named)
        command = found.command(named if self.typed_inside else asked)
        if self.facts is not None and (known := self.facts.kept(title, found, asked)) is not None:
            self.run.say(f"finished before: {command}")
            self.stages.append(Stage(title, command, known.seconds, output))
            self.run.keep(known.notes)
            return Outcome(dict(known.numbers))
        self.run.say(f"$ {command}")
        start = time.perf_counter()
        started = {} if self.facts is None else self.facts.files()
        own = replace(
            self.run,
            # What an earlier stage said is not said again.
            notes=[] if self.facts is None else list(self.run.notes),
            force=self.run.force or self.facts is not None,
            scheduler=self.run.scheduler if "scheduler" in found.takes else None,
        )
        outcome = found.run(asked, own)
        seconds = round(time.perf_counter() - start, 2)
        self.stages.append(Stage(title, command, seconds, output))
        if self.facts is not None:
            new = own.notes[len(self.run.notes) :]
            self.run.keep(new)
            self.facts.remember(title, found, asked, Kept(outcome.numbers, seconds, new), since=started)
        return outcome

    def path(self, name: str) -> Path:
        """Return where a file of the chain lies."""
        return self.folder / name

    def _placed(self, verb: Verb, options: Settings) -> Settings:
        """Return the same options with the files in the folder."""
        values: Mapping[str, Any] = {
            each.name: self._put(each, value)
            for each in verb.options.options()
            if (value := options.value_of(each)) is not None and is_file(each)
        }
        return options.changed(values)

    def _put(self, option: Option, value: Any) -> Any:
        if option.many:
            return tuple(self._at(each) for each in value)
        return self._at(value)

    def _at(self, value: Any) -> Any:
        return self.folder / value if isinstance(value, str) else value


def is_file(option: Option) -> bool:
    """Whether an option names a file that a chain reads or writes; models lie elsewhere."""
    if isinstance(option.kind, PathTo):
        return option.kind.role != "model"
    return isinstance(option.kind, Image)


def absolute(path: os.PathLike[str]) -> str:
    """Return a path as a report names it."""
    return str(Path(path).absolute())
