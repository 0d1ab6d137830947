"""What an inspection says, in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from electrodej.inspection.found import Finding
from electrodej.inspection.scaling import LEAST_SNR
from electrodej.inspection.values import nothing_to_see

if TYPE_CHECKING:
    from electrodej.inspection.found import Inspection
    from electrodej.inspection.looks import Look

_ORDER = {"problem": 0, "warning": 1, "note": 2}
_CLIPPED = 0.05
_SATURATED = 0.2
_FEW_SLICES = 8
# Pixels along the shorter edge of slices that can be judged.
SMALLEST = 32
_BLANK = 0.05
_LINES = 0.4
_SMALL, _LARGE = 8.0, 350.0
# Contrast over noise below which nothing is found, and below which a look is due without a model's own limit.
_LOW_SNR = 2.0
# Of the particles' diameter; and what is wide beyond measuring.
_BLURRED, _WIDEST = 0.3, 18.0
_BRIGHTENED = 1.05
# Electrode particles, from single crystals to the coarsest, in micrometres.
_LEAST_PARTICLE, _MOST_PARTICLE = 0.3, 60.0


def findings_of(seen: Inspection, look: Look | None) -> tuple[Finding, ...]:
    """Return what is to be said of a scan, the gravest first."""
    found = [*_on_grey(seen), *_on_shape(seen)]
    if seen.high > seen.low and min(seen.shape[1:]) >= SMALLEST:
        found += [*_on_polarity(seen, look), *_on_noise(seen, look), *_on_blur(seen, look)]
        found += [*_on_lines(seen), *_on_size(seen), *_on_model(seen, look)]
    if look is not None:
        found += [*_on_scale(seen, look), *_on_brightness(seen, look)]
    return tuple(sorted(found, key=lambda finding: _ORDER[finding.severity]))


def _on_grey(seen: Inspection) -> Iterator[Finding]:
    if seen.levels == 1:
        yield Finding(
            "problem",
            "grey",
            nothing_to_see(seen.low),
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
    if min(seen.shape[1:]) < SMALLEST:
        yield Finding(
            "warning", "shape", f"slices of {seen.shape[2]} x {seen.shape[1]} pixels are too small to judge"
        )
    if seen.blank > _BLANK:
        yield Finding("note", "rims", f"{seen.blank:.0%} of the image is blank, a rim most likely; crop it")


def _on_polarity(seen: Inspection, look: Look | None) -> Iterator[Finding]:
    if seen.polarity == "unclear":
        yield Finding(
            "warning",
            "polarity",
            "whether particles are the bright or the dark part cannot be told; nothing is inverted",
        )
    elif seen.plan.invert:
        other = {"dark": "bright", "bright": "dark"}[seen.polarity]
        yield Finding(
            "note",
            "polarity",
            f"particles are {seen.polarity} and what surrounds them is {other}; it is inverted first",
        )
    elif seen.polarity == "dark" and look is not None and look.particles == "unclear":
        yield Finding("note", "polarity", f"particles are dark; whether {look.name} knows such is not known")


def _on_noise(seen: Inspection, look: Look | None) -> Iterator[Finding]:
    least = look.least_snr(seen.diameter) if look is not None else _LOW_SNR
    if seen.snr < LEAST_SNR:
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
            f"bright and dark lie {seen.snr:.1f} standard deviations of the noise apart (from {least:.2g} on "
            "results were good); denoise the scan first, and look at the result",
        )


def _on_blur(seen: Inspection, look: Look | None) -> Iterator[Finding]:
    if math.isnan(seen.blur) or math.isnan(seen.diameter):
        return
    too_wide = look is not None and seen.blur * seen.plan.scale > look.blur
    if seen.blur > _BLURRED * seen.diameter or seen.blur > _WIDEST or too_wide:
        width = "more than 18" if seen.blur > _WIDEST else f"{seen.blur:.1f}"
        yield Finding(
            "warning",
            "blur",
            f"borders are {width} voxels wide where particles measure {seen.diameter:.0f}: "
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


def _on_size(seen: Inspection) -> Iterator[Finding]:
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


def _on_scale(seen: Inspection, look: Look) -> Iterator[Finding]:
    scaling = seen.scaling
    if scaling.contradicted and seen.spacing is not None and look.pixel is not None:
        here, usual = min(seen.spacing[1:]), look.diameter * look.pixel
        yield Finding(
            "warning",
            "size",
            # The same words for each network of a run, so that they are said once.
            f"with voxels of {here:g} um particles measure {seen.diameter * here:.3g} um, and those of the "
            f"training about {float(f'{usual:.1g}'):g} um: check the voxel size; where it is right, these "
            "are particles of another kind, so look at the result",
        )
    if scaling.scale == 1 or scaling.by == "person":
        return
    yield Finding("note", "size", f"{_why_resized(seen, look)}: {_resized(scaling.scale)}")


def _why_resized(seen: Inspection, look: Look) -> str:
    by = seen.scaling.by
    if look.by_blur and by == "particles":
        return (
            f"particles measure some {seen.diameter:.0f} pixels and borders {seen.blur:.1f}, and {look.name} "
            f"does best with {look.diameter:.0f} and {look.sharp:g}"
        )
    if by == "particles" or seen.spacing is None:
        return (
            f"particles measure some {seen.diameter:.0f} pixels, and {look.name} was trained on "
            f"{look.diameter:.0f}"
        )
    pixel = f"pixels are {min(seen.spacing[1:]):g} um"
    if by == "voxels":
        return f"{pixel}, and {look.name} was trained on {look.pixel:g} um"
    return (
        f"{pixel} and particles measure, as far as noise shows it, some {seen.diameter:.0f} of them, and "
        f"{look.name} was trained on {look.pixel:g} um and {look.diameter:.0f} pixels"
    )


def _on_brightness(seen: Inspection, look: Look) -> Iterator[Finding]:
    gain = seen.plan.gain
    if look.bright is not None and max(gain, 1 / gain) > _BRIGHTENED:
        yield Finding(
            "note",
            "grey",
            f"particles have {look.bright / gain:.2f} of the grey range, and those that {look.name} knows "
            f"{look.bright:.2f}: grey values are multiplied by {gain:.2f}",
        )


def _resized(scale: float) -> str:
    return f"the image is {'enlarged' if scale > 1 else 'reduced'} to {scale:.0%} of its size first"


def _on_model(seen: Inspection, look: Look | None) -> Iterator[Finding]:
    share = 1 - seen.bright_share if seen.plan.invert else seen.bright_share
    if look is not None and share > look.most_bright:
        yield Finding(
            "warning",
            "model",
            f"{share:.0%} of the image is bright: an electrode denser than nearly all that {look.name} was "
            "trained on; particles that touch may run together, so look at the result",
        )
    if look is not None and seen.shift > look.shift:
        yield Finding(
            "warning",
            "model",
            f"grey values are distributed unlike those {look.name} was trained on (moved by {seen.shift:.2f} "
            "of their range on average); look at the result, and train it further where it is wrong",
        )
