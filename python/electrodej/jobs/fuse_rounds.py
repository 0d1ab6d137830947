"""Rounds of a fusion: what three views found together is what the network learns from next."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from electrodej.errors import InputError
from electrodej.files import check_target, whole_directory
from electrodej.progress import Progress, silent

PathLike = str | os.PathLike[str]

# Views agree less on particles that only one of them saw; nothing is learnt where these are.
_TRUSTED = 0.5
# Of each view. Sections lie close enough to hold every particle of a volume of common size.
_SECTIONS = 16
_EPOCHS, _STEPS, _BATCH, _RATE = 20, 50, 4, 1e-4
_PATCH, _LEAST_PATCH = 192, 64


def check_teachable(model: PathLike, kept: Path, *, force: bool) -> None:
    """Refuse, before hours of other work, a model that cannot be trained further or kept afterwards."""
    from electrodej.extras import require
    from electrodej.networks.bundled import find_model
    from electrodej.networks.replaceable import check_replaceable
    from electrodej.networks.stardist.train import MARKERS

    check_target(kept, force=force)
    check_replaceable(kept, MARKERS)
    if not find_model(model).is_dir():
        raise InputError(
            f"{os.fspath(model)}: --rounds trains the model further; give its folder, not its zip"
        )
    require("stardist.models", what="training a StarDist model", extra="train")


def learn(
    image: PathLike,
    labels: PathLike,
    agreement: PathLike,
    views: Sequence[PathLike],
    *,
    model: PathLike,
    first: PathLike,
    out: Path,
    scale: float | None,
    spacing: tuple[float, float, float],
    jobs: int | None,
    progress: Progress = silent,
) -> None:
    """Train ``model`` further on the particles that its three views gave together.

    Parameters
    ----------
    image, labels
        The grey volume and its particles.
    agreement
        The table of how far the views agree on each particle.
    views
        What the three views gave.
    model, first, out
        The network, what it was before any round, and the folder of what becomes of it.
    scale, spacing
        As its views were made with.
    jobs
        Threads of the network.
    progress
        Told of each step.
    """
    import numpy as np

    from electrodej.networks.backend import use_threads
    from electrodej.networks.stardist.found import FoundSections
    from electrodej.networks.stardist.model import load_stardist
    from electrodej.networks.stardist.settings import StarDistSettings
    from electrodej.networks.stardist.train import train_stardist
    from electrodej.volume import open_volume

    with Path(agreement).open(encoding="utf-8", newline="") as table:
        agreed = [float(row["Agreement"]) for row in csv.DictReader(table)]
    trusted = np.array([False, *(share >= _TRUSTED for share in agreed)])
    if not trusted.any():
        raise InputError(
            f"the views agree on no particle of {os.fspath(image)}, so there is nothing to learn from; "
            "leave --rounds out, or take a model that knows such volumes"
        )
    use_threads(jobs or 1)
    loaded = load_stardist(model)
    with contextlib.ExitStack() as opened:
        grey, found, *seen = (
            opened.enter_context(open_volume(path, spacing=spacing)) for path in (image, labels, *views)
        )
        sections = FoundSections(
            grey, found, trusted, seen, spacing=spacing, model=loaded, scale=scale, count=_SECTIONS
        )
        settings = StarDistSettings(
            epochs=_EPOCHS,
            steps=_STEPS,
            patch=_patch(sections.smallest_edge, loaded.info.size_divisor),
            batch=_BATCH,
            learning_rate=_RATE,
            patience=0,
            percentiles=loaded.info.percentiles,
        )
        train_stardist(
            sections,
            out,
            settings=settings,
            init=model,
            description=f"{Path(first).name}, trained further on what was found in {Path(image).name}.",
            spacing=loaded.info.spacing,
            resume=True,
            progress=progress,
        )


def _patch(edge: int, divisor: int) -> int:
    """Return the edge of the patches: sections that are smaller hold nothing beyond theirs."""
    return max(_LEAST_PATCH, min(_PATCH, edge)) // divisor * divisor


def keep_model(model: Path, out: Path, *, force: bool) -> str:
    """Put what was learnt where it stays, and return the place."""
    from electrodej.networks.replaceable import is_only_model
    from electrodej.networks.stardist.train import MARKERS

    with whole_directory(out, ours=lambda path: is_only_model(path, MARKERS), force=force) as folder:
        shutil.copytree(model, folder, dirs_exist_ok=True)
    return str(out)
