"""Which ways of finding particles give 3D labels by themselves."""

from __future__ import annotations

from electrodej.vocabulary import PathLike

WATERSHED = "watershed"


def gives_volumes(model: PathLike) -> bool:
    """Whether ``segment particles`` gives 3D labels with a model, which sections need ``fuse`` for."""
    from electrodej.networks.stardist3d.model import is_solid

    return model == WATERSHED or is_solid(model)
