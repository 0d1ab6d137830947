"""What the recipes of the bundled models print while they work."""

from __future__ import annotations

from electrodej.progress import Progress


def report() -> Progress:
    """Return a progress that prints a line for each percent."""
    seen = [""]

    def progress(done: float, total: float, stage: str) -> None:
        line = f"  {stage} {int(100 * done / max(total, 1))} %"
        if line != seen[0]:
            seen[0] = line
            print(line, flush=True)

    return progress
