"""What can be set of a reconstruction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from electrodej.errors import InputError
from electrodej.options import Choice, Number, Numbers, Settings, Text, Whole, flag, option

Method = Literal["fbp", "gridding", "sirt", "cgls"]
Engine = Literal["own", "astra", "tomopy"]
Window = Literal["ramp", "shepp-logan", "cosine", "hamming", "hann"]
_CLEANING, _PHASE, _SLICES = "cleaning", "phase", "slices"


@dataclass(frozen=True, kw_only=True)
class TomographySettings(Settings):
    """How projections become slices."""

    normalised: bool = flag("the projections are divided by flats already", group=_CLEANING)
    lines: bool = flag(
        "the projections are line integrals already, with their logarithm taken", group=_CLEANING
    )
    zingers: float = option(
        0.2,
        Number(0, 10),
        "pixels that are brighter than their neighbours by this share are replaced; 0 for none",
        group=_CLEANING,
    )
    rings: int = option(
        5,
        Whole(0, 201),
        "rings up to so many pixels wide are taken away; 0 for none",
        unit="px",
        group=_CLEANING,
    )
    ring_method: Literal["median", "vo"] = option(
        "median",
        Choice(("median", "vo")),
        "median spares a finely structured sample; vo, N. Vo's three ways, takes away dead columns and wide "
        "stripes too",
        group=_CLEANING,
    )
    air: int = option(
        0,
        Whole(0),
        "so many columns at either side saw air in all projections: bring them to 1",
        group=_CLEANING,
    )
    phase: Literal["none", "paganin", "ctf"] = option(
        "none", Choice(("none", "paganin", "ctf")), "how the phase is retrieved", group=_PHASE
    )
    delta_beta: float | None = option(
        None, Number(0, above=True), "delta over beta of the material", group=_PHASE
    )
    energy: float | None = option(
        None, Number(0, above=True), "of the beam", unit="keV", usual="the file's", group=_PHASE
    )
    distance: float | None = option(
        None, Number(0, above=True), "from sample to detector", unit="mm", usual="the file's", group=_PHASE
    )
    centre: str = option(
        "auto", Text(metavar="COLUMN"), "column of the detector that the axis falls on; auto finds it"
    )
    method: Method = option(
        "fbp", Choice(("fbp", "gridding", "sirt", "cgls")), "sirt and cgls are for few angles", group=_SLICES
    )
    engine: Engine = option(
        "own", Choice(("own", "astra", "tomopy")), "astra or tomopy, where you installed it", group=_SLICES
    )
    window: Window = option(
        "ramp",
        Choice(("ramp", "shepp-logan", "cosine", "hamming", "hann")),
        "what fbp filters with; those further on are smoother",
        group=_SLICES,
    )
    rounds: int = option(
        0, Whole(0, 10000), "steps of sirt or cgls", usual="100 of sirt, 15 of cgls", group=_SLICES
    )
    rows: tuple[int, int] | None = option(
        None,
        Numbers((Whole(0), Whole(1)), metavar="FIRST,LAST"),
        "only these rows of the detector, LAST not among them",
        group=_SLICES,
    )
    region: tuple[int, int, int, int] | None = option(
        None,
        Numbers((Whole(0), Whole(0), Whole(1), Whole(1)), metavar="Y,X,HEIGHT,WIDTH"),
        "only this part of each slice",
        group=_SLICES,
    )

    def check(self) -> None:
        if self.centre != "auto":
            self._fixed()
        if self.phase != "none" and self.delta_beta is None:
            raise InputError(f"--phase {self.phase} needs --delta-beta, that of the material at this energy")
        if self.phase != "none" and self.lines:
            raise InputError("the phase is retrieved from intensities; leave out --lines or --phase")
        if self.rows is not None and not self.rows[0] < self.rows[1]:
            raise InputError(f"rows: {self.rows[0]},{self.rows[1]} holds no row; give FIRST,LAST")
        if self.method in ("sirt", "cgls") and self.engine == "tomopy":
            raise InputError("with --engine tomopy slices are gridded; leave out --method")
        if self.method == "gridding" and self.engine == "astra":
            raise InputError("ASTRA grids no slices; leave out --method or --engine")
        if self.window != "ramp" and (self.method != "fbp" or self.engine != "own"):
            raise InputError("window: it is of fbp by the own engine; leave out --window")
        if self.rounds and self.method not in ("sirt", "cgls"):
            raise InputError(f"rounds: {self.method} takes no steps; leave out --rounds")

    def _fixed(self) -> float:
        try:
            return Number().read(self.centre)
        except ValueError as error:
            raise InputError(f"centre: {error}, or auto") from None

    @property
    def fixed_centre(self) -> float | None:
        """The column that was given; None where it is to be found."""
        return None if self.centre == "auto" else self._fixed()

    @property
    def steps(self) -> int:
        """How many steps an iterative method does."""
        return self.rounds or (100 if self.method == "sirt" else 15)
