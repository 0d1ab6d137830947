"""``electrodej verify``: will this zip run in Fiji?"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from electrodej.options import PathTo, Settings, argument, flag, option
from electrodej.run import Run
from electrodej.verb import Outcome, Verb
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from electrodej.export import Verification

_WIDTH = 100


@dataclass(frozen=True, kw_only=True)
class VerifyOptions(Settings):
    """Which zip is verified, and how."""

    zip: PathLike = argument(PathTo(), "the zip to check")
    source: PathLike | None = option(
        None,
        PathTo(role="model", metavar="MODEL"),
        "the model that it was made from, to compare the numbers with Keras",
    )
    offline: bool = flag("never fetch TensorFlow 1.15; use it only where it is already")


def verify(options: VerifyOptions, run: Run) -> Outcome:
    """Verify, and say no where it will not run."""
    from electrodej.export import verify_zip

    found = verify_zip(options.zip, source=options.source, fetch=not options.offline, progress=run.progress)
    failure = ""
    if found.runs_in_fiji is False:
        first = next(finding for finding in found.findings if finding.status == "problem")
        failure = f"{options.zip} does not run in Fiji: {first.text}"
    return Outcome(found.as_dict(), _text(found), failure=failure)


def _text(found: Verification) -> str:
    lines = []
    for finding in found.findings:
        head = f"[{finding.status:^8}] {finding.check:<10} "
        lines += textwrap.wrap(
            finding.text,
            _WIDTH,
            initial_indent=head,
            subsequent_indent=" " * len(head),
            break_on_hyphens=False,
        )
    return "\n".join([*lines, f"{found.path}: {found.verdict}"])


VERB = Verb(
    name="verify",
    summary="prove that a zip runs in Fiji",
    help="""Prove that a zip runs in Fiji's StarDist and CSBDeep plugins, by running it in TensorFlow 1.15.

Works on zips made by anybody. Exit code 0: it runs in Fiji; 1: it does not. Without Java its
structure and operations are checked all the same.""",
    example="electrodej verify my-stardist-model.zip --source my-stardist-model",
    options=VerifyOptions,
    work=verify,
)
