"""Compiled work on an array, shared by threads slab by slab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from electrodej.run import Run


def over(run: Run, slices: int, stage: str, work: Callable[..., Any], *arguments: Any) -> None:
    """Call ``work(*arguments, first, last)`` so that all slices are covered once."""
    parts = max(1, min(slices, 4 * run.cores))
    edges = [slices * part // parts for part in range(parts + 1)]
    tasks = [(*arguments, edges[part], edges[part + 1]) for part in range(parts)]
    local = Run(jobs=run.jobs)
    with local.workers() as workers:
        for done, _ in enumerate(workers.run(work, tasks), 1):
            run.progress(done, parts, stage)
