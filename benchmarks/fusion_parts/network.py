"""What a network really says of a phantom's sections, view by view."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from fusion_parts.simulate import SeenView
from numpy.typing import NDArray

SPACING = (0.14, 0.14, 0.14)
# Phantoms far from those of the bundled model's training beside one like them.
SCANS: dict[str, dict[str, Any]] = {
    "as in training": {},
    "blurred, noisy": {"noise": 20.0, "contrast": 0.6, "blur": (0.3, 0.25, 0.25)},
    "dark particles": {"particle_grey": 120.0, "particle_texture": 20.0},
}


def look(grey: NDArray[Any], model: str) -> list[SeenView]:
    """Return what ``model`` sees in each view of ``grey``."""
    from electrodej.verbs import do
    from electrodej.vocabulary import VIEWS
    from electrodej.volume import open_volume, write_volume

    seen = []
    with tempfile.TemporaryDirectory() as folder:
        image, labels, probability = (Path(folder) / f"{name}.tif" for name in ("grey", "labels", "p"))
        write_volume(image, grey, spacing=SPACING)
        for view in VIEWS:
            do(
                "segment particles", image, model=model, view=view, out=labels, probability=probability,
                force=True, jobs=2,
            )  # fmt: skip
            with open_volume(labels) as drawn, open_volume(probability) as sure:
                seen.append(SeenView(sure.read().astype(np.uint8), drawn.read()))
    return seen
