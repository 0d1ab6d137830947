"""How well each particle is wired: columns with the share of its surface at each phase."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from electrodej.errors import InputError
from electrodej.run import Run

if TYPE_CHECKING:
    from electrodej.features import FeatureTable
    from electrodej.morphology import ContactCounts
    from electrodej.verbs.measure import MeasureOptions
    from electrodej.volume import Volume


def with_contacts(table: FeatureTable, options: MeasureOptions, run: Run) -> FeatureTable:
    """Return the table with ``ContactNAME`` for each phase around the particles, and ``ContactParticle``."""
    from electrodej.morphology import ContactCounts, phase_names
    from electrodej.volume import common_spacing, named_by_file, open_volume

    with (
        open_volume(options.labels, spacing=options.spacing) as labels,
        open_volume(options.phases, spacing=options.spacing) as phases,
        named_by_file(labels=labels, phases=phases),
    ):
        size, crop = common_spacing(labels, phases), options.settings.crop
        called = phase_names(_around(labels, phases, crop, run), dict(enumerate(options.phase_names)))
        counts: ContactCounts = ContactCounts(np.asarray(table["Label"]), tuple(called), spacing=size)
        for done, (drawn, kinds) in enumerate(_slices(labels, phases, crop)):
            counts.add(drawn, kinds)
            run.progress(done, labels.shape[0], "measuring contact with phases")
    found = counts.columns(called)
    del found["Label"]
    clash = sorted(set(found) & set(table.columns))
    if clash:
        raise InputError(f"phase names: the table has a column {clash[0]} already; name this phase otherwise")
    of_phases = [f"the phase {name}" for name in called.values()]
    texts = dict(zip(found, [*of_phases, "other particles"], strict=True))
    return replace(
        table,
        columns={**table.columns, **found},
        units={**table.units, **dict.fromkeys(found, "")},
        definitions={
            **table.definitions,
            **{
                name: f"area of the voxel faces between the particle and {text}, over the area of all its "
                "voxel faces inside the volume; undefined where it has none"
                for name, text in texts.items()
            },
        },
    )


def _slices(labels: Volume, phases: Volume, crop: int) -> Any:
    """Yield slabs of both volumes without what is cropped at the faces."""
    depth = min(labels.slab_thickness(), phases.slab_thickness())
    y, x = (slice(crop, length - crop) for length in labels.shape[1:])
    for z0 in range(crop, labels.shape[0] - crop, depth):
        z = slice(z0, min(z0 + depth, labels.shape[0] - crop))
        yield labels[z, y, x], phases[z, y, x]


def _around(labels: Volume, phases: Volume, crop: int, run: Run) -> tuple[int, ...]:
    """Return the phases that lie where no particle is."""
    from electrodej.morphology import find_phases

    outside = (np.where(drawn == 0, kinds, 255) for drawn, kinds in _slices(labels, phases, crop))
    return find_phases(outside, run.progress, labels.shape[0])
