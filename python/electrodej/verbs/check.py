"""``electrodej check``: what a scan is like, and whether a network's results on it can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from electrodej.errors import InputError
from electrodej.options import Image, PathTo, Settings, argument, option, voxel_size
from electrodej.run import Run
from electrodej.verb import Menu, Outcome, Verb
from electrodej.vocabulary import PathLike, Spacing

if TYPE_CHECKING:
    from electrodej.inspection import Inspection


@dataclass(frozen=True, kw_only=True)
class CheckOptions(Settings):
    """Which scan is looked at, and for which network."""

    image: Any = argument(Image(), "the grey volume, or a single image", title="Grey image")
    model: PathLike = option(
        "nmc-particles", PathTo(metavar="M", role="model"), "the network that is to see it"
    )
    spacing: Spacing | None = voxel_size()


def check(options: CheckOptions, run: Run) -> Outcome:
    """Look at a sample of slices and tell."""
    from electrodej.inspection import inspect, refuse_nan
    from electrodej.models.bundled import find_model
    from electrodej.tomography import is_scan
    from electrodej.volume import open_volume

    find_model(options.model)
    if isinstance(options.image, str | Path) and is_scan(options.image):
        raise InputError(
            f"{options.image} holds projections, not a volume; make one with electrodej reconstruct "
            f"{options.image} --out grey.tif, and check that"
        )
    with open_volume(options.image, spacing=options.spacing) as volume:
        found = inspect(volume, model=options.model)
        refuse_nan(volume, run)
        name = str(volume.path)
    return Outcome(found.as_plain(), _text(name, found))


def _text(name: str, found: Inspection) -> str:
    rows = [
        ("size", f"{' x '.join(map(str, found.shape))} voxels of {_size(found.spacing)}, {found.dtype}"),
        ("grey values", f"{found.low:g} to {found.high:g} (1 and 99.8 %)"),
        ("particles", f"{found.polarity}, about {_number(found.diameter)} voxels across"),
        ("contrast", f"{_number(found.snr)} times the noise"),
        ("blur", f"{_number(found.blur)} voxels"),
    ]
    lines = [name, *(f"  {head:<12} {text}" for head, text in rows)]
    lines += [f"{finding.severity}: {finding.text}" for finding in found.findings]
    return "\n".join([*lines, f"verdict: {_verdict(found)}"])


def _verdict(found: Inspection) -> str:
    if any(finding.severity == "problem" for finding in found.findings):
        return "no good will come of it as it is"
    if found.warned:
        return "look at the results before you trust them"
    if found.spacing is None:
        return "nothing speaks against it, but for the voxel size: give it with --spacing"
    return "nothing speaks against it"


def _size(spacing: Spacing | None) -> str:
    return "unknown size" if spacing is None else " x ".join(f"{length:g}" for length in spacing) + " um"


def _number(value: float) -> str:
    return f"{value:.2g}" if math.isfinite(value) else "an unknown number of"


VERB = Verb(
    name="check",
    summary="say what a scan is like, and whether to trust a network on it",
    help="""Look at a sample of a scan's slices: polarity, grey range, clipping, noise, blur, rings, streaks,
blank rims, the size of the particles, and how far it is from what a network was trained on. What speaks
against the scan is said in plain words. What each figure means: docs/check.md.""",
    example="electrodej check grey.tif",
    options=CheckOptions,
    work=check,
    menu=Menu("Check Scan", ("image", "model", "spacing"), names={"image": "grey"}),
)
