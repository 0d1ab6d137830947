"""The menu commands of Fiji, written from the verbs: a Groovy script for each verb that has a `Menu`.

SciJava reads a script's ``#@`` lines before it runs anything, so a dialog cannot be asked from Python when
the user clicks: the scripts are written when the verbs change (``tools/write_commands.py``) and lie in
``fiji-scripts`` as everything else that goes into a Fiji does. A test holds them against the verbs.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from electrodej.fiji.content import PREFIX
from electrodej.options import Choice, Flag, Image, Number, Option, PathTo, Whole
from electrodej.verb import Menu, Verb, camel

REPLACE = "replace"
MODEL_FILE = "modelFile"
# Java's largest numbers of a kind.
_MOST = {"Integer": 2**31 - 1, "Double": sys.float_info.max}
# The model in the list, unless another one is given by its file.
_MODEL_GIVEN = f"door.model(model, {MODEL_FILE})"
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


def placeholder(option: Option) -> str:
    """Return a pattern of what the shell's help calls an option that it takes without a name.

    >>> placeholder(Option("truth", Image(), "", None))
    '\\\\bTRUTH\\\\b'
    """
    return rf"\b{(option.word or option.name).upper()}\b"


def file_name(verb: Verb) -> str:
    """Return the name of a verb's script, which is what macros call it by."""
    assert verb.menu is not None
    return (PREFIX + verb.menu.title).replace(" ", "_") + ".groovy"


def script_of(verb: Verb) -> str:
    """Return the Groovy script of a verb's menu command."""
    menu = verb.menu
    assert menu is not None
    shown = {each.name: each for each in verb.options.options()}
    options = [shown[name] for name in (*menu.fields, *menu.further)]
    lines = ["#@ Context context"]
    for each in options:
        if menu.further and each.name == menu.further[0]:
            lines += _replace(verb)
            lines.append(_heading("Further options"))
        lines += _parameters(each, verb, menu)
    if not menu.further:
        lines += _replace(verb)
    result = {"labels": "labels", "phases": "phases", "image": "image"}.get(menu.shows)
    if result:
        lines.append(f"#@output ImagePlus {result}")
    summary = verb.summary[0].upper() + verb.summary[1:]
    lines += ["", "import electrodej.Library", "", f"// {summary}. Written from the verb; see docs/fiji.md."]
    lines += ["def door = Library.door(context)", "door.guard {"]
    lines += ["\t" + line for line in _body(verb, menu, options, result)]
    return "\n".join([*lines, "}", "null", ""])


def _replace(verb: Verb) -> list[str]:
    line = _line("Boolean", REPLACE, label="Replace existing files", value=False, persist=False)
    return [line] if "force" in verb.takes else []


def _words(option: Option, verb: Verb) -> str:
    """Return what a dialog says of an option, which calls others as the dialog does."""
    words = option.help[0].upper() + option.help[1:]
    for other in verb.options.options():
        words = re.sub(rf"{other.flag}(?![\w-])", title_of(other), words)
        if other.positional:
            words = re.sub(placeholder(other), title_of(other), words)
    return words


def _heading(text: str) -> str:
    return _line("String", "heading", visibility="MESSAGE", value=text, required=False, persist=False)


def _file_label(option: Option) -> str:
    """Return what a dialog calls the file that may stand for an image.

    >>> from electrodej.options import Image
    >>> titles = ("Grey image", "Labels", "True labels")
    >>> [_file_label(Option("a", Image(), "", None, title=each)) for each in titles]
    ['or grey file', 'or label file', 'or file of true labels']
    """
    words = title_of(option).lower().removesuffix(" image")
    return f"or file of {words}" if " " in words else f"or {words.removesuffix('s')} file"


def _description(option: Option, verb: Verb, menu: Menu) -> str:
    """Return the words under an option of a dialog, where something can be left empty or be said twice."""
    words, kind = _words(option, verb), option.kind
    if option.name in menu.files:
        return words
    if option.name == "spacing" and "instead of" in option.help:
        return "Only if the image does not say it, or says it wrong"
    if isinstance(kind, PathTo) and kind.role in ("output", "folder") and kind.suffixes:
        ends = " or ".join(kind.suffixes)
        if menu.shows != "folder" and option.name == "out":
            return f"A {ends} file; empty to see it only"
        return words if all(f"({end})" in words for end in kind.suffixes) else f"{words} ({ends})"
    if option.name == "model" and menu.models:
        return f"{words}; the one below where that is given"
    return words


def _parameters(option: Option, verb: Verb, menu: Menu) -> Iterator[str]:
    """Yield the ``#@`` lines of one option."""
    name = field_of(option, menu)
    ask = partial(_line, label=title_of(option), description=_description(option, verb, menu))
    # Each command remembers its own; inputs and outputs are never remembered.
    kept = {"persistKey": f"electrodej.{verb.name.replace(' ', '.')}.{option.name}"}
    forgotten = {"required": False, "persist": False}
    default = menu.defaults.get(option.name, None if option.required else option.default)
    kind = option.kind
    if option.name in menu.files:
        style = "both" if option.many else "open"
        yield ask("File", file_field_of(option, menu), style=style, **forgotten)
    elif isinstance(kind, Image):
        yield ask("ImagePlus", name, **forgotten)
        yield ask(
            "File",
            file_field_of(option, menu),
            label=_file_label(option),
            description="Instead of an open image: a TIFF, a folder of slices, OME-Zarr",
            style="both",
            **forgotten,
        )
    elif option.name == "spacing":
        yield ask("String", name, **forgotten)
    elif isinstance(kind, PathTo) and kind.role in ("output", "folder"):
        style = "directory" if kind.role == "folder" else "save"
        yield ask("File", name, style=style, **forgotten)
    elif isinstance(kind, PathTo) and (kind.role == "input" or option.name != "model"):
        style = "both" if kind.role == "model" else "open" if kind.suffixes else "directory"
        yield ask("File", name, style=style, **forgotten)
    elif option.name == "model" and menu.models:
        choice = {"choices": list(menu.models), "value": menu.models[0]}
        yield ask("String", name, **choice, **kept)
        yield ask(
            "File",
            MODEL_FILE,
            label="or another model",
            description="A model's folder, or a zip made by electrodej export",
            style="both",
            **forgotten,
        )
    elif isinstance(kind, Flag):
        # To go on with what was stopped is meant once.
        held = {"persist": False} if option.name == "resume" else kept
        yield ask("Boolean", name, value=bool(default), **held)
    elif isinstance(kind, Choice):
        none = [""] if default is None and not option.required else []
        listed = [*none, *map(str, kind.values)]
        value = listed[0] if default is None else str(default)
        # Without a value SciJava would wait for one, and without a screen give up.
        open_ = {"required": False} if none else {}
        yield ask("String", name, choices=listed, value=value, **open_, **kept)
    elif isinstance(kind, Whole | Number) and default is not None:
        java = "Integer" if isinstance(kind, Whole) else "Double"
        bounds = {"min": kind.least, "max": kind.most}
        finite = {side: bound for side, bound in bounds.items() if abs(bound) <= _MOST[java]}
        yield ask(java, name, value=default, **finite, **kept)
    else:
        value = "" if default in (None, ()) else option.kind.shown(default)
        yield ask("String", name, value=value, required=False, **kept)
    if option.name == "model" and menu.plugin:
        yield ask(
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
    # The voxel size is asked for once it is known which images are used.
    sent = sorted(options, key=lambda each: each.name == "spacing")
    entries = [_entry(each, menu) for each in sent if each.name != "out"]
    out = next((each for each in options if each.name == "out"), None)
    if out is None or menu.shows == "folder":
        place = [] if out is None else [f"{sent_as(out)}: {field_of(out, menu)}?.path,"]
        force = [f"{REPLACE}: {REPLACE},"] if "force" in verb.takes else []
        yield f'door.tell(door.call("{verb.name}", ['
        yield from (f"\t{entry}" for entry in (*entries, *place, *force))
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
    if menu.shows == "table":
        opening = f"door.tables.written({where}, {REPLACE})"
    else:
        first = next(each for each in options if isinstance(each.kind, Image))
        of = f"{field_of(first, menu)}, {file_field_of(first, menu)}"
        what = {"phases": "phases", "image": "filtered"}.get(menu.shows, "particles")
        opening = f'door.images.written({where}, {REPLACE}, door.images.named({of}, "{what}"))'
    inner = [f"{opening} {{ File target, boolean overwrite ->"]
    inner += ["\t" + line for line in call]
    if menu.shows == "table":
        of = "door.used(labels)" if "labels" in images else "null"
        inner.append(f'\tdoor.tables.show(target, "{menu.title.split()[-1]}", {of})')
        if menu.plots:
            inner.append(f"\tdoor.plots.show(target, {json.dumps(list(menu.plots))})")
    elif result:
        inner.append(f"\t{result} = door.shown(target, found)")
    inner.append("}")
    if not menu.plugin:
        yield from inner
        return
    fields = [field_of(each, menu) for each in options if each.name in menu.fields]
    given = [file_field_of(options[0], menu) if name == images[0] else name for name in fields]
    given = [_MODEL_GIVEN if name == "model" and menu.models else name for name in given]
    further = ", ".join(
        f"{sent_as(each)}: {field_of(each, menu)}" for each in options if each.name in menu.further
    )
    passed = ", ".join([images[0], *given, REPLACE, f"[{further or ':'}]"])
    yield 'if (engine == "Python") {'
    yield from ("\t" + line for line in inner)
    yield "}"
    yield f"else {result} = door.{menu.plugin}.segmented({passed})"


def _entry(option: Option, menu: Menu) -> str:
    """Return an option as an entry of the map that is sent."""
    key, field = sent_as(option), field_of(option, menu)
    if option.name in menu.files:
        return f"{key}: {file_field_of(option, menu)}?.path,"
    if isinstance(option.kind, Image):
        lend = "sliceImage" if option.kind.frames else "image"
        return f'{key}: door.{lend}({field}, {file_field_of(option, menu)}, "{title_of(option).lower()}"),'
    if option.name == "spacing":
        return f"{key}: door.voxelSize({field}),"
    if option.name == "model" and menu.models:
        return f"{key}: {_MODEL_GIVEN},"
    return f"{key}: {field}{'?.path' if _is_file(option) else ''},"


def _is_file(option: Option) -> bool:
    """Whether a dialog has a chooser of files for an option."""
    return isinstance(option.kind, PathTo) and (option.kind.role != "model" or option.name != "model")
