"""Solids whose volume, surface and axes are known in closed form, as label volumes.

Measures are checked against these: a ball, a turned ellipsoid, two balls that touch, a ball with a slit,
a shell, a cylinder and a box. A voxel belongs to a solid when its centre lies inside, and every length
is in micrometres, so a solid keeps its size whatever the voxel.

>>> solid = ball(2.0, spacing=(0.3, 0.4, 0.5))
>>> solid.labels.dtype, round(solid.volume, 2)
(dtype('uint16'), 33.51)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, VoxelSizeError
from electrodej.vocabulary import Shape, Spacing

# Along z, y and x, in um.
Lengths = tuple[float, float, float]
Labels = NDArray[np.uint16]
_Coordinates = tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]


@dataclass(frozen=True)
class Solid:
    """A label volume and what mathematics says of the solid in it.

    Volume, surface and axis lengths are those of label 1 without its cracks and holes being filled.
    """

    labels: Labels
    """(Z, Y, X), 0 outside, 1 in the solid (and 2 in the second of a pair)."""
    spacing: Spacing
    """Voxel size (z, y, x) in micrometres."""
    centre: Lengths
    """Centre of the solid's outline (z, y, x) in micrometres: voxel index times spacing."""
    volume: float
    """Cubic micrometres."""
    surface: float
    """The whole boundary, inner walls included, in square micrometres."""
    axis_lengths: Lengths | None = None
    """2 sqrt(5 eigenvalue) of the solid's covariance, longest first; for an ellipsoid its full axes."""
    filled_volume: float | None = None
    """Volume with slit or cavity filled, where the solid has one."""


def ball(radius: float, *, spacing: Spacing, offset: Lengths = (0.0, 0.0, 0.0), margin: int = 4) -> Solid:
    """A ball: volume 4/3 pi r^3, surface 4 pi r^2.

    ``offset`` (in voxels, between -0.5 and 0.5) moves its centre off the middle of a voxel; ``margin`` is the
    number of empty voxels kept on each side.

    >>> int(ball(1.0, spacing=(1.0, 1.0, 1.0), margin=1).labels.sum())
    7
    """
    return ellipsoid((radius, radius, radius), spacing=spacing, offset=offset, margin=margin)


def ellipsoid(
    semi_axes: Lengths,
    *,
    spacing: Spacing,
    rotation: NDArray[np.float64] | None = None,
    offset: Lengths = (0.0, 0.0, 0.0),
    margin: int = 4,
) -> Solid:
    """An ellipsoid of the given half axes (along z, y, x before it is turned).

    ``rotation`` is a 3x3 matrix that takes ZYX vectors to ZYX vectors. The surface is Legendre's formula
    S = 2 pi c^2 + 2 pi a b / sin(phi) (E(phi, k) sin^2(phi) + F(phi, k) cos^2(phi)) with
    cos(phi) = c / a and k^2 = a^2 (b^2 - c^2) / (b^2 (a^2 - c^2)), a >= b >= c.
    """
    _positive("semi_axes", semi_axes)
    turn = np.eye(3) if rotation is None else np.asarray(rotation, dtype=np.float64)
    if turn.shape != (3, 3) or not np.allclose(turn @ turn.T, np.eye(3), atol=1e-9):
        raise InputError("rotation must be an orthogonal 3x3 matrix that acts on (z, y, x)")
    reach = np.sqrt(((turn * np.asarray(semi_axes)) ** 2).sum(axis=1))
    grid, centre = _grid(tuple(reach), spacing, offset, margin)
    inside = np.zeros(np.broadcast_shapes(*(axis.shape for axis in grid)), dtype=np.float64)
    for own_axis in range(3):
        along = sum(turn[axis, own_axis] * grid[axis] for axis in range(3))
        inside += (along / semi_axes[own_axis]) ** 2
    a, b, c = sorted(semi_axes, reverse=True)
    return Solid(
        labels=(inside <= 1.0).astype(np.uint16),
        spacing=spacing,
        centre=centre,
        volume=4.0 / 3.0 * math.pi * a * b * c,
        surface=ellipsoid_surface(semi_axes),
        axis_lengths=(2 * a, 2 * b, 2 * c),
    )


def ellipsoid_surface(semi_axes: Lengths) -> float:
    """Area of an ellipsoid by Legendre's elliptic integrals.

    >>> round(ellipsoid_surface((1.0, 1.0, 1.0)), 6)
    12.566371
    """
    from scipy.special import ellipeinc, ellipkinc

    a, b, c = sorted(semi_axes, reverse=True)
    if math.isclose(a, c, rel_tol=1e-9):
        return 4.0 * math.pi * a * a
    phi = math.acos(c / a)
    modulus = (a * a * (b * b - c * c)) / (b * b * (a * a - c * c))
    integrals = float(ellipeinc(phi, modulus)) * math.sin(phi) ** 2
    integrals += float(ellipkinc(phi, modulus)) * math.cos(phi) ** 2
    return 2 * math.pi * c * c + 2 * math.pi * a * b / math.sin(phi) * integrals


def touching_pair(
    radius: float, *, spacing: Spacing, axis: int = 2, overlap: float = 0.0, margin: int = 4
) -> Solid:
    """Two equal balls, labels 1 and 2, side by side along ``axis`` and meeting in one point or a flat disc.

    With ``overlap`` micrometres the centres are nearer than two radii, and each ball loses a cap of height
    h = overlap / 2: volume 4/3 pi r^3 - pi h^2 (3 r - h) / 3, and the flat disc pi (2 r h - h^2) takes the
    place of the cap 2 pi r h in the surface. All numbers are those of one ball.
    """
    _positive("radius", (radius,))
    if not 0.0 <= overlap < radius:
        raise InputError(f"overlap must lie between 0 and the radius {radius}, not {overlap}")
    shift = radius - overlap / 2
    reach = [radius, radius, radius]
    reach[axis] += shift
    grid, centre = _grid((reach[0], reach[1], reach[2]), spacing, (0.0, 0.0, 0.0), margin)
    along = grid[axis]
    others = sum(grid[other] ** 2 for other in range(3) if other != axis)
    labels = np.zeros(np.broadcast_shapes(*(part.shape for part in grid)), dtype=np.uint16)
    labels[((along + shift) ** 2 + others <= radius**2) & (along <= 0)] = 1
    labels[((along - shift) ** 2 + others <= radius**2) & (along > 0)] = 2
    cap = overlap / 2
    return Solid(
        labels=labels,
        spacing=spacing,
        centre=centre,
        volume=4 / 3 * math.pi * radius**3 - math.pi * cap**2 * (3 * radius - cap) / 3,
        surface=4 * math.pi * radius**2 - 2 * math.pi * radius * cap + math.pi * (2 * radius * cap - cap**2),
    )


def cracked_ball(radius: float, width: float, *, spacing: Spacing, margin: int = 4) -> Solid:
    """A ball with a slit of ``width`` from its surface to its centre: abs(z) < width / 2 where x > 0.

    With w the width, the slit has half of the slab's volume, pi (r^2 w - w^3 / 12) / 2. It takes
    pi r w off the sphere's surface and adds two half discs, pi (r^2 - w^2 / 4) together, and the
    end wall, w sqrt(r^2 - w^2 / 4) + 2 r^2 asin(w / 2r).
    """
    _positive("radius and width", (radius, width))
    if width >= 2 * radius:
        raise InputError(f"the slit ({width} um) must be narrower than the ball ({2 * radius} um)")
    whole = ball(radius, spacing=spacing, margin=margin)
    grid, _ = _grid((radius,) * 3, spacing, (0.0, 0.0, 0.0), margin)
    slit = (np.abs(grid[0]) < width / 2) & (grid[2] > 0)
    lost = math.pi * (radius**2 * width - width**3 / 12) / 2
    walls = math.pi * (radius**2 - width**2 / 4)
    walls += width * math.sqrt(radius**2 - width**2 / 4) + 2 * radius**2 * math.asin(width / (2 * radius))
    return Solid(
        labels=np.where(slit, 0, whole.labels).astype(np.uint16),
        spacing=spacing,
        centre=whole.centre,
        volume=whole.volume - lost,
        surface=whole.surface - math.pi * radius * width + walls,
        filled_volume=whole.volume,
    )


def shell(outer: float, inner: float, *, spacing: Spacing, margin: int = 4) -> Solid:
    """A ball of radius ``outer`` with a concentric cavity of radius ``inner``.

    Its covariance has the eigenvalue (R^5 - r^5) / (5 (R^3 - r^3)) three times.
    """
    _positive("outer and inner", (outer, inner))
    if inner >= outer:
        raise InputError(f"the cavity's radius ({inner} um) must be smaller than the ball's ({outer} um)")
    whole = ball(outer, spacing=spacing, margin=margin)
    grid, _ = _grid((outer,) * 3, spacing, (0.0, 0.0, 0.0), margin)
    cavity = grid[0] ** 2 + grid[1] ** 2 + grid[2] ** 2 < inner**2
    axis = 2 * math.sqrt((outer**5 - inner**5) / (outer**3 - inner**3))
    return Solid(
        labels=np.where(cavity, 0, whole.labels).astype(np.uint16),
        spacing=spacing,
        centre=whole.centre,
        volume=4 / 3 * math.pi * (outer**3 - inner**3),
        surface=4 * math.pi * (outer**2 + inner**2),
        axis_lengths=(axis, axis, axis),
        filled_volume=whole.volume,
    )


def cylinder(radius: float, height: float, *, spacing: Spacing, axis: int = 0, margin: int = 4) -> Solid:
    """A cylinder along ``axis``; eigenvalues r^2 / 4 (twice) and h^2 / 12."""
    _positive("radius and height", (radius, height))
    reach = [radius, radius, radius]
    reach[axis] = height / 2
    grid, centre = _grid((reach[0], reach[1], reach[2]), spacing, (0.0, 0.0, 0.0), margin)
    others = sum(grid[other] ** 2 for other in range(3) if other != axis)
    inside = (np.abs(grid[axis]) <= height / 2) & (others <= radius**2)
    across, along = math.sqrt(5.0) * radius, 2 * math.sqrt(5.0 / 12.0) * height
    longest, middle, shortest = sorted((across, across, along), reverse=True)
    return Solid(
        labels=inside.astype(np.uint16),
        spacing=spacing,
        centre=centre,
        volume=math.pi * radius**2 * height,
        surface=2 * math.pi * radius * (radius + height),
        axis_lengths=(longest, middle, shortest),
    )


def box(size: Shape, *, spacing: Spacing, margin: int = 4) -> Solid:
    """A box of whole voxels (``size`` counts them), so that its volume is exact on any grid."""
    if min(size) < 1:
        raise InputError(f"a box needs at least one voxel along each axis, not {size}")
    _positive("spacing", spacing, VoxelSizeError)
    labels = np.zeros(tuple(n + 2 * margin for n in size), dtype=np.uint16)
    labels[margin : margin + size[0], margin : margin + size[1], margin : margin + size[2]] = 1
    c, b, a = sorted(n * step for n, step in zip(size, spacing, strict=True))
    scale = 2 * math.sqrt(5.0 / 12.0)
    middle = [(margin + (n - 1) / 2) * step for n, step in zip(size, spacing, strict=True)]
    return Solid(
        labels=labels,
        spacing=spacing,
        centre=(middle[0], middle[1], middle[2]),
        volume=a * b * c,
        surface=2 * (a * b + b * c + a * c),
        axis_lengths=(scale * a, scale * b, scale * c),
    )


def _grid(
    reach: tuple[float, ...], spacing: Spacing, offset: Lengths, margin: int
) -> tuple[_Coordinates, Lengths]:
    """Coordinates from the solid's centre, sparse along the three axes, and that centre in the volume."""
    _positive("spacing", spacing, VoxelSizeError)
    axes, centre = [], []
    for axis in range(3):
        half = math.ceil(reach[axis] / spacing[axis]) + margin
        middle = half + offset[axis]
        shape = [1, 1, 1]
        shape[axis] = 2 * half + 1
        axes.append(((np.arange(2 * half + 1) - middle) * spacing[axis]).reshape(shape))
        centre.append(middle * spacing[axis])
    return (axes[0], axes[1], axes[2]), (centre[0], centre[1], centre[2])


def _positive(what: str, values: tuple[float, ...], error: type[InputError] = InputError) -> None:
    if not all(math.isfinite(value) and value > 0 for value in values):
        raise error(f"{what} must be positive lengths in micrometres, not {values}")
