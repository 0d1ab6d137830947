"""Run a piece of Python in a process of its own, and say how long it took and how much memory.

Peers live in an environment of their own; its Python is named by ELECTRODEJ_PEERS:

    python -m venv peers && peers/bin/pip install taufactor==1.2.1 porespy==3.2.0 openpnm pyamg tifffile
    ELECTRODEJ_PEERS=peers/bin/python python benchmarks/transport.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

_AROUND = """
import json, sys, threading, time, warnings
warnings.simplefilter("ignore")
import numpy as np, psutil
{setup}
process = psutil.Process()
before = process.memory_info().rss
peak, over = [before], threading.Event()
def watch():
    while not over.wait(0.02):
        peak[0] = max(peak[0], process.memory_info().rss)
thread = threading.Thread(target=watch, daemon=True)
thread.start()
wall, cores = time.perf_counter(), time.process_time()
{work}
wall, cores = time.perf_counter() - wall, time.process_time() - cores
over.set()
thread.join()
peak[0] = max(peak[0], process.memory_info().rss)
print("\\nRESULT" + json.dumps(dict(result=result, wall=wall, cpu=cores, memory=peak[0] - before)))
"""


def peers() -> str | None:
    """The Python of the peers' environment, or None."""
    return os.environ.get("ELECTRODEJ_PEERS") or None


def timed(setup: str, work: str, python: str = sys.executable) -> dict[str, Any]:
    """Run ``setup``, then ``work``, which sets ``result``; say how long ``work`` took, and its memory.

    Returns
    -------
    dict
        ``result``, ``wall`` and ``cpu`` in seconds, ``memory`` in bytes above what the setup had.
    """
    code = _AROUND.format(setup=setup, work=work)
    # Cores by the number this machine lets a process use; libraries that look elsewhere are told.
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if not lines:
        raise SystemExit(f"{python} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(lines[-1].removeprefix("RESULT"))
    return found
