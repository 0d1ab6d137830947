"""What is measured of a whole phase image where it is asked for, and the tables that come beside."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.machine import memory_text
from electrodej.run import Run
from electrodej.transport.settings import TransportSettings
from electrodej.vocabulary import Shape

if TYPE_CHECKING:
    from electrodej.morphology import Measure, PhaseImage

Columns = dict[str, "NDArray[Any]"]

_TABLES = {"sizes": ("sizes",), "statistics": ("profiles", "correlations", "volumes")}


# Bytes a voxel that each takes beside the image; the solver of transport says itself what it takes.
_BYTES = {"connectivity": 9, "interfaces": 14, "sizes": 18, "statistics": 16}


@dataclass(frozen=True)
class Further:
    """Measures, and tables by the names that are added to the file's."""

    measures: list[Measure] = field(default_factory=list)
    tables: dict[str, Columns] = field(default_factory=dict)

    def __add__(self, other: Further) -> Further:
        """Return both; rows of tables of one name follow one another."""
        tables = dict(self.tables)
        for name, columns in other.tables.items():
            before = tables.get(name)
            tables[name] = (
                columns
                if before is None
                else {each: np.concatenate([before[each], columns[each]]) for each in columns}
            )
        return Further([*self.measures, *other.measures], tables)


def tables_of(names: Iterable[str], particles: bool = False) -> tuple[str, ...]:
    """Return which tables come with what is measured, and with the sizes of particles.

    >>> tables_of(("connectivity", "sizes"))
    ('sizes',)
    """
    found = [table for name in names for table in _TABLES.get(name, ())]
    return tuple(dict.fromkeys([*(["sizes"] if particles else []), *found]))


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
    image: PhaseImage, wanted: Iterable[str], *, transport: TransportSettings, run: Run
) -> Further:
    """Measure what is wanted: connectivity, interfaces, sizes, transport, statistics.

    With statistics, of all others there are profiles too.
    """
    from electrodej.morphology import (
        Profiles,
        measure_arrangement,
        measure_connectivity,
        measure_interfaces,
        measure_phases,
        measure_sizes,
        size_table,
    )
    from electrodej.transport import measure_transport

    found, names = Further(), list(wanted)
    profiles = Profiles(image) if "statistics" in names else None
    if profiles is not None:
        profiles.measure(measure_phases)
    for part, name in enumerate(names):
        told = run.part(part, len(names), f"{name}: ")
        common: dict[str, Any] = {"profiles": profiles, "run": told}
        if name == "connectivity":
            found.measures.extend(measure_connectivity(image, periodic=transport.periodic, **common))
        elif name == "interfaces":
            found.measures.extend(measure_interfaces(image, **common))
        elif name == "sizes":
            measures, distributions = measure_sizes(image, **common)
            found.measures.extend(measures)
            found.tables["sizes"] = size_table(distributions)
        elif name == "statistics":
            measures, tables = measure_arrangement(image, run=told)
            found.measures.extend(measures)
            found.tables.update(tables)
        else:
            found.measures.extend(measure_transport(image, settings=transport, **common))
    if profiles is not None:
        found.tables["profiles"] = profiles.table()
    return found
