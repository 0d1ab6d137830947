"""The page of commands names what the verbs really have."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest
from electrodej.cli.verbs import SUMMARIES, load

from electrodej.cli.main import make_parser

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


@pytest.mark.parametrize("name", SUMMARIES)
def test_page_has_each_verb_with_exactly_its_options(name):
    text = PAGE.read_text(encoding="utf-8")
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"docs/commands.md lacks {name}; run tools/write_commands.py"
    parser = make_parser(name, load(name))
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    kinds = [kind for action in inner for kind in action.choices.values()]
    actions = [action for one in (parser, *kinds) for action in one._actions]
    options = {option for action in actions for option in action.option_strings if option.startswith("--")}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section[1])) == options
