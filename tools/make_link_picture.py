"""Draw docs/images/link-slices.png: spoilt slices of a phantom, the same ones linked, and the truth.

    python tools/make_link_picture.py [OUT]

The slices are those of benchmarks/linking.py. The picture is a section across them, one slice a row.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
SPACING = (0.3, 0.3, 0.3)
SHAPE = (80, 80, 80)
SEED = 21
# Okabe and Ito's colours, which the colour-blind tell apart; background is white.
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#000000")


def main(words: list[str]) -> int:
    """Write the picture."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from linking import Faults, spoil

    from electrodej.linking import LinkSettings, link
    from electrodej.phantom import make_phantom

    truth = make_phantom(SHAPE, spacing=SPACING, seed=SEED, solid_fraction=0.4, jobs=1).outlines
    slices = spoil(truth, Faults(), SEED)
    linked = link(slices, spacing=SPACING, settings=LinkSettings(fill=True))
    at = SHAPE[1] // 2
    panels = {
        "slices as they come": slices[:, at],
        "linked, gaps filled": linked[:, at],
        "truth": truth[:, at],
    }
    draw(panels, Path(words[0]) if words else ROOT / "docs/images/link-slices.png")
    return 0


def draw(panels: dict[str, NDArray[Any]], path: Path) -> None:
    """Draw label sections side by side, each label in one of eight colours, with an edge between two."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot
    from matplotlib.colors import to_rgb

    palette = np.array([to_rgb("white"), *(to_rgb(colour) for colour in COLOURS)])
    figure, axes = pyplot.subplots(1, len(panels), figsize=(3 * len(panels), 3.3), layout="constrained")
    for axis, (title, section) in zip(axes, panels.items(), strict=True):
        # Each voxel three pixels wide, so that an edge can be one pixel wide.
        large = section.repeat(3, 0).repeat(3, 1)
        picture = palette[np.where(large > 0, 1 + large % len(COLOURS), 0)]
        for n in (0, 1):
            edge = np.diff(large.astype(np.int64), axis=n, append=0) != 0
            picture[edge] = 0.25
        axis.imshow(picture, interpolation="nearest")
        axis.set_title(title, fontsize=10)
        axis.set_axis_off()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
