"""``electrodej export``: a Keras model becomes a zip that Fiji's plugins load."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from electrodej.cli.context import Context
from electrodej.cli.options import add_common

HELP = """Write a trained model as a zip for Fiji's StarDist and CSBDeep plugins (TensorFlow 1.15).

Beside the zip stand its thresholds and settings (.json), a macro that runs it (.ijm), and its
bioimage.io card (.rdf.yaml, .md, two test images)."""
EXAMPLE = "electrodej export my-stardist-model --out my-stardist-model.zip"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the verb."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a bundled model, a folder of StarDist (2D), CSBDeep or ElectrodeJ, or a .keras or .h5 file",
    )
    parser.add_argument("--name", help="name of the model in its card (default: that of the folder or file)")
    parser.add_argument(
        "--author", action="append", metavar="NAME", help="author for the card; may be given several times"
    )
    parser.add_argument(
        "--licence", default="CC-BY-4.0", metavar="SPDX", help="licence for the card (default: %(default)s)"
    )
    add_common(parser, "out", "force", out="the zip to write (default: MODEL.zip in this folder)")


def run(options: argparse.Namespace, context: Context) -> Mapping[str, Any]:
    """Export, and say what was written."""
    from electrodej.export import Authorship, export_model
    from electrodej.models.bundled import find_model
    from electrodej.run import Run

    out = options.out or f"{Path(options.model).resolve().stem}.zip"
    authorship = Authorship(authors=tuple(options.author or ()), licence=options.licence)
    done = export_model(
        find_model(options.model),
        out,
        name=options.name,
        authorship=authorship,
        run=Run(force=options.force, progress=context.progress, hear=context.note),
    )
    context.finish_progress()
    context.say("\n".join(["wrote", *(f"  {path}" for path in done.files)]))
    context.say(f"differs from Keras by {done.difference:.1e} at most; looks {done.info.context} pixels far")
    context.say(f"prove it in TensorFlow 1.15 with: electrodej verify {done.files[0]}")
    return done.as_dict()
