"""Slices by other programs: gridding in algotom, and ASTRA and TomoPy where a user installed them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.tomography.settings import TomographySettings

_ASTRA = {"fbp": "FBP", "sirt": "SIRT", "cgls": "CGLS"}
_FROM = {
    "astra": "conda install -c astra-toolbox astra-toolbox, or pip install astra-toolbox",
    "tomopy": "conda install -c conda-forge tomopy",
}


def slice_by_engine(
    sinogram: NDArray[np.float32], angles: NDArray[np.float64], column: float, settings: TomographySettings
) -> NDArray[np.float32]:
    """Return one slice, attenuation per pixel, with its rows as our own back-projection has them.

    What comes by algotom counts rows from the other side.
    """
    return np.ascontiguousarray(_by_algotom(sinogram, angles, column, settings)[::-1], np.float32)


def _by_algotom(
    sinogram: NDArray[np.float32], angles: NDArray[np.float64], column: float, settings: TomographySettings
) -> NDArray[Any]:
    library = require("algotom.rec.reconstruction", what="this way of reconstruction", extra="tomo")
    turns = np.radians(angles)
    common: dict[str, Any] = {"angles": turns, "ratio": None, "apply_log": False}
    if settings.engine == "own":
        if sinogram.shape[1] % 2 == 0:
            # Of an even width it has the axis on a pixel, and not in the middle of the slice.
            sinogram = _moved(sinogram, (np.sin(turns) - np.cos(turns)) / 2)
        return np.asarray(library.dfi_reconstruction(sinogram, column, **common))
    _check(settings.engine)
    if settings.engine == "tomopy":
        return np.asarray(library.gridrec_reconstruction(sinogram, column, ncore=1, **common))
    found = library.astra_reconstruction(
        sinogram,
        column,
        method=_ASTRA.get(settings.method, "FBP"),
        num_iter=settings.steps,
        ncore=1,
        **common,
    )
    return np.asarray(found)


def _moved(sinogram: NDArray[np.float32], shifts: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return each projection moved by pixels of its own, by splines.

    >>> _moved(np.array([[0, 1, 4, 9, 16, 25]], np.float32), np.array([1.0]))[0, 1:].round(3).tolist()
    [0.0, 1.0, 4.0, 9.0, 16.0]
    """
    from scipy.ndimage import map_coordinates

    rows, columns = np.indices(sinogram.shape)
    return np.asarray(map_coordinates(sinogram, [rows, columns - shifts[:, None]], order=3, mode="nearest"))


def _check(engine: str) -> None:
    import importlib.util

    if importlib.util.find_spec(engine) is None:
        raise InputError(
            f"--engine {engine} needs {engine}, which is no part of ElectrodeJ and not installed; "
            f"{_FROM[engine]}, or leave out --engine"
        )
