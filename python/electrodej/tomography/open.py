"""Opening whatever holds a scan."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrodej.errors import InputError
from electrodej.tomography.scan import Scan
from electrodej.vocabulary import PathLike

# Names of what holds projections and no volume.
SCAN_SUFFIXES = (".nxs", ".nx", ".h5", ".hdf5", ".hdf")


def is_scan(path: PathLike) -> bool:
    """Return whether a file holds projections, by its name.

    >>> is_scan("projections.nxs"), is_scan("grey.tif")
    (True, False)
    """
    return Path(path).suffix.lower() in SCAN_SUFFIXES


def open_scan(
    path: PathLike,
    *,
    flats: PathLike | None = None,
    darks: PathLike | None = None,
    angles: tuple[float, float] | None = None,
    pixel: float | None = None,
) -> Scan:
    """Open a scan; its projections are read later.

    Parameters
    ----------
    path
        NXtomo or Data Exchange in HDF5; a folder of pictures, or with the folders projections, flats, darks.
    flats, darks
        A folder or a file of pictures, instead of those in the scan.
    angles
        First and last angle in degrees, instead of those in the scan.
    pixel
        Edge of the pixels in micrometres, instead of what the scan says.

    Raises
    ------
    electrodej.errors.InputError
        It is not there, no scan, or damaged.
    """
    from electrodej.tomography.hdf5 import open_hdf5
    from electrodej.tomography.pictures import open_pictures, with_darks, with_flats

    place = Path(path)
    if not place.exists():
        raise InputError(f"{place} does not exist; check the name")
    if place.is_file() and is_scan(place):
        scan = open_hdf5(place, angles=angles is None, pixel=pixel is None)
    else:
        scan = open_pictures(place)
    if pixel is not None:
        scan = scan.changed(pixel=pixel)
    if flats is not None:
        scan = with_flats(scan, flats)
    if darks is not None:
        scan = with_darks(scan, darks)
    if angles is not None:
        scan = scan.changed(angles=np.linspace(*angles, scan.shape[0]))
    elif scan.shape[0] and not np.isfinite(scan.angles).any():
        raise InputError(f"{place} does not say its angles; give --angles FIRST,LAST in degrees, e.g. 0,180")
    return scan
