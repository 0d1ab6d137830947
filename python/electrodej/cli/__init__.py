"""The command line. `electrodej.cli.main` is the way in; `electrodej.cli.program` is what it does."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code.

    Words that are given are obeyed in this process. Those of the shell are obeyed in one of its own, which
    can be ended at any moment; see `electrodej.cli.guard`.
    """
    if arguments is not None:
        from electrodej.cli.program import obey

        return obey(list(arguments))
    try:
        from electrodej.cli.guard import guard

        return guard()
    except KeyboardInterrupt:  # where no guard listens
        import sys

        if sys.stderr is not None:
            sys.stderr.write("electrodej: stopped\n")
        return 130


__all__ = ["main"]
