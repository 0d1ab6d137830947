"""The menu commands of Fiji, written from the verbs: a Groovy script for each verb that has a `Menu`.

SciJava reads a script's ``#@`` lines before it runs anything, so a dialog cannot be asked from Python when
the user clicks: the scripts are written when the verbs change (``tools/write_commands.py``) and lie in
``fiji-scripts`` as everything else that goes into a Fiji does. A test holds them against the verbs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from electrodej.options import Choice, Flag, Image, Number, Option, PathTo, Whole
from electrodej.verb import Menu, Verb, camel

REPLACE = "replace"
_FORMER_NAMES = {"spacing": "voxelSize", "force": REPLACE}


def field_of(option: Option, menu: Menu | None) -> str:
    """Return what a macro calls an option."""
    names = _FORMER_NAMES if menu is None else {**_FORMER_NAMES, **menu.names}
    return names.get(option.name) or camel(option.name)


def sent_as(option: Option) -> str:
    """Return under which name an option is sent to Python.

    >>> from electrodej.options import Whole
    >>> sent_as(Option("min_volume", Whole(), "", 0))
    'minVolume'
    """
    return _FORMER_NAMES.get(option.name) or camel(option.name)


def file_field_of(option: Option, menu: Menu) -> str:
    """Return what a macro calls the file that may stand for an image."""
    field = field_of(option, menu)
    return ("label" if field == "labels" else field) + "File"


def title_of(option: Option) -> str:
    """Return what a dialog calls an option.

    >>> from electrodej.options import Number
    >>> title_of(Option("min_volume", Number(), "drop smaller pieces", 0.0, unit="um^3"))
    'Min volume (um^3)'
    """
    words = option.title or option.name.replace("_", " ").capitalize()
    return f"{words} ({option.unit})" if option.unit and option.unit not in words else words


def file_name(verb: Verb) -> str:
    """Return the name of a verb's script, which is what the menu shows."""
    assert verb.menu is not None
    return verb.menu.title.replace(" ", "_") + ".groovy"


def script_of(verb: Verb) -> str:
    """Return the Groovy script of a verb's menu command."""
    menu = verb.menu
    assert menu is not None
    shown = {each.name: each for each in verb.options.options()}
    options = [shown[name] for name in menu.fields]
    lines = ["#@ Context context"]
    for each in options:
        lines += _parameters(each, verb, menu)
    if "force" in verb.takes:
        lines.append(_line("Boolean", REPLACE, label="Replace existing files", value=False, persist=False))
    result = {"labels": "labels", "phases": "phases", "image": "image"}.get(menu.shows)
    if result:
        lines.append(f"#@output ImagePlus {result}")
    summary = verb.summary[0].upper() + verb.summary[1:]
    lines += ["", "import electrodej.Library", "", f"// {summary}. Written from the verb; see docs/fiji.md."]
    lines += ["def door = Library.door(context)", "door.guard {"]
    lines += ["\t" + line for line in _body(verb, menu, options, result)]
    return "\n".join([*lines, "}", "null", ""])


def _parameters(option: Option, verb: Verb, menu: Menu) -> Iterator[str]:
    """Yield the ``#@`` lines of one option."""
    name, label = field_of(option, menu), title_of(option)
    words = option.help[0].upper() + option.help[1:]
    # Each command remembers its own; inputs and outputs are never remembered.
    kept = {"persistKey": f"electrodej.{verb.name.replace(' ', '.')}.{option.name}"}
    forgotten = {"required": False, "persist": False}
    default = menu.defaults.get(option.name, None if option.required else option.default)
    kind = option.kind
    if isinstance(kind, Image):
        yield _line("ImagePlus", name, label=label, description=words, **forgotten)
        what = name.removesuffix("s")
        yield _line(
            "File",
            file_field_of(option, menu),
            label=f"or {what} file",
            description="Instead of an open image",
            **forgotten,
        )
    elif option.name == "spacing":
        words = "Only if the image does not say it, or says it wrong"
        yield _line("String", name, label=label, description=words, **forgotten)
    elif isinstance(kind, PathTo) and kind.role in ("output", "folder"):
        ends = " or ".join(kind.suffixes)
        words = f"A {ends} file; empty to see it only" if ends else "A folder"
        style = "directory" if kind.role == "folder" else "save"
        yield _line("File", name, label=label, description=words, style=style, **forgotten)
    elif isinstance(kind, PathTo) and kind.role == "input":
        yield _line("File", name, label=label, description=words, **forgotten)
    elif isinstance(kind, Flag):
        yield _line("Boolean", name, label=label, description=words, value=bool(default), **kept)
    elif isinstance(kind, Choice):
        yield _line(
            "String",
            name,
            label=label,
            description=words,
            choices=list(map(str, kind.values)),
            value=str(default if default is not None else kind.values[0]),
            **kept,
        )
    elif isinstance(kind, Whole | Number) and default is not None:
        java = "Integer" if isinstance(kind, Whole) else "Double"
        bounds = {"min": kind.least, "max": kind.most}
        finite = {side: bound for side, bound in bounds.items() if math.isfinite(bound)}
        yield _line(java, name, label=label, description=words, value=default, **finite, **kept)
    else:
        value = "" if default in (None, ()) else option.kind.shown(default)
        yield _line("String", name, label=label, description=words, value=value, required=False, **kept)
    if option.name == "model" and menu.plugin:
        yield _line(
            "String",
            "engine",
            label="Works in",
            description="Fiji's StarDist plugin needs the update sites CSBDeep and StarDist, and no Python; "
            "it takes xy sections as large as they are",
            choices=["Python", "Fiji's StarDist plugin"],
            value="Python",
            persistKey=f"electrodej.{verb.name.replace(' ', '.')}.engine",
        )


def _line(java: str, name: str, **attributes: Any) -> str:
    parts = [f"{key}={_literal(value)}" for key, value in attributes.items() if value not in ("", None)]
    return f"#@ {java} ({', '.join(parts)}) {name}"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "{" + ", ".join(_literal(each) for each in value) + "}"
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value) if isinstance(value, str) else str(value)


def _body(verb: Verb, menu: Menu, options: list[Option], result: str | None) -> Iterator[str]:
    """Yield the lines that lend the images, ask Python, and show what came of it."""
    images = [field_of(each, menu) for each in options if isinstance(each.kind, Image)]
    entries = [_entry(each, menu, images) for each in options if each.name != "out"]
    out = next((each for each in options if each.name == "out"), None)
    if out is None:
        yield f'door.tell(door.call("{verb.name}", ['
        yield from (f"\t{entry}" for entry in entries)
        yield "]))"
        return
    where = field_of(out, menu)
    target = f"{sent_as(out)}: target.path, " + (f"{REPLACE}: overwrite," if "force" in verb.takes else "")
    keep = "def found = " if result else ""
    call = [
        f'{keep}door.call("{verb.name}", [',
        *(f"\t{entry}" for entry in entries),
        f"\t{target}",
        "])",
    ]
    if menu.shows == "folder":
        yield from [
            f'door.tell(door.call("{verb.name}", [',
            *(f"\t{entry}" for entry in entries),
            f"\t{sent_as(out)}: {where}?.path, {REPLACE}: {REPLACE},",
            "]))",
        ]
        return
    written = "door.tables.written" if menu.shows == "table" else "door.images.written"
    inner = [f"{written}({where}, {REPLACE}) {{ File target, boolean overwrite ->"]
    inner += ["\t" + line for line in call]
    if menu.shows == "table":
        of = images[-1] if images and images[-1] == "labels" else "null"
        inner.append(f'\tdoor.tables.show(target, "{menu.title.split()[-1]}", {of})')
    elif result:
        inner.append(f"\t{result} = door.shown(target, found)")
    inner.append("}")
    if not menu.plugin:
        yield from inner
        return
    fields = [field_of(each, menu) for each in options]
    given = [file_field_of(options[0], menu) if name == images[0] else name for name in fields]
    passed = ", ".join([images[0], *given, REPLACE])
    yield 'if (engine == "Python") {'
    yield from ("\t" + line for line in inner)
    yield "}"
    yield f"else {result} = door.{menu.plugin}.segmented({passed})"


def _entry(option: Option, menu: Menu, images: list[str]) -> str:
    """Return an option as an entry of the map that is sent."""
    key, field = sent_as(option), field_of(option, menu)
    if isinstance(option.kind, Image):
        lend = "sliceImage" if option.kind.frames else "image"
        return f'{key}: door.{lend}({field}, {file_field_of(option, menu)}, "{title_of(option).lower()}"),'
    if option.name == "spacing":
        return f"{key}: door.tables.askVoxelSize({', '.join([field, *images])}),"
    return f"{key}: {field},"
