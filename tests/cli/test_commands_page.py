"""What is written from the verbs is as they are now: the page of commands and Fiji's menu commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from electrodej import verbs
from electrodej.cli.page import commands_page
from electrodej.fiji.commands import file_name, script_of
from electrodej.fiji.help import folder, help_pages

ROOT = Path(__file__).parents[2]
MENU = ROOT / "fiji-scripts" / "scripts" / "Plugins" / "ElectrodeJ"
MEND = "run tools/write_commands.py"


def test_the_page_of_commands_is_as_the_verbs_are():
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == commands_page(), MEND


@pytest.mark.parametrize(
    "verb", [each for each in verbs.all_verbs() if each.menu], ids=lambda verb: verb.name
)
def test_the_menu_command_is_as_the_verb_is(verb):
    assert (MENU / file_name(verb)).read_text(encoding="utf-8") == script_of(verb), MEND


def test_no_menu_command_is_left_of_a_verb_that_is_called_otherwise_now():
    written = {file_name(verb) for verb in verbs.all_verbs() if verb.menu}
    there = {path.name: path.read_text(encoding="utf-8") for path in MENU.glob("*.groovy")}
    assert {name for name, text in there.items() if "Written from the verb" in text} == written
    assert all(name.startswith("ElectrodeJ_") for name in there)


def test_the_pages_that_fiji_shows_are_as_the_commands_are():
    pages = help_pages(verbs.in_menu())
    for name, page in pages.items():
        assert (folder() / f"{name}.html").read_text(encoding="utf-8") == page, MEND
    assert {path.stem for path in folder().glob("*.html")} == set(pages), MEND
    assert "Radius (um)" in pages["Measure_Particles"]
    assert "electrodej measure grey.tif" in pages["Measure_Particles"]
