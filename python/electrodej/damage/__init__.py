"""From the table to an explanation: what drives the damage, and how it spreads in the contact network.

`make_table` checks the columns of a table, `explain_damage` fits the forest, explains it and judges it,
`compare_damage` sets two or more electrodes against each other. `analyse_network` looks at damage on the
graph of touching particles, `evolve` lets damage grow on it. All take and give arrays; files are read and
written by the verb ``electrodej damage``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from electrodej.damage.config import ATTRIBUTES, TARGET, DamageConfig
from electrodej.damage.evolution_config import POORLY_FORMED, WELL_FORMED, EvolutionConfig
from electrodej.damage.table import DamageTable, make_table

if TYPE_CHECKING:
    from electrodej.damage.analysis import DamageResult, explain_damage
    from electrodej.damage.compare import AttributeChange, Comparison, compare_damage
    from electrodej.damage.electrodes import (
        Difference,
        ElectrodeComparison,
        Group,
        Sample,
        attributes_of,
        compare_electrodes,
    )
    from electrodej.damage.evaluate import Evaluation
    from electrodej.damage.evolution import Evolution, evolve, paint_damage
    from electrodej.damage.network import (
        Contacts,
        NetworkResult,
        analyse_network,
        contact_graph,
        make_contacts,
    )

_HOMES = {
    "DamageResult": "analysis",
    "explain_damage": "analysis",
    "AttributeChange": "compare",
    "Comparison": "compare",
    "compare_damage": "compare",
    "Difference": "electrodes",
    "ElectrodeComparison": "electrodes",
    "Group": "electrodes",
    "Sample": "electrodes",
    "attributes_of": "electrodes",
    "compare_electrodes": "electrodes",
    "Evaluation": "evaluate",
    "Evolution": "evolution",
    "evolve": "evolution",
    "paint_damage": "evolution",
    "Contacts": "network",
    "NetworkResult": "network",
    "analyse_network": "network",
    "contact_graph": "network",
    "make_contacts": "network",
}

__all__ = [
    "ATTRIBUTES",
    "POORLY_FORMED",
    "TARGET",
    "WELL_FORMED",
    "AttributeChange",
    "Comparison",
    "Contacts",
    "DamageConfig",
    "DamageResult",
    "DamageTable",
    "Difference",
    "ElectrodeComparison",
    "Evaluation",
    "Evolution",
    "EvolutionConfig",
    "Group",
    "NetworkResult",
    "Sample",
    "analyse_network",
    "attributes_of",
    "compare_damage",
    "compare_electrodes",
    "contact_graph",
    "evolve",
    "explain_damage",
    "make_contacts",
    "make_table",
    "paint_damage",
]


def __getattr__(name: str) -> Any:
    # scikit-learn, shap and networkx are imported only where a model or a graph is made.
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(f"electrodej.damage.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
