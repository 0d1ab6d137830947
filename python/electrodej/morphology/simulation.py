"""What measures of phases give to simulations: parameters for BPX files and for PyBaMM."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from electrodej.errors import InputError
from electrodej.morphology.phases import Measure

BPX_VERSION = "1.1.0"
SIDES = ("positive", "negative")
# What BPX asks of an electrode of one material and of the rest of a cell; an image tells the first few.
_OF_IMAGE = (
    "Porosity",
    "Transport efficiency",
    "Particle radius [m]",
    "Surface area per unit volume [m-1]",
)
_OF_ELECTRODE = (
    "Thickness [m]",
    "Conductivity [S.m-1]",
    "Minimum stoichiometry",
    "Maximum stoichiometry",
    "Maximum concentration [mol.m-3]",
    "Diffusivity [m2.s-1]",
    "OCP [V]",
    "Reaction rate constant [mol.m-2.s-1]",
)
_OF_CELL = ("Cell", "Electrolyte", "Separator")


@dataclass(frozen=True)
class Microstructure:
    """An electrode as porous-electrode models know it.

    Attributes
    ----------
    porosity
        Share of the pores.
    active
        Share of the active material.
    surface
        Area of the active material to all other phases per volume, um^-1.
    efficiency
        Effective over own conductivity of the pores, 1 / MacMullin number.
    """

    porosity: float
    active: float
    surface: float
    efficiency: float

    @property
    def tortuosity(self) -> float:
        """Tortuosity factor of the pores."""
        return self.porosity / self.efficiency

    @property
    def radius(self) -> float:
        """Radius in um of equal balls with this share and surface, 3 active / surface.

        Models take the share of active material from radius and surface, so it must be this one.
        """
        return 3 * self.active / self.surface


def microstructure(
    measures: Iterable[Measure], *, pore: str = "pore", active: str = "particle", direction: str = "z"
) -> Microstructure:
    """Take an electrode's microstructure from measures of its phases.

    Parameters
    ----------
    measures
        Of `measure_phases` and `electrodej.transport.measure_transport`.
    pore, active
        Names of the phases that hold the electrolyte and the lithium.
    direction
        From separator to current collector.

    Raises
    ------
    InputError
        A measure that is needed is not there, or the pores do not percolate.
    """
    values = {each.name: each.value for each in measures}
    wanted = (f"Share_{pore}", f"Share_{active}", f"Keff_{pore}_{direction}")
    missing = [name for name in wanted if name not in values]
    if missing:
        raise InputError(
            f"parameters for simulation need {missing[0]}, which was not measured; name the phases pore and "
            "particle, or say what they are called, and measure transport along the electrode"
        )
    phases = [name.removeprefix("Share_") for name in values if name.startswith("Share_")]
    pairs = [f"Area_{a}_{b}" for a in phases for b in phases if active in (a, b)]
    borders = [values[name] for name in pairs if name in values]
    found = Microstructure(values[wanted[0]], values[wanted[1]], math.fsum(borders), values[wanted[2]])
    if not found.efficiency > 0:
        raise InputError(
            f"{pore} does not percolate along {direction}, so the electrode has no transport efficiency for "
            "simulation; measure a larger volume, or another direction"
        )
    if not (found.surface > 0 and found.active > 0):
        raise InputError(f"there is no surface of {active}, so there are no particles for simulation")
    return found


def bpx_parameters(
    electrode: Microstructure,
    *,
    side: str = "positive",
    base: Mapping[str, Any] | None = None,
    title: str = "Electrode measured by ElectrodeJ",
) -> tuple[dict[str, Any], list[str]]:
    """Return a BPX document with what an image tells, and the names of what it leaves open.

    Parameters
    ----------
    electrode
        What was measured.
    side
        "positive" or "negative".
    base
        A BPX document whose other values stay; of the electrode, what was measured is replaced.
    title
        Of a new document.

    Returns
    -------
    document, open
        As https://bpxstandard.com has it, lengths in metres; and what is neither measured nor in ``base``, as
        "Positive electrode: Thickness [m]". BPX has no empty values, so these are left out of the document.
    """
    document = copy.deepcopy(dict(base)) if base else _header(title)
    cell = document.setdefault("Parameterisation", {})
    name = f"{side.capitalize()} electrode"
    part = cell.setdefault(name, {})
    if "Particle" in part:
        raise InputError(
            f"the BPX file's {name.lower()} is a blend of several materials, which an image of one active "
            "phase does not tell apart; give one of a single material"
        )
    values = (electrode.porosity, electrode.efficiency, electrode.radius * 1e-6, electrode.surface * 1e6)
    part.update(zip(_OF_IMAGE, values, strict=True))
    missing = [f"{name}: {key}" for key in _OF_ELECTRODE if key not in part]
    other = "Negative electrode" if side == "positive" else "Positive electrode"
    missing += [key for key in (other, *_OF_CELL) if key not in cell]
    return document, missing


def _header(title: str) -> dict[str, Any]:
    return {"Header": {"BPX": BPX_VERSION, "Title": title, "Model": "Partial"}, "Parameterisation": {}}


def pybamm_parameters(electrode: Microstructure, *, side: str = "positive") -> dict[str, float]:
    """Return the values that PyBaMM takes from an image, by PyBaMM's names, in metres.

    With ``parameters = pybamm.ParameterValues("Chen2020")``, ``parameters.update(pybamm_parameters(...))``
    gives an electrode that was measured. The Bruggeman coefficient is log(efficiency) / log(porosity), so
    that the model's porosity^b is the efficiency that was measured; models with the option
    "transport efficiency": "tortuosity factor" take the tortuosity factor instead.

    Examples
    --------
    >>> found = pybamm_parameters(Microstructure(0.25, 0.5, 0.3, 0.125))
    >>> round(found["Positive electrode Bruggeman coefficient (electrolyte)"], 6)
    1.5
    >>> round(found["Positive particle radius [m]"], 9)
    5e-06
    """
    word = side.capitalize()
    found = {
        f"{word} electrode porosity": electrode.porosity,
        f"{word} electrode active material volume fraction": electrode.active,
        f"{word} particle radius [m]": electrode.radius * 1e-6,
        f"{word} electrode tortuosity factor (electrolyte)": electrode.tortuosity,
    }
    if 0 < electrode.porosity < 1:
        exponent = math.log(electrode.efficiency) / math.log(electrode.porosity)
        found[f"{word} electrode Bruggeman coefficient (electrolyte)"] = exponent
    return found
