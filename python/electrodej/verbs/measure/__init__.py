"""``electrodej measure``: the feature table of labelled particles."""

from __future__ import annotations

import os
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from electrodej.errors import UsageError
from electrodej.features.settings import FeatureSettings
from electrodej.options import (
    Image,
    Names,
    PathTo,
    Settings,
    Whole,
    argument,
    flag,
    nested,
    option,
    output,
    voxel_size,
)
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.verbs.measure.result import Measured
from electrodej.vocabulary import PathLike, Spacing, counted


@dataclass(frozen=True, kw_only=True)
class MeasureOptions(Settings):
    """What is measured, and how."""

    grey: Any = argument(Image(), "the grey volume", default=None, title="Grey image")
    labels: Any = argument(Image(labels=True), "its particles, 0 is background", default=None, title="Labels")
    listing: bool = flag("list the attributes and what they mean, and end", word="list")
    settings: FeatureSettings = nested(FeatureSettings)
    flat: bool = flag(
        "measure each slice of a stack by itself, as 2D; a single slice is measured so in any case",
        title="Slices are unrelated",
    )
    saltykov: bool = flag(
        "of slices: also write the sizes that the particles have if they are balls, TABLE_saltykov.csv"
    )
    measures: tuple[PathLike, ...] = option(
        (),
        PathTo(metavar="FILE"),
        "run this Python file, which adds measures of your own (group own; may be given again); "
        "docs/features.md shows one",
        many=True,
    )
    phases: Any = option(
        None,
        Image(metavar="PHASES", labels=True),
        "also measure how well each particle is wired: the share of its surface at each of these phases",
        title="Phases",
    )
    phase_names: tuple[str, ...] = option(
        (),
        Names(numbered=True),
        "with --phases: names of the classes 0, 1, ..., e.g. pore,binder,particle",
        title="Names of the phases",
    )
    cracks: Any = option(
        None,
        Image(metavar="CRACKS", labels=True),
        "also measure these cracks of the particles: an image of phases",
        title="Cracks",
    )
    crack_class: int | None = option(
        None,
        Whole(0),
        "with --cracks: which number in CRACKS is crack",
        usual="the only one that is not 0",
    )
    spacing: Spacing | None = voxel_size()
    out: PathLike | None = output(
        "the table to write, .csv or .parquet (required)",
        ".csv",
        ".parquet",
        default=None,
        title="Save table as",
    )

    def check(self) -> None:
        if self.listing:
            return
        if self.grey is None or self.labels is None:
            raise UsageError(
                "give the grey volume and the labels, e.g. electrodej measure grey.tif labels.tif --out t.csv"
            )
        if self.out is None:
            raise UsageError("say where to write the table with --out, e.g. --out particles.csv")
        if self.phase_names and self.phases is None:
            raise UsageError("--phase-names says what the classes in --phases are; give --phases too")
        if self.crack_class is not None and self.cracks is None:
            raise UsageError("--crack-class says which number in --cracks is crack; give --cracks too")


def measure(options: MeasureOptions, run: Run) -> Outcome:
    """Measure and write, or list the attributes."""
    if options.listing:
        return _listed(options)
    _check_images(options)
    if _is_flat(options):
        from electrodej.verbs.measure.flat import measure_flat

        return measure_flat(options, run)
    if options.saltykov:
        raise UsageError("--saltykov is for slices; a volume shows the sizes themselves")
    if options.cracks is None:
        return _measured(options, run)
    from electrodej.files import whole_set
    from electrodej.verbs.measure.cracks import check_cracks, measure_cracks

    # Whatever is wrong is said before the long work, and all files land together after it.
    assert options.out is not None
    others = [*_targets(options, run).values(), *check_cracks(options, run).values()]
    with whole_set(options.out, *others, force=run.force):
        outcome = _measured(options, run)
        study = measure_cracks(options, run)
    return Outcome(
        {**outcome.numbers, "cracks": study.result},
        f"{outcome.text}\n{study.text}",
        {**outcome.files, "cracks": study.result["table"]},
        result=Measured(outcome.result.table, study),
    )


def _is_flat(options: MeasureOptions) -> bool:
    from electrodej.volume import open_volume

    if options.flat:
        return True
    with open_volume(options.labels, spacing=options.spacing) as labels:
        return labels.is_2d


def _check_images(options: MeasureOptions) -> None:
    """Refuse images in each other's place, and voxels that no scan has."""
    from electrodej.inspection import check_voxels, refuse_swapped
    from electrodej.volume import open_volume

    if options.spacing is not None:
        check_voxels(options.spacing)
    with open_volume(options.labels) as labels, open_volume(options.grey) as grey:
        refuse_swapped(grey, labels)


def _measured(options: MeasureOptions, run: Run) -> Outcome:
    from electrodej.features import features, with_measures
    from electrodej.files import input_files
    from electrodej.volume import common_spacing, named_by_file, open_volume

    out, settings = options.out, options.settings
    assert out is not None
    _targets(options, run)
    with (
        with_measures(options.measures),
        open_volume(options.grey, spacing=options.spacing) as grey,
        open_volume(options.labels, spacing=options.spacing) as labels,
        named_by_file(grey=grey, labels=labels),
    ):
        table = features(
            grey,
            labels,
            run,
            spacing=common_spacing(grey, labels),
            radius=settings.radius,
            attributes=settings.attributes,
            crop=settings.crop,
            exclude_border=settings.exclude_border,
        )
    if options.phases is not None:
        from electrodej.verbs.measure.contacts import with_contacts

        table = with_contacts(table, options, run)
    inputs = {
        "grey": options.grey,
        "labels": options.labels,
        "phases": options.phases,
        "measures": list(options.measures) or None,
    }
    table.write(out, force=run.force, inputs=input_files(inputs))
    numbers = {"particles": len(table), "table": os.fspath(out), "columns": list(table.columns)}
    text = f"{counted(len(table), 'particle')} in {out}"
    return Outcome(numbers, text, {"table": out}, result=Measured(table))


def _targets(options: MeasureOptions, run: Run) -> dict[str, Path]:
    """Return the files of the table of particles, once it is sure that each may be written."""
    from electrodej.files.tables import check_table_target

    assert options.out is not None
    given = [options.grey, options.labels, options.phases, *options.measures]
    return check_table_target(options.out, beside=("contacts",), force=run.force, inputs=given)


def _listed(options: MeasureOptions) -> Outcome:
    from electrodej.features import listing, with_measures

    with with_measures(options.measures):
        attributes = listing()
    width = max(len(attribute["name"]) for attribute in attributes)
    units = max(len(attribute["unit"]) for attribute in attributes)
    lines = [
        textwrap.fill(
            f"{attribute['name']:<{width}}  {attribute['unit']:<{units}}  {attribute['definition']}",
            110,
            subsequent_indent=" " * (width + units + 4),
            break_on_hyphens=False,
        )
        for attribute in attributes
    ]
    return Outcome({"attributes": attributes}, "\n".join(lines))


VERB = Verb(
    name="measure",
    summary="measure every particle: 21 attributes, damage and more",
    help="""Measure every particle of a label volume in its grey volume: the 21 attributes, damage and more,
one row for each particle. A single slice is measured as 2D, see docs/2d.md. A .json beside the table says
what each column means and how it was made; a _contacts.csv has one row for each pair of particles that
touch. With --phases the table says how much of each particle's surface lies at pore, binder and so on. With
--cracks, a _cracks.csv has the cracks of each particle, and a _cracks.html shows how they go with the
packing density.""",
    example="electrodej measure grey.tif labels.tif --out particles.csv",
    options=MeasureOptions,
    work=measure,
    takes=("force", "jobs", "memory", "scheduler"),
    menu=Menu(
        "Measure Particles",
        ("grey", "labels", "radius", "attributes", "exclude_border", "spacing", "out"),
        further=("crop", "phases", "phase_names"),
        files=("phases",),
        shows="table",
        names={"out": "table"},
    ),
)
