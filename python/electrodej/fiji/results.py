"""Tables between Python and ImageJ's ResultsTable, and particles as ImageJ's selections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.extras import require

Columns = Mapping[str, NDArray[Any]]


def to_results_table(columns: Columns) -> Any:
    """Return columns of one length as an ``ij.measure.ResultsTable``; NaN is an empty cell."""
    scyjava = require("scyjava", what="converting tables", extra="fiji")
    import jpype

    table = scyjava.jimport("ij.measure.ResultsTable")()
    table.setNaNEmptyCells(True)
    for name, values in columns.items():
        array = np.asarray(values)
        if array.dtype.kind in "biuf":
            table.setValues(name, jpype.JArray(jpype.JDouble)(array.astype(np.float64)))
        else:
            for row, text in enumerate(array):
                table.setValue(name, row, str(text))
    return table


def from_results_table(table: Any) -> dict[str, NDArray[Any]]:
    """Return a ResultsTable as columns: numbers, NaN where a cell is empty, or texts."""
    columns: dict[str, NDArray[Any]] = {}
    for name in (str(heading) for heading in table.getHeadings()):
        if name == "Label" and not table.columnExists("Label"):
            columns[name] = np.array([str(text) for text in table.getColumnAsStrings(name)], dtype=object)
            continue
        numbers = np.array(table.getColumn(name), dtype=np.float64)
        texts = [str(text) for text in table.getColumnAsStrings(name)] if np.isnan(numbers).all() else []
        is_text = any(text not in ("", "NaN") for text in texts)
        columns[name] = np.array(texts, dtype=object) if is_text else numbers
    return columns


def outlines(labels: Any, *, scijava: Any = None) -> list[Any]:
    """Return the selections of all particles of a label image, one for each particle and slice.

    ``scijava`` is the context of a Fiji; without it, that of the light mode.
    """
    return list(_rois(scijava).outlines(labels))


def labels_of(rois: list[Any], like: Any, *, scijava: Any = None) -> Any:
    """Return a label image, of the size of another, from selections as `outlines` gives them."""
    scyjava = require("scyjava", what="drawing selections", extra="fiji")
    given = scyjava.jimport("java.util.ArrayList")()
    for roi in rois:
        given.add(roi)
    return _rois(scijava).labels(given, like)


def _rois(scijava: Any) -> Any:
    from electrodej.fiji.scripting import context, library_class

    return library_class(context() if scijava is None else scijava, "Rois")
