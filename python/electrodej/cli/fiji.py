"""``electrodej fiji``: put ElectrodeJ into a Fiji, take it away, or say what stops it there."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Mapping
from typing import Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common

HELP = """Put ElectrodeJ's menu commands, macros, models and colours into a Fiji folder (install), take
exactly that away again (uninstall), or say what would stop ElectrodeJ, StarDist or CSBDeep from running
there (doctor).

A file that ElectrodeJ did not write is never touched; one that you changed is left, and named."""
EXAMPLE = "electrodej fiji install ~/Fiji"

_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument("what", choices=("install", "uninstall", "doctor"), help="what to do")
    parser.add_argument("folder", metavar="DIR", help="the folder of the Fiji")
    parser.add_argument(
        "--python", metavar="PROGRAM", help="the Python that works for Fiji (default: the one running now)"
    )
    add_common(parser)


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Do it and tell."""
    from electrodej.errors import UsageError

    if options.python is not None and options.what != "install":
        raise UsageError("--python goes with install, e.g. electrodej fiji install ~/Fiji --python PROGRAM")
    if options.what == "doctor":
        return _doctor(options, context)
    from electrodej.fiji.install import install, uninstall

    if options.what == "install":
        change = install(options.folder, python=options.python)
    else:
        change = uninstall(options.folder)
    for action, names in (("wrote", change.written), ("removed", change.removed)):
        for name in names:
            context.say(f"{action} {name}")
    for name in change.left:
        context.note(f"left {name}: it was changed since ElectrodeJ wrote it")
    for note in change.notes:
        context.note(f"note: {note}")
    if options.what == "install":
        context.say(f"ElectrodeJ is in {change.fiji}; restart Fiji and look under Plugins > ElectrodeJ")
    else:
        context.say(f"ElectrodeJ is out of {change.fiji}")
    return change.as_dict()


def _doctor(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    from electrodej.fiji.health import examine

    findings = examine(options.folder)
    for finding in findings:
        context.say(f"[{'ok' if finding.ok else 'mend':^6}] {finding.name}")
        rows = (("", finding.found), ("stops: ", finding.stops), ("to mend it: ", finding.remedy))
        for label, text in rows:
            if text:
                context.say(
                    textwrap.fill(label + text, _WIDTH, initial_indent=" " * 9, subsequent_indent=" " * 11)
                )
    return {"fiji": options.folder, "findings": [finding.as_dict() for finding in findings]}
