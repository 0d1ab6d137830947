"""What the shell says, in the words of Fiji's dialogs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from electrodej.fiji.commands import placeholder, title_of
from electrodej.verb import Verb

# What messages call an option on the command line, and what the same thing is called in Fiji.
_FIJI_WORDS = (
    ("with --spacing Z,Y,X", "in the field Voxel size, as Z,Y,X"),
    ("with --memory", "in Edit > Options > Memory & Threads"),
    ("give --force to", "tick Replace existing files to"),
    ("Ctrl-C", "Escape"),
)
_EVERYWHERE = {"--spacing": "Voxel size", "--force": "Replace existing files"}
# An option that no field of the dialog stands for, and where a whole command for a shell begins.
_FLAG = re.compile(r"(?<![\w-])(--[a-z][a-z-]*[a-z])(?![\w-])")
_COMMAND = re.compile(r"\b(?:run: |electrodej [a-z]|pip install)")
# What is meant for a shell in the middle of a text.
_FOR_A_SHELL = re.compile(r"(`[^`]*`|\belectrodej [a-z]+(?: --[\w-]+)?|\n  .*)")


def in_fiji_words(message: str, fields: Mapping[str, str] | None = None) -> str:
    """Return a message with Fiji's fields in place of the command line's options.

    Parameters
    ----------
    message
        What the command line would print.
    fields
        What the dialog calls an option, by the option's flag.

    Examples
    --------
    >>> in_fiji_words("t.csv exists already; give --force to replace it")
    't.csv exists already; tick Replace existing files to replace it'
    >>> in_fiji_words("give a larger --radius", {"--radius": "Radius (um)"})
    'give a larger "Radius (um)"'
    >>> in_fiji_words("go on with --resume")
    "go on with the shell's --resume"
    """
    for option, words in _FIJI_WORDS:
        message = message.replace(option, words)
    found = _COMMAND.search(message)
    message, command = (message[: found.start()], message[found.start() :]) if found else (message, "")
    for option, title in {**_EVERYWHERE, **(fields or {})}.items():
        message = re.sub(rf"{option}(?![\w-])", f'"{title}"', message)
    return _FLAG.sub(r"the shell's \1", message) + command


def fields_of(verb: Verb) -> dict[str, str]:
    """Return what the dialog of a verb's menu command calls its options, by their flags."""
    shown = () if verb.menu is None else (*verb.menu.fields, *verb.menu.further)
    return {each.flag: title_of(each) for each in verb.options.options() if each.name in shown}


def help_in_fiji_words(verb: Verb) -> str:
    """Return a verb's help with a dialog's fields for the shell's options; what is an example stays as it is.

    >>> from electrodej.verbs import find
    >>> help_in_fiji_words(find("train forest")).split("\\n\\n")[1][:23]
    '"Folder with images" is'
    """
    fields = fields_of(verb)
    for option in verb.options.options():
        if option.positional and option.flag in fields:
            fields[placeholder(option)] = fields[option.flag]
    parts = _FOR_A_SHELL.split(verb.help)
    text = "".join(part if n % 2 else in_fiji_words(part, fields) for n, part in enumerate(parts))
    return re.sub(r"(?<=\.\s)the shell's", "The shell's", text)
