"""What the worker does in full, kept in a file."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from pathlib import Path

from electrodej import __version__

LOG = logging.getLogger("electrodej.worker")
_KEPT = 20


def keep_log(folder: Path) -> Path | None:
    """Write a log of this process into ``folder``; return its file, or None where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path = folder / f"worker-{stamp}-{os.getpid()}.log"
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("electrodej")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    LOG.info("ElectrodeJ %s, Python %s (%s)", __version__, sys.version.split()[0], sys.executable)
    for old in sorted(folder.glob("worker-*.log"))[:-_KEPT]:
        with contextlib.suppress(OSError):
            old.unlink()
    return path


def log_file() -> Path | None:
    """Return the file that this process logs to, if there is one."""
    for handler in logging.getLogger("electrodej").handlers:
        if isinstance(handler, logging.FileHandler):
            return Path(handler.baseFilename)
    return None
