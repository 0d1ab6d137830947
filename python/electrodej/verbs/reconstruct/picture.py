"""The picture that shows whether the axis was found: a slice with it, and with it beside."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from electrodej.report.axis import draw_axis

if TYPE_CHECKING:
    from electrodej.report.drawings import Drawing
    from electrodej.tomography import Reconstruction

# Pixels by which the slices beside are off.
_BESIDE = 2.0


def axis_picture(work: Reconstruction) -> Drawing:
    """Reconstruct the middle slice three times and draw it."""
    from electrodej.tomography import Centre, reconstruct_rows
    from electrodej.tomography.normalise import line_integrals

    row = sum(work.rows) // 2
    lines = line_integrals(work.scan, (row, row + 1), work.settings, work.optics)
    settings = replace(work.settings, region=None, method="fbp", engine="own")
    width = work.scan.shape[2]
    slices = {}
    for shift in (-_BESIDE, 0.0, _BESIDE):
        column = min(max(work.centre.column + shift, 1.0), width - 2.0)
        found = reconstruct_rows(lines, work.scan.angles, settings, centre=Centre(column))
        slices[column] = found[0]
    return draw_axis(slices, lines[:, 0], work.centre.column)
