"""What is measured of a whole phase image where it is asked for, and the tables that come beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from electrodej.run import Run
from electrodej.transport.settings import TransportSettings
from electrodej.vocabulary import Spacing

if TYPE_CHECKING:
    from electrodej.morphology import Measure

Columns = dict[str, "NDArray[Any]"]

_TABLES = {"sizes": ("sizes",), "statistics": ("profiles", "correlations", "volumes")}


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
