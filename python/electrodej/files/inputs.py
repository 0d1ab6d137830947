"""What a description says of the files that something was made from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from electrodej.files.tables import checksum


def input_facts(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the name and the checksum of each input, by its role.

    Parameters
    ----------
    inputs
        Paths, open volumes or arrays; a list gives a list. What is None is left out; what lies in memory has
        a name and no checksum.
    """
    return {role: _facts(value) for role, value in inputs.items() if value is not None}


def _facts(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_facts(each) for each in value]
    path = value if isinstance(value, str | os.PathLike) else getattr(value, "path", None)
    if path is None:
        return {"file": "array"}
    there = Path(path).exists()
    return {"file": Path(path).name, **({"checksum": checksum(path)} if there else {})}
