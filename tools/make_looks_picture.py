"""Draw docs/images/phantom-looks.png: a section of every look of the phantom, its phases below it.

python tools/make_looks_picture.py [OUT]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
EDGE, COLUMNS, SEED = 300, 5, 4
# What a pixel is taken for, in um; single crystals are smaller.
VOXEL = {"usual": 0.09, "calendered": 0.09, "single-crystal": 0.05}
PHASES = np.array([(20, 20, 30), (95, 95, 105), (235, 195, 80), (205, 50, 50)], np.uint8)


def main(words: list[str]) -> int:
    """Write the picture."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    from electrodej.phantom import LOOKS, make_slice

    rows = -(-len(LOOKS) // COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(2.1 * COLUMNS, 4.3 * rows), layout="constrained")
    for axis in axes.flat:
        axis.axis("off")
    for axis, name in zip(axes.flat, LOOKS, strict=False):
        voxel = VOXEL.get(name, VOXEL["usual"])
        phantom = make_slice((EDGE, EDGE), spacing=(voxel,) * 3, seed=SEED, look=name)
        grey = np.repeat(phantom.grey[0][..., None], 3, axis=2)
        axis.imshow(np.concatenate([grey, PHASES[phantom.phases[0]]]), interpolation="nearest")
        axis.set_title(name, fontsize=9)
    target = Path(words[0]) if words else ROOT / "docs" / "images" / "phantom-looks.png"
    figure.savefig(target, dpi=120)
    plt.close(figure)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
