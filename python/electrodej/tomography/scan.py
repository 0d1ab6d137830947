"""A scan: projections, flats and darks with angles and geometry, read where they are asked for."""

from __future__ import annotations

import abc
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.vocabulary import counted

Frames = NDArray[np.float32]
LEAST_ANGLES = 10


class Frame(abc.ABC):
    """A stack of pictures in a file or a folder, of which rows are read."""

    path: Path
    count: int

    @abc.abstractmethod
    def read(self, rows: slice) -> Frames:
        """Return some rows of all pictures, float32, (pictures, rows, columns)."""


@dataclass(frozen=True)
class Flats:
    """Pictures of the beam without the sample.

    Attributes
    ----------
    frames
        The pictures.
    at
        Before which projection each was taken, by its number: 0 for before the scan.
    """

    frames: Frame
    at: NDArray[np.intp]


@dataclass(frozen=True)
class Centre:
    """The axis.

    Attributes
    ----------
    column
        Column of the detector, 0 for the middle of the first pixel.
    spread
        How far single rows are from it: the median, in pixels.
    """

    column: float
    spread: float = 0.0


@dataclass(frozen=True)
class Scan:
    """Where a scan's parts are.

    Attributes
    ----------
    path
        The file or the folder.
    frames
        The projections.
    shape
        (angles, rows, columns).
    angles
        In degrees, one for each projection.
    flats, darks
        The beam without the sample, and pictures without the beam; darks may be missing.
    pixel
        Edge of a pixel in the sample, in micrometres; None where nobody says.
    energy, distance
        Of the beam in keV, and to the detector in mm; None where the file does not say.
    """

    path: Path
    frames: Frame
    shape: tuple[int, int, int]
    angles: NDArray[np.float64]
    flats: Flats | None
    darks: Frame | None
    pixel: float | None
    energy: float | None = None
    distance: float | None = None

    @property
    def span(self) -> float:
        """Degrees from the first projection to one step beyond the last."""
        return float(abs(self.angles[-1] - self.angles[0])) * len(self.angles) / (len(self.angles) - 1)

    @property
    def is_full_turn(self) -> bool:
        """Whether it goes around, and not only half around."""
        return self.span > 270

    def changed(self, **values: Any) -> Scan:
        """Return the same scan with something known better."""
        return replace(self, **values)

    def check(self, *, flats: bool = True) -> Scan:
        """Return the scan if it can be reconstructed; ``flats``: whether they are needed.

        Raises
        ------
        electrodej.errors.InputError
            Flats are missing, or the angles are too few, not numbers, or go back and forth.
        """
        count, rows, columns = self.shape
        if min(self.shape) < 1 or columns < 3:
            raise InputError(f"{self.path} has projections of {rows} x {columns} pixels; give another file")
        if flats and self.flats is None:
            raise InputError(
                f"{self.path} has no flats (pictures of the beam without the sample); give their file or "
                "folder with --flats, or --normalised where the projections are divided by them already"
            )
        if count < LEAST_ANGLES:
            raise InputError(
                f"{self.path} has {counted(count, 'projection')}, and a slice needs {LEAST_ANGLES} at least; "
                "give the whole scan"
            )
        if len(self.angles) != count:
            raise InputError(
                f"{self.path} has {counted(count, 'projection')} and {counted(len(self.angles), 'angle')}; "
                "give --angles FIRST,LAST"
            )
        if not np.isfinite(self.angles).all():
            raise InputError(f"{self.path}: not all angles are numbers; give them with --angles FIRST,LAST")
        steps = np.diff(self.angles)
        if not (np.all(steps > 0) or np.all(steps < 0)):
            where = int(np.argmax(np.sign(steps) != np.sign(steps.sum())))
            raise InputError(
                f"{self.path}: the angles do not go on in one direction (projection {where}: "
                f"{self.angles[where]:g}, then {self.angles[where + 1]:g} degrees); give --angles FIRST,LAST"
            )
        if self.span < 10:
            raise InputError(
                f"{self.path}: the angles span {self.span:.3g} degrees only; if they are in radians, the "
                "file says the wrong unit: give --angles FIRST,LAST in degrees"
            )
        if self.span > 400:
            raise InputError(
                f"{self.path}: the angles span {self.span:.4g} degrees, more than one turn; give --angles"
            )
        return self
