"""Options that mean the same in every verb that has them."""

from __future__ import annotations

from typing import Any

from electrodej.options.fields import REQUIRED, flag, option
from electrodej.options.kinds.numbers import Number, Whole
from electrodej.options.kinds.places import PathTo
from electrodej.options.kinds.sizes import SpacingOf
from electrodej.vocabulary import Spacing

# Forests take no larger ones.
MOST_SEED = 2**31


def voxel_size(
    help: str = "voxel size in micrometres, instead of the one in the file",
    *,
    default: Spacing | None = None,
    **more: Any,
) -> Any:
    """Declare ``spacing``."""
    return option(default, SpacingOf(), help, title="Voxel size Z,Y,X (um)", **more)


def output(help: str, *suffixes: str, default: Any = REQUIRED, role: str = "output", **more: Any) -> Any:
    """Declare ``out``: a file whose name ends in one of the suffixes, or with another ``role`` a folder."""
    return option(default, PathTo(role=role, suffixes=suffixes), help, **more)


def seed(help: str = "seed of the random numbers", *, default: int | None = 0) -> Any:
    """Declare ``seed``."""
    return option(default, Whole(0, MOST_SEED, what="a seed"), help, usual="0")


def network_scale(**more: Any) -> Any:
    """Declare ``scale``: by what sections are enlarged before a network sees them."""
    return option(
        None,
        Number(0.02, 50, metavar="F"),
        "enlarge sections by this for the network, below 1 reduce them",
        usual="by the voxel size and the particles' size, to what the network was trained on",
        **more,
    )


def as_is(**more: Any) -> Any:
    """Declare ``as_is``: no look at the scan before a network sees it."""
    return flag("neither look at the scan first nor invert or rescale it", title="As it is", **more)
