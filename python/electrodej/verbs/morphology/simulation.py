"""A BPX file of what phases measure: parameters for battery models."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError, UsageError
from electrodej.options import Choice, Names, PathTo, Settings, option
from electrodej.run import Run
from electrodej.vocabulary import PathLike

if TYPE_CHECKING:
    from electrodej.morphology import Measure

_WITH_BPX = "with --bpx"


@dataclass(frozen=True, kw_only=True)
class SimulationSettings(Settings):
    """What goes into a BPX file, and from where."""

    bpx: PathLike | None = option(
        None,
        PathTo(role="output", suffixes=(".json",), metavar="FILE"),
        "also write what is known of the electrode to this BPX file, .json; the transport of the pores along "
        "the first of --directions is measured for it",
    )
    bpx_base: PathLike | None = option(
        None,
        PathTo(metavar="FILE"),
        "a BPX file whose other values are kept",
        group=_WITH_BPX,
    )
    bpx_side: str = option(
        "positive", Choice(("positive", "negative")), "which electrode this is", group=_WITH_BPX
    )
    bpx_phases: tuple[str, ...] = option(
        ("pore", "particle"),
        Names(metavar="PORE,ACTIVE"),
        "names of the phases that hold electrolyte and lithium",
        group=_WITH_BPX,
    )

    def check(self) -> None:
        if self.bpx is None and (
            self.bpx_base is not None
            or self.bpx_side != "positive"
            or self.bpx_phases != ("pore", "particle")
        ):
            raise UsageError("--bpx-base, --bpx-side and --bpx-phases go with --bpx; add it")
        if len(self.bpx_phases) != 2:
            raise UsageError("--bpx-phases names two phases, e.g. pore,particle")

    @property
    def base(self) -> dict[str, Any] | None:
        """The document that values go into; None for a new one."""
        from electrodej.files import read_json

        if self.bpx_base is None:
            return None
        found = read_json(self.bpx_base)
        if not isinstance(found, dict) or not isinstance(found.get("Parameterisation"), dict):
            raise InputError(f"{self.bpx_base} is no BPX file: it has no section Parameterisation")
        return found


def write_bpx(
    measures: Sequence[Measure], settings: SimulationSettings, direction: str, run: Run
) -> dict[str, Any]:
    """Write the BPX file.

    Returns
    -------
    result
        ``bpx``, its path; ``bpx_open``, what an image does not tell and nobody gave; ``bpx_checked``,
        whether the package ``bpx`` looked at it.
    """
    from electrodej.files import whole_file
    from electrodej.morphology import bpx_parameters, microstructure

    assert settings.bpx is not None
    pore, active = settings.bpx_phases
    electrode = microstructure(measures, pore=pore, active=active, direction=direction)
    document, missing = bpx_parameters(electrode, side=settings.bpx_side, base=settings.base)
    checked = check_bpx(document, missing, settings.bpx)
    with whole_file(settings.bpx, force=run.force) as part:
        part.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    if missing:
        run.note(f"{Path(settings.bpx).name} lacks what images do not tell: {'; '.join(missing)}")
    if not checked:
        run.note("the BPX file was not checked, as the package bpx is not installed: pip install bpx")
    return {"bpx": os.fspath(settings.bpx), "bpx_open": missing, "bpx_checked": checked}


def check_bpx(document: dict[str, Any], missing: Sequence[str], path: PathLike) -> bool:
    """Have the package ``bpx`` look at a document; return whether it is installed.

    Raises
    ------
    InputError
        It finds something else than that values are missing which are known to be.
    """
    import importlib.util

    if importlib.util.find_spec("bpx") is None:
        return False
    import warnings

    with warnings.catch_warnings():
        # It warns of formats of earlier versions, which it reads, and uses what others will give up.
        warnings.simplefilter("ignore")
        from bpx import parse_bpx_obj
        from pydantic import ValidationError

        try:
            parse_bpx_obj(_filled(document, missing))
        except ValidationError as error:
            wrong = [found for found in error.errors() if not (missing and found["type"] == "missing")]
            if wrong:
                place = " > ".join(map(str, wrong[0]["loc"]))
                raise InputError(f"{path} would be no BPX file: {place}: {wrong[0]['msg']}") from error
        except ValueError as error:
            raise InputError(f"{path} would be no BPX file: {error}") from error
    return True


def _filled(document: dict[str, Any], missing: Sequence[str]) -> dict[str, Any]:
    """Return a document in which values stand that are missing: the package takes no half an electrode."""
    import copy

    filled = copy.deepcopy(document)
    for name in missing:
        part, separator, key = name.partition(": ")
        if separator:
            filled["Parameterisation"][part][key] = 0.5
    return filled
