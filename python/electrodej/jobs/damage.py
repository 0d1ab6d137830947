"""Tables of particles on disk to a folder that explains their damage."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from electrodej import __version__
from electrodej.errors import InputError
from electrodej.progress import Progress, silent

if TYPE_CHECKING:
    from electrodej.damage import (
        Comparison,
        Contacts,
        DamageConfig,
        DamageResult,
        DamageTable,
        Evolution,
        EvolutionConfig,
        NetworkResult,
    )
    from electrodej.report import Section
    from electrodej.report.damage_sections import DamageDrawings
    from electrodej.report.network_figures import LabelPlane

PathLike = str | os.PathLike[str]

_PACKAGES = ("numpy", "scipy", "scikit-learn", "shap", "networkx")


@dataclass(frozen=True)
class DamageStudy:
    """What was found about one electrode or several.

    Attributes
    ----------
    results
        Of each table.
    comparisons
        Of the first modelled table with each further one.
    contacts, network, evolutions
        Of the first table, where its contacts were given; the evolution where it was asked for.
    notes
        About the study; those on a table are in its result.
    provenance
        Versions, settings and checksums.
    plane
        The middle slice of the label volume, where one was given.
    """

    results: tuple[DamageResult, ...]
    comparisons: tuple[Comparison, ...]
    contacts: Contacts | None
    network: NetworkResult | None
    evolutions: Mapping[str, Evolution]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any]
    plane: LabelPlane | None = None

    @cached_property
    def drawings(self) -> DamageDrawings:
        """The pictures, each drawn once however often it is wanted."""
        from electrodej.report.damage_sections import all_drawings

        return all_drawings(
            self.results,
            self.comparisons,
            contacts=self.contacts,
            network=self.network,
            evolutions=self.evolutions,
            plane=self.plane,
        )

    def sections(self) -> list[Section]:
        """Return the parts of a report that tell of this study."""
        from electrodej.report.damage_sections import damage_sections

        return damage_sections(
            self.results,
            self.comparisons,
            contacts=self.contacts,
            network=self.network,
            evolutions=self.evolutions,
            drawings=self.drawings,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """All notes, those on a table with its name where there are several."""
        if len(self.results) == 1:
            network = () if self.network is None else self.network.notes
            return (*self.notes, *self.results[0].notes, *network)
        named = [f"{result.table.name}: {note}" for result in self.results for note in result.notes]
        compared = [note for comparison in self.comparisons for note in comparison.notes]
        return (*self.notes, *named, *compared)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it; ``contribution`` and its like are those of the first table."""
        tables = [result.as_dict() for result in self.results]
        return {
            **tables[0],
            "tables": tables,
            "comparisons": [comparison.as_dict() for comparison in self.comparisons],
            "network": None if self.network is None else self.network.as_dict(),
            "evolution": {name: evolution.as_dict() for name, evolution in self.evolutions.items()},
            "figures": [drawing.name for drawing in self.drawings.all],
            "warnings": list(self.warnings),
            "provenance": dict(self.provenance),
        }


def study_damage(
    tables: Sequence[PathLike],
    out: PathLike,
    *,
    config: DamageConfig | None = None,
    exclude_border: bool = False,
    leave_out: Iterable[str] = (),
    contacts: PathLike | None = None,
    evolutions: Mapping[str, EvolutionConfig] | None = None,
    labels: PathLike | None = None,
    force: bool = False,
    progress: Progress = silent,
) -> DamageStudy:
    """Explain the damage of the particles in one or more tables and write everything into a folder.

    Parameters
    ----------
    tables
        CSV or Parquet, one for each electrode; the reference's columns are ours.
    out
        The folder to make.
    config
        Settings of the regression.
    exclude_border, leave_out
        As `electrodej.damage.make_table` has them.
    contacts
        The touching pairs of the one table, which `measure` writes beside it: adds the network.
    evolutions
        Name to settings of the electrodes that the network's evolution is shown for.
    labels
        The one table's label volume: a map of the damage after the last cycle is written for each of
        ``evolutions``.
    force
        Replace a folder of an earlier study.
    progress
        Told of every step.

    Returns
    -------
    DamageStudy
        What was written. A table with too few particles has a result without a model.
    """
    from electrodej.damage import DamageConfig, compare_damage, explain_damage, make_table
    from electrodej.damage.table_file import read_table_file
    from electrodej.files import check_folder_target, whole_directory
    from electrodej.jobs.damage_folder import fill_folder, is_ours
    from electrodej.jobs.damage_map import check_map, middle_plane, write_maps

    inputs = [*tables, *(each for each in (contacts, labels) if each is not None)]
    _check_request(tables, contacts, evolutions or {}, labels)
    check_folder_target(out, ours=is_ours, force=force, inputs=inputs)
    settings = config or DamageConfig()
    files = [read_table_file(path) for path in tables]
    ready = [
        make_table(file.columns, name=name, exclude_border=exclude_border, leave_out=leave_out)
        for file, name in zip(files, _names(tables), strict=True)
    ]
    pairs = None if contacts is None else _read_contacts(contacts, ready[0])
    if evolutions:
        _check_volumes(ready[0])
    mapped = () if labels is None else check_map(labels, ready[0], progress=progress)
    plane = None if labels is None else middle_plane(labels, ready[0])
    results = tuple(explain_damage(table, settings, progress=progress) for table in ready)
    comparisons: tuple[Comparison, ...] = ()
    notes: tuple[str, ...] = ()
    if len(results) > 1:
        comparisons, notes = compare_damage(results, progress=progress)
    study = DamageStudy(
        results=results,
        comparisons=comparisons,
        contacts=pairs,
        network=None if pairs is None else _network(results[0], pairs, progress),
        evolutions={}
        if pairs is None
        else {name: _evolve(results[0], pairs, each, progress) for name, each in (evolutions or {}).items()},
        notes=(*notes, *mapped),
        provenance=_provenance(inputs, settings, exclude_border, list(leave_out)),
        plane=plane,
    )
    with whole_directory(out, ours=is_ours, force=force) as part:
        fill_folder(part, study, files, progress=progress)
        if labels is not None:
            write_maps(part, labels, ready[0], study.evolutions, progress=progress)
    return study


def _check_request(
    tables: Sequence[PathLike],
    contacts: PathLike | None,
    evolutions: Mapping[str, EvolutionConfig],
    labels: PathLike | None,
) -> None:
    if not tables:
        raise InputError("give at least one table of particles")
    if contacts is not None and len(tables) > 1:
        raise InputError("contacts belong to one table; give that table alone")
    if evolutions and contacts is None:
        raise InputError("the evolution needs the contacts of the particles; give --contacts")
    if labels is not None and not evolutions:
        raise InputError("a damage map is painted for the evolution; give --evolve too")


def _names(tables: Sequence[PathLike]) -> list[str]:
    """File names, with their folder where two are alike, and a number where that is not enough."""
    names = [Path(path).name for path in tables]
    if len(set(names)) < len(names):
        names = [Path(path).as_posix() for path in tables]
    return [f"{name} ({place + 1})" if names.count(name) > 1 else name for place, name in enumerate(names)]


def _read_contacts(path: PathLike, table: Any) -> Contacts:
    from electrodej.damage import make_contacts
    from electrodej.damage.table_file import read_table_file

    return make_contacts(read_table_file(path).columns, table, name=os.fspath(path))


def _network(result: DamageResult, contacts: Contacts, progress: Progress) -> NetworkResult:
    from electrodej.damage import analyse_network

    return analyse_network(result.table, contacts, seed=result.config.seed, progress=progress)


def _evolve(
    result: DamageResult, contacts: Contacts, config: EvolutionConfig, progress: Progress
) -> Evolution:
    from electrodej.damage import evolve

    table = result.table
    return evolve(
        contacts.pairs, table.values[:, table.attributes.index("Volume")], config, progress=progress
    )


def _check_volumes(table: DamageTable) -> None:
    """Refuse what the evolution could only refuse after the forests."""
    if "Volume" not in table.attributes:
        raise InputError(f"{table.name}: the evolution needs the volumes; do without --leave-out Volume")
    wrong = ~(table.values[:, table.attributes.index("Volume")] > 0)
    if wrong.any():
        raise InputError(
            f"{table.name}: the particle with label {table.labels[np.argmax(wrong)]} has no volume above 0, "
            "which the evolution needs"
        )


def _provenance(
    inputs: Sequence[PathLike], config: DamageConfig, exclude_border: bool, leave_out: list[str]
) -> dict[str, Any]:
    from electrodej.extras import installed
    from electrodej.files.tables import checksum

    return {
        "parameters": {**config.as_dict(), "exclude_border": exclude_border, "leave_out": leave_out},
        "inputs": [{"file": Path(path).name, "checksum": checksum(path)} for path in inputs],
        "versions": {
            "electrodej": __version__,
            "python": platform.python_version(),
            **installed(_PACKAGES),
        },
    }
