"""Look at a scan before anything else: what it is like, what is to be done, whether to trust results."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError, VoxelSizeError
from electrodej.inspection.found import Inspection, Plan
from electrodej.inspection.looks import Look, find_look
from electrodej.inspection.polarity import Polarity, to_invert
from electrodej.inspection.quality import (
    blank_mask,
    blank_of,
    blur_of,
    noise_of,
    parts_of,
    rings_of,
    streaks_of,
)
from electrodej.inspection.sample import Sample, take_sample
from electrodej.inspection.scaling import Scaling, scaling_of
from electrodej.inspection.size import bodies_of, line_evidence
from electrodej.inspection.words import SMALLEST, findings_of
from electrodej.run import Run
from electrodej.vocabulary import Spacing
from electrodej.volume import ArrayVolume, Volume, check_spacing

PERCENTILES = (1.0, 99.8)
# Micrometres; no electrode is scanned with smaller or larger voxels.
_SMALLEST_VOXEL, _LARGEST_VOXEL = 0.003, 20.0
_UNITS = {"nanometres": 1e-3, "millimetres": 1e3, "metres": 1e6}
# More pixels that differ from all neighbours than labels have.
_SPECKLED = 0.01
# More than this no scan of an electrode needs.
_MOST_GAIN = 1.4
# Phases are as many at most.
_FEW = 8
# Share of a blank rim that has its value.
_ONE_VALUE = 0.98
# Evidence beyond which particles are taken for bright or dark.
_CLEAR = 1.0


def inspect(
    image: Volume | NDArray[Any],
    spacing: Spacing | None = None,
    model: str | os.PathLike[str] | Look | None = None,
    *,
    scale: float | None = None,
    masks: bool = False,
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
    scale
        Enlarge the image by this for the network, whatever is seen.
    masks
        Whether an image of a few values, as thresholds give it, is in order.
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
    volume = as_volume(image)
    size = volume.spacing if spacing is None else spacing
    if size is not None:
        if min(size) > 0:
            check_voxels(size, str(volume.path))
        size = check_spacing(size)
    sample = take_sample(volume)
    refuse_labels(sample, str(volume.path), masks=masks)
    look = model if isinstance(model, Look) else find_look(model) if model is not None else None
    found = _measured(volume, size, sample, look, scale)
    done = replace(found, findings=findings_of(found, look))
    if run is not None:
        run.note(*(finding.told for finding in done.findings))
    return done


def check_voxels(spacing: Spacing, where: str = "the image") -> None:
    """Refuse voxel sizes that no electrode scan has, with what was most likely meant."""
    worst = max(spacing, key=lambda length: abs(math.log(length / 0.2)))
    if _SMALLEST_VOXEL <= worst <= _LARGEST_VOXEL:
        return
    what = "would be larger than whole particles" if worst > 1 else "is finer than any scan"
    said = f"{where}: a voxel of {_lengths(spacing)} um {what}"
    for unit, micrometres in _UNITS.items():
        if _SMALLEST_VOXEL <= worst * micrometres <= _LARGEST_VOXEL:
            meant = _lengths([length * micrometres for length in spacing])
            raise VoxelSizeError(f"{said}; were {unit} meant? Then give --spacing {meant}")
    raise VoxelSizeError(f"{said}; give the voxel size in micrometres with --spacing Z,Y,X")


def _lengths(spacing: Sequence[float]) -> str:
    return ",".join(f"{length:g}" for length in spacing)


def refuse_labels(sample: Sample, where: str, *, masks: bool = False) -> None:
    """Refuse numbered particles and phases that are given as grey values.

    Grey values have noise: hardly two neighbours are equal where there are many levels. Labels are flat:
    nearly all neighbours are equal, though there are several numbers; and they begin at 0, or at 1.
    """
    values = sample.values()
    if values.dtype.kind == "b" or values.min() == values.max() or min(sample.slices[0].shape) < SMALLEST:
        return
    flat = float(np.mean([(each[:, 1:] == each[:, :-1]).mean() for each in sample.slices]))
    whole = values.dtype.kind in "ui" or bool((values == np.rint(values)).all())
    numbers = np.unique(values)
    if numbers[0] > 1 or (masks and numbers.size <= _FEW):
        return
    if not whole or flat < 0.9 or float((values == numbers[0]).mean()) > 0.995:
        return
    if float(np.mean([_speckles(each) for each in sample.slices])) > _SPECKLED:
        return
    what = "phases" if numbers.size <= _FEW else "particle labels"
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


def refuse_swapped(grey: Volume, labels: Volume) -> None:
    """Refuse particle labels that are given as grey values, and grey values that are given as labels."""
    refuse_grey(labels)
    refuse_labels(take_sample(grey), str(grey.path), masks=True)


def refuse_grey(labels: Volume | NDArray[Any]) -> None:
    """Refuse grey values that are given as labels: where hardly two neighbours have the same number."""
    volume = as_volume(labels)
    # Floating-point labels are looked at, voxel by voxel, where they are read.
    if volume.dtype.kind == "f" or min(volume.shape[1:]) < SMALLEST:
        return
    sample = take_sample(volume)
    flat = float(np.mean([(each[:, 1:] == each[:, :-1]).mean() for each in sample.slices]))
    levels = np.unique(sample.values()).size
    if flat < 0.5 and levels > 16:
        raise InputError(
            f"{volume.path} looks like grey values, not labels: only {flat:.0%} of neighbouring voxels have "
            "the same number; give the label image, and the scan in its own place"
        )


def as_volume(image: Volume | NDArray[Any]) -> Volume:
    """Return a volume of an array (YX or ZYX), refusing colours and movies with what to do."""
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


def _measured(
    volume: Volume, spacing: Spacing | None, sample: Sample, look: Look | None, scale: float | None
) -> Inspection:
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
    pixel = None if spacing is None else min(spacing[1:])
    if not high > low or min(volume.shape[1:]) < SMALLEST:
        scaling = Scaling(scale, "person") if scale else scaling_of(math.nan, math.nan, pixel, look)
        return Inspection(**basic, scaling=scaling, plan=Plan(scale=scaling.scale, low=low, high=high))
    slices = _scaled(sample, low, high)
    evidence = line_evidence(slices)
    polarity: Polarity = "unclear" if abs(evidence) < _CLEAR else "bright" if evidence > 0 else "dark"
    if polarity == "dark":
        # Its reverse is measured, so that a scan and its reverse are alike in all but their polarity.
        low, high = (float(v) for v in np.percentile(values, [100 - at for at in reversed(PERCENTILES)]))
        slices = _scaled(sample, low, high) if high > low else slices
    noise = float(np.median([noise_of(each) for each in slices]))
    parts = np.array([parts_of(each) for each in slices])
    dark, bright, share = (float(value) for value in parts.mean(axis=0))
    inverted = to_invert(polarity, "bright" if look is None else look.particles)
    shown = 1 - dark if inverted else bright
    diameter = bodies_of(slices, dark=polarity == "dark").diameter
    blurs = [blur for each in slices if math.isfinite(blur := blur_of(each, noise))]
    blur = float(np.median(blurs)) if blurs else math.nan
    snr = (bright - dark) / max(noise, 1e-6)
    scaling = Scaling(scale, "person") if scale else scaling_of(diameter, blur, pixel, look, snr=snr)
    return Inspection(
        **basic,
        polarity=polarity,
        evidence=evidence,
        bright_share=share,
        contrast=bright - dark,
        noise=noise,
        snr=snr,
        blur=blur,
        streaks=float(np.median([streaks_of(each, noise) for each in slices])),
        rings=float(np.median([rings_of(each, noise) for each in slices])),
        diameter=diameter,
        shift=_shift(values, low, high, look, inverted=inverted),
        scaling=scaling,
        plan=Plan(
            invert=inverted,
            scale=scaling.scale,
            low=low,
            high=high,
            bright=shown,
            gain=_gain(shown, look),
        ),
    )


def _scaled(sample: Sample, low: float, high: float) -> list[NDArray[np.float32]]:
    """Return the slices with ``low`` as 0 and ``high`` as 1, and nothing beyond."""
    return [
        np.asarray(np.clip((_filled(each) - low) / (high - low), 0, 1), np.float32) for each in sample.slices
    ]


def _gain(bright: float, look: Look | None) -> float:
    """Return by what grey values are multiplied so that particles are as bright as in the training."""
    if look is None or look.bright is None or not bright > 0:
        return 1.0
    return min(max(look.bright / bright, 1 / _MOST_GAIN), _MOST_GAIN)


def _filled(image: NDArray[Any]) -> NDArray[np.float32]:
    """Return a slice whose blank rim has the middle grey value, so that its edge is no border.

    Blank parts of several values are no rim, but an image without noise.
    """
    blank = blank_mask(image)
    values = image.astype(np.float32)
    if not blank.any() or blank.all():
        return values
    empty = values[blank]
    if np.mean(empty == np.median(empty)) > _ONE_VALUE:
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
