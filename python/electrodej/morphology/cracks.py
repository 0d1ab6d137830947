"""The cracks of each particle: how much, how long, how wide, how deep, in how many pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.run import Run
from electrodej.vocabulary import Spacing
from electrodej.volume import relabel_sequential

Mask = NDArray[np.bool_]

CRACK_COLUMNS: dict[str, tuple[str, str]] = {
    "Label": ("", "number of the particle"),
    "Volume": ("um^3", "voxels of the particle, its cracks included, times the voxel volume"),
    "CrackVolume": ("um^3", "voxels of the particle that are crack, times the voxel volume"),
    "CrackShare": ("", "CrackVolume / Volume"),
    "CrackLength": (
        "um",
        "length of the skeleton: the shortest lines between the centres of neighbouring skeleton voxels that "
        "join all of each piece (its minimum spanning tree); 0 where the skeleton is a single voxel",
    ),
    "CrackWidth": (
        "um",
        "mean over the skeleton of twice the distance to the nearest voxel that is not crack, less the "
        "smallest edge of a voxel; a crack of an even number of voxels counts one voxel less",
    ),
    "CrackWidthMax": ("um", "the largest of these"),
    "CrackDepth": (
        "um",
        "distance from the voxel at the cracks' centre of mass to the nearest voxel outside the particle; 0 "
        "where that voxel is not in the particle, undefined where the particle fills the volume",
    ),
    "CrackPieces": ("", "connected pieces; voxels that share a corner are connected"),
    "CrackReachesSurface": ("", "1 where a crack voxel shares a face with a voxel outside the particle"),
}


def measure_cracks(
    labels: NDArray[Any], cracks: Mask, run: Run | None = None, *, spacing: Spacing
) -> dict[str, NDArray[Any]]:
    """Measure the cracks of every particle.

    Parameters
    ----------
    labels
        Particles, shape (Z, Y, X), 0 is background. A crack belongs to the particle whose label its voxels
        have, so these are outlines with the cracks in them.
    cracks
        Which voxels are crack, same shape.
    spacing
        Voxel size (z, y, x) in micrometres.
    run
        Progress, particle by particle.

    Returns
    -------
    dict
        The columns of `CRACK_COLUMNS`, one row for each particle. Widths and depth are NaN where there is
        no crack, the depth also where the particle fills the volume.

    Notes
    -----
    The skeleton is Lee's medial axis (T. C. Lee, R. L. Kashyap, C.-N. Chu, CVGIP 56, 1994), by scikit-image.
    Beyond the volume there is no crack, and the volume's faces are no particle surface.

    Examples
    --------
    >>> labels = np.ones((5, 5, 9), np.uint16)
    >>> cracks = np.zeros(labels.shape, bool)
    >>> cracks[2, 2, 2:7] = True
    >>> table = measure_cracks(labels, cracks, spacing=(1, 1, 0.5))
    >>> table["CrackVolume"].tolist(), table["CrackPieces"].tolist()
    ([2.5], [1])
    """
    from scipy.ndimage import find_objects

    if labels.shape != cracks.shape or labels.ndim != 3:
        raise InputError(
            f"labels of shape {labels.shape} and cracks of shape {cracks.shape} must be volumes of one shape"
        )
    run = run or Run()
    numbers, old = relabel_sequential(labels)
    rows = []
    for number, box in enumerate(find_objects(numbers), 1):
        # One voxel of room shows what lies beside the particle.
        wide = tuple(
            slice(max(0, part.start - 1), min(part.stop + 1, length))
            for part, length in zip(box, labels.shape, strict=True)
        )
        inside = numbers[wide] == number
        rows.append({"Label": old[number], **_measure(inside, inside & cracks[wide], spacing)})
        run.progress(number, len(old) - 1, "measuring cracks")
    whole = ("Label", "CrackPieces", "CrackReachesSurface")
    return {
        name: np.array([row[name] for row in rows], np.int64 if name in whole else np.float64)
        for name in CRACK_COLUMNS
    }


def _measure(inside: Mask, crack: Mask, spacing: Spacing) -> dict[str, float]:
    from scipy.ndimage import label

    voxel = float(np.prod(spacing))
    count, cracked = int(inside.sum()), int(crack.sum())
    found = {
        "Volume": count * voxel,
        "CrackVolume": cracked * voxel,
        "CrackShare": cracked / count,
        "CrackLength": 0.0,
        "CrackWidth": np.nan,
        "CrackWidthMax": np.nan,
        "CrackDepth": np.nan,
        "CrackPieces": 0,
        "CrackReachesSurface": 0,
    }
    if not cracked:
        return found
    skeleton, widths = _skeleton(crack, spacing)
    found["CrackLength"] = _length(skeleton, spacing)
    found["CrackWidth"], found["CrackWidthMax"] = float(widths.mean()), float(widths.max())
    found["CrackDepth"] = _depth(inside, crack, spacing)
    found["CrackPieces"] = int(label(crack, np.ones((3, 3, 3)))[1])
    found["CrackReachesSurface"] = int(_reaches_surface(inside, crack))
    return found


def _skeleton(crack: Mask, spacing: Spacing) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the skeleton's voxels, one row each, and the crack's width there."""
    from scipy.ndimage import distance_transform_edt
    from skimage.morphology import skeletonize

    padded = np.pad(crack, 1)
    distance = distance_transform_edt(padded, sampling=spacing)
    skeleton = skeletonize(padded) > 0
    if not skeleton.any():  # thinned away: the voxel furthest inside stands for it
        skeleton = distance == distance.max()
    return np.argwhere(skeleton), 2 * distance[skeleton] - min(spacing)


def _length(voxels: NDArray[np.int64], spacing: Spacing) -> float:
    """Return the length of the minimum spanning forest of voxels that touch, corners included."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.spatial import cKDTree

    if len(voxels) < 2:
        return 0.0
    pairs = cKDTree(voxels).query_pairs(1, p=np.inf, output_type="ndarray")
    steps = (voxels[pairs[:, 0]] - voxels[pairs[:, 1]]) * np.array(spacing)
    lengths = np.linalg.norm(steps, axis=1)
    graph = coo_array((lengths, (pairs[:, 0], pairs[:, 1])), shape=(len(voxels),) * 2).tocsr()
    return float(minimum_spanning_tree(graph).sum())


def _depth(inside: Mask, crack: Mask, spacing: Spacing) -> float:
    centre = tuple(np.rint(np.argwhere(crack).mean(axis=0)).astype(int))
    if not inside[centre]:
        return 0.0
    outside = np.argwhere(~inside)
    if not len(outside):  # the particle fills the volume, whose faces are no surface
        return np.nan
    steps = (outside - np.array(centre)) * np.array(spacing)
    return float(np.sqrt((steps**2).sum(axis=1).min()))


def _reaches_surface(inside: Mask, crack: Mask) -> bool:
    from scipy.ndimage import binary_dilation

    return bool((binary_dilation(crack) & ~inside).any())
