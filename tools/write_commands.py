"""Write what is made from the verbs: docs/commands.md, the menu commands of Fiji and the pages about them.

``.venv/bin/python tools/write_commands.py``
"""

from __future__ import annotations

from pathlib import Path

from electrodej import verbs
from electrodej.cli.page import commands_page
from electrodej.fiji.commands import file_name, script_of
from electrodej.fiji.help import folder, help_pages

ROOT = Path(__file__).resolve().parent.parent
MENU = ROOT / "fiji-scripts" / "scripts" / "Plugins" / "ElectrodeJ"


def main() -> None:
    (ROOT / "docs" / "commands.md").write_text(commands_page(), encoding="utf-8")
    for verb in verbs.all_verbs():
        if verb.menu is not None:
            (MENU / file_name(verb)).write_text(script_of(verb), encoding="utf-8")
    folder().mkdir(exist_ok=True)
    for name, page in help_pages(verbs.in_menu()).items():
        (folder() / f"{name}.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
