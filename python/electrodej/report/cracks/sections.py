"""The crack part of a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.report.content import Section
from electrodej.report.cracks.figures import LIMITS, crack_drawing, share_drawing
from electrodej.report.drawings import Drawing, as_figure
from electrodej.report.numbers import percent, readable

if TYPE_CHECKING:
    from electrodej.morphology import Relation

_WHAT_COUNTS = (
    "A crack is what the image of cracks marks. In synthetic electrodes, and so for the bundled network, "
    "that is every void within a particle: cracks, hollow cores and gaps between grains. So the share tells "
    "more than the count."
)


def crack_section(
    table: Mapping[str, NDArray[Any]], relations: Mapping[str, Relation], drawing: Drawing | None = None
) -> Section:
    """Return what the cracks of the particles are, and how they go with the packing density.

    Parameters
    ----------
    table
        From `electrodej.morphology.measure_cracks`, and ``PDensity`` of the same particles.
    relations
        Of crack measures with ``PDensity``, by their names; ``CrackShare`` among them.
    drawing
        From `electrodej.report.cracks.figures.crack_drawing`, where it is there already.
    """
    # A column of no particles has no kind of its own.
    packing, share = (np.asarray(table[name], dtype=np.float64) for name in ("PDensity", "CrackShare"))
    drawing = drawing or crack_drawing(packing, share, relations)
    return Section(
        "Cracks and packing density",
        "\n\n".join([_lead(table), _WHAT_COUNTS, _verdict(relations["CrackShare"])]),
        figures=[as_figure(drawing), as_figure(share_drawing(share))],
        table={
            "Measure": list(relations),
            "Particles": [found.particles for found in relations.values()],
            "Rank correlation": [_number(found.correlation) for found in relations.values()],
            "from": [_number(found.correlation_low) for found in relations.values()],
            "to": [_number(found.correlation_high) for found in relations.values()],
            "p": [_number(found.p) for found in relations.values()],
        },
    )


def _lead(table: Mapping[str, NDArray[Any]]) -> str:
    count = len(table["Label"])
    if not count:
        return "No particles."
    cracked = int((table["CrackVolume"] > 0).sum())
    if not cracked:
        return f"None of the {count} particles has a crack."
    whole = float(table["CrackVolume"].sum() / table["Volume"].sum())
    share = np.asarray(table["CrackShare"], dtype=np.float64)
    low, middle, high = (percent(float(each)) for each in np.quantile(share, (0.25, 0.5, 0.75)))
    opened = int(table["CrackReachesSurface"].sum())
    above = ", ".join(f"{int((share > limit).sum())} more than {percent(limit)} %" for limit in LIMITS)
    return (
        f"Cracks are {percent(whole)} % of the particles' volume; of a single particle {middle} % at the "
        f"median, and {low} to {high} % for the middle half of them. {cracked} of {count} particles have "
        f"some, {above} of their volume; in {opened} a crack reaches the surface."
    )


def _verdict(relation: Relation) -> str:
    if relation.correlation is None:
        return (
            "How the crack share goes with the packing density cannot be said: fewer than four particles "
            "have both, or one of the two is the same for all."
        )
    sure = relation.p is not None and relation.p < 0.05
    way = "falls" if relation.correlation < 0 else "rises"
    numbers = (
        f"rank correlation {readable(relation.correlation, 2)}, 95 % interval "
        f"{readable(relation.correlation_low, 2)} to {readable(relation.correlation_high, 2)}, "
        f"p {readable(relation.p, 2)}, {relation.particles} particles"
    )
    if sure:
        return f"The crack share {way} with the packing density ({numbers})."
    return f"The crack share goes neither up nor down with the packing density for sure ({numbers})."


def _number(value: float | None) -> float:
    return np.nan if value is None else value
