"""Particles of slices to one table."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from typing import Any

import numpy as np

from electrodej import __version__
from electrodej.errors import InputError
from electrodej.features.bad_labels import refuse_bad_labels
from electrodej.features.flat.columns import Column, selected_columns
from electrodej.features.flat.slices import Contacts, Slice, measure_slice
from electrodej.features.settings import FeatureSettings
from electrodej.features.sources import Sliceable, checked_sources
from electrodej.features.table import FeatureTable
from electrodej.features.typing import Array
from electrodej.run import Run
from electrodej.vocabulary import Spacing, counted
from electrodej.volume import check_spacing

_LARGEST_REACH = 250
SECTION_NOTE = (
    "Measured as 2D. A section shows circles smaller than the particles, misses small particles more often "
    "than large ones, and shows cracks, contacts and neighbours only where it cuts them: sizes are not those "
    "of the particles, and numbers of volumes cannot be compared with these. --saltykov corrects the sizes "
    "of particles that are balls."
)


def flat_features(
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
    """Measure every particle of every slice by itself.

    Parameters
    ----------
    grey, labels
        Shape (Z, Y, X), of which each slice has nothing to do with the others; a single slice has Z = 1.
    spacing
        Voxel size (z, y, x) in um; z plays no part.
    radius
        Radius in um of the disc that closes the particles and of the shell in which contacts count.
    attributes, crop, exclude_border
        As `electrodej.features.features` has them; pixels are cropped at each edge.
    run
        Progress, over the slices.

    Returns
    -------
    FeatureTable
        One row for each label of each slice; of several slices with the column ``Slice``, from 0.

    Examples
    --------
    >>> labels = np.zeros((1, 6, 6), np.uint8)
    >>> labels[0, 1:5, 1:5] = 3
    >>> labels[0, 2:4, 2:4] = 0
    >>> table = flat_features(labels, labels, spacing=(1, 0.5, 0.5), attributes=["Area", "Damage"])
    >>> {name: column.tolist() for name, column in table.columns.items()}
    {'Label': [3], 'Area': [4.0], 'Damage': [0.25]}
    """
    run = run or Run()
    _, height, width = check_spacing(spacing)
    if not (np.isfinite(radius) and radius >= 0):
        raise InputError(
            f"radius: {radius} is no length; give micrometres, {FeatureSettings.radius} for instance"
        )
    if radius > _LARGEST_REACH * min(height, width):
        raise InputError(
            f"radius: {radius:g} um is more than {_LARGEST_REACH} pixels of {min(height, width):g} um; "
            "check the voxel size (--spacing, in micrometres) and --radius"
        )
    chosen = selected_columns(attributes)
    shades, marks = checked_sources(grey, labels, 0)
    depth, rows, columns = marks.shape
    if crop < 0 or min(rows, columns) <= 2 * crop:
        raise InputError(
            f"a crop of {counted(crop, 'pixel')} at each edge leaves nothing of a slice of "
            f"{rows} x {columns} pixels"
        )
    wanted = {column.name for column in chosen}
    measured, contacts, numbers = [], [], []
    for z in range(depth):
        box = (z, z + 1, crop, rows - crop, crop, columns - crop)
        plane = _plane(marks, box)
        refuse_bad_labels(np.unique(plane), marks)
        view = Slice(_plane(shades, box), plane, (height, width), radius, crop)
        found, touching = measure_slice(view, wanted)
        measured.append(found)
        contacts.append(touching)
        numbers.append(np.full(len(found["Label"]), z, np.int64))
        run.progress(z + 1, depth, "measuring slices")
    table = _table(measured, chosen, np.concatenate(numbers) if depth > 1 else None)
    kept = _joined(measured, "TouchesBorder") == 0 if exclude_border else None
    notes = list(_notes(table))
    if kept is not None:
        table = {name: values[kept] for name, values in table.items()}
        if not kept.all():
            notes.append(f"{int((~kept).sum())} particles touch the image's border and are left out.")
    result = FeatureTable(
        columns=table,
        units=_described(chosen, "unit", depth > 1),
        definitions=_described(chosen, "definition", depth > 1),
        contacts=_all_contacts(contacts) if "Neighbours" in wanted else {},
        image=getattr(getattr(grey, "path", None), "name", ""),
        notes=tuple(notes),
        provenance=_provenance(marks.shape, (height, width), radius, crop, exclude_border),
    )
    run.note(*result.notes)
    return result


def _plane(source: Any, box: tuple[int, int, int, int, int, int]) -> Array:
    window = source.read(box)
    z, _, y0, y1, x0, x1 = box
    oz, oy, ox = window.origin
    return np.asarray(window.array[z - oz, y0 - oy : y1 - oy, x0 - ox : x1 - ox])


def _joined(measured: list[dict[str, Array]], name: str) -> Array:
    return np.concatenate([each[name] for each in measured])


def _table(
    measured: list[dict[str, Array]], chosen: tuple[Column, ...], numbers: Array | None
) -> dict[str, Array]:
    table = {"Label": _joined(measured, "Label")}
    if numbers is not None:
        table["Slice"] = numbers
    for column in chosen:
        values = _joined(measured, column.name)
        table[column.name] = values.astype(np.int64 if column.whole else np.float64)
    return table


def _described(chosen: tuple[Column, ...], what: str, several: bool) -> dict[str, str]:
    own = {"unit": "", "definition": "The particle's number in the label image."}
    entries = {"Label": own[what]}
    if several:
        entries["Slice"] = {"unit": "", "definition": "The slice that the particle lies in, from 0."}[what]
    return entries | {column.name: getattr(column, what) for column in chosen}


def _all_contacts(contacts: list[Contacts]) -> dict[str, Array]:
    joined = {name: np.concatenate([each[name] for each in contacts]) for name in contacts[0]}
    if len(contacts) == 1:
        return joined
    numbers = [np.full(len(each["Label1"]), z, np.int64) for z, each in enumerate(contacts)]
    return {"Slice": np.concatenate(numbers), **joined}


def _notes(table: dict[str, Array]) -> Iterable[str]:
    yield SECTION_NOTE
    if not len(table["Label"]):
        yield "The label image holds no particle; the table is empty."
    for name, values in table.items():
        undefined = int(np.isnan(values).sum()) if values.dtype.kind == "f" else 0
        if undefined:
            yield f"{name} is undefined and left empty for {undefined} of {len(values)} particles."


def _provenance(
    shape: tuple[int, int, int], pixel: tuple[float, float], radius: float, crop: int, exclude_border: bool
) -> dict[str, Any]:
    from importlib.metadata import version

    import scipy

    return {
        "dimensions": 2,
        "parameters": {"radius_um": radius, "crop_voxels": crop, "exclude_border": exclude_border},
        "voxel_size_um": dict(zip("yx", pixel, strict=True)),
        "shape_voxels": dict(zip("zyx", shape, strict=True)),
        "versions": {
            "electrodej": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-image": version("scikit-image"),
        },
    }
