"""Optional parts of ElectrodeJ: imported where they are needed, named when they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from electrodej.errors import MissingExtraError

# Extra -> the packages it brings that the code asks for.
EXTRAS: dict[str, tuple[str, ...]] = {
    "train": ("tensorflow", "stardist", "csbdeep", "roifile"),
    "fiji": ("pyimagej", "scyjava", "appose", "roifile"),
    "damage": ("scikit-learn", "shap", "networkx"),
    "parquet": ("pyarrow",),
}


def require(module: str, *, what: str, extra: str) -> Any:
    """Import ``module``, or say which extra brings it.

    Parameters
    ----------
    module
        Dotted name of the module.
    what
        What the user wanted to do, as the start of a sentence: "training a StarDist model".
    extra
        The extra of ElectrodeJ that brings the module.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        root = module.partition(".")[0]
        if error.name is not None and error.name.partition(".")[0] == root:
            raise MissingExtraError(what, extra, root) from error
        raise
