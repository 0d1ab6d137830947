"""From pictures of a camera to line integrals of the attenuation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.tomography.phase import Optics, ctf, paganin
from electrodej.tomography.scan import Flats, Frames, Scan
from electrodej.tomography.settings import TomographySettings

# Less of the beam than this is none.
_LEAST = 1e-4


def normalised(scan: Scan, rows: slice, settings: TomographySettings) -> Frames:
    """Return some rows of all projections as shares of the beam, (angles, rows, columns).

    (I - dark) / (flat - dark), with the flats between which a projection was taken weighed by how near they
    are, so that a beam that drifts is followed.

    Raises
    ------
    electrodej.errors.InputError
        A value is NaN or infinite.
    """
    frames = scan.frames.read(rows)
    check_finite(scan, frames, rows)
    if not (settings.normalised or settings.lines):
        assert scan.flats is not None
        dark = np.float32(0) if scan.darks is None else np.median(scan.darks.read(rows), axis=0)
        times, beams = _beams(scan.flats, rows)
        beams = np.maximum(beams - dark, np.float32(1e-3))
        frames -= dark
        for number, frame in enumerate(frames):
            frame /= _between(times, beams, number)
    if settings.zingers and not settings.lines:
        _take_zingers(frames, settings.zingers)
    if settings.air and not settings.lines:
        _level(frames, settings.air)
    return frames


def line_integrals(
    scan: Scan, rows: tuple[int, int], settings: TomographySettings, optics: Optics | None
) -> Frames:
    """Return the line integrals of some rows, with their phase retrieved where that is asked for.

    More rows are read on either side than are returned, as many as the filters look at.
    """
    margin = (0 if optics is None else optics.margin) + (1 if settings.zingers else 0)
    first, last = max(0, rows[0] - margin), min(scan.shape[1], rows[1] + margin)
    frames = normalised(scan, slice(first, last), settings)
    inner = slice(rows[0] - first, rows[1] - first)
    if settings.lines:
        return frames[:, inner]
    if optics is not None:
        return (paganin if settings.phase == "paganin" else ctf)(frames, optics)[:, inner]
    frames = frames[:, inner]
    return np.asarray(-np.log(np.maximum(frames, np.float32(_LEAST))), np.float32)


def check_finite(scan: Scan, frames: Frames, rows: slice) -> None:
    """Refuse projections that have values which are no numbers."""
    with np.errstate(all="ignore"):
        fine = bool(np.isfinite(frames.sum(dtype=np.float64)))
    if fine:
        return
    bad = ~np.isfinite(frames)
    where = np.unravel_index(int(np.argmax(bad)), bad.shape)
    raise InputError(
        f"{scan.path} has {int(bad.sum())} value(s) that are NaN or infinite, the first in projection "
        f"{int(where[0])} at row {int(where[1]) + rows.start}, column {int(where[2])}; mend or leave them out"
    )


def _beams(flats: Flats, rows: slice) -> tuple[NDArray[np.intp], Frames]:
    """Return the beam before each number of projections: the median of the flats taken then."""
    pictures = flats.frames.read(rows)
    times = np.unique(flats.at)
    return times, np.stack([np.median(pictures[flats.at == time], axis=0) for time in times])


def _between(times: NDArray[np.intp], beams: Frames, number: int) -> NDArray[np.float32]:
    after = int(np.searchsorted(times, number + 0.5))
    if after == 0 or after == len(times):
        return np.asarray(beams[min(after, len(times) - 1)])
    start, stop = times[after - 1], times[after]
    share = np.float32((number + 0.5 - start) / (stop - start))
    return np.asarray(beams[after - 1] + share * (beams[after] - beams[after - 1]), np.float32)


def _take_zingers(frames: Frames, share: float) -> None:
    """Replace pixels that are brighter than the median around them by a share of the beam."""
    from scipy.ndimage import median_filter, uniform_filter

    for frame in frames:
        # Only a pixel far above the mean around it can be one; its neighbours are looked at in full.
        suspects = frame - uniform_filter(frame, 3, mode="nearest") > 0.5 * share
        if suspects.any():
            middle = median_filter(frame, 3, mode="nearest")
            found = suspects & (frame - middle > share)
            frame[found] = middle[found]


def _level(frames: Frames, columns: int) -> None:
    """Bring the columns at both sides to 1 in each row, by a straight line between them."""
    width = frames.shape[2]
    columns = min(columns, width // 2)
    left, right = frames[..., :columns].mean(axis=2), frames[..., -columns:].mean(axis=2)
    ramp = np.linspace(0, 1, width, dtype=np.float32)
    frames /= np.maximum(left[..., None] * (1 - ramp) + right[..., None] * ramp, np.float32(1e-3))
