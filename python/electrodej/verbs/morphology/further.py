"""What is measured of a whole phase image where it is asked for, and the tables that come beside."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.machine import memory_text
from electrodej.run import Run
from electrodej.transport.settings import TransportSettings
from electrodej.vocabulary import Shape, Spacing

if TYPE_CHECKING:
    from electrodej.morphology import Measure

Columns = dict[str, "NDArray[Any]"]

_TABLES = {"sizes": ("sizes",), "statistics": ("profiles", "correlations", "volumes")}


# Bytes a voxel that each takes beside the image; the solver of transport says itself what it takes.
_BYTES = {"connectivity": 8, "interfaces": 14, "sizes": 16, "statistics": 16}


@dataclass(frozen=True)
class Further:
    """Measures, and tables by the names that are added to the file's."""

    measures: list[Measure] = field(default_factory=list)
    tables: dict[str, Columns] = field(default_factory=dict)


def tables_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return which tables come with what is measured.

    >>> tables_of(("connectivity", "sizes"))
    ('sizes',)
    """
    return tuple(table for name in names for table in _TABLES.get(name, ()))


def check_room(shape: Shape, wanted: Iterable[str], run: Run) -> None:
    """Raise an InputError where the memory does not suffice for what is measured of a whole image."""
    from electrodej.transport import memory_needed

    voxels = math.prod(shape)
    for name in wanted:
        needed = voxels + (memory_needed(shape) if name == "transport" else voxels * _BYTES[name])
        if needed > run.room:
            raise InputError(
                f"also: {name} of {' x '.join(map(str, shape))} voxels takes {memory_text(needed)} of "
                f"memory, and {memory_text(run.room)} may be used; allow more with --memory, or give a part "
                "of the image"
            )


def table_columns(tables: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what the columns of such tables mean."""
    from electrodej.morphology import CORRELATION_COLUMNS, PROFILE_COLUMNS, SIZE_COLUMNS, VOLUME_COLUMNS

    known: dict[str, Mapping[str, str]] = {
        "sizes": SIZE_COLUMNS,
        "profiles": PROFILE_COLUMNS,
        "correlations": CORRELATION_COLUMNS,
        "volumes": VOLUME_COLUMNS,
    }
    image = {"Image": "the file, and how its borders were moved"}
    return {f"{table}_columns": image | dict(known[table]) for table in tables}


def measure_further(
    drawn: NDArray[Any],
    wanted: Iterable[str],
    *,
    spacing: Spacing,
    names: Mapping[int, str],
    transport: TransportSettings,
    run: Run,
) -> Further:
    """Measure what is wanted: connectivity, interfaces, sizes, statistics, transport."""
    from electrodej.morphology import (
        measure_arrangement,
        measure_connectivity,
        measure_interfaces,
        measure_sizes,
        size_table,
    )
    from electrodej.transport import measure_transport

    found, wanted = Further(), list(wanted)
    for part, name in enumerate(wanted):
        told = run.part(part, len(wanted), f"{name}: ")
        common: dict[str, Any] = {"spacing": spacing, "names": names, "run": told}
        if name == "connectivity":
            found.measures.extend(measure_connectivity(drawn, periodic=transport.periodic, **common))
        elif name == "interfaces":
            found.measures.extend(measure_interfaces(drawn, **common))
        elif name == "sizes":
            measures, distributions = measure_sizes(drawn, **common)
            found.measures.extend(measures)
            found.tables["sizes"] = size_table(distributions)
        elif name == "statistics":
            measures, tables = measure_arrangement(drawn, **common)
            found.measures.extend(measures)
            found.tables.update(tables)
        else:
            found.measures.extend(measure_transport(drawn, settings=transport, **common))
    return found
