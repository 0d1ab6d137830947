"""The columns of a table of particles in slices: what each is called and means.

``raw`` is a particle's own pixels, ``fill`` the particle closed with a disc of the radius r and its holes
filled. Names are those of the table of a volume where the meaning is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from electrodej.errors import InputError
from electrodej.features.attributes import GREY_BY_DEPTH
from electrodej.features.registry import UnknownAttributeError, listing


class Column(NamedTuple):
    """A column: its name, unit, groups and definition, and whether it holds whole numbers."""

    name: str
    unit: str
    groups: tuple[str, ...]
    definition: str
    whole: bool = False


_BOTH, _BASIC, _DAMAGE, _EXTRA = ("basic", "damage"), ("basic",), ("damage",), ("extras",)
_BOX = (("BoxY0", "First", "y"), ("BoxY1", "One past the last", "y"),
        ("BoxX0", "First", "x"), ("BoxX1", "One past the last", "x"))  # fmt: skip

COLUMNS = (
    Column("X", "um", _BOTH, "Centroid of raw along x: mean index times pixel size."),
    Column("Y", "um", _BOTH, "Centroid of raw along y: mean index times pixel size."),
    Column(
        "Orientation", "degree", _BOTH,
        "Heading of the longest axis of raw, from x towards y (down), in (-90, 90]; empty where both axes "
        "are equal.",
    ),
    Column("Edensity", "grey", _DAMAGE, "Mean of the non-zero grey values inside fill."),
    Column(
        "Homogeneity", "grey", _DAMAGE,
        "Sample standard deviation (n - 1) of the non-zero grey values inside fill.",
    ),
    Column("Area", "um^2", _DAMAGE, "Area of fill."),
    Column("Perimeter", "um", _DAMAGE, "Length of fill's border by Crofton's formula with 4 directions."),
    Column(
        "PerimeterInner", "um", _DAMAGE,
        "Length of the border of raw by the same formula, minus that of fill: the edges of cracks and holes.",
    ),
    Column(
        "Elongation", "", _BOTH,
        "Longest over shortest principal axis of raw; axis length 4 sqrt(eigenvalue) of the covariance of "
        "the pixel centres plus spacing^2 / 12.",
    ),
    Column("Circularity", "", _DAMAGE, "4 pi Area / Perimeter^2: 1 for a circle."),
    Column("Solidity", "", _DAMAGE, "Share of fill in its convex hull."),
    Column(
        "Contact", "", _DAMAGE,
        "Share of the shell (fill dilated by r, minus fill, inside the image) that is other particles.",
    ),
    Column(
        "PDensity", "", _DAMAGE,
        "Share of labelled pixels in the bounding box grown by 10 um (whole pixels, rounded down) on each "
        "side and cut to the image.",
    ),
    Column(
        "DisNearest", "um", _DAMAGE, "Mean distance to the 6 nearest centroids (fewer where fewer exist)."
    ),
    Column("locArea", "um^2", _DAMAGE, "Sample standard deviation of Area over the 6 nearest."),
    Column("locElongation", "", _DAMAGE, "Sample standard deviation of Elongation over the 6 nearest."),
    Column("Damage", "", _DAMAGE, "(fill - raw) / fill, by area."),
    Column("Pixels", "pixel", _BASIC, "Number of pixels of raw.", whole=True),
    Column("RawArea", "um^2", _BASIC, "Area of raw."),
    Column("GreyMean", "grey", _BASIC, "Mean of all grey values inside raw."),
    Column("GreyDeviation", "grey", _BASIC, "Sample standard deviation (n - 1) of all grey inside raw."),
    Column(
        "RadiusA", "um", _BASIC,
        "Longest radius of the ellipse with the covariance of raw: 2 sqrt(eigenvalue).",
    ),
    Column("RadiusB", "um", _BASIC, "Shortest radius of the same ellipse."),
    *(
        Column(name, "pixel", _BASIC, f"{which} index of raw along {axis}.", whole=True)
        for name, which, axis in _BOX
    ),
    Column(
        "TouchesBorder", "", _BASIC, "1 where raw has a pixel at an edge of the (cropped) image, else 0.",
        whole=True,
    ),
    Column("EqDiameter", "um", _EXTRA, "Diameter of the circle with the Area: sqrt(4 Area / pi)."),
    Column("Feret", "um", _EXTRA, "Largest distance between two corners of pixels of raw."),
    *(
        Column(
            f"Crack{third}", "", _EXTRA,
            f"Share of crack (fill without raw) in the {third.lower()} third of fill by depth, the distance "
            "of a pixel's centre to the nearest centre outside fill, up to the particle's largest depth.",
        )
        for third in ("Outer", "Middle", "Inner")
    ),
    Column(
        "CrackWidth", "um", _EXTRA,
        "Twice the largest distance from a crack pixel to the nearest that is not crack; 0 without one.",
    ),
    *(
        Column(
            name, "grey", _EXTRA,
            f"Mean grey of raw in the {which} of fill by depth (the distance of a pixel's centre to the "
            "nearest centre outside fill, up to the particle's largest depth).",
        )
        for name, (which, _, _) in GREY_BY_DEPTH.items()
    ),
    Column(
        "Pieces", "", _EXTRA, "Number of pieces of raw; pixels hang together by edges and corners.",
        whole=True,
    ),
    Column(
        "Neighbours", "", _EXTRA, "Number of other particles that share a pixel edge with raw.", whole=True
    ),
)  # fmt: skip
"""All columns, in the order of the table."""

NAMES = tuple(column.name for column in COLUMNS)


def selected_columns(choice: str | Iterable[str] | None) -> tuple[Column, ...]:
    """Return the columns that names and groups lead to, in the order of the table; all for None.

    Raises
    ------
    electrodej.errors.InputError
        There is no such attribute in a slice.
    """
    if choice is None:
        return COLUMNS
    words = [word.strip() for word in choice.split(",")] if isinstance(choice, str) else list(choice)
    groups = {group for column in COLUMNS for group in column.groups}
    in_volumes = {entry["name"] for entry in listing()}
    for word in words:
        if word in (*NAMES, *groups, "all", "own"):
            continue
        if word in in_volumes:
            raise InputError(
                f"attributes: {word} is measured in volumes only; a slice has {', '.join(NAMES[:14])}, ..."
            )
        raise UnknownAttributeError(
            f'attributes: there is no attribute or group "{word}" in a slice; groups are '
            f"{', '.join(sorted(groups))}, and docs/2d.md lists all names"
        )
    wanted = set(words)
    return tuple(
        column
        for column in COLUMNS
        if "all" in wanted or column.name in wanted or wanted.intersection(column.groups)
    )
