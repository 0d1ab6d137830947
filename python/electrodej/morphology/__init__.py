"""What phases look like: measures of their shape and arrangement."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from electrodej.morphology.borders import move_border
    from electrodej.morphology.clusters import Clusters, find_clusters
    from electrodej.morphology.connectivity import euler_number, measure_connectivity
    from electrodej.morphology.contacts import particle_contacts
    from electrodej.morphology.cracks import CRACK_COLUMNS, measure_cracks
    from electrodej.morphology.interfaces import measure_interfaces, mesh_surface, triple_lines
    from electrodej.morphology.outlines import add_cracks
    from electrodej.morphology.phases import (
        Measure,
        PairCounts,
        find_phases,
        measure_phases,
        phase_measures,
    )
    from electrodej.morphology.relation import Bin, Relation, relate
    from electrodej.morphology.sizes import (
        SizeDistribution,
        chords,
        distances,
        intrusion,
        local_thickness,
        measure_sizes,
        size_distribution,
        weighted_percentiles,
    )
    from electrodej.morphology.statistics import (
        coarser,
        lineal_path,
        profile,
        representative_volume,
        two_point,
        voxel_error,
    )
    from electrodej.morphology.versions import SPREAD_COLUMNS, spread

_HOME = {
    "particle_contacts": "contacts",
    "coarser": "statistics",
    "lineal_path": "statistics",
    "profile": "statistics",
    "representative_volume": "statistics",
    "two_point": "statistics",
    "voxel_error": "statistics",
    "measure_interfaces": "interfaces",
    "mesh_surface": "interfaces",
    "triple_lines": "interfaces",
    "Clusters": "clusters",
    "find_clusters": "clusters",
    "euler_number": "connectivity",
    "measure_connectivity": "connectivity",
    "SizeDistribution": "sizes",
    "chords": "sizes",
    "distances": "sizes",
    "intrusion": "sizes",
    "local_thickness": "sizes",
    "measure_sizes": "sizes",
    "size_distribution": "sizes",
    "weighted_percentiles": "sizes",
    "Bin": "relation",
    "CRACK_COLUMNS": "cracks",
    "Measure": "phases",
    "PairCounts": "phases",
    "Relation": "relation",
    "SPREAD_COLUMNS": "versions",
    "add_cracks": "outlines",
    "find_phases": "phases",
    "measure_cracks": "cracks",
    "measure_phases": "phases",
    "move_border": "borders",
    "phase_measures": "phases",
    "relate": "relation",
    "spread": "versions",
}

__all__ = [
    "CRACK_COLUMNS",
    "SPREAD_COLUMNS",
    "Bin",
    "Clusters",
    "Measure",
    "PairCounts",
    "Relation",
    "SizeDistribution",
    "add_cracks",
    "chords",
    "coarser",
    "distances",
    "euler_number",
    "find_clusters",
    "find_phases",
    "intrusion",
    "lineal_path",
    "local_thickness",
    "measure_connectivity",
    "measure_cracks",
    "measure_interfaces",
    "measure_phases",
    "measure_sizes",
    "mesh_surface",
    "move_border",
    "particle_contacts",
    "phase_measures",
    "profile",
    "relate",
    "representative_volume",
    "size_distribution",
    "spread",
    "triple_lines",
    "two_point",
    "voxel_error",
    "weighted_percentiles",
]


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the command line imports this room to print its help.
    if name in _HOME:
        return getattr(import_module(f"electrodej.morphology.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
