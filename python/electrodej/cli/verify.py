"""``electrodej verify``: will this zip run in Fiji?"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common
from electrodej.errors import InputError

if TYPE_CHECKING:
    from electrodej.export import Verification

HELP = """Prove that a zip runs in Fiji's StarDist and CSBDeep plugins, by running it in TensorFlow 1.15.

Works on zips made by anybody. Exit code 0: it runs in Fiji; 1: it does not. Without Java its
structure and operations are checked all the same."""
EXAMPLE = "electrodej verify my-stardist-model.zip --source my-stardist-model"

_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("zip", metavar="ZIP", help="the zip to check")
    parser.add_argument(
        "--source", metavar="MODEL", help="the model that it was made from, to compare the numbers with Keras"
    )
    parser.add_argument(
        "--offline", action="store_true", help="never fetch TensorFlow 1.15; use it only where it is already"
    )
    add_common(parser)


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Verify, tell what was found, and fail where it will not run."""
    from electrodej.export import verify_zip

    found = verify_zip(
        options.zip, source=options.source, fetch=not options.offline, progress=context.progress
    )
    context.finish_progress()
    context.say(_text(found))
    if found.runs_in_fiji is False:
        first = next(finding for finding in found.findings if finding.status == "problem")
        raise InputError(f"{options.zip} does not run in Fiji: {first.text}", result=found.as_dict())
    return found.as_dict()


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
