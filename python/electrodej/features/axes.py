"""Principal axes of particles and their orientation.

Convention. The axes a, b, c are sorted by length, longest first; they are unit vectors with components
(x, y, z) and form a right-handed system. The rotation R = Rz(yaw) Ry(pitch) Rx(roll) takes the x, y and
z axis to a, b and c. An axis has no sign of its own, so a is turned to positive x (to positive y where
a_x is zero, to positive z where both are), and b and c are turned together so that the roll lies in
(-90, 90]:

    yaw   = atan2(a_y, a_x)                  in (-90, 90] degrees: heading of a in the xy plane
    pitch = atan2(-a_z, hypot(a_x, a_y))     in [-90, 90]: dip of a, positive towards negative z
    roll  = atan2(b_z, c_z)                  in (-90, 90]: turn of b and c around a

With a along z the yaw is 0 and the pitch -90, and roll = atan2(-c_y, b_y).

Axes whose eigenvalues differ by at most 1e-6 of the largest are equal and have no direction: where the
two longest are, all three angles are undefined; where the two shortest are, the roll is.
"""

from __future__ import annotations

import numpy as np

from electrodej.features.typing import Array, Floats

EQUAL = 1e-6
ZERO = 1e-6


def principal_axes(covariance: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues (n, 3), largest first, and unit vectors (n, 3, 3) of covariances (n, 3, 3).

    Rows and columns of ``covariance`` are x, y, z; ``vectors[i, k]`` is the k-th axis of particle i.
    """
    values, columns = np.linalg.eigh(covariance)
    return np.maximum(values[:, ::-1], 0.0), np.swapaxes(columns, 1, 2)[:, ::-1]


def axis_lengths(eigenvalues: Floats) -> Floats:
    """Full lengths 2 sqrt(5 eigenvalue) of the axes of the ellipsoid with that covariance."""
    return 2 * np.sqrt(5 * eigenvalues)


def euler_angles(eigenvalues: Floats, vectors: Floats) -> tuple[Floats, Floats, Floats]:
    """Roll, pitch and yaw in degrees; see the module for the convention. NaN where undefined."""
    a, b = vectors[:, 0], vectors[:, 1]
    a = a * _sign(a)[:, None]
    c = np.cross(a, b)
    flat = np.hypot(a[:, 0], a[:, 1])
    upright = flat <= ZERO
    yaw = np.where(upright, 0.0, np.degrees(np.arctan2(a[:, 1], a[:, 0])))
    pitch = np.where(upright, -90.0, np.degrees(np.arctan2(-a[:, 2], flat)))
    sine = np.where(upright, -c[:, 1], b[:, 2])
    cosine = np.where(upright, b[:, 1], c[:, 2])
    # Turning b and c by half a turn around a keeps the axes; it makes the cosine positive.
    turned = np.degrees(np.arctan2(sine * np.sign(cosine), np.abs(cosine)))
    roll = np.where(np.abs(cosine) <= ZERO, 90.0, turned)
    slack = EQUAL * eigenvalues[:, 0]
    no_long = eigenvalues[:, 0] - eigenvalues[:, 1] <= slack
    no_short = eigenvalues[:, 1] - eigenvalues[:, 2] <= slack
    # Adding zero turns -0.0 into 0.0.
    return (
        np.where(no_long | no_short, np.nan, roll + 0.0),
        np.where(no_long, np.nan, pitch + 0.0),
        np.where(no_long, np.nan, yaw + 0.0),
    )


def _sign(vectors: Array) -> Floats:
    """-1 where the first component that is not zero is negative."""
    sign = np.zeros(len(vectors))
    for axis in range(3):
        component = np.where(np.abs(vectors[:, axis]) > ZERO, np.sign(vectors[:, axis]), 0.0)
        sign = np.where(sign == 0, component, sign)
    return np.where(sign == 0, 1.0, sign)
