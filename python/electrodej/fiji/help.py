"""The pages that the Help button in a Fiji dialog shows: what the command does, and what each field means.

They are made from the scripts themselves, whose first lines say what the dialog has; a verb's command has the
verb's help too. They lie in the jar, so that they open without a network.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from electrodej.fiji.content import PREFIX, library, scripts, title_of
from electrodej.fiji.words import help_in_fiji_words
from electrodej.verb import Verb

INDEX = "index"
_FIELD = re.compile(r"#@ (\w+) \((.*)\) (\w+)$")
_TEXT = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:52em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.3em .8em .3em 0;"
    "border-bottom:1px solid #ddd}img{max-width:100%;border:1px solid #ccc}code{background:#f3f3f3}"
)


class Field(NamedTuple):
    """A field of a dialog."""

    name: str
    label: str
    description: str
    kind: str


def fields_of(script: str) -> list[Field]:
    """Return the fields of a script's dialog.

    >>> fields_of('#@ Integer (label="Slices", description="How many", value=3) slices')
    [Field(name='slices', label='Slices', description='How many', kind='Integer')]
    """
    found = []
    for line in script.splitlines():
        match = _FIELD.match(line)
        texts = dict(_TEXT.findall(match[2])) if match else {}
        if match and "label" in texts:
            found.append(Field(match[3], texts["label"], texts.get("description", ""), match[1]))
    return found


def summary_of(script: str) -> str:
    """Return what the first comment of a script says."""
    lines = []
    for line in script.splitlines():
        if line.startswith("// "):
            lines.append(line[3:])
        elif lines:
            break
    return " ".join(lines).replace(" Written from the verb; see docs/fiji.md.", "")


def help_pages(verbs: Mapping[str, Verb]) -> dict[str, str]:
    """Return the pages by their names; ``verbs`` are those that commands stand for, by their titles."""
    pages = {}
    rows = []
    for path in sorted(scripts().rglob("ElectrodeJ/*.groovy")):
        title, text = title_of(path), path.read_text(encoding="utf-8")
        name = page_of(title)
        pages[name] = _page(title, text, verbs.get(title), _picture(name))
        rows.append(f'<tr><td><a href="{name}.html">{title}</a></td><td>{_said(summary_of(text))}</td></tr>')
    pages[INDEX] = _whole(
        "ElectrodeJ in Fiji",
        f"<p>Plugins &gt; ElectrodeJ has these commands.</p><table>{''.join(rows)}</table>",
    )
    return pages


def page_of(title: str) -> str:
    """Return the name of a command's page and of its dialog's picture, without their endings."""
    return title.replace(" ", "_")


def _picture(name: str) -> str:
    there = (folder() / f"{name}.png").is_file()
    return f'<p><img src="{name}.png" alt="the dialog"></p>' if there else ""


def folder() -> Path:
    """Return where the pages lie."""
    return library() / "electrodej" / "help"


def _page(title: str, script: str, verb: Verb | None, picture: str) -> str:
    parts = [f"<p>{_said(summary_of(script))}</p>", picture]
    if verb is not None:
        parts += [f"<p>{_said(each)}</p>" for each in help_in_fiji_words(verb).split("\n\n")]
    fields = fields_of(script)
    if fields:
        rows = "".join(
            f"<tr><td>{_said(each.label)}</td><td>{_said(each.description)}</td><td><code>{each.name}</code></td></tr>"
            for each in fields
        )
        parts.append(f"<table><tr><th>Field</th><th></th><th>In a macro</th></tr>{rows}</table>")
    images = [each.name for each in fields if each.kind == "File" and each.name.endswith("File")]
    given = " ".join(f"{name}=/path/to/{name.removesuffix('File')}.tif" for name in images[:2])
    parts.append(
        f"<p>In a macro: <code>run(&quot;{PREFIX}{title}&quot;, &quot;{_said(given)}&quot;);</code></p>"
    )
    if verb is not None:
        parts.append(f"<p>In a shell: <code>{_said(verb.example)}</code></p>")
    parts.append(f'<p><a href="{INDEX}.html">All commands</a></p>')
    return _whole(title, "\n".join(part for part in parts if part))


def _whole(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    page = f'<html lang="en"><head>{head}</head>\n<body><h1>{title}</h1>\n{body}\n</body></html>'
    return f"<!DOCTYPE html>\n{page}\n"


def _said(text: str) -> str:
    return html.escape(text.strip(), quote=True)
