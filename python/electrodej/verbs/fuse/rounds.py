"""Rounds of a fusion: what three views found together is what the network learns from next."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.files import check_target, whole_directory
from electrodej.run import Run
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from electrodej.verbs.fuse.settings import RoundSettings
    from electrodej.verbs.fuse.views import Looking, Network

# Views agree less on particles that only one of them saw; nothing is learnt where these are.
_TRUSTED = 0.5
# A section that is narrower than this share of its particle grazes it: the grey values hardly show it, and
# what they show nobody would outline.
_GRAZED = 0.4
_LEAST_PATCH = 64


@dataclass(frozen=True)
class Found:
    """What a round learns from: the particles, how far the views agree on each, and the views."""

    labels: PathLike
    agreement: PathLike
    views: Sequence[PathLike]


def check_teachable(model: PathLike, kept: Path, run: Run) -> None:
    """Refuse, before hours of other work, a model that cannot be trained further or kept afterwards."""
    from electrodej.extras import require
    from electrodej.models.bundled import find_model
    from electrodej.networks.stardist.train import MARKERS
    from electrodej.networks.training.target import check_replaceable

    check_target(kept, force=run.force)
    check_replaceable(kept, MARKERS)
    if not find_model(model).is_dir():
        raise InputError(
            f"{os.fspath(model)}: --rounds trains the model further; give its folder, not its zip"
        )
    require("stardist.models", what="training a StarDist model", extra="train")


def learn(looking: Looking, found: Found, network: Network, out: Path, how: RoundSettings, run: Run) -> None:
    """Train a model further on the particles that its three views gave together.

    Parameters
    ----------
    looking
        At which image, and how.
    found
        What it found there.
    network
        The model as it is.
    out
        The folder of what becomes of it.
    how
        How long it learns.
    run
        How the work is done.
    """
    from electrodej.networks.stardist.labelled_sections import LabelledSections
    from electrodej.networks.stardist.settings import StarDistSettings
    from electrodej.networks.stardist.train import train_stardist
    from electrodej.volume import open_volume

    grey = looking.grey
    least_area = _least_areas(found.agreement)
    if np.isinf(least_area).all():
        raise InputError(
            f"the views agree on no particle of {grey.path}, so there is nothing to learn from; "
            "leave --rounds out, or take a model that knows such volumes"
        )
    info, spacing = network.loaded.info, grey.require_spacing()
    with contextlib.ExitStack() as opened:
        labels, *seen = (
            opened.enter_context(open_volume(path, spacing=spacing)) for path in (found.labels, *found.views)
        )
        sections = LabelledSections(
            grey,
            labels,
            least_area,
            seen,
            spacing=spacing,
            model=network.loaded,
            scales=looking.ready.scales(),
            count=how.sections,
        )
        train_stardist(
            sections,
            out,
            StarDistSettings(
                epochs=how.epochs,
                steps=how.steps,
                patch=_patch(min(how.patch, sections.smallest_edge), info.size_divisor),
                batch=how.batch,
                learning_rate=how.learning_rate,
                patience=0,
                percentiles=info.percentiles,
            ),
            Run(progress=run.progress),
            init=network.place,
            description=f"{how.first}, trained further on what was found in {grey.path.name}.",
            spacing=info.spacing,
            resume=True,
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
    return max(_LEAST_PATCH, edge) // divisor * divisor


def keep_model(model: Path, out: Path, run: Run) -> str:
    """Put what was learnt where it stays, and return the place."""
    from electrodej.networks.stardist.train import MARKERS
    from electrodej.networks.training.target import is_only_model

    with whole_directory(out, ours=lambda path: is_only_model(path, MARKERS), force=run.force) as folder:
        shutil.copytree(model, folder, dirs_exist_ok=True)
    return str(out)
