"""Which ways of finding particles give 3D labels by themselves."""

from __future__ import annotations

from electrodej.vocabulary import PathLike, Shape, Spacing

WATERSHED = "watershed"
# Thinner volumes, in micrometres, hold parts of particles, which models of volumes do not know.
_THIN = 4.5


def gives_volumes(model: PathLike) -> bool:
    """Whether ``segment particles`` gives 3D labels with a model, which sections need ``fuse`` for."""
    from electrodej.networks.stardist3d.model import is_solid

    return model == WATERSHED or is_solid(model)


def is_thin(shape: Shape, spacing: Spacing) -> bool:
    """Whether a volume is too thin for a model of volumes.

    >>> is_thin((20, 500, 500), (0.14, 0.14, 0.14))
    True
    """
    return thickness(shape, spacing) < _THIN


def thickness(shape: Shape, spacing: Spacing) -> float:
    """Return the shortest side of a volume in micrometres."""
    return min(length * edge for length, edge in zip(shape, spacing, strict=True))
