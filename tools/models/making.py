"""What the recipes of the bundled models share: where they work, training once, export and scores."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from telling import report

from electrodej.export import export_model, verify_zip
from electrodej.export.onnx_recipe import write_recipe
from electrodej.networks.stardist.settings import StarDistSettings
from electrodej.verbs import do


def places(description: str | None) -> argparse.ArgumentParser:
    """Return the options that every recipe has; `parse` makes the folders."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--work", type=Path, default=Path(".cache/models"), help="where data and runs are kept"
    )
    parser.add_argument("--models", type=Path, default=Path("models"), help="where the models are put")
    return parser


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the options, and make the folders that they name: a missing one is not found out at the end."""
    options = parser.parse_args()
    for folder in (options.work, options.models):
        folder.mkdir(parents=True, exist_ok=True)
    return options


def train_once(
    data: Path,
    out: Path,
    settings: StarDistSettings,
    *,
    description: str,
    spacing: float,
    init: Path | None = None,
) -> None:
    """Train a StarDist model, or go on training it; one that is there already is not made again."""
    if not out.is_dir():
        do(
            "train stardist",
            data,
            out=out,
            init=init,
            description=description,
            spacing=(spacing,) * 3,
            resume=True,
            progress=report(),
            **settings.as_plain(),
        )


def export_and_verify(folder: Path, name: str) -> dict[str, Any]:
    """Make the zip of a model and prove it; return what ``scores.json`` says of it."""
    # Weights are bundled once: ONNX is made again of the zip where somebody asks for it.
    export_model(folder, folder / "model.zip", name=name, onnx=False)
    write_recipe(folder / "model.zip")
    found = verify_zip(folder / "model.zip", source=folder)
    print(found.verdict, flush=True)
    return {
        "difference_in_tensorflow_1_15": found.difference,
        "context": None if found.context is None else found.context.pixels,
        "bytes": (folder / "model.zip").stat().st_size,
    }


def write_scores(folder: Path, scores: dict[str, Any]) -> None:
    """Write ``scores.json``, and print it."""
    text = json.dumps(scores, indent=2)
    (folder / "scores.json").write_text(text + "\n", encoding="utf-8")
    print(text, flush=True)
