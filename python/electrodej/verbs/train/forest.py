"""``electrodej train forest``: a forest that tells phases apart, from few labels and in seconds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError
from electrodej.forest.settings import ForestSettings
from electrodej.options import (
    Names,
    PathTo,
    Settings,
    Whole,
    argument,
    nested,
    option,
    output,
    voxel_size,
)
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.vocabulary import PathLike, Spacing, counted

if TYPE_CHECKING:
    from electrodej.forest import Forest, Labelled

_WHERE = "where.csv"
_MOST_IMPORTANT = 5


@dataclass(frozen=True, kw_only=True)
class TrainForestOptions(Settings):
    """What a forest learns from, and how."""

    data: tuple[PathLike, ...] = argument(
        PathTo(), "folders with grey images and their labels", many=True, title="Folder with images"
    )
    names: tuple[str, ...] = option((), Names(numbered=True), "names of the classes 0, 1, ...")
    ignore: tuple[int, ...] = option((), Whole(0, metavar="CLASS"), "take it as not labelled", many=True)
    settings: ForestSettings = nested(ForestSettings)
    pictures: PathLike | None = option(
        None,
        PathTo(metavar="DIR", role="folder"),
        "draw where another label would help most, and list the places in where.csv",
    )
    spacing: Spacing | None = voxel_size()
    out: PathLike = output("the forest's folder", role="folder", title="Folder of the forest")


def train(options: TrainForestOptions, run: Run) -> Outcome:
    """Train on whatever is labelled, and say where more labels would help."""
    from electrodej.files import check_target
    from electrodej.forest import read_labelled, train_forest, write_forest
    from electrodej.inspection import few, look_of, write_look

    for target in (options.out, options.pictures):
        if target is not None:
            check_target(target, force=run.force, inputs=options.data)
    if options.pictures is not None and Path(options.pictures).absolute() == Path(options.out).absolute():
        raise InputError("the forest and the pictures cannot have one folder; give each its own")
    names = dict(enumerate(options.names))
    with read_labelled(options.data, names=names or None, ignore=options.ignore, spacing=options.spacing) as (
        images,
        called,
    ):
        first = run.part(0, 2) if options.pictures is not None else run
        forest = train_forest(
            images, settings=options.settings, names=called, name=Path(options.out).name, run=first
        )
        sizes = {image.spacing for image in images}
        look = look_of(
            forest.name, [image.grey for image in few(images)], sizes.pop() if len(sizes) == 1 else None
        )
        where = []
        if options.pictures is not None:
            where = _draw(options.pictures, images, forest, run.part(1, 2))
    write_forest(options.out, forest, force=run.force)
    if look is not None:
        write_look(options.out, look)
    return Outcome(
        _numbers(options, forest, where),
        _text(options, forest, where),
        {"model": options.out},
        result=forest,
    )


def _numbers(options: TrainForestOptions, forest: Forest, where: Sequence[Any]) -> dict[str, Any]:
    made = forest.made
    return {
        "model": os.fspath(options.out),
        "classes": {str(value): name for value, name in zip(forest.ids, forest.names, strict=True)},
        "labelled_voxels": made["labelled_voxels"],
        "learnt_from_voxels": made["learnt_from_voxels"],
        "importance": dict(list(made["importance"].items())[:_MOST_IMPORTANT]),
        "pictures": None if options.pictures is None else os.fspath(options.pictures),
        "where": list(where),
    }


def _text(options: TrainForestOptions, forest: Forest, where: Sequence[Any]) -> str:
    lines = [
        f"{options.out}: {', '.join(forest.names)}; learnt from "
        f"{counted(forest.made['learnt_from_voxels'], 'voxel')}"
    ]
    if where:
        best = where[0]
        lines.append(
            f"another label would help most in {best['image']} at "
            f"x={best['x']}, y={best['y']}, z={best['z']} "
            f"({best['class']} or {best['or']}?); more in {Path(options.pictures or '') / _WHERE}"
        )
    return "\n".join(lines)


def _draw(folder: PathLike, images: Sequence[Labelled], forest: Forest, run: Run) -> list[dict[str, Any]]:
    """Write pictures and the table of places; return the places, the best first."""
    import csv

    from PIL import Image as Picture

    from electrodej.files import whole_directory
    from electrodej.files.tables import plain_cell
    from electrodej.forest import help_picture, suggest

    rows: list[dict[str, Any]] = []
    with whole_directory(folder, ours=_ours, force=run.force) as part:
        for number, image in enumerate(images):
            places, doubts = suggest(image, forest, run=run.part(number, len(images)))
            name = Path(image.name).stem
            for z, doubt in sorted(doubts.items()):
                drawn = help_picture(image.grey[z], doubt, places, z=z)
                Picture.fromarray(drawn).save(part / f"where-{number}-{name}-z{z:04d}.png")
            rows += [
                {
                    "image": name,
                    "x": place.x,
                    "y": place.y,
                    "z": place.z,
                    "doubt": round(place.doubt, 4),
                    "class": forest.names[place.classes[0]],
                    "or": forest.names[place.classes[1]],
                }
                for place in places
            ]
        rows.sort(key=lambda row: -row["doubt"])
        with (part / _WHERE).open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, ["image", "x", "y", "z", "doubt", "class", "or"])
            table.writeheader()
            table.writerows({key: plain_cell(str(value)) for key, value in row.items()} for row in rows)
    return rows


def _ours(folder: Path) -> bool:
    return all(entry.name == _WHERE or entry.name.startswith("where-") for entry in folder.iterdir())


VERB = Verb(
    name="train forest",
    summary="tells phases apart, from few labels and in seconds",
    help="""Train a forest, which tells phases apart by the grey values around each voxel.

DATA is a folder with grey.tif and phases.tif (255 where nobody labelled), with the folders grey and phases,
with images and a zip of ImageJ ROIs beside each, every ROI named by its class, or with images and a VIA file.
Any labelled voxels do: some strokes on one slice are enough to begin with. `electrodej segment phases` runs
the forest like any other model. When to take it, and when a network: docs/forest.md.""",
    example="electrodej train forest strokes/ --names pore,binder,particle --out my-forest --pictures where/",
    options=TrainForestOptions,
    work=train,
    takes=("force", "jobs", "memory"),
    menu=Menu(
        "Train Forest",
        ("data", "names", "dimensions", "pictures", "spacing", "out"),
        further=("trees", "samples", "sigmas", "seed"),
    ),
)
