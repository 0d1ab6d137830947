"""The page: content in, one HTML file out."""

from __future__ import annotations

import base64
import hashlib
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

import electrodej
from electrodej.files import check_target, whole_file
from electrodej.morphology import phase_names
from electrodej.progress import Progress, silent
from electrodej.report.content import ReportContent, is_numeric
from electrodej.report.layers import LAYER_BYTES, LayerPack, pack_layers
from electrodej.report.numbers import key_numbers, unit_text
from electrodej.report.payload import Parts, pack_column, script_safe_json
from electrodej.report.phases import LAYER_CRACK_COLOUR, phase_colour
from electrodej.report.scores import score_table
from electrodej.report.slices import SlicePack, grid_positions, pack_slices
from electrodej.report.template import page_file, page_template
from electrodej.vocabulary import PathLike

PAGE_BYTES = 14_000_000
"""What a page of 2,000 particles takes at most, with whatever pictures its sections have."""
SLICE_BYTES = 7_000_000
"""Room for the grey slices before base64, which adds a third."""
LEAST_SLICE_BYTES = 3_000_000
"""Room that they have in any case, however much else there is."""

_LABEL_BYTES = 2_000_000

_SCRIPTS = (
    "data.js",
    "format.js",
    "state.js",
    "volume.js",
    "views.js",
    "surfaces.js",
    "renderer.js",
    "solids.js",
    "scene.js",
    "charts.js",
    "filter.js",
    "save.js",
    "table.js",
    "main.js",
)
_PRINTED_ROWS = 20
_MAIN_COLUMNS = (
    "Label",
    "Volume",
    "EqDiameter",
    "Elongation",
    "Sphericity",
    "Contact",
    "PDensity",
    "Damage",
)


def write_report(
    path: PathLike, content: ReportContent, *, force: bool = False, progress: Progress = silent
) -> Path:
    """Write one self-contained HTML page about a measured electrode.

    The page opens from disk, loads nothing from elsewhere and prints.

    Parameters
    ----------
    path
        Where to, ends in ``.html``.
    content
        What it tells.
    force
        Replace an existing page.
    progress
        Told after each slice.

    Returns
    -------
    pathlib.Path
        The page.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> labels = np.zeros((8, 8, 8), np.uint16); labels[2:6, 2:6, 2:6] = 1
    >>> content = ReportContent(
    ...     title="A cube", grey=labels * 100, labels=labels, spacing=(0.07, 0.07, 0.07),
    ...     table={"Label": np.array([1]), "Volume": np.array([64 * 0.07**3])}, units={"Volume": "µm³"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(pathlib.Path(folder) / "cube.html", content).name
    'cube.html'
    """
    target = check_target(path, force=force)
    page = render(content, progress=progress)
    with whole_file(target, force=force) as part:
        # As bytes, because the policy's checksums hold for lines that end in \n only.
        part.write_bytes(page.encode("utf-8", "replace"))
    return target


def render(content: ReportContent, *, progress: Progress = silent) -> str:
    """Return the page as text."""
    pack = None
    if content.grey is not None and content.labels is not None and content.spacing is not None:
        listed = content.table["Label"] if "Label" in content.table else np.arange(1, content.rows + 1)
        pack = pack_slices(
            content.grey,
            content.labels,
            spacing=content.spacing,
            listed=np.asarray(listed),
            most_bytes=room_for_slices(content),
            progress=progress,
        )
    layers = None if pack is None else pack_layers(content.phase_image, content.crack_image, pack.grid)
    parts = Parts()
    manifest = _manifest(content, pack, parts)
    if layers is not None:
        manifest["volume"]["layers"] = _layers(content, layers, parts)
    manifest["numbers"], numbered = _figure_numbers(content, parts)
    style = page_file("page.css")
    script = '"use strict";\n(() => {\n' + "\n".join(page_file(f"js/{name}") for name in _SCRIPTS) + "})();\n"
    page = page_template().render(
        content=content,
        pack=pack,
        solid=pack is not None and pack.grid.shape[0] > 1 and content.rows > 0,
        numbered=numbered,
        numbers=key_numbers(content, None if pack is None else pack.labelled_share),
        phases=_phases(content),
        printed=_printed_rows(content),
        warned=any("WARNING" in str(note) for note in content.notes),
        scores=score_table(content.scores) if content.scores else None,
        version=electrodej.__version__,
        style=Markup(style),
        script=Markup(script),
        policy=_policy(script, style),
        manifest=Markup(script_safe_json(manifest)),
        parts=Markup(parts.text()),
    )
    progress(1, 1, "report")
    return page


def room_for_slices(content: ReportContent) -> int:
    """Return how many bytes the grey slices may take beside the pictures and the table, before base64."""
    pictures = sum(len(figure.data) for section in content.sections for figure in section.figures)
    # Numbers of figures deflate to about a quarter.
    pictures += sum(len(figure.numbers) // 4 for section in content.sections for figure in section.figures)
    table = 4 * content.rows * len(content.table)
    layers = 0 if content.phase_image is None and content.crack_image is None else LAYER_BYTES
    room = 3 * (PAGE_BYTES - _LABEL_BYTES) // 4 - pictures - table - layers
    return max(LEAST_SLICE_BYTES, min(SLICE_BYTES, room))


def _manifest(content: ReportContent, pack: SlicePack | None, parts: Parts) -> dict[str, Any]:
    columns = []
    # The main columns come first, as few are in sight at once.
    first = [name for name in _MAIN_COLUMNS if name in content.table]
    last = [name for name in ("Image",) if name in content.table]
    others = [name for name in content.table if name not in (*first, *last)]
    for name in (*first, *others, *last):
        values = content.table[name]
        entry = {
            "name": str(name),
            "unit": unit_text(content.units.get(name, "")),
            "definition": content.definitions.get(name, ""),
            "whole": bool(np.asarray(values).dtype.kind in "biu"),
        }
        columns.append(entry | pack_column(np.asarray(values), parts))
    manifest: dict[str, Any] = {"rows": content.rows, "columns": columns, "volume": None}
    if pack is not None and content.spacing is not None:
        origin, pitch = zip(*grid_positions(pack.grid, content.spacing), strict=True)
        manifest["volume"] = {
            "whole": pack.grid.volume,
            "steps": pack.grid.steps,
            "shape": pack.grid.shape,
            "origin": origin,
            "pitch": pitch,
            "slices": [parts.add(jpeg) for jpeg in pack.jpegs],
            "labels": parts.add(pack.labels),
            "labelBytes": pack.label_bytes,
            "meanGrey": pack.mean_grey,
        }
    return manifest


def _layers(content: ReportContent, layers: LayerPack, parts: Parts) -> dict[str, Any]:
    names = phase_names(layers.phases, content.phase_names)
    return {
        "step": layers.step,
        "shape": layers.shape,
        "part": parts.add(layers.data),
        "phases": [
            {"value": value, "name": name, "colour": phase_colour(value)} for value, name in names.items()
        ],
        "cracks": LAYER_CRACK_COLOUR if layers.cracks else "",
    }


def _figure_numbers(
    content: ReportContent, parts: Parts
) -> tuple[list[list[int]], dict[tuple[int, int], int]]:
    """Return where the numbers of figures lie, and which of them a section's figure has."""
    found: list[list[int]] = []
    numbered = {}
    for place, section in enumerate(content.sections):
        for number, figure in enumerate(section.figures):
            if figure.numbers:
                numbered[place, number] = len(found)
                found.append(parts.add(zlib.compress(figure.numbers, 6)))
    return found, numbered


def _policy(script: str, style: str) -> str:
    """The page's own rule for the browser: run this script, use this style, load nothing."""
    return (
        "default-src 'none'; img-src data: blob:; base-uri 'none'; form-action 'none'; "
        f"script-src '{_checksum(script)}'; style-src '{_checksum(style)}'"
    )


def _checksum(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _phases(content: ReportContent) -> list[dict[str, Any]]:
    """The phases with the place of each on a bar of 100 units."""
    start = 0.0
    bars = []
    for place, (name, share) in enumerate((content.phases or {}).items()):
        bars.append({"name": name, "share": float(share), "start": 100 * start, "colour": place % 6 + 1})
        start += float(share)
    return bars


def _printed_rows(content: ReportContent) -> dict[str, Any]:
    """The first rows of the main columns, for paper and for browsers without scripts."""
    names = [name for name in _MAIN_COLUMNS if name in content.table]
    for name, values in content.table.items():
        if len(names) < len(_MAIN_COLUMNS) and name not in names and is_numeric(values):
            names.append(name)
    columns = {name: np.asarray(content.table[name])[:_PRINTED_ROWS] for name in names}
    return {"columns": columns, "shown": min(content.rows, _PRINTED_ROWS)}
