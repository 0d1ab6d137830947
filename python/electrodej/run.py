"""What all long work needs, made once by a door and handed on as one object."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from electrodej.errors import InputError
from electrodej.machine import available_cores, held_memory, usual_memory
from electrodej.progress import Progress, part, silent
from electrodej.workers import Workers, hired


@dataclass(frozen=True, kw_only=True)
class Run:
    """How work is to be done, whom it tells, and what there is to say beside its result.

    Attributes
    ----------
    jobs
        Threads; None for one on each core that the process may use.
    memory
        Bytes that may be used; None for 4 GiB, or half of what is free.
    scheduler
        Address of a Dask scheduler ("tcp://host:port") or a `distributed.Client` whose workers do the work;
        None for this process.
    force
        Replace outputs that exist.
    progress
        Told of the share done. It stops the work by raising `electrodej.errors.Cancelled`.
    notes
        What a person should know of the result, each once. Every door shows them.
    hear
        Told what is said while the work goes on: each note, and what else is of interest at once.
    watch
        Given, after each epoch of a training, a function from a grey section (Y, X) to what the network finds
        there now: particles, or phases from 1, as whole numbers.
    kept
        What a door keeps from one run to the next on the same image, by the name of who left it, so that only
        what changed is worked out anew. None where nothing is kept.
    """

    jobs: int | None = None
    memory: int | None = None
    scheduler: Any = None
    force: bool = False
    progress: Progress = silent
    notes: list[str] = field(default_factory=list)
    hear: Callable[[str], None] | None = None
    watch: Callable[[Callable[[Any], Any]], None] | None = None
    kept: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise InputError(f"jobs: {self.jobs} is no number of threads; give 1 or more")
        if self.memory is not None and self.memory < 1:
            raise InputError(f"memory: {self.memory} is no number of bytes; give 1 or more")

    @property
    def cores(self) -> int:
        """How many threads to use."""
        return self.jobs or available_cores()

    @property
    def room(self) -> int:
        """How many bytes to use."""
        return self.memory or usual_memory()

    def beside_what_is_held(self) -> Run:
        """Return the run of a part that begins while the process holds something, such as a network.

        What is held counts as used; a quarter of the memory is left in any case.
        """
        return replace(self, memory=max(self.room // 4, self.room - held_memory()))

    def note(self, *texts: str) -> None:
        """Say something beside the result, unless it was said."""
        for text in texts:
            if text not in self.notes:
                self.notes.append(text)
                self.say(text if text.startswith("WARNING") else f"note: {text}")

    def keep(self, notes: Iterable[str]) -> None:
        """Take notes over from a part that has said them."""
        self.notes.extend(note for note in notes if note not in self.notes)

    def say(self, text: str) -> None:
        """Say something that is of interest now, and no part of the result."""
        if self.hear is not None:
            self.hear(text)

    def quiet(self) -> Run:
        """Return the run of a part that is too short to tell how far it is."""
        return replace(self, progress=silent)

    def part(self, number: int, of: int, name: str = "") -> Run:
        """Return the run of one of several parts that take about equally long; see `progress.part`."""
        return replace(self, progress=part(self.progress, number, of, name))

    def workers(self) -> contextlib.AbstractContextManager[Workers]:
        """Return the threads or the cluster that tasks are given to."""
        return hired(self.scheduler, self.jobs, self.say)
