"""``electrodej doctor``: what is installed, and what a missing piece disables."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from electrodej.options import Settings
from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.vocabulary import counted

if TYPE_CHECKING:
    from electrodej.diagnosis import Check, Diagnosis

_WIDTH = 100


@dataclass(frozen=True, kw_only=True)
class DoctorOptions(Settings):
    """Nothing can be set."""


def doctor(options: DoctorOptions, run: Run) -> Outcome:  # noqa: ARG001 - every verb is called so
    """Look around and tell."""
    from electrodej.diagnosis import diagnose

    diagnosis = diagnose()
    return Outcome(diagnosis.as_dict(), _text(diagnosis))


def _text(diagnosis: Diagnosis) -> str:
    head = [
        f"ElectrodeJ {diagnosis.electrodej} on {diagnosis.system}",
        f"Python {diagnosis.python}",
        f"{counted(diagnosis.cores, 'core')}, {diagnosis.memory_gib} GiB of memory",
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


VERB = Verb(
    name="doctor",
    summary="say what is installed and what a missing piece disables",
    help="Say which versions are installed, and what a missing piece disables. Changes nothing.",
    example="electrodej doctor",
    options=DoctorOptions,
    work=doctor,
)
