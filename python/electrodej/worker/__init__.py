"""The Python side of ElectrodeJ's Fiji commands: verbs as Appose tasks.

A Fiji script starts ``python -m electrodej.worker`` once and sends every task as the same source text,
`TASK`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

TASK = "import electrodej.worker as worker; worker.run(task, verb, arguments)"


def run(task: Any, verb: str, arguments: Mapping[str, Any]) -> None:
    """Do one task of Appose's; see `electrodej.worker.tasks.perform`."""
    from electrodej.worker.requests import REQUESTS, requested
    from electrodej.worker.tasks import perform

    perform(REQUESTS.get(verb) or requested(verb), task, verb, arguments)
