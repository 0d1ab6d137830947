"""The attributes in a few plain words, for readers who do not know their short names."""

from __future__ import annotations

PLAIN_WORDS = {
    "Z": "height in the volume",
    "Roll": "turn around the longest axis",
    "Pitch": "dip of the longest axis",
    "Yaw": "heading of the longest axis",
    "Edensity": "mean grey value inside",
    "Homogeneity": "spread of the grey values inside",
    "SurfInner": "inner surface, of cracks and pores",
    "SurfOuter": "outer surface",
    "Volume": "volume, cracks filled",
    "Elongation": "longest over shortest axis",
    "Sphericity": "how near to a ball, with inner surface",
    "Vsratio": "volume to surface ratio",
    "RoughInner": "roughness of the inner surface",
    "RoughOuter": "roughness of the outer surface",
    "Contact": "share of the shell that is other particles",
    "PDensity": "packing density around",
    "DisNearest": "distance to the 6 nearest",
    "locVolume": "spread of volume among the 6 nearest",
    "locOri": "spread of orientation among the 6 nearest",
    "locElongation": "spread of elongation among the 6 nearest",
    "locSphericity": "spread of sphericity among the 6 nearest",
}
"""Attribute to its meaning; what exactly is measured is in the definitions of the table."""
