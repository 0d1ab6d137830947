"""The 21 attributes and Damage, literally: one particle at a time, with scipy.ndimage and nothing clever.

This program is the oracle of the feature tests and the peer of the speed benchmark. It was written from
the definitions alone (docs/features.md has them in words), independently of `electrodej.features`, and
shares no code with it. Where the definitions leave a choice, this is the reading taken; an empty cell is
a NaN here.

Geometry
    1.  "At most r": d <= r (1 + 1e-9), d the distance between voxel centres in micrometres.
    2.  Closing on an unbounded grid: outside the volume the grid goes on as background. The closing
        therefore never leaves the bounding box of `raw` (a half space is closed under a symmetric
        ball), and cutting it to the volume changes nothing.
    3.  A hole is background that cannot reach the outside of the box through 6-neighbours. A cavity that
        is open to a face of the volume is open, because outside is background. `fill` may hold voxels of
        other particles.
    4.  A label in several pieces is one particle; the pieces are closed together.
    5.  Perimeter voxels are those that a 6-connected erosion removes, background all around the volume.
    6.  SurfInner is a difference of counts, |perimeter(raw)| - |perimeter(fill)|. The voxels with which
        `fill` caps the mouth of a crack are subtracted too, so it can be negative: no inner surface.
    7.  The 3x3x3 median sees zeros outside the volume.
    8.  RoughOuter = |perimeter(median(fill))| / |perimeter(fill)|.
    9.  RoughInner = (|perimeter(median(raw))| - |perimeter(median(fill))|) / (|perimeter(raw)| -
        |perimeter(fill)|): the same difference with both sides smoothed. Empty where SurfInner is not
        positive.
    10. Vsratio and Sphericity take V of `fill` and S of the whole perimeter of `raw`.
    11. Damage = (|fill| - |raw|) / |fill|.

Position and axes
    12. Positions are index x spacing, the centre of voxel 0 at 0.
    13. The covariance divides by n. Axis length is 2 sqrt(5 eigenvalue), the full length.
    14. Angles in degrees. The columns of R are the unit axes a1, a2, a3 as (x, y, z), longest first,
        right-handed, and R = Rz(Yaw) Ry(Pitch) Rx(Roll). The first component of a1 larger than 1e-6 is
        positive (order x, y, z); a2 and a3 are turned together so that Roll lies in (-90, 90]. With a1
        along z: Yaw is 0. Eigenvalues that differ by at most 1e-6 of the largest are equal: if it is the
        first two, all angles are empty; if it is the last two, Roll is.

Grey
    15. Edensity and Homogeneity over grey != 0 in `fill`. No such voxel: both empty; one: Homogeneity
        empty. Any NaN or infinity in `fill`: both empty.

Neighbourhood
    16. The shell is {voxel of the volume, not in `fill`, at most r from `fill`}. Empty shell: Contact empty.
    17. PDensity's box grows by floor(10 um / spacing) voxels: those whose centre is at most 10 um, along
        the axis, from a voxel centre of the box. All labels count, the particle's own included.
    18. The 6 nearest centroids; among distances that tie with the sixth (1e-9) lower labels come first.
    19. Spread over the neighbours whose attribute is defined; fewer than two: empty. Angles are spread
        plainly, not on a circle. locOri is the largest that is defined.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]
Box = tuple[slice, ...]
Spacing = tuple[float, float, float]
Closing = Literal["distance", "ball"]

COLUMNS = (
    "Label", "X", "Y", "Z", "Roll", "Pitch", "Yaw", "Elongation", "Volume", "Edensity", "Homogeneity",
    "SurfOuter", "SurfInner", "RoughOuter", "RoughInner", "Vsratio", "Sphericity", "Contact", "PDensity",
    "DisNearest", "locVolume", "locOri", "locElongation", "locSphericity", "Damage",
)  # fmt: skip

SLACK = 1e-9  # relative: ten voxels of 0.07 um are 0.7 um
EQUAL_AXES = 1e-6  # relative difference of eigenvalues below which the axes have no direction
ZERO_COMPONENT = 1e-6  # of a unit vector
PACKING_MARGIN = 10.0  # um
NEIGHBOURS = 6


def reference_table(
    grey: NDArray[Any],
    labels: NDArray[Any],
    *,
    spacing: Spacing,
    radius: float = 0.7,
    closing: Closing = "distance",
) -> dict[str, NDArray[Any]]:
    """All attributes of all particles, rows in ascending label.

    Parameters
    ----------
    grey, labels : array (Z, Y, X)
        Label 0 is background.
    spacing : (z, y, x)
        Voxel size in micrometres.
    radius : float
        Radius r of the ball in micrometres.
    closing : "distance" or "ball"
        Dilate and erode by thresholding a distance transform, or with an explicit ball of voxels. The
        result is the same.

    Returns
    -------
    dict
        Column name to array. Label is int64, the rest float64 with NaN where undefined.
    """
    rows = [
        particle(grey, labels, label, box, spacing=spacing, radius=radius, closing=closing)
        for label, box in particle_boxes(labels)
    ]
    for row, around in zip(rows, [neighbourhood(row, rows) for row in rows], strict=True):
        row.update(around)
    table = {name: np.array([row[name] for row in rows], dtype=np.float64) for name in COLUMNS}
    table["Label"] = np.array([row["Label"] for row in rows], dtype=np.int64)
    return table


def particle_boxes(labels: NDArray[Any]) -> Iterator[tuple[int, Box]]:
    """Each label with its bounding box, in ascending order."""
    if labels.size == 0 or labels.max() == 0:
        return
    if labels.max() < 2**24:
        names, numbered = np.arange(int(labels.max()) + 1), labels
    else:
        names, inverse = np.unique(labels, return_inverse=True)
        numbered = inverse.reshape(labels.shape) + int(names[0] != 0)
        names = names if names[0] == 0 else np.concatenate(([0], names))
    for number, box in enumerate(ndimage.find_objects(numbered), start=1):
        if box is not None:
            yield int(names[number]), box


def particle(
    grey: NDArray[Any],
    labels: NDArray[Any],
    label: int,
    box: Box,
    *,
    spacing: Spacing,
    radius: float,
    closing: Closing,
) -> dict[str, Any]:
    """What can be measured of one particle without the table of the others."""
    v = float(np.prod(spacing))
    raw = labels[box] == label
    fill = ndimage.binary_fill_holes(close(raw, spacing=spacing, radius=radius, closing=closing))

    outer, surface = count(perimeter(fill)), count(perimeter(raw))
    inner = surface - outer
    smooth_outer, smooth_surface = count(perimeter(median(fill))), count(perimeter(median(raw)))
    smooth_inner = smooth_surface - smooth_outer

    V = count(fill) * v
    S = surface * v ** (2 / 3)
    return {
        "Label": label,
        **position_and_axes(raw, box, spacing),
        "Volume": V,
        **grey_density(grey[box][fill]),
        "SurfOuter": outer * v ** (2 / 3),
        "SurfInner": inner * v ** (2 / 3),
        "RoughOuter": smooth_outer / outer,
        "RoughInner": smooth_inner / inner if inner > 0 else np.nan,
        "Vsratio": V ** (1 / 3) / S ** (1 / 2),
        "Sphericity": 36 * np.pi * V**2 / S**3,
        "Contact": contact(labels, label, fill, box, spacing=spacing, radius=radius, closing=closing),
        "PDensity": packing_density(labels, box, spacing),
        "Damage": (count(fill) - count(raw)) / count(fill),
    }


def count(mask: Mask) -> int:
    """Number of voxels set."""
    return int(np.count_nonzero(mask))


# --- closing and surfaces -----------------------------------------------------------------------------


def reach(spacing: Spacing, distance: float) -> tuple[int, int, int]:
    """Voxels along each axis whose centre is at most `distance` away."""
    z, y, x = (int(np.floor(distance / size * (1 + SLACK))) for size in spacing)
    return z, y, x


def padding(spacing: Spacing, radius: float) -> list[tuple[int, int]]:
    """Room for a dilation by the radius, and a voxel more."""
    return [(n + 1, n + 1) for n in reach(spacing, radius)]


def inner_part(padded: NDArray[Any], pad: list[tuple[int, int]]) -> NDArray[Any]:
    """The array without its padding."""
    return padded[tuple(slice(before, -after) for before, after in pad)]


def ball(spacing: Spacing, radius: float) -> Mask:
    """All voxels whose centre is at most `radius` from the middle one."""
    axes = [np.arange(-n, n + 1) * size for n, size in zip(reach(spacing, radius), spacing, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    ball: Mask = np.sqrt(z**2 + y**2 + x**2) <= radius * (1 + SLACK)
    return ball


def dilate(mask: Mask, *, spacing: Spacing, radius: float, closing: Closing) -> Mask:
    """Voxels at most `radius` from a voxel of the mask."""
    if closing == "ball":
        return ndimage.binary_dilation(mask, ball(spacing, radius))
    return ndimage.distance_transform_edt(~mask, sampling=spacing) <= radius * (1 + SLACK)


def close(raw: Mask, *, spacing: Spacing, radius: float, closing: Closing) -> Mask:
    """Closing with a ball, computed with room around and cut back to the box."""
    pad = padding(spacing, radius)
    dilated = dilate(np.pad(raw, pad), spacing=spacing, radius=radius, closing=closing)
    # Erosion by a symmetric set is the complement of the complement's dilation.
    closed = ~dilate(~dilated, spacing=spacing, radius=radius, closing=closing)
    return inner_part(closed, pad)


def perimeter(mask: Mask) -> Mask:
    """Voxels that a 6-connected erosion removes; outside the box there is background."""
    six = ndimage.generate_binary_structure(3, 1)
    return mask & ~ndimage.binary_erosion(mask, six, border_value=0)


def median(mask: Mask) -> Mask:
    """3x3x3 binary median: at least 14 of the 27 voxels are set; outside the box there are none."""
    total = mask.astype(np.uint8)
    for axis in range(3):
        total = ndimage.correlate1d(total, [1, 1, 1], axis=axis, mode="constant", cval=0)
    most: Mask = total >= 14
    return most


# --- position, axes, grey -----------------------------------------------------------------------------


def position_and_axes(raw: Mask, box: Box, spacing: Spacing) -> dict[str, float]:
    """Centroid, Euler angles and elongation from the voxel centres of `raw`."""
    corner = np.array([side.start for side in box])
    centres = (np.argwhere(raw) + corner) * np.array(spacing)
    z, y, x = centroid = centres.mean(axis=0)
    from_centroid = (centres - centroid)[:, ::-1]  # as x, y, z
    covariance = from_centroid.T @ from_centroid / len(centres)
    covariance += np.diag(np.array(spacing[::-1]) ** 2 / 12)
    eigenvalues, eigenvectors = np.linalg.eigh(covariance)
    eigenvalues, axes = eigenvalues[::-1], eigenvectors[:, ::-1]  # longest axis first
    length = 2 * np.sqrt(5 * eigenvalues)
    roll, pitch, yaw = euler_angles(eigenvalues, axes)
    return {
        "X": x, "Y": y, "Z": z,
        "Roll": roll, "Pitch": pitch, "Yaw": yaw,
        "Elongation": length[0] / length[2],
    }  # fmt: skip


def euler_angles(eigenvalues: NDArray[Any], axes: NDArray[Any]) -> tuple[float, float, float]:
    """Roll, Pitch, Yaw in degrees of the principal axes (columns, as x, y, z, longest first)."""
    equal = -np.diff(eigenvalues) <= EQUAL_AXES * eigenvalues[0]
    if equal[0]:
        return np.nan, np.nan, np.nan
    a1, a2 = axes[:, 0], axes[:, 1]
    a1 = a1 * np.sign(next(component for component in a1 if abs(component) > ZERO_COMPONENT))
    a3 = np.cross(a1, a2)

    horizontal = np.hypot(a1[0], a1[1])
    pitch = np.degrees(np.arctan2(-a1[2], horizontal))
    if horizontal > ZERO_COMPONENT:
        yaw = np.degrees(np.arctan2(a1[1], a1[0]))
        sine, cosine = a2[2], a3[2]
    else:
        pitch, yaw = -90.0, 0.0
        sine, cosine = -a3[1], a2[1]
    # Turning a2 and a3 together by 180 degrees about a1 keeps the axes and turns the roll by 180.
    if abs(cosine) <= ZERO_COMPONENT:
        roll = 90.0
    else:
        roll = np.degrees(np.arctan2(sine * np.sign(cosine), abs(cosine)))
    # Adding zero turns -0.0 into 0.0.
    return (np.nan if equal[1] else roll + 0.0), pitch + 0.0, yaw + 0.0


def grey_density(inside: NDArray[Any]) -> dict[str, float]:
    """Mean and sample standard deviation of the non-zero grey inside `fill`."""
    values = inside[inside != 0].astype(np.float64)
    if len(values) == 0 or not np.isfinite(values).all():
        return {"Edensity": np.nan, "Homogeneity": np.nan}
    return {
        "Edensity": float(values.mean()),
        "Homogeneity": float(values.std(ddof=1)) if len(values) > 1 else np.nan,
    }


# --- surroundings -------------------------------------------------------------------------------------


def contact(
    labels: NDArray[Any],
    label: int,
    fill: Mask,
    box: Box,
    *,
    spacing: Spacing,
    radius: float,
    closing: Closing,
) -> float:
    """Share of the shell around `fill`, inside the volume, that belongs to other particles."""
    pad = padding(spacing, radius)
    around, room = grow(box, [n for n, _ in pad], labels.shape)
    wide_fill = np.pad(fill, room)
    shell = dilate(wide_fill, spacing=spacing, radius=radius, closing=closing) & ~wide_fill
    if not shell.any():
        return np.nan
    others = (labels[around] != 0) & (labels[around] != label)
    return count(shell & others) / count(shell)


def packing_density(labels: NDArray[Any], box: Box, spacing: Spacing) -> float:
    """Share of labelled voxels in the particle's box, 10 um wider on each side and cut to the volume."""
    around, _ = grow(box, list(reach(spacing, PACKING_MARGIN)), labels.shape)
    return count(labels[around] != 0) / labels[around].size


def grow(box: Box, by: list[int], shape: tuple[int, ...]) -> tuple[Box, list[tuple[int, int]]]:
    """The box grown on each side and cut to the volume, and by how much it grew before and after."""
    grown = tuple(
        slice(max(side.start - n, 0), min(side.stop + n, size))
        for side, n, size in zip(box, by, shape, strict=True)
    )
    room = [(side.start - new.start, new.stop - side.stop) for side, new in zip(box, grown, strict=True)]
    return grown, room


def neighbourhood(row: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, float]:
    """Distance to the nearest centroids, and how much their particles differ among themselves."""
    others = [other for other in rows if other is not row]
    here = np.array([row["X"], row["Y"], row["Z"]])
    there = np.array([[other["X"], other["Y"], other["Z"]] for other in others]).reshape(-1, 3)
    distance = np.linalg.norm(there - here, axis=1)
    chosen = nearest(distance)
    neighbours = [others[i] for i in chosen]
    return {
        "DisNearest": float(distance[chosen].mean()) if neighbours else np.nan,
        "locVolume": spread(neighbours, "Volume"),
        "locOri": largest_defined(spread(neighbours, angle) for angle in ("Roll", "Pitch", "Yaw")),
        "locElongation": spread(neighbours, "Elongation"),
        "locSphericity": spread(neighbours, "Sphericity"),
    }


def nearest(distance: NDArray[Any]) -> list[int]:
    """The 6 smallest distances, fewer where there are fewer; of those that tie, the first ones."""
    if len(distance) <= NEIGHBOURS:
        return list(range(len(distance)))
    sixth = np.sort(distance)[NEIGHBOURS - 1]
    nearer = np.flatnonzero(distance < sixth * (1 - SLACK))
    tied = np.flatnonzero(abs(distance - sixth) <= sixth * SLACK)
    return [*nearer.tolist(), *tied[: NEIGHBOURS - len(nearer)].tolist()]


def spread(neighbours: list[dict[str, Any]], attribute: str) -> float:
    """Sample standard deviation over the neighbours where the attribute is defined."""
    values = [row[attribute] for row in neighbours if not np.isnan(row[attribute])]
    return float(np.std(values, ddof=1)) if len(values) > 1 else np.nan


def largest_defined(values: Iterator[float]) -> float:
    """The largest value that is not NaN, NaN if there is none."""
    return max((value for value in values if not np.isnan(value)), default=np.nan)
