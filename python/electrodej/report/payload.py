"""Data for the page's scripts: one JSON text and one text of packed binary parts.

Binary parts (pictures, labels, columns of numbers) are base64 in a script element that no browser
runs, and the JSON text says where each begins. Both are safe whatever names or notes they carry.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.report.content import is_numeric

# What could end the script element, open a comment in it or end a line of a script.
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_EXACT_IN_FLOAT32 = 2**24


def script_safe_json(value: Any) -> str:
    r"""Return ``value`` as JSON that may stand in a script element.

    Examples
    --------
    >>> script_safe_json({"note": "</script>"})
    '{"note":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, escape in _UNSAFE.items():
        text = text.replace(character, escape)
    # A lone surrogate, as a file name that is not UTF-8 has, cannot be written.
    return text.encode("utf-8", "replace").decode("utf-8")


class Parts:
    """Binary parts, each at a place of one base64 text."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._length = 0

    def add(self, data: bytes) -> list[int]:
        """Add a part; return the start and the length of its text."""
        text = base64.b64encode(data).decode("ascii")
        self._texts.append(text)
        self._length += len(text)
        return [self._length - len(text), len(text)]

    def text(self) -> str:
        """All parts, one after the other."""
        return "".join(self._texts)


def pack_column(values: NDArray[Any], parts: Parts) -> dict[str, Any]:
    """Return how the page finds a column: packed numbers, or texts.

    Numbers are float32, which is more than the page prints, or float64 where these are whole numbers too
    large for it. Their bytes are regrouped (all first bytes, all second bytes, ...), which deflates better.
    Texts are the different ones, and packed numbers that say which of them stands in a row, because most
    columns of text name one of a few images in every row.
    """
    if not is_numeric(values):
        texts = ["" if _is_missing(value) else str(value) for value in values]
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        rows = np.array([places[text] for text in texts], dtype=np.int64)
        return {"words": list(places), **pack_column(rows, parts)}
    numbers = np.asarray(values, dtype=np.float64)
    # An infinite value has no place in a table of measures.
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    size = 4
    with np.errstate(invalid="ignore"):
        if np.any(np.abs(numbers) >= _EXACT_IN_FLOAT32):
            size = 8
    packed = np.ascontiguousarray(numbers, dtype=f"<f{size}")
    planes = packed.view(np.uint8).reshape(-1, size).T
    return {"part": parts.add(zlib.compress(planes.tobytes(), 6)), "bytes": size}


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
