"""``electrodej export``: a Keras model becomes a zip that Fiji's plugins load."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from electrodej.export.card import Authorship
from electrodej.options import PathTo, Settings, Text, argument, flag, nested, option, output
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.vocabulary import PathLike


@dataclass(frozen=True, kw_only=True)
class ExportOptions(Settings):
    """Which model is exported, and what its card says."""

    model: PathLike = argument(
        PathTo(role="model"),
        "a bundled model, a folder of StarDist (2D), CSBDeep or ElectrodeJ, or a .keras or .h5 file",
    )
    name: str | None = option(
        None, Text("NAME"), "name of the model in its card", usual="that of the folder or file"
    )
    authorship: Authorship = nested(Authorship)
    bioimage_package: bool = flag(
        "also write a package (.bioimage.io.zip), which bioimage.io, DeepImageJ and JDLL open", word="package"
    )
    out: PathLike | None = output(
        "the zip to write", ".zip", default=None, usual="MODEL.zip in this folder", title="Save zip as"
    )


def export(options: ExportOptions, run: Run) -> Outcome:
    """Export, and say what was written."""
    from electrodej.export import export_model
    from electrodej.models.bundled import find_model

    model = Path(options.model).resolve()
    done = export_model(
        find_model(options.model),
        options.out or f"{model.stem if model.is_file() else model.name}.zip",
        run,
        name=options.name,
        authorship=options.authorship,
        package=options.bioimage_package,
    )
    lines = [
        "wrote",
        *(f"  {path}" for path in done.files),
        f"differs from Keras by {done.difference:.1e} at most; looks {done.info.context} pixels far",
        f"prove it in TensorFlow 1.15 with: electrodej verify {done.files[0]}",
    ]
    return Outcome(done.as_dict(), "\n".join(lines), {"zip": done.files[0]})


VERB = Verb(
    name="export",
    summary="write a trained model as a zip for Fiji's plugins",
    help="""Write a trained model as a zip for Fiji's StarDist and CSBDeep plugins (TensorFlow 1.15).

Beside the zip stand its thresholds and settings (.json), a macro that runs it (.ijm), and its
bioimage.io card (.rdf.yaml, .md, two test images).""",
    example="electrodej export my-stardist-model --out my-stardist-model.zip",
    options=ExportOptions,
    work=export,
    takes=("force",),
    menu=Menu(
        "Export Model",
        ("model", "out"),
        further=("name", "authors", "licence", "bioimage_package"),
        needs=("out",),
        models=("nmc-particles", "nmc-shapes", "nmc-phases", "nmc-cracks"),
    ),
)
