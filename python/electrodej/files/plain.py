"""Values as JSON has them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """Return numpy's scalars and arrays, tuples and paths as what JSON has; what is not finite becomes None.

    >>> plain({"size": (1, 2.5), "mean": float("nan")})
    {'size': [1, 2.5], 'mean': None}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
