"""Draw docs/images/readme.png from a finished demo: ``make_readme_picture.py electrodej-demo``."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from skimage.segmentation import find_boundaries

from electrodej.volume import open_volume

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "readme.png"
BAR = 10.0  # um


def main(folder: Path) -> None:
    with (
        open_volume(folder / "phantom" / "grey.tif") as grey,
        open_volume(folder / "particles.tif") as labels,
    ):
        middle = grey.shape[0] // 2
        spacing = grey.require_spacing()
        picture, found = grey[middle], labels[middle].astype(int)
    table = pd.read_csv(folder / "particles.csv").set_index("Label")
    damage = np.full(found.max() + 1, np.nan)
    damage[table.index[table.index < len(damage)]] = 100 * table["Damage"][table.index < len(damage)]
    height, width = picture.shape
    extent = (0, width * spacing[2], height * spacing[1], 0)
    figure, axes = plt.subplots(1, 3, figsize=(12, 4.3), layout="constrained")
    for axis in axes:
        axis.imshow(picture, cmap="gray", extent=extent)
        axis.set_axis_off()
    axes[0].set_title("grey volume")
    axes[1].set_title("particles found")
    axes[2].set_title("damage, % of each particle")
    colours = plt.get_cmap("tab20")(found * 7 % 20)
    colours[..., 3] = np.where(found, np.where(find_boundaries(found), 1.0, 0.35), 0)
    axes[1].imshow(colours, extent=extent)
    shown = axes[2].imshow(np.where(found, damage[found], np.nan), cmap="viridis", extent=extent, vmin=0)
    figure.colorbar(shown, ax=axes[2], shrink=0.8)
    left, bottom = 0.04 * extent[1], 0.95 * extent[2]
    axes[0].plot([left, left + BAR], [bottom, bottom], color="white", linewidth=4, solid_capstyle="butt")
    axes[0].text(left + BAR / 2, bottom - 0.02 * extent[2], f"{BAR:g} µm", color="white", ha="center")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=100)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
