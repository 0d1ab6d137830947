"""The three views of a fusion and its grey volume, opened once it is sure that they fit each other."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from electrodej.errors import InputError
from electrodej.jobs.fuse_kept import VIEWS

if TYPE_CHECKING:
    from electrodej.fusion import Views
    from electrodej.volume import Volume

PathLike = str | os.PathLike[str]
Spacing = tuple[float, float, float]


def check_apart(*paths: PathLike | None) -> None:
    """Refuse one file in the place of two views."""
    given = [(view, Path(path)) for view, path in zip(VIEWS, paths, strict=True) if path is not None]
    for (view, path), (other, again) in itertools.combinations(given, 2):
        if path == again or (path.exists() and again.exists() and path.samefile(again)):
            raise InputError(
                f"{path} is given for both the {view} and the {other} view; give each its own probabilities"
            )


def open_views(
    stack: contextlib.ExitStack,
    paths: Sequence[PathLike | None],
    *,
    grey: PathLike | None = None,
    spacing: Spacing | None,
) -> tuple[Views, Volume | None]:
    """Open the views and, where one is given, the grey volume that they are of; ``stack`` closes them.

    Raises
    ------
    electrodej.errors.InputError
        A view is missing, or a volume has another shape or voxel size than the others.
    """
    from electrodej.fusion import Views
    from electrodej.fusion.views import check_voxel_size
    from electrodej.volume import open_volume

    def opened(path: PathLike | None) -> Volume | None:
        return None if path is None else stack.enter_context(open_volume(path, spacing=spacing))

    volumes = [opened(path) for path in paths]
    views = Views(*volumes, spacing=_voxel_size(volumes))
    under = opened(grey)
    if under is not None:
        if under.shape != views.shape:
            raise InputError(
                f"{under.path}: the grey volume has another shape than the views; give the one they are of"
            )
        check_voxel_size(under, "grey volume", views.spacing)
    return views, under


def _voxel_size(volumes: Sequence[Volume | None]) -> Spacing:
    """The first voxel size that a view knows; where none does, the first view says so."""
    there = [volume for volume in volumes if volume is not None]
    if not there:
        raise InputError("fusion needs the probabilities of the xy, xz and yz sections; none is given")
    known = [volume.spacing for volume in there if volume.spacing is not None]
    return known[0] if known else there[0].require_spacing()
