"""Rounds of a fusion: what three views found together is what the network learns from next."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files import check_target, whole_directory
from electrodej.progress import Progress, silent
from electrodej.run import Run

PathLike = str | os.PathLike[str]

# Views agree less on particles that only one of them saw; nothing is learnt where these are.
_TRUSTED = 0.5
# A section that is narrower than this share of its particle grazes it: the grey values hardly show it, and
# what they show nobody would outline.
_GRAZED = 0.4
# Of each view. Sections lie close enough to hold every particle of a volume of common size.
_SECTIONS = 16
_EPOCHS, _STEPS, _BATCH, _RATE = 5, 50, 4, 1e-4
_PATCH, _LEAST_PATCH = 192, 64


def check_teachable(model: PathLike, kept: Path, *, force: bool) -> None:
    """Refuse, before hours of other work, a model that cannot be trained further or kept afterwards."""
    from electrodej.extras import require
    from electrodej.models.bundled import find_model
    from electrodej.networks.stardist.train import MARKERS
    from electrodej.networks.training.target import check_replaceable

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
    from electrodej.models.libraries import use_threads
    from electrodej.networks.stardist.labelled_sections import LabelledSections
    from electrodej.networks.stardist.model import load_stardist
    from electrodej.networks.stardist.settings import StarDistSettings
    from electrodej.networks.stardist.train import train_stardist
    from electrodej.volume import open_volume

    least_area = _least_areas(agreement)
    if np.isinf(least_area).all():
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
        sections = LabelledSections(
            grey, found, least_area, seen, spacing=spacing, model=loaded, scale=scale, count=_SECTIONS
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
            run=Run(progress=progress),
        )


def _least_areas(agreement: PathLike) -> NDArray[np.float64]:
    """Return `LabelledSections`' least area of each label."""
    with Path(agreement).open(encoding="utf-8", newline="") as table:
        rows = [(float(row["Agreement"]), float(row["Volume"])) for row in csv.DictReader(table)]
    agreed, volume = np.array(rows).reshape(-1, 2).T
    diameter = np.cbrt(6 * volume / np.pi)
    least = np.where(agreed >= _TRUSTED, np.pi / 4 * (_GRAZED * diameter) ** 2, np.inf)
    return np.concatenate([[np.inf], least])


def _patch(edge: int, divisor: int) -> int:
    """Return the edge of the patches: sections that are smaller hold nothing beyond theirs."""
    return max(_LEAST_PATCH, min(_PATCH, edge)) // divisor * divisor


def keep_model(model: Path, out: Path, *, force: bool) -> str:
    """Put what was learnt where it stays, and return the place."""
    from electrodej.networks.stardist.train import MARKERS
    from electrodej.networks.training.target import is_only_model

    with whole_directory(out, ours=lambda path: is_only_model(path, MARKERS), force=force) as folder:
        shutil.copytree(model, folder, dirs_exist_ok=True)
    return str(out)
