"""Write docs/notebooks/*.ipynb from tools/notebooks/*.py, with what their cells give.

A cell begins with ``# %%``, one of text with ``# %% [markdown]``. Cells are executed one after
the other: what is printed, and what the last line gives, stands below each. Run it after a change:

    python tools/write_notebooks.py
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

HOME = Path(__file__).parents[1]
SOURCES = HOME / "tools" / "notebooks"
TARGETS = HOME / "docs" / "notebooks"

Cell = tuple[str, str]


def cells_of(source: str) -> list[Cell]:
    """Return the cells of a source: ``markdown`` or ``code``, and the text."""
    cells = []
    for part in re.split(r"^# %%", source, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        if "[markdown]" in head:
            lines = [re.sub(r"^# ?", "", line) for line in body.strip().splitlines()]
            cells.append(("markdown", "\n".join(lines)))
        else:
            cells.append(("code", body.strip()))
    return cells


def execute(code: str, names: dict[str, Any]) -> tuple[str, Any]:
    """Run a cell; return what it prints and what its last line gives, None where that is no expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    value = None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    return printed.getvalue(), value


def shown(value: Any) -> dict[str, Any]:
    """Return a value as a notebook keeps it: as text, and as HTML or a picture where it has one."""
    from matplotlib.figure import Figure

    if isinstance(value, Figure):
        picture = io.BytesIO()
        value.savefig(picture, format="png", dpi=90)
        return {
            "image/png": base64.b64encode(picture.getvalue()).decode("ascii"),
            "text/plain": ["<Figure>"],
        }
    data: dict[str, Any] = {"text/plain": repr(value).splitlines(keepends=True)}
    if hasattr(value, "_repr_html_"):
        data["text/html"] = value._repr_html_().splitlines(keepends=True)
    return data


def notebook(source: str) -> dict[str, Any]:
    """Return an executed notebook in the format 4.5."""
    names: dict[str, Any] = {"__name__": "__main__"}
    cells: list[dict[str, Any]] = []
    count = 0
    for number, (kind, text) in enumerate(cells_of(source)):
        cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
        cell["source"] = text.splitlines(keepends=True)
        if kind == "code":
            count += 1
            printed, value = execute(text, names)
            outputs: list[dict[str, Any]] = []
            if printed:
                lines = printed.splitlines(keepends=True)
                outputs.append({"output_type": "stream", "name": "stdout", "text": lines})
            if value is not None:
                outputs.append({
                    "output_type": "execute_result", "execution_count": count, "metadata": {},
                    "data": shown(value),
                })  # fmt: skip
            cell |= {"execution_count": count, "outputs": outputs}
        cells.append(cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def main() -> None:
    """Execute and write all notebooks."""
    TARGETS.mkdir(exist_ok=True)
    for source in sorted(SOURCES.glob("*.py")):
        found = notebook(source.read_text(encoding="utf-8"))
        target = TARGETS / f"{source.stem.replace('_', '-')}.ipynb"
        text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
        target.write_text(text, encoding="utf-8")
        print(target.relative_to(HOME))


if __name__ == "__main__":
    main()
