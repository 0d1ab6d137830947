"""``electrodej fiji doctor``: what would stop ElectrodeJ from running in a Fiji."""

from __future__ import annotations

import os
import textwrap

from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.verbs.fiji import FijiOptions

_WIDTH = 100


def doctor(options: FijiOptions, run: Run) -> Outcome:  # noqa: ARG001 - every verb is called so
    """Look into the Fiji and tell."""
    from electrodej.fiji.health import examine

    findings = examine(options.folder)
    lines = []
    for finding in findings:
        lines.append(f"[{'ok' if finding.ok else 'mend':^6}] {finding.name}")
        rows = (("", finding.found), ("stops: ", finding.stops), ("to mend it: ", finding.remedy))
        for label, text in rows:
            if text:
                lines += textwrap.wrap(
                    label + text, _WIDTH, initial_indent=" " * 9, subsequent_indent=" " * 11
                )
    numbers = {
        "fiji": os.fspath(options.folder),
        "findings": [finding.as_dict() for finding in findings],
    }
    return Outcome(numbers, "\n".join(lines))


VERB = Verb(
    name="fiji doctor",
    summary="say what would stop ElectrodeJ, StarDist or CSBDeep there",
    help="Say what would stop ElectrodeJ, StarDist or CSBDeep from running in a Fiji. Changes nothing.",
    example="electrodej fiji doctor ~/Fiji",
    options=FijiOptions,
    work=doctor,
)
