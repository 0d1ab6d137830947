"""A picture of what filters do: a slice before and after, enlarged, and the greys along a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from electrodej.report.drawings import WHOLE, Drawing
from electrodej.report.figures import PALETTE
from electrodej.vocabulary import Spacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure

_MOST_EDGE = 240
_MOST_SHOWN = 700


def draw_filtered(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    numbers: Mapping[str, Any],
    *,
    steps: str,
    spacing: Spacing,
) -> Drawing:
    """Return the picture of one slice (YX).

    Parameters
    ----------
    before, after
        The slice.
    numbers
        ``noise_before``, ``snr_before`` and the same for after.
    steps
        The filters, as they are typed.
    spacing
        Voxel size (z, y, x) in micrometres.
    """

    def draw() -> MatplotlibFigure:
        return _drawn(before, after, numbers, steps, spacing)

    return Drawing("filtered", "Filtered", steps, draw, wide=True)


def _drawn(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    numbers: Mapping[str, Any],
    steps: str,
    spacing: Spacing,
) -> MatplotlibFigure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WHOLE, 9.2), layout="constrained")
    axes = figure.subplot_mosaic(
        [["whole", "before", "after"], ["profile", "profile", "profile"]], height_ratios=(1, 0.75)
    )
    figure.suptitle(steps if len(steps) < 110 else steps[:109] + "…")
    rows, columns = before.shape
    zoom = [slice(max(0, (n - _MOST_EDGE) // 2), (n + _MOST_EDGE) // 2) for n in (rows, columns)]
    low, high = np.percentile(before, (0.5, 99.5))
    shown: dict[str, Any] = {"cmap": "gray", "vmin": low, "vmax": high, "interpolation": "nearest"}
    step = max(1, max(before.shape) // _MOST_SHOWN)
    axes["whole"].imshow(after[::step, ::step], extent=(0, columns, rows, 0), **shown)
    axes["whole"].set_title("the slice, after")
    y0, x0 = zoom[0].start, zoom[1].start
    height, width = before[zoom[0], zoom[1]].shape
    axes["whole"].plot(
        [x0, x0 + width, x0 + width, x0, x0], [y0, y0, y0 + height, y0 + height, y0], color=PALETTE[1], lw=1.2
    )
    line = height // 2
    for name, image in (("before", before), ("after", after)):
        part = image[zoom[0], zoom[1]]
        axes[name].imshow(part, **shown)
        axes[name].axhline(line, color=PALETTE[1], lw=1)
        snr = numbers[f"snr_{name}"]
        ratio = "no noise" if snr is None else f"contrast / noise {snr:.3g}"
        axes[name].set_title(f"{name}: noise {numbers[f'noise_{name}']:.3g}, {ratio}")
        places = np.arange(width) * spacing[2]
        colour, strength = ("0.6", 0.9) if name == "before" else (PALETTE[0], 1.6)
        axes["profile"].plot(places, part[line], color=colour, lw=strength, label=name)
    for name in ("whole", "before", "after"):
        axes[name].set_axis_off()
    axes["profile"].set_xlabel("along the line (um)")
    axes["profile"].set_ylabel("grey value")
    axes["profile"].legend(loc="upper right")
    axes["profile"].margins(x=0)
    return figure
