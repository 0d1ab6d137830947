"""The particles of slices: their table, and the sizes of the balls that may have been cut."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from electrodej.errors import InputError, UsageError
from electrodej.files import input_files
from electrodej.files.tables import check_table_target, table_beside, write_table
from electrodej.run import Run
from electrodej.verb import Outcome
from electrodej.verbs.measure.result import Measured
from electrodej.vocabulary import counted

if TYPE_CHECKING:
    from electrodej.features import FeatureTable
    from electrodej.verbs.measure import MeasureOptions
    from electrodej.vocabulary import Shape, Spacing


def measure_flat(options: MeasureOptions, run: Run) -> Outcome:
    """Measure each slice by itself and write the table."""
    from electrodej.features.flat import flat_features
    from electrodej.files import whole_set
    from electrodej.volume import common_spacing, named_by_file, open_volume

    out, settings = options.out, options.settings
    assert out is not None
    _check(options)
    given = [options.grey, options.labels]
    sizes = table_beside(out, "saltykov")
    targets = list(check_table_target(out, beside=("contacts",), force=run.force, inputs=given).values())
    if options.saltykov:
        targets += check_table_target(sizes, force=run.force, inputs=given).values()
    with (
        open_volume(options.grey, spacing=options.spacing) as grey,
        open_volume(options.labels, spacing=options.spacing) as labels,
        named_by_file(grey=grey, labels=labels),
    ):
        spacing, shape = common_spacing(grey, labels), labels.shape
        table = flat_features(
            grey,
            labels,
            run,
            spacing=spacing,
            radius=settings.radius,
            attributes=_with_diameter(settings.attributes) if options.saltykov else settings.attributes,
            crop=settings.crop,
            exclude_border=settings.exclude_border,
        )
    with whole_set(*targets, force=run.force):
        table.write(
            out,
            force=run.force,
            inputs=input_files({"grey": options.grey, "labels": options.labels}),
        )
        if options.saltykov:
            _write_sizes(sizes, table, shape, spacing, settings.crop, run)
    files = {"table": out, **({"sizes": sizes} if options.saltykov else {})}
    count = len(table)
    numbers: dict[str, Any] = {
        "particles": count,
        "dimensions": 2,
        "slices": shape[0],
        "table": os.fspath(out),
        "columns": list(table.columns),
    }
    if options.saltykov:
        numbers["sizes"] = os.fspath(sizes)
    text = f"{counted(count, 'particle')} in {counted(shape[0], 'slice')}, measured as 2D, in {out}"
    return Outcome(numbers, text, files, result=Measured(table))


def _check(options: MeasureOptions) -> None:
    if options.cracks is not None:
        raise UsageError(
            "--cracks measures cracks in volumes; leave it out: the table of slices has the columns Damage, "
            "CrackWidth, CrackOuter, CrackMiddle and CrackInner"
        )
    if options.phases is not None:
        raise UsageError("--phases measures contact in volumes; leave it out for slices")
    if options.measures:
        raise UsageError("--measures adds measures of volumes; leave it out for slices")


def _with_diameter(attributes: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if attributes is None or {"all", "extras", "EqDiameter"}.intersection(attributes):
        return attributes
    return (*attributes, "EqDiameter")


def _write_sizes(
    path: Path, table: FeatureTable, shape: Shape, spacing: Spacing, crop: int, run: Run
) -> None:
    from electrodej.features.flat.saltykov import COLUMNS, saltykov
    from electrodej.files import described

    if not len(table):
        raise InputError("there is no particle whose size could be corrected; leave out --saltykov")
    depth, height, width = shape
    area = depth * (height - 2 * crop) * (width - 2 * crop) * math.prod(spacing[1:])
    sizes, notes = saltykov(np.asarray(table["EqDiameter"]), area=area)
    run.note(*notes)
    write_table(
        path,
        sizes,
        description=described(columns=COLUMNS, parameters={"area_um2": area}, notes=list(notes)),
        force=run.force,
    )
