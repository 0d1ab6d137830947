"""The errors a user may see.

Every one is a single sentence or two that says what was found, where, and what to do. The command
line prints it on one line and leaves with the error's exit code; nothing else reaches the user.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST = 200


def one_line(error: BaseException) -> str:
    """Return what an error of a library says as one line that fits into a message.

    >>> one_line(ValueError("first\\n  second")), one_line(KeyError())
    ('first', 'KeyError')
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


class ElectrodeJError(Exception):
    """Something the user can put right. The message is meant for the user as it stands.

    ``result`` is what was found all the same, for ``--json``.
    """

    exit_code = 1

    def __init__(self, message: str, *, result: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.result = result or {}


class InputError(ElectrodeJError):
    """A file or an array that cannot be used as it is."""


class VoxelSizeError(InputError):
    """The voxel size is missing, is not a length, or differs between two images."""


class OutputError(ElectrodeJError):
    """A result that cannot be written where it was asked for."""


class MissingExtraError(ElectrodeJError):
    """An optional part of ElectrodeJ is needed and not installed."""

    def __init__(self, what: str, extra: str, missing: str) -> None:
        super().__init__(
            f'{what} needs "{missing}", which is not installed; run: pip install "electrodej[{extra}]"'
        )
        self.extra = extra


class UsageError(ElectrodeJError):
    """The command was called in a way that makes no sense."""

    exit_code = 2


class Cancelled(ElectrodeJError):
    """The user asked for the work to stop."""

    exit_code = 130


class Enough(Cancelled):
    """The user asked for the work to end with what it has: a training keeps the best network so far."""
