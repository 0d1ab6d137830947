"""Lengths of the runs of a phase along lines."""

from __future__ import annotations

from typing import Any

from electrodej.compiled import compiled


@compiled
def count_chords(mask: Any, counts: Any) -> None:
    """Count the runs along x by their length; one that reaches an end of its line does not count."""
    nx = mask.shape[2]
    for z in range(mask.shape[0]):
        for y in range(mask.shape[1]):
            line = mask[z, y]
            start = -1
            for x in range(nx):
                if line[x] != 0:
                    if start < 0 and x > 0 and line[x - 1] == 0:
                        start = x
                elif start >= 0:
                    counts[x - start] += 1
                    start = -1


@compiled
def count_runs_of_length(mask: Any, counts: Any) -> None:
    """Count the runs along x by their length, those that reach an end too."""
    for z in range(mask.shape[0]):
        for y in range(mask.shape[1]):
            line = mask[z, y]
            length = 0
            for x in range(line.size):
                if line[x] != 0:
                    length += 1
                elif length > 0:
                    counts[length] += 1
                    length = 0
            if length > 0:
                counts[length] += 1
