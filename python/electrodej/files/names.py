"""Names of files: what is left without the ending, and what lies beside under a name made of it."""

from __future__ import annotations

from pathlib import Path

from electrodej.vocabulary import PathLike


def stem_of(path: PathLike) -> str:
    """Return the name without ``.tif``, ``.ome.tif``, ``.ome.zarr`` and the like; other dots stay.

    >>> stem_of("scan.v2.ome.tif")
    'scan.v2'
    """
    stem = Path(path).stem
    return stem[:-4] if stem.lower().endswith(".ome") else stem


def file_beside(path: PathLike, ending: str) -> Path:
    """Return a file beside another one, called like it but for the ending.

    >>> file_beside("particles.ome.tif", "_agreement.csv").name
    'particles_agreement.csv'
    """
    return Path(path).with_name(stem_of(path) + ending)
