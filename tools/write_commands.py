"""Write docs/commands.md from the verbs themselves: ``.venv/bin/python tools/write_commands.py``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from electrodej.cli.verbs import SUMMARIES, load

from electrodej.cli.main import make_parser

PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
HEAD = """# Commands

Every verb is called as `electrodej VERB ...`; `electrodej VERB --help` prints what stands here. Results go to
stdout, progress and notes to stderr. With `--json`, stdout holds one JSON object and nothing else.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | the input is bad; one line says what, where and what to do |
| 2 | wrong usage |
| 130, 143 | stopped by Ctrl-C or a termination signal; nothing is left half written |

An output that exists is replaced with `--force` only. Outputs appear when they are complete: a run that fails
or is killed leaves what was there before.
"""


def main() -> None:
    os.environ["COLUMNS"] = "100"
    parts = [HEAD]
    for name, summary in SUMMARIES.items():
        parser = make_parser(name, load(name))
        parts.append(f"\n## {name}\n\n{summary[0].upper()}{summary[1:]}.\n\n{shown(parser)}")
        for kind, inner in kinds_of(parser).items():
            parts.append(f"\n### {name} {kind}\n\n{shown(inner)}")
    PAGE.write_text("".join(parts), encoding="utf-8")


def shown(parser: argparse.ArgumentParser) -> str:
    return f"```\n{parser.format_help().rstrip()}\n```\n"


def kinds_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of what a verb that does several things does."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return {name: kind for action in inner for name, kind in action.choices.items()}


if __name__ == "__main__":
    main()
