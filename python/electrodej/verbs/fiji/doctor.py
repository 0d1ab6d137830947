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
        state = "ok" if finding.ok else "lacks" if finding.optional else "mend"
        lines.append(f"[{state:^6}] {finding.name}")
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
    broken = [finding.name for finding in findings if not (finding.ok or finding.optional)]
    failure = f"{options.folder}: to be mended: {', '.join(broken)}" if broken else ""
    return Outcome(numbers, "\n".join(lines), failure=failure)


VERB = Verb(
    name="fiji doctor",
    summary="say what would stop ElectrodeJ, StarDist or CSBDeep there",
    help="""Say what would stop ElectrodeJ, StarDist or CSBDeep from running in a Fiji. Changes nothing.

"mend" is what ElectrodeJ's commands need, and the exit code is then 1; "lacks" is what Fiji's own plugins
need, and all that works in Python works without.""",
    example="electrodej fiji doctor ~/Fiji",
    options=FijiOptions,
    work=doctor,
)
