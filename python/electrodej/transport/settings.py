"""What can be set in the measurement of transport."""

from __future__ import annotations

from dataclasses import dataclass

from electrodej.errors import InputError
from electrodej.options import Choice, Names, Number, Settings, flag, option
from electrodej.vocabulary import AXES


@dataclass(frozen=True, kw_only=True)
class TransportSettings(Settings):
    """How conduction and diffusion through phases are solved."""

    directions: tuple[str, ...] = option(
        AXES, Names(metavar="z,y,x"), "directions of the current: axes of the file"
    )
    conducting: tuple[str, ...] | None = option(
        None, Names(), "phases of which each is measured alone", usual="all"
    )
    conductivity: tuple[str, ...] = option(
        (),
        Names(metavar="NAME=X,..."),
        "conductivities of phases that conduct together, in a unit of yours; the others are insulating",
    )
    periodic: bool = flag("the sides that the current does not enter repeat, rather than being sealed")
    electrode: bool = flag(
        "also the electrode tortuosity: of current that enters at the separator and ends at the phase's walls"
    )
    separator: str = option(
        "first",
        Choice(("first", "last")),
        "with --electrode: at which slice along the direction the separator lies",
    )
    reacting: tuple[str, ...] | None = option(
        None, Names(), "with --electrode: phases whose walls take up current", usual="all others"
    )
    tolerance: float = option(
        1e-4, Number(1e-8, 0.1), "relative error that the effective conductivity may have", advanced=True
    )
    engine: str = option(
        "own",
        Choice(("own", "taufactor")),
        "who solves: own, or an installed TauFactor, on a GPU where there is one",
        advanced=True,
    )

    def check(self) -> None:
        wrong = [axis for axis in self.directions if axis not in AXES]
        if wrong or not self.directions or len(set(self.directions)) < len(self.directions):
            raise InputError(
                f"directions: {','.join(self.directions)!r} are not different ones of z, y and x"
            )
        if self.conducting is not None and self.conductivity:
            raise InputError(
                "conducting: what --conductivity names conducts together, and what --conducting names alone; "
                "leave out one of them"
            )
        if self.electrode and (self.conductivities or self.engine != "own"):
            raise InputError(
                "electrode: the electrode tortuosity is of each phase alone and by the own engine; leave out "
                "--conductivity and --engine"
            )
        if not self.electrode and (self.reacting is not None or self.separator != "first"):
            raise InputError("electrode: --separator and --reacting go with --electrode; add it")

    @property
    def axes(self) -> tuple[int, ...]:
        """The numbers of the directions."""
        return tuple(AXES.index(axis) for axis in self.directions)

    @property
    def conductivities(self) -> dict[str, float]:
        """The conductivity of each phase that was named."""
        found: dict[str, float] = {}
        for part in self.conductivity:
            name, sign, text = part.partition("=")
            try:
                value = Number(0).read(text)
            except ValueError:
                sign = ""
            if not (sign and name.strip()) or name.strip() in found:
                raise InputError(
                    f"conductivity: {part!r} is no phase with its conductivity; write pore=1,binder=0.05"
                )
            found[name.strip()] = value
        return found
