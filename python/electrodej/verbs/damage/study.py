"""Tables of particles on disk to a folder that explains their damage."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from electrodej.errors import InputError
from electrodej.files import described
from electrodej.run import Run
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from electrodej.damage import (
        Comparison,
        Contacts,
        DamageResult,
        DamageTable,
        Evolution,
        NetworkResult,
    )
    from electrodej.report import Section
    from electrodej.report.damage.network import LabelPlane
    from electrodej.report.damage.sections import DamageDrawings
    from electrodej.verbs.damage import DamageOptions

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
        from electrodej.report.damage.sections import all_drawings

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
        from electrodej.report.damage.sections import damage_sections

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


def study_damage(options: DamageOptions, run: Run) -> DamageStudy:
    """Explain the damage of the particles in one or more tables and write everything into a folder.

    A table with too few particles has a result without a model.
    """
    from electrodej.damage import compare_damage, explain_damage, make_table
    from electrodej.damage.table_file import read_table_file
    from electrodej.files import check_folder_target, whole_directory
    from electrodej.verbs.damage.folder import fill_folder, is_ours
    from electrodej.verbs.damage.maps import check_map, middle_plane, write_maps

    further = [each for each in (options.contacts, options.labels) if each is not None]
    check_folder_target(options.out, ours=is_ours, force=run.force, inputs=[*options.tables, *further])
    files = [read_table_file(path) for path in options.tables]
    ready = [
        make_table(
            file.columns, name=name, exclude_border=options.exclude_border, leave_out=options.leave_out
        )
        for file, name in zip(files, _names(options.tables), strict=True)
    ]
    pairs = None if options.contacts is None else _read_contacts(options.contacts, ready[0])
    if options.evolve:
        _check_volumes(ready[0])
    mapped: tuple[str, ...] = ()
    plane = None
    if options.labels is not None:
        mapped = check_map(options.labels, ready[0], progress=run.progress)
        plane = middle_plane(options.labels, ready[0])
    results = tuple(explain_damage(table, options.config, run) for table in ready)
    comparisons: tuple[Comparison, ...] = ()
    notes: tuple[str, ...] = ()
    if len(results) > 1:
        comparisons, notes = compare_damage(results, run)
    study = DamageStudy(
        results=results,
        comparisons=comparisons,
        contacts=pairs,
        network=None if pairs is None else _network(results[0], pairs, run),
        evolutions={} if pairs is None else _evolutions(results[0], pairs, options, run),
        notes=(*notes, *mapped),
        provenance=_provenance(options, [*options.tables, *further]),
        plane=plane,
    )
    run.note(*study.warnings)
    with whole_directory(options.out, ours=is_ours, force=run.force) as part:
        fill_folder(part, study, files, progress=run.progress)
        if options.labels is not None:
            write_maps(part, options.labels, ready[0], study.evolutions, progress=run.progress)
    return study


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


def _network(result: DamageResult, contacts: Contacts, run: Run) -> NetworkResult:
    from electrodej.damage import analyse_network

    return analyse_network(result.table, contacts, run, seed=result.config.seed)


def _evolutions(
    result: DamageResult, contacts: Contacts, options: DamageOptions, run: Run
) -> dict[str, Evolution]:
    """Return the evolution of an electrode that is well formed, and of one that is not."""
    from electrodej.damage import POORLY_FORMED, WELL_FORMED, evolve

    if not options.evolve:
        return {}
    changes = {"seed": options.config.seed} | ({} if options.cycles is None else {"cycles": options.cycles})
    volume = result.table.values[:, result.table.attributes.index("Volume")]
    kinds = {"well-formed": WELL_FORMED, "poorly-formed": POORLY_FORMED}
    return {
        name: evolve(contacts.pairs, volume, config.changed(changes), run) for name, config in kinds.items()
    }


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


def _provenance(options: DamageOptions, inputs: Sequence[Any]) -> dict[str, Any]:
    asked = {"exclude_border": options.exclude_border, "leave_out": list(options.leave_out)}
    return described(parameters={**options.config.as_plain(), **asked}, inputs=inputs, packages=_PACKAGES)
