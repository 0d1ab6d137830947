"""A picture of the axis of rotation: on a sinogram, and slices with it and with axes beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodej.report.drawings import WHOLE, Drawing
from electrodej.report.figures import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_CAPTION = "The right axis gives sharp borders; a wrong one gives crescents."
_MOST_SHOWN = 800


def draw_axis(
    slices: Mapping[float, NDArray[np.float32]], sinogram: NDArray[np.float32], column: float
) -> Drawing:
    """Return the picture.

    Parameters
    ----------
    slices
        One slice (YX) for each axis that was tried, by its column.
    sinogram
        Of that slice, (angles, columns).
    column
        Of the axis.
    """

    def draw() -> MatplotlibFigure:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WHOLE, 4.0), layout="constrained")
        axes = figure.subplots(1, 1 + len(slices))
        axes[0].imshow(sinogram, cmap="gray", aspect="auto", interpolation="nearest")
        axes[0].axvline(column, color=PALETTE[1], lw=1.2)
        axes[0].set_title("sinogram and axis")
        axes[0].set_xlabel("column")
        axes[0].set_ylabel("projection")
        some = next(iter(slices.values()))
        low, high = np.percentile(some, (1, 99.5))
        for place, (each, image) in zip(axes[1:], slices.items(), strict=True):
            edge = max(8, image.shape[0] // 3)
            corner = (image.shape[0] - edge) // 2
            step = max(1, edge // _MOST_SHOWN)
            part = image[corner : corner + edge : step, corner : corner + edge : step]
            place.imshow(part, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
            name = "the axis found" if each == column else f"{each - column:+g} pixels"
            place.set_title(f"{name}: {each:.2f}")
            place.set_axis_off()
        return figure

    return Drawing("axis", "The axis of rotation", _CAPTION, draw, wide=True)
