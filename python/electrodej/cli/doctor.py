"""``electrodej doctor``: what is installed, and what a missing piece disables."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping
from typing import Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common
from electrodej.diagnosis import Check, Diagnosis, diagnose

HELP = "Say which versions are installed, and what a missing piece disables. Changes nothing."
EXAMPLE = "electrodej doctor"

_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    add_common(parser)


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:  # noqa: ARG001 - no options of its own
    """Look around and tell."""
    diagnosis = diagnose()
    context.say(_text(diagnosis))
    return diagnosis.as_dict()


def _text(diagnosis: Diagnosis) -> str:
    head = [
        f"ElectrodeJ {diagnosis.electrodej} on {diagnosis.system}",
        f"Python {diagnosis.python}",
        f"{diagnosis.cores} cores, {diagnosis.memory_gib} GiB of memory",
        "",
    ]
    return "\n".join([*head, *(line for check in diagnosis.checks for line in _lines(check))])


def _lines(check: Check) -> list[str]:
    lines = [f"[{check.status:^7}] {check.name}"]
    rows = (("", check.found), ("without it no: ", check.disables), ("to mend it: ", check.remedy))
    for label, text in rows:
        if text:
            lines += textwrap.wrap(label + text, _WIDTH, initial_indent=" " * 10, subsequent_indent=" " * 12)
    return lines
