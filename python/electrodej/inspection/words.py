"""What an inspection says, in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from electrodej.inspection.look import Inspection
    from electrodej.inspection.looks import Look

Severity = Literal["problem", "warning", "note"]

_ORDER = {"problem": 0, "warning": 1, "note": 2}
_CLIPPED = 0.02
_SATURATED = 0.2
_FEW_SLICES = 8
_BLANK = 0.05
_LINES = 0.4
_SMALL, _LARGE = 8.0, 350.0
# Contrast over noise below which nothing is found, and below which a look is due without a model's own limit.
_LEAST_SNR, _LOW_SNR = 0.8, 2.0
_BLURRED = 0.3
# Electrode particles, from single crystals to the coarsest, in micrometres.
_LEAST_PARTICLE, _MOST_PARTICLE = 0.3, 60.0


@dataclass(frozen=True)
class Finding:
    """One thing that was seen.

    Attributes
    ----------
    severity
        "problem": nothing good will come of it; "warning": look at the result; "note": what is done, or good
        to know.
    topic
        One word: grey, polarity, noise, blur, lines, rims, size, model, shape.
    text
        What was seen, and what to do.
    """

    severity: Severity
    topic: str
    text: str


def findings_of(seen: Inspection, look: Look | None) -> tuple[Finding, ...]:
    """Return what is to be said of a scan, the gravest first."""
    found = [*_on_grey(seen)]
    if seen.high > seen.low:
        found += [*_on_shape(seen), *_on_polarity(seen), *_on_noise(seen, look), *_on_blur(seen, look)]
        found += [*_on_lines(seen), *_on_size(seen, look), *_on_model(seen, look)]
    return tuple(sorted(found, key=lambda finding: _ORDER[finding.severity]))


def _on_grey(seen: Inspection) -> Iterator[Finding]:
    if seen.levels == 1:
        yield Finding(
            "problem",
            "grey",
            f"all voxels have the value {seen.low:g}: there is nothing to see; export the scan again",
        )
        return
    if not seen.high > seen.low:
        yield Finding(
            "problem",
            "grey",
            f"nearly all voxels have the value {seen.low:g}: there is little to see; export it again",
        )
        return
    for share, end in zip(seen.clipped, ("darkest", "brightest"), strict=True):
        if share > _CLIPPED and share > 3 * seen.blank:
            yield Finding(
                "problem" if share > _SATURATED else "warning",
                "grey",
                f"{share:.0%} of the voxels have the {end} grey value: the scan was cut off there; "
                "export it again with a wider grey range",
            )
    if seen.levels < 16:
        yield Finding(
            "warning",
            "grey",
            f"there are only {seen.levels} grey values; export the scan with 8 bits or more",
        )


def _on_shape(seen: Inspection) -> Iterator[Finding]:
    depth = seen.shape[0]
    if 1 < depth < _FEW_SLICES:
        yield Finding(
            "note",
            "shape",
            f"there are only {depth} slices: the views xz and yz show little, so use xy alone",
        )
    if min(seen.shape[1:]) < 32:
        yield Finding(
            "warning", "shape", f"slices of {seen.shape[2]} x {seen.shape[1]} pixels are too small to judge"
        )
    if seen.blank > _BLANK:
        yield Finding("note", "rims", f"{seen.blank:.0%} of the image is blank, a rim most likely; crop it")


def _on_polarity(seen: Inspection) -> Iterator[Finding]:
    if seen.polarity == "dark":
        yield Finding(
            "note", "polarity", "particles are dark and what surrounds them is bright; it is inverted first"
        )
    elif seen.polarity == "unclear":
        yield Finding(
            "warning",
            "polarity",
            "whether particles are the bright or the dark part cannot be told; it is taken as bright",
        )


def _on_noise(seen: Inspection, look: Look | None) -> Iterator[Finding]:
    least = look.snr if look is not None else _LOW_SNR
    if seen.snr < _LEAST_SNR:
        yield Finding(
            "problem",
            "noise",
            f"bright and dark lie {seen.snr:.1f} standard deviations of the noise apart: nothing can be told "
            "apart; denoise the scan, or scan longer",
        )
    elif seen.snr < least:
        yield Finding(
            "warning",
            "noise",
            f"bright and dark lie {seen.snr:.1f} standard deviations of the noise apart (from {least:g} on "
            "results were good); denoise the scan first, and look at the result",
        )


def _on_blur(seen: Inspection, look: Look | None) -> Iterator[Finding]:
    if math.isnan(seen.blur) or math.isnan(seen.diameter):
        return
    too_wide = look is not None and seen.blur * seen.plan.scale > look.blur
    if seen.blur > _BLURRED * seen.diameter or too_wide:
        yield Finding(
            "warning",
            "blur",
            f"borders are {seen.blur:.1f} voxels wide where particles measure {seen.diameter:.0f}: "
            "neighbours run together; look at the result",
        )


def _on_lines(seen: Inspection) -> Iterator[Finding]:
    for value, what in ((seen.streaks, "streaks along rows or columns"), (seen.rings, "rings")):
        if value > _LINES:
            yield Finding(
                "warning",
                "lines",
                f"{what} are {value:.1f} times as strong as the noise; remove them in the reconstruction",
            )


def _on_size(seen: Inspection, look: Look | None) -> Iterator[Finding]:
    if math.isnan(seen.diameter):
        yield Finding("warning", "size", "no particles stand out; look at the image, and at its grey range")
        return
    if seen.diameter < _SMALL:
        yield Finding(
            "warning",
            "size",
            f"particles measure some {seen.diameter:.0f} voxels: too few to show an outline; scan finer",
        )
    elif seen.diameter > _LARGE or seen.diameter > 0.6 * min(seen.shape[1:]):
        yield Finding(
            "warning",
            "size",
            f"particles measure some {seen.diameter:.0f} voxels, and the image shows few of them whole",
        )
    if seen.spacing is not None:
        length = seen.diameter * min(seen.spacing[1:])
        if not _LEAST_PARTICLE <= length <= _MOST_PARTICLE:
            yield Finding(
                "warning",
                "size",
                f"with voxels of {min(seen.spacing[1:]):g} um particles would measure {length:.3g} um, which "
                "electrode particles hardly do; check the voxel size",
            )
    if look is not None and seen.plan.scale != 1:
        word = "enlarged" if seen.plan.scale > 1 else "reduced"
        yield Finding(
            "note",
            "size",
            f"particles measure some {seen.diameter:.0f} voxels, and {look.name} was trained on "
            f"{look.diameter:.0f}: the image is {word} to {seen.plan.scale:.0%} of its size first",
        )


def _on_model(seen: Inspection, look: Look | None) -> Iterator[Finding]:
    if look is not None and seen.shift > look.shift:
        yield Finding(
            "warning",
            "model",
            f"grey values are distributed unlike those {look.name} was trained on (moved by {seen.shift:.2f} "
            "of their range on average); look at the result, and train it further where it is wrong",
        )
