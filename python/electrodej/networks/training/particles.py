"""What trainings of networks that find particles share, from the checks of a target to its folder."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from electrodej.errors import InputError
from electrodej.files import check_target, whole_directory
from electrodej.networks.training.digest import digest
from electrodej.networks.training.run import RunSettings, TrainingRun
from electrodej.networks.training.target import check_replaceable, is_only_model
from electrodej.run import Run
from electrodej.vocabulary import PathLike, Spacing

T = TypeVar("T")


class Learnt(Protocol):
    """An image or a volume, and its particles."""

    @property
    def image(self) -> Any: ...
    @property
    def labels(self) -> Any: ...


class HowLong(Protocol):
    """Settings of a training."""

    @property
    def epochs(self) -> int: ...
    @property
    def patience(self) -> int: ...
    @property
    def seed(self) -> int: ...
    def as_plain(self) -> dict[str, Any]: ...


class Chosen(Protocol):
    """Thresholds, and F1 with them on what was held out, by the IoU."""

    @property
    def probability(self) -> float: ...
    @property
    def overlap(self) -> float: ...
    @property
    def f1(self) -> tuple[float, ...]: ...
    def as_dict(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Trained:
    """What a training left.

    Attributes
    ----------
    folder
        The model.
    epochs
        How many epochs were trained, and after which the network was best.
    images
        How many images or volumes were trained on, and how many were kept for validation.
    thresholds
        The thresholds, and the score with them on the validation images.
    spacing
        Voxel size (z, y, x) of the images in micrometres, if known.
    """

    folder: Path
    epochs: tuple[int, int]
    images: tuple[int, int]
    thresholds: Chosen
    spacing: Spacing | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "model": str(self.folder),
            "epochs": self.epochs[0],
            "best_epoch": self.epochs[1],
            "training_images": self.images[0],
            "validation_images": self.images[1],
            "probability_threshold": self.thresholds.probability,
            "overlap_threshold": self.thresholds.overlap,
            "validation_f1": self.thresholds.as_dict()["f1"],
        }


class ParticleTraining:
    """One training; first its target is checked.

    Parameters
    ----------
    out
        The model's folder.
    markers
        Files by which a folder is known to be such a model.
    run
        Whether a model that exists may be replaced, and who is told of each step.
    """

    def __init__(self, out: PathLike, markers: tuple[str, ...], run: Run) -> None:
        check_target(out, force=run.force)
        check_replaceable(Path(out), markers)
        self._out, self._markers, self._run = Path(out), markers, run
        # Voxel sizes of what was read, where it tells them.
        self.sizes: list[Any] = []

    def read(self, pairs: Sequence[Any], prepare: Callable[[Any], T], *, what: str = "images") -> list[T]:
        """Prepare what is learnt from, before anything is built: a mistake should not cost minutes first."""
        if not len(pairs):
            raise InputError(f"there are no {what} to train on")
        found = []
        for number, pair in enumerate(pairs):
            self._run.progress(number, len(pairs), f"reading the training {what}")
            found.append(prepare(pair))
            self.sizes.append(pair.spacing)
        return found

    def begin(
        self,
        kind: str,
        settings: HowLong,
        examples: Iterable[Learnt],
        *,
        init: PathLike | None,
        resume: bool,
        **facts: Any,
    ) -> TrainingRun:
        """Begin, or go on with what was stopped; ``facts`` are what else the network depends on."""
        return TrainingRun(
            self._out,
            RunSettings(
                epochs=settings.epochs, patience=settings.patience, monitor="val_loss", seed=settings.seed
            ),
            facts={
                "network": kind,
                **settings.as_plain(),
                **facts,
                "data": digest(array for each in examples for array in (each.image, each.labels)),
                # Its name only: models are passed on, and places on a disk are nobody's business.
                "init": None if init is None else Path(init).name,
            },
            resume=resume,
            force=self._run.force,
        )

    def check_found(self, thresholds: Chosen, remedy: str) -> None:
        """Say what to do where the network finds nothing; ``remedy`` is what may help beside time."""
        if not any(thresholds.f1):
            self._run.note(
                "the network finds none of the particles that were held out: train longer (--epochs, "
                f"--steps), {remedy}"
            )

    def finish(
        self,
        trained: TrainingRun,
        thresholds: Chosen,
        images: tuple[int, int],
        write: Callable[[Path], None],
        spacing: Spacing | None,
        **told: Any,
    ) -> Trained:
        """Let ``write`` put the model into its folder, and beside it how it was trained and ``told``."""
        ours = partial(is_only_model, markers=self._markers)
        with whole_directory(self._out, ours=ours, force=self._run.force) as folder:
            write(folder)
            trained.write_into(
                folder,
                thresholds=thresholds.as_dict(),
                **told,
                training_images=images[0],
                validation_images=images[1],
            )
        trained.discard()
        return Trained(self._out, (trained.epoch, trained.best_epoch), images, thresholds, spacing)


def middle_size(sizes: Iterable[Sequence[float] | None]) -> Spacing | None:
    """Return the middle one of images' pixel sizes, where all of them tell it.

    >>> middle_size([(0.1, 0.1), (0.2, 0.2), (0.2, 0.3)])
    (0.2, 0.2, 0.2)
    """
    known = [None if size is None else min(size) for size in sizes]
    if None in known:
        return None
    middle = float(statistics.median(size for size in known if size is not None))
    return middle, middle, middle
