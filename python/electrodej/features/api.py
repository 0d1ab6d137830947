"""The one function behind every door."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from electrodej import __version__
from electrodej.errors import InputError
from electrodej.features.again import Before
from electrodej.features.attributes import Attribute
from electrodej.features.needs import Need
from electrodej.features.notes import notes_on
from electrodej.features.own import OwnMeasure
from electrodej.features.particles import Measured, Plan
from electrodej.features.passes import Work, compare, density_pass, particle_pass, scan_pass
from electrodej.features.registry import selected
from electrodej.features.results import Results
from electrodej.features.scan import Block
from electrodej.features.settings import FeatureSettings
from electrodej.features.sources import Sliceable, checked_sources
from electrodej.features.table import FeatureTable
from electrodej.features.typing import Array
from electrodej.machine import free_memory
from electrodej.run import Run
from electrodej.vocabulary import Spacing
from electrodej.volume import check_spacing

# Voxels; the reference's radius is 10 of them.
_LARGEST_REACH = 250


def features(
    grey: Sliceable,
    labels: Sliceable,
    run: Run | None = None,
    *,
    spacing: Spacing,
    radius: float = FeatureSettings.radius,
    attributes: str | Iterable[str] | None = None,
    crop: int = 0,
    exclude_border: bool = False,
) -> FeatureTable:
    """Measure every particle of a label volume.

    The table does not depend, to the last bit, on who does the work and with how much memory.

    Parameters
    ----------
    grey, labels
        Volumes with the axes z, y, x and one shape: NumPy arrays, memory maps or
        `electrodej.volume.Volume`, of which only boxes are read. Label 0 is background; labels need
        not follow on one another. The name of the grey volume's file, where it has one, stands in the column
        ``Image``.
    spacing
        Voxel size (z, y, x) in um.
    radius
        Radius in um of the ball that closes the particles and of the shell in which contacts count.
    attributes
        What to measure: None or "all", a group ("basic", "damage", "extras", "own"), names, several of
        these. Only what they need is worked out.
    crop
        Voxels left out at each face. Positions and boxes still count from the uncropped volume's corner.
    exclude_border
        Leave out the rows of particles that touch a face of the (cropped) volume. They still count as
        neighbours of others, in the statistics over neighbours too.
    run
        Threads or a cluster, progress, what is kept so that the next measurement of the image works out
        what changed only, and memory: the bytes that the voxels being worked on may take, half of what is
        free by default. A single particle must fit: about 20 bytes for each voxel of its box.

    Returns
    -------
    FeatureTable
        One row for each label, in their order.

    Raises
    ------
    InputError
        The volumes differ in shape, a label is no whole number from 0 to 2^31 (the message says where), an
        attribute is unknown.
    VoxelSizeError
        ``spacing`` is not three lengths.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((5, 5, 5), np.uint8)
    >>> labels[1:4, 1:4, 1:4] = 3
    >>> table = features(labels * 50, labels, spacing=(0.5, 0.5, 0.5), attributes=["Volume", "Edensity"])
    >>> {name: column.tolist() for name, column in table.columns.items()}
    {'Label': [3], 'Edensity': [150.0], 'Volume': [3.375]}
    """
    run = run or Run()
    step = check_spacing(spacing)
    if not (np.isfinite(radius) and radius >= 0):
        raise InputError(
            f"radius: {radius} is no length; give micrometres, {FeatureSettings.radius} for instance"
        )
    _check_reach(float(radius), step)
    wanted, own = selected(attributes)
    sources = checked_sources(grey, labels, crop)
    with run.workers() as workers:
        work = Work(sources[1], sources[0], workers, run.memory or free_memory() / 2, run.progress)
        # Taken away meanwhile: what was stopped in the middle leaves nothing to go by.
        before = None if run.kept is None else run.kept.pop("features", Before())
        results = _measured(work, wanted, own, (step, float(radius)), before)
    if run.kept is not None:
        run.kept["features"] = before
    image = getattr(getattr(grey, "path", None), "name", "")
    table = _table(results, wanted, own, exclude_border, image, float(radius))
    run.note(*table.notes)
    return table


def _check_reach(radius: float, spacing: Spacing) -> None:
    """Refuse a ball of hundreds of voxels: a voxel size in the wrong unit, and it would fit no memory."""
    if radius > _LARGEST_REACH * min(spacing):
        raise InputError(
            f"radius: {radius:g} um is more than {_LARGEST_REACH} voxels of {min(spacing):g} um; "
            "check the voxel size (--spacing, in micrometres) and --radius"
        )


def _measured(
    work: Work,
    attributes: tuple[Attribute, ...],
    own: tuple[OwnMeasure, ...],
    lengths: tuple[Spacing, float],
    before: Before | None,
) -> Results:
    (spacing, radius), needs = lengths, Need.NOTHING
    for attribute in attributes:
        needs |= attribute.needs
    known: dict[int, Block] = {}
    if before is not None:
        kinds = (str(np.dtype(work.labels.data.dtype)), str(np.dtype(work.grey.data.dtype)))
        key = (lengths, needs, own, work.labels.shape, work.labels.crop, kinds)
        changed = compare(work, before, key)
        known = before.kept_blocks(changed)
    scanned, blocks = scan_pass(
        work, with_grey=Need.GREY in needs, with_faces=Need.FACES in needs, known=known
    )
    if before is not None:
        before.keep_blocks(blocks)
    n, shape = len(scanned.labels), work.labels.shape
    dense = around = np.zeros(n, dtype=np.int64)
    if n and Need.DENSITY in needs:
        dense, around = density_pass(work, scanned.boxes, shape, spacing)
    measured = Measured.empty(np.arange(n), len(own))
    if n and (needs & ~(Need.GREY | Need.FACES | Need.DENSITY) or own):
        plan = Plan(
            radius=radius,
            spacing=spacing,
            shape=shape,
            needs=needs | (Need.FILL if own else Need.NOTHING),
            own_measures=tuple((measure.name, measure.function) for measure in own),
        )
        rows = np.arange(n)
        if before is not None:
            measured, rows = before.start(plan, scanned.labels, scanned.boxes, changed)
        found = particle_pass(work, plan, scanned.labels[rows], scanned.boxes[rows])
        measured.put(replace(found, index=rows))
        if before is not None:
            before.keep(scanned.labels, scanned.boxes, measured, len(rows))
    work.progress(1.0, 1.0, "done")
    return Results(scanned, measured, spacing, shape, work.labels.crop, dense, around)


def _table(
    results: Results,
    attributes: tuple[Attribute, ...],
    own: tuple[OwnMeasure, ...],
    exclude_border: bool,
    image: str,
    radius: float,
) -> FeatureTable:
    columns: dict[str, Array] = {"Label": results.scanned.labels}
    units, definitions = {"Label": ""}, {"Label": "The particle's number in the label volume."}
    for attribute in attributes:
        columns[attribute.name] = np.asarray(attribute.function(results), dtype=attribute.dtype)
        units[attribute.name], definitions[attribute.name] = attribute.unit, attribute.definition
    for column, measure in enumerate(own):
        columns[measure.name] = results.measured.own[:, column]
        units[measure.name], definitions[measure.name] = measure.unit, measure.definition
    notes = notes_on(results, columns)
    if exclude_border:
        kept = ~_at_border(results)
        columns = {name: values[kept] for name, values in columns.items()}
        if not kept.all():
            notes = (*notes, f"{int((~kept).sum())} particles touch the volume's border and are left out.")
    return FeatureTable(
        columns=columns,
        units=units,
        definitions=definitions,
        contacts=_contacts(results) if "Neighbours" in columns else {},
        image=image,
        notes=notes,
        provenance=_provenance(results, radius, exclude_border),
    )


def _at_border(results: Results) -> Array:
    boxes = results.scanned.boxes
    return np.asarray(np.any((boxes[:, 0::2] == 0) | (boxes[:, 1::2] == np.asarray(results.shape)), axis=1))


def _contacts(results: Results) -> dict[str, Array]:
    pairs = results.scanned.pairs
    return {
        "Label1": pairs[:, 0],
        "Label2": pairs[:, 1],
        "Area": results.pair_areas,
        "Faces": pairs[:, 2:].sum(axis=1),
    }


def _provenance(results: Results, radius: float, exclude_border: bool) -> dict[str, Any]:
    import numba
    import scipy

    return {
        "parameters": {"radius_um": radius, "crop_voxels": results.crop, "exclude_border": exclude_border},
        "voxel_size_um": dict(zip("zyx", results.spacing, strict=True)),
        "shape_voxels": dict(zip("zyx", results.shape, strict=True)),
        "versions": {
            "electrodej": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
            "scipy": scipy.__version__,
        },
    }
