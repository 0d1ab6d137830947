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
    """Return one slice, attenuation per pixel."""
    library = require("algotom.rec.reconstruction", what="this way of reconstruction", extra="tomo")
    turns = np.radians(angles)
    common: dict[str, Any] = {"angles": turns, "ratio": None, "apply_log": False}
    if settings.engine == "own":
        return np.asarray(library.dfi_reconstruction(sinogram, column, **common), np.float32)
    _check(settings.engine)
    if settings.engine == "tomopy":
        return np.asarray(library.gridrec_reconstruction(sinogram, column, ncore=1, **common), np.float32)
    found = library.astra_reconstruction(
        sinogram,
        column,
        method=_ASTRA.get(settings.method, "FBP"),
        num_iter=settings.steps,
        ncore=1,
        **common,
    )
    return np.asarray(found, np.float32)


def _check(engine: str) -> None:
    import importlib.util

    if importlib.util.find_spec(engine) is None:
        raise InputError(
            f"--engine {engine} needs {engine}, which is no part of ElectrodeJ and not installed; "
            f"{_FROM[engine]}, or leave out --engine"
        )
