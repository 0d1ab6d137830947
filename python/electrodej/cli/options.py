"""Options that mean the same in every verb."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Callable
from typing import Any, Literal

CommonOption = Literal["spacing", "out", "force", "jobs", "memory", "seed"]

_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY_BYTES = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def parse_spacing(text: str) -> tuple[float, float, float]:
    """Read ``Z,Y,X`` (or one number for a cube) in micrometres.

    >>> parse_spacing("0.1,0.07,0.07")
    (0.1, 0.07, 0.07)
    >>> parse_spacing("0.07")
    (0.07, 0.07, 0.07)
    """
    parts = text.split(",")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if len(values) == 1:
        values *= 3
    if len(values) != 3 or not all(math.isfinite(value) and value > 0 for value in values):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a voxel size; give three lengths above 0 in micrometres as Z,Y,X, "
            "e.g. 0.07,0.07,0.07"
        )
    return values[0], values[1], values[2]


def parse_shape(text: str) -> tuple[int, int, int]:
    """Read ``Z,Y,X`` in voxels.

    >>> parse_shape("64,128,128")
    (64, 128, 128)
    """
    parts = text.split(",")
    if len(parts) != 3 or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a shape; give three whole numbers above 0 as Z,Y,X, e.g. 256,256,256"
        )
    z, y, x = (int(part) for part in parts)
    return z, y, x


def parse_memory(text: str) -> int:
    """Read an amount of memory such as ``4GiB``, ``500MB`` or ``2e9`` as bytes.

    >>> parse_memory("4GiB") == 4 * 2**30
    True
    >>> parse_memory("1.5 GB")
    1500000000
    """
    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*(?:([kmgt]?)(i?)b?)\s*", text, re.IGNORECASE)
    number = math.nan
    if match:
        try:
            number = float(match[1])
        except ValueError:
            number = math.nan
    if match is None or not math.isfinite(number) or (match[3] and not match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount of memory; write it like 4GiB or 500MB")
    unit = match[2].lower()
    size = int(number * (_BINARY_BYTES[unit] if match[3] else _BYTES[unit]))
    if size < 2**20:
        raise argparse.ArgumentTypeError(f"{text!r} is too little memory to work with; give at least 1MiB")
    return size


def whole_from(lowest: int, to: float = math.inf, *, what: str = "") -> Callable[[str], int]:
    """Return a reader of whole numbers from ``lowest`` on, or up to ``to``; ``what`` they are, for messages.

    >>> whole_from(1)("3"), whole_from(0, to=8)("8")
    (3, 8)
    """
    most = f" to {int(to)}" if math.isfinite(to) else ""

    def read(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) <= to:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not {what or 'possible'}; give a whole number from {lowest}{most}"
            )
        return int(text)

    return read


def number_within(
    lowest: float, highest: float = math.inf, *, without_lowest: bool = False, without_highest: bool = False
) -> Callable[[str], float]:
    """Return a reader of numbers from ``lowest`` to ``highest``, with or without these two.

    >>> number_within(0, 1)("0.25")
    0.25
    """
    least = f"above {lowest:g}" if without_lowest else f"from {lowest:g}"
    most = f" {'and below' if without_highest else 'to'} {highest:g}" if math.isfinite(highest) else ""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        above = lowest < number if without_lowest else lowest <= number
        below = number < highest if without_highest else number <= highest
        if not (above and below and math.isfinite(number)):
            raise argparse.ArgumentTypeError(f"{text!r} is not possible; give a number {least}{most}")
        return number

    return read


parse_jobs = whole_from(1, what="a number of jobs")
# Forests take no larger ones.
parse_seed = whole_from(0, to=2**31, what="a seed")
# As the views' settings have them.
parse_scale = number_within(0.02, 50)
parse_threshold = number_within(0, 1, without_lowest=True, without_highest=True)


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def add_common(
    parser: argparse.ArgumentParser,
    *names: CommonOption,
    out: str = "where to write",
    spacing: str = "voxel size in micrometres, instead of the one in the file",
) -> None:
    """Add those of the common options that mean something to a verb, with its own words for two of them."""
    group = parser.add_argument_group("common options")
    if "spacing" in names:
        group.add_argument(
            "--spacing",
            metavar="Z,Y,X",
            type=parse_spacing,
            help=spacing,
        )
    if "out" in names:
        group.add_argument("--out", metavar="PATH", help=out)
    if "force" in names:
        group.add_argument("--force", action="store_true", help="replace an output that exists")
    if "jobs" in names:
        group.add_argument(
            "--jobs",
            metavar="N",
            type=parse_jobs,
            default=available_cores(),
            help="how many cores to use (default: all)",
        )
    if "memory" in names:
        group.add_argument(
            "--memory", metavar="SIZE", type=parse_memory, help="how much memory to use at most, e.g. 4GiB"
        )
    if "seed" in names:
        group.add_argument(
            "--seed", metavar="N", type=parse_seed, help="seed of the random numbers (default: 0)"
        )
    group.add_argument("--json", action="store_true", help="print one JSON object on stdout, nothing else")
    group.add_argument("--quiet", action="store_true", help="no progress and no notes")
    group.add_argument("--debug", action="store_true", help="show warnings, and where an error came from")


def add_kind(kinds: Any, name: str, summary: str, words: str, example: str) -> argparse.ArgumentParser:
    """Add what comes after a verb that does several things, with a help of its own."""
    parser: argparse.ArgumentParser = kinds.add_parser(
        name,
        help=summary,
        description=words,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    return parser
