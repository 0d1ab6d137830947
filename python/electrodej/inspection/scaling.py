"""By what a scan is enlarged or reduced before a network sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from electrodej.inspection.looks import Look

By = Literal["", "voxels", "particles", "both", "person"]

# Particles of one electrode and another differ by so much; beyond, the voxel size may be wrong.
_DIFFER = 1.9
# Contrast over noise up to which sizes in the image are noise's own, and from which on they are sure.
_UNSURE, _SURE = 1.6, 6.4
# Below this nothing in the image is to be relied on.
LEAST_SNR = 0.8
# How much they are to be trusted, 0 to 1, before they make the voxel size doubtful.
_HALF = 0.5


@dataclass(frozen=True)
class Scaling:
    """By what an image is enlarged, below 1 reduced.

    Attributes
    ----------
    scale
        The factor; 1 leaves it as it is.
    by
        What it goes by: the voxel size, the particles' size in the image, both between noise, or what a
        person said; "" where nothing is known.
    contradicted
        Whether the voxel size says quite another thing than the particles' size.
    """

    scale: float = 1.0
    by: By = ""
    contradicted: bool = False


def scaling_of(
    diameter: float, blur: float, pixel: float | None, look: Look | None, *, snr: float = math.inf
) -> Scaling:
    """Return by what an image is brought to the size that a model was trained on.

    Parameters
    ----------
    diameter
        Typical particle diameter in pixels; NaN where nothing stands out.
    blur
        Width of the point spread in pixels; NaN where it is not known.
    pixel
        Edge of its pixels in micrometres, if known.
    look
        What the model was trained on.
    snr
        Contrast over noise: the lower, the more noise is taken for particles, and the more the voxel size
        counts.

    Examples
    --------
    >>> look = Look(name="mine", diameter=46.0, pixel=0.14)
    >>> scaling_of(48.0, 3.0, 0.13, look).scale
    1.0
    >>> scaling_of(92.0, 3.0, 0.07, look)
    Scaling(scale=0.5, by='particles', contradicted=False)
    """
    if look is None:
        return Scaling()
    hopeless = snr < LEAST_SNR
    by_particles = math.nan if hopeless else look.diameter / diameter
    by_voxels = math.nan if pixel is None or look.pixel is None else pixel / look.pixel
    known = math.isfinite(by_particles) and math.isfinite(by_voxels)
    trust = min(max((snr - _UNSURE) / (_SURE - _UNSURE), 0.0), 1.0) if known else 1.0
    by: By = (
        "voxels" if trust == 0 or not math.isfinite(by_particles) else "both" if trust < 1 else "particles"
    )
    scale = by_voxels if by == "voxels" else by_particles
    if by == "both":
        scale = by_particles**trust * by_voxels ** (1 - trust)
    if not math.isfinite(scale):
        return Scaling()
    if look.by_blur and blur > 0 and not hopeless:
        scale = scale ** (1 - look.by_blur) * (look.sharp / blur) ** look.by_blur
    # Pixels that are taken together have less noise: a reason to reduce the image also where it is near.
    near = look.near**trust if scale < 1 else look.near
    contradicted = known and trust >= _HALF and _apart(by_particles, by_voxels) > _DIFFER
    return Scaling(scale if _apart(scale, 1.0) > near else 1.0, by, contradicted)


def _apart(one: float, other: float) -> float:
    return max(one / other, other / one)
