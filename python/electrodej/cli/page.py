"""The page of commands, written from the verbs."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator

from electrodej import verbs
from electrodej.cli.parser import make_parser

_WIDTH = "100"
_HEAD = """# Commands

Every verb is called as `electrodej VERB ...`; `electrodej VERB --help` prints what stands here. Results go to
stdout, progress and notes to stderr. With `--json`, stdout holds one JSON object and nothing else.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | the input is bad; one line says what, where and what to do |
| 2 | wrong usage |
| 130, 143 | stopped by Ctrl-C or a termination signal; nothing is left half written |
| 137 | ended by the system, most often for want of memory; nothing is left half written either |

An output that exists is replaced with `--force` only. Outputs appear when they are complete: a run that fails
or is killed leaves what was there before.
"""


def commands_page() -> str:
    """Return docs/commands.md."""
    return "".join([_HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for name in verbs.names():
        found = verbs.load(name)
        parser = make_parser(found)
        summary = f"{found.summary[0].upper()}{found.summary[1:]}"
        yield f"\n## {name}\n\n{summary}.\n\n{_shown(parser)}"
        for kind, inner in _kinds_of(parser).items():
            yield f"\n### {name} {kind}\n\n{_shown(inner)}"


def _shown(parser: argparse.ArgumentParser) -> str:
    wide = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = _WIDTH
    try:
        return f"```\n{parser.format_help().rstrip()}\n```\n"
    finally:
        os.environ.pop("COLUMNS") if wide is None else os.environ.update(COLUMNS=wide)


def _kinds_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of a group's verbs."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return {name: kind for action in inner for name, kind in action.choices.items()}
