"""Look at a scan before anything else: what it is like, what is to be done, whether to trust results."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, VoxelSizeError
from electrodej.inspection.looks import Look, find_look
from electrodej.inspection.quality import (
    blank_mask,
    blank_of,
    blur_of,
    contrast_of,
    noise_of,
    rings_of,
    streaks_of,
)
from electrodej.inspection.sample import Sample, take_sample
from electrodej.inspection.size import bodies_of, bright_bodies
from electrodej.inspection.words import Finding, findings_of
from electrodej.run import Run
from electrodej.vocabulary import Spacing
from electrodej.volume import ArrayVolume, Volume, check_spacing

Polarity = Literal["bright", "dark", "unclear"]

PERCENTILES = (1.0, 99.8)
# Micrometres; no electrode is scanned with smaller or larger voxels.
_SMALLEST_VOXEL, _LARGEST_VOXEL = 0.003, 20.0
# More pixels that differ from all neighbours than labels have.
_SPECKLED = 0.01
# Share of the border that bulges: above, particles are bright, below 1 less that, dark.
_CLEAR = 0.54
# Where the border does not tell, what covers so much is taken for the particles.
_MOST_IS_PARTICLE = 0.62


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is done with the image before a network sees it.

    Attributes
    ----------
    invert
        Bright becomes dark.
    scale
        The image is enlarged by this, below 1 reduced.
    low, high
        Grey values that become 0 and 1, before inverting.
    """

    invert: bool = False
    scale: float = 1.0
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What a scan is like.

    Attributes
    ----------
    shape
        Voxels (z, y, x).
    spacing
        Voxel size (z, y, x) in micrometres, or None where it is not known.
    dtype
        Of its values.
    low, high
        Grey values at 1 and 99.8 %.
    clipped
        Shares of the voxels at the smallest and at the largest grey value.
    levels
        How many different grey values the sample has.
    polarity
        Whether particles are bright or dark, or "unclear".
    bulge
        Share of the border between bright and dark that bulges towards the dark; see `bright_bodies`.
    bright_share
        Share of the bright part.
    contrast
        How far bright and dark lie apart, as a share of the grey range.
    noise
        Its standard deviation, as a share of the grey range.
    snr
        contrast / noise.
    blur
        Full width at half maximum of the point spread, in voxels.
    streaks, rings
        Their standard deviation over that of the noise.
    blank
        Share of the voxels without any structure.
    diameter
        Typical particle diameter in voxels; NaN where nothing stands out.
    shift
        How far grey values are moved from those that the model was trained on, on average; NaN without one.
    findings
        What is to be said, the gravest first.
    plan
        What will be done for the model.
    """

    shape: tuple[int, int, int]
    spacing: Spacing | None
    dtype: str
    low: float
    high: float
    clipped: tuple[float, float]
    levels: int
    polarity: Polarity = "unclear"
    bulge: float = math.nan
    bright_share: float = math.nan
    contrast: float = 0.0
    noise: float = 0.0
    snr: float = 0.0
    blur: float = math.nan
    streaks: float = 0.0
    rings: float = 0.0
    blank: float = 0.0
    diameter: float = math.nan
    shift: float = math.nan
    findings: tuple[Finding, ...] = ()
    plan: Plan = field(default_factory=Plan)

    @property
    def warned(self) -> bool:
        """Whether results should not be trusted without a look."""
        return any(finding.severity != "note" for finding in self.findings)

    def as_plain(self) -> dict[str, Any]:
        """Return everything as JSON has it; what is not known is None."""

        def plain(value: Any) -> Any:
            if isinstance(value, float) and not math.isfinite(value):
                return None
            if isinstance(value, dict):
                return {key: plain(each) for key, each in value.items()}
            return [plain(each) for each in value] if isinstance(value, list | tuple) else value

        return {**plain(asdict(self)), "warned": self.warned}


def inspect(
    image: Volume | NDArray[Any],
    spacing: Spacing | None = None,
    model: str | os.PathLike[str] | Look | None = None,
    run: Run | None = None,
) -> Inspection:
    """Look at a sample of a scan's slices.

    Parameters
    ----------
    image
        The grey volume, open, or an array (YX or ZYX).
    spacing
        Voxel size (z, y, x) in micrometres; by default the volume's own.
    model
        For which network: a bundled name, its folder, or its `Look`.
    run
        Told each finding as a note.

    Raises
    ------
    electrodej.errors.InputError
        The image cannot be what it is given as: labels instead of grey values, or a colour image.
    electrodej.errors.VoxelSizeError
        No scan has such voxels.

    Examples
    --------
    >>> inspection = inspect(np.zeros((4, 64, 64), np.uint8))
    >>> inspection.findings[0].text
    'all voxels have the value 0: there is nothing to see; export the scan again'
    """
    volume = _as_volume(image)
    size = check_spacing(spacing) if spacing is not None else volume.spacing
    if size is not None:
        check_voxels(size, str(volume.path))
    sample = take_sample(volume)
    refuse_labels(sample, str(volume.path))
    look = model if isinstance(model, Look) else find_look(model) if model is not None else None
    found = _measured(volume, size, sample, look)
    findings = findings_of(found, look)
    done = Inspection(**{**_values(found), "findings": findings})
    if run is not None:
        run.note(*(finding.text for finding in findings))
    return done


def _values(found: Inspection) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__dataclass_fields__}


def check_voxels(spacing: Spacing, where: str = "the image") -> None:
    """Refuse voxel sizes that no electrode scan has, with what was most likely meant."""
    worst = max(spacing, key=lambda length: abs(math.log(length / 0.2)))
    shown = ",".join(f"{length:g}" for length in spacing)
    if worst > _LARGEST_VOXEL:
        meant = ",".join(f"{length / 1000:g}" for length in spacing)
        raise VoxelSizeError(
            f"{where}: a voxel of {shown} um would be larger than whole particles; were nanometres meant? "
            f"Then give --spacing {meant}"
        )
    if worst < _SMALLEST_VOXEL:
        meant = ",".join(f"{length * 1000:g}" for length in spacing)
        raise VoxelSizeError(
            f"{where}: a voxel of {shown} um is finer than any scan; were millimetres meant? "
            f"Then give --spacing {meant}"
        )


def refuse_labels(sample: Sample, where: str) -> None:
    """Refuse numbered particles and phases that are given as grey values.

    Grey values have noise: hardly two neighbours are equal where there are many levels. Labels are flat:
    nearly all neighbours are equal, though there are several numbers.
    """
    values = sample.values()
    if values.dtype.kind == "b" or values.min() == values.max():
        return
    flat = float(np.mean([(each[:, 1:] == each[:, :-1]).mean() for each in sample.slices]))
    whole = values.dtype.kind in "ui" or bool((values == np.rint(values)).all())
    numbers = np.unique(values)
    if not whole or flat < 0.9 or float((values == numbers[0]).mean()) > 0.995:
        return
    if float(np.mean([_speckles(each) for each in sample.slices])) > _SPECKLED:
        return
    what = "phases" if numbers.size <= 8 else "particle labels"
    raise InputError(
        f"{where} looks like {what}, not grey values: {numbers.size} numbers, and {flat:.0%} of neighbouring "
        "voxels have the same one; give the grey scan that they were made from"
    )


def _speckles(image: NDArray[Any]) -> float:
    """Return the share of pixels that differ from all four neighbours: noise has them, labels hardly."""
    here = image[1:-1, 1:-1]
    sides = (image[1:-1, :-2], image[1:-1, 2:], image[:-2, 1:-1], image[2:, 1:-1])
    alone = np.logical_and.reduce([here != side for side in sides])
    return float(alone.mean()) if alone.size else 0.0


def refuse_grey(labels: Volume | NDArray[Any]) -> None:
    """Refuse grey values that are given as labels: where hardly two neighbours have the same number."""
    volume = _as_volume(labels)
    sample = take_sample(volume)
    flat = float(np.mean([(each[:, 1:] == each[:, :-1]).mean() for each in sample.slices]))
    levels = np.unique(sample.values()).size
    if flat < 0.5 and levels > 16:
        raise InputError(
            f"{volume.path} looks like grey values, not labels: only {flat:.0%} of neighbouring voxels have "
            "the same number; give the label image, and the scan in its own place"
        )


def _as_volume(image: Volume | NDArray[Any]) -> Volume:
    if isinstance(image, Volume):
        return image
    if image.ndim == 3 and image.shape[-1] in (3, 4) and min(image.shape[:2]) > 16:
        raise InputError(
            f"the image has the shape {' x '.join(map(str, image.shape))}, most likely a colour picture; "
            "convert it to grey, in Fiji with Image > Type > 8-bit"
        )
    if image.ndim == 4:
        raise InputError(
            f"the image has four axes, {' x '.join(map(str, image.shape))}: a movie or channels; "
            "give one time and one channel"
        )
    return ArrayVolume(image, spacing=None, name="the image")


def _measured(volume: Volume, spacing: Spacing | None, sample: Sample, look: Look | None) -> Inspection:
    values = sample.values().astype(np.float32)
    low, high = (float(v) for v in np.percentile(values, PERCENTILES))
    least, most = float(values.min()), float(values.max())
    clipped = (float((values == least).mean()), float((values == most).mean()))
    basic: dict[str, Any] = {
        "shape": volume.shape,
        "spacing": spacing,
        "dtype": str(volume.dtype),
        "low": low,
        "high": high,
        "clipped": clipped,
        "levels": int(np.unique(values).size),
        "blank": float(np.mean([blank_of(each, most) for each in sample.rims])),
    }
    if not high > low:
        return Inspection(**basic)
    slices = [np.clip((_filled(each) - low) / (high - low), 0, 1) for each in sample.slices]
    noise = float(np.median([noise_of(each) for each in slices]))
    pairs = [contrast_of(each) for each in slices]
    contrast, share = (float(np.mean([pair[k] for pair in pairs])) for k in (0, 1))
    bulge = bright_bodies(slices)
    polarity = polarity_of(bulge, share)
    diameter = bodies_of(slices, dark=polarity == "dark").diameter
    scale = 1.0
    if look is not None and math.isfinite(diameter):
        factor = look.diameter / diameter
        scale = factor if max(factor, 1 / factor) > look.near else 1.0
    return Inspection(
        **basic,
        polarity=polarity,
        bulge=bulge,
        bright_share=share,
        contrast=contrast,
        noise=noise,
        snr=contrast / max(noise, 1e-6),
        blur=float(np.median([blur_of(each, noise) for each in slices])),
        streaks=float(np.median([streaks_of(each, noise) for each in slices])),
        rings=float(np.median([rings_of(each, noise) for each in slices])),
        diameter=diameter,
        shift=_shift(values, low, high, look, inverted=polarity == "dark"),
        plan=Plan(invert=polarity == "dark", scale=scale, low=low, high=high),
    )


def polarity_of(bulge: float, share: float) -> Polarity:
    """Return whether particles are bright or dark, from `bright_bodies` and the share of the bright part.

    In an electrode pressed so densely that particles touch everywhere the border tells little; then what
    covers most of the image is particles.

    >>> polarity_of(0.7, 0.4), polarity_of(0.3, 0.6), polarity_of(0.5, 0.8), polarity_of(0.5, 0.5)
    ('bright', 'dark', 'bright', 'unclear')
    """
    if bulge > _CLEAR:
        return "bright"
    if bulge < 1 - _CLEAR:
        return "dark"
    if share > _MOST_IS_PARTICLE:
        return "bright"
    return "dark" if share < 1 - _MOST_IS_PARTICLE else "unclear"


def _filled(image: NDArray[Any]) -> NDArray[np.float32]:
    """Return a slice whose blank parts have the middle grey value, so that their edges are no borders."""
    blank = blank_mask(image)
    values = image.astype(np.float32)
    if blank.any() and not blank.all():
        values[blank] = np.median(values[~blank])
    return values


def _shift(values: NDArray[Any], low: float, high: float, look: Look | None, *, inverted: bool) -> float:
    """Return the mean distance of the deciles from the training's, the earth mover's distance."""
    if look is None or not look.quantiles:
        return math.nan
    deciles = np.clip(
        (np.quantile(values, np.linspace(0, 1, len(look.quantiles))) - low) / (high - low), 0, 1
    )
    if inverted:
        deciles = 1 - deciles[::-1]
    return float(np.abs(deciles - np.array(look.quantiles)).mean())
