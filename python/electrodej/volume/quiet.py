"""Keeping the log lines of the libraries underneath from a user's terminal."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator

_state = threading.local()


class _Filter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        return not getattr(_state, "quiet", 0)


_filter = _Filter()


@contextlib.contextmanager
def quiet_tifffile() -> Iterator[None]:
    """Drop what tifffile logs in this thread meanwhile; what matters is raised as an error instead."""
    logger = logging.getLogger("tifffile")
    if _filter not in logger.filters:
        logger.addFilter(_filter)
    _state.quiet = getattr(_state, "quiet", 0) + 1
    try:
        yield
    finally:
        _state.quiet -= 1
