"""What this machine lets a process use: cores and memory."""

from __future__ import annotations

import os

from electrodej.errors import InputError

GIB = 2**30
_USUAL_MEMORY = 4 * GIB


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on Windows and macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory() -> int:
    """Return the bytes that nobody uses now."""
    import psutil

    return int(psutil.virtual_memory().available)


def held_memory() -> int:
    """Return the bytes that this process holds now."""
    import psutil

    return int(psutil.Process().memory_info().rss)


def usual_memory() -> int:
    """Return the bytes to be used where nobody says how many: 4 GiB, or half of what is free."""
    return min(_USUAL_MEMORY, free_memory() // 2)


def check_fits(needed: int, memory: int | None, *, what: str, advice: str) -> None:
    """Refuse what needs more bytes than may be used: ``memory``, or all that is free.

    Raises
    ------
    electrodej.errors.InputError
        ``what`` needs so much and so much may be used; ``advice`` says what to do.
    """
    allowed = free_memory() if memory is None else memory
    if needed > allowed:
        raise InputError(
            f"{what} needs about {memory_text(needed)}, and {memory_text(allowed)} may be used; {advice}"
        )


def memory_text(size: float) -> str:
    """Return a number of bytes in the unit that suits it.

    >>> memory_text(1_500_000), memory_text(3 * GIB), memory_text(700)
    ('1.4 MiB', '3.0 GiB', '0.7 KiB')
    """
    power = next((power for power in (30, 20) if size >= 2**power), 10)
    return f"{size / 2**power:.1f} {'KMG'[power // 10 - 1]}iB"
