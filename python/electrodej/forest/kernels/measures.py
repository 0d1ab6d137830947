"""Measured at each voxel of a smoothed image: slope, curvature, and how drawn out its surroundings are.

Derivatives are differences of neighbours times the scale (squared, for second ones), so that a shape twice as
large measures the same at twice the scale.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from electrodej.compiled import compiled

Grid = NDArray[np.float32]


@compiled
def slopes_2d(smooth: Grid, scale: tuple[float, float, float], out: Grid, products: Grid) -> None:
    """Write |slope|, Laplacian, both curvatures (the larger first), and products of slopes, slice by slice.

    With ``H = [[yy, xy], [xy, xx]]`` the curvatures are ``(yy + xx) / 2 +- sqrt(((yy - xx) / 2)^2 + xy^2)``.
    ``products`` gets yy, xx and yx of the slopes.
    """
    depth, rows, length = smooth.shape
    sy, sx = np.float32(scale[1]), np.float32(scale[2])
    half = np.float32(0.5)
    for z in range(depth):
        for y in range(rows):
            up, here, down = smooth[z, max(y - 1, 0)], smooth[z, y], smooth[z, min(y + 1, rows - 1)]
            for x in range(length):
                left, right = max(x - 1, 0), min(x + 1, length - 1)
                gy = half * sy * (down[x] - up[x])
                gx = half * sx * (here[right] - here[left])
                yy = sy * sy * (down[x] - 2 * here[x] + up[x])
                xx = sx * sx * (here[right] - 2 * here[x] + here[left])
                yx = np.float32(0.25) * sy * sx * (down[right] - down[left] - up[right] + up[left])
                middle = half * (yy + xx)
                spread = math.sqrt((half * (yy - xx)) ** 2 + yx * yx)
                out[0, z, y, x] = math.sqrt(gy * gy + gx * gx)
                out[1, z, y, x] = yy + xx
                out[2, z, y, x] = middle + spread
                out[3, z, y, x] = middle - spread
                products[0, z, y, x] = gy * gy
                products[1, z, y, x] = gx * gx
                products[2, z, y, x] = gy * gx


@compiled
def slopes_3d(smooth: Grid, scale: tuple[float, float, float], out: Grid, products: Grid) -> None:
    """Write |slope|, Laplacian and the three curvatures (the largest first), and products of slopes.

    ``products`` gets zz, yy, xx, zy, zx and yx of the slopes.
    """
    depth, rows, length = smooth.shape
    sz, sy, sx = np.float32(scale[0]), np.float32(scale[1]), np.float32(scale[2])
    half, quarter = np.float32(0.5), np.float32(0.25)
    for z in range(depth):
        za, zb = max(z - 1, 0), min(z + 1, depth - 1)
        for y in range(rows):
            ya, yb = max(y - 1, 0), min(y + 1, rows - 1)
            here, up, down = smooth[z, y], smooth[z, ya], smooth[z, yb]
            above, below = smooth[za, y], smooth[zb, y]
            for x in range(length):
                left, right = max(x - 1, 0), min(x + 1, length - 1)
                gz = half * sz * (below[x] - above[x])
                gy = half * sy * (down[x] - up[x])
                gx = half * sx * (here[right] - here[left])
                zz = sz * sz * (below[x] - 2 * here[x] + above[x])
                yy = sy * sy * (down[x] - 2 * here[x] + up[x])
                xx = sx * sx * (here[right] - 2 * here[x] + here[left])
                zy = (
                    quarter
                    * sz
                    * sy
                    * (smooth[zb, yb, x] - smooth[zb, ya, x] - smooth[za, yb, x] + smooth[za, ya, x])
                )
                zx = quarter * sz * sx * (below[right] - below[left] - above[right] + above[left])
                yx = quarter * sy * sx * (down[right] - down[left] - up[right] + up[left])
                out[0, z, y, x] = math.sqrt(gz * gz + gy * gy + gx * gx)
                out[1, z, y, x] = zz + yy + xx
                first, second, third = _eigenvalues(zz, yy, xx, zy, zx, yx)
                out[2, z, y, x] = first
                out[3, z, y, x] = second
                out[4, z, y, x] = third
                products[0, z, y, x] = gz * gz
                products[1, z, y, x] = gy * gy
                products[2, z, y, x] = gx * gx
                products[3, z, y, x] = gz * gy
                products[4, z, y, x] = gz * gx
                products[5, z, y, x] = gy * gx


@compiled
def drawn_out_2d(products: Grid, out: Grid) -> None:
    """Write the roots of both eigenvalues of the structure tensor, the larger first; roots are as slopes."""
    _, depth, rows, length = products.shape
    half = np.float32(0.5)
    for z in range(depth):
        for y in range(rows):
            for x in range(length):
                yy, xx, yx = products[0, z, y, x], products[1, z, y, x], products[2, z, y, x]
                middle = half * (yy + xx)
                spread = math.sqrt((half * (yy - xx)) ** 2 + yx * yx)
                out[0, z, y, x] = math.sqrt(max(middle + spread, 0.0))
                out[1, z, y, x] = math.sqrt(max(middle - spread, 0.0))


@compiled
def drawn_out_3d(products: Grid, out: Grid) -> None:
    """The same for three eigenvalues."""
    _, depth, rows, length = products.shape
    for z in range(depth):
        for y in range(rows):
            for x in range(length):
                first, second, third = _eigenvalues(
                    products[0, z, y, x], products[1, z, y, x], products[2, z, y, x],
                    products[3, z, y, x], products[4, z, y, x], products[5, z, y, x],
                )  # fmt: skip
                out[0, z, y, x] = math.sqrt(max(first, 0.0))
                out[1, z, y, x] = math.sqrt(max(second, 0.0))
                out[2, z, y, x] = math.sqrt(max(third, 0.0))


@compiled
def _eigenvalues(a: float, b: float, c: float, ab: float, ac: float, bc: float) -> tuple[float, float, float]:
    """Return the eigenvalues of a symmetric 3 x 3 matrix, the largest first.

    With the mean m of the diagonal and p^2 = ||A - m||^2 / 6, they are ``m + 2 p cos(t + 2 pi k / 3)``, where
    ``cos(3 t) = det((A - m) / p) / 2``.
    """
    mean = (a + b + c) / 3.0
    a, b, c = a - mean, b - mean, c - mean
    square = (a * a + b * b + c * c + 2.0 * (ab * ab + ac * ac + bc * bc)) / 6.0
    if square < 1e-24:
        return mean, mean, mean
    p = math.sqrt(square)
    determinant = a * (b * c - bc * bc) - ab * (ab * c - bc * ac) + ac * (ab * bc - b * ac)
    cosine = min(max(determinant / (2.0 * p * square), -1.0), 1.0)
    turn = math.acos(cosine) / 3.0
    first = mean + 2.0 * p * math.cos(turn)
    third = mean + 2.0 * p * math.cos(turn + 2.0943951023931953)
    return first, 3.0 * mean - first - third, third
