"""From a section's candidate outlines to its labels and its probability map."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.networks.stardist.candidates import Candidates

MOST = np.iinfo(np.uint16).max


def choose(candidates: Candidates, *, overlap: float, many: bool = True) -> Candidates:
    """Keep the most probable of outlines that overlap by more than ``overlap`` of the smaller one.

    With ``many``, those that certainly go are told apart before, which pays from some ten thousand on: what
    does so takes half a second to load. The same are kept.
    """
    if many and len(candidates.points):
        from electrodej.networks.stardist.kernels.settled import settled

        with np.errstate(invalid="ignore", over="ignore"):  # a broken network may give NaN or infinity
            rows, columns = np.trunc(outlines(candidates)).transpose(1, 0, 2)
            left, doubtful = settled(np.ascontiguousarray(rows), np.ascontiguousarray(columns), overlap)
        candidates = candidates.those(left)
        if not doubtful:
            return candidates
    if not len(candidates.points):
        return candidates
    return candidates.those(
        _native().c_non_max_suppression_inds(
            np.ascontiguousarray(candidates.distances, np.float32),
            np.ascontiguousarray(candidates.points, np.float32),
            1,  # with a k-d tree
            1,  # with boxes
            0,
            np.float32(overlap),
        )
    )


@lru_cache(maxsize=1)
def _native() -> Any:
    """Return the compiled part of StarDist, without the rest of it, which takes two seconds to import."""
    package = importlib.util.find_spec("stardist")
    if package is not None and package.origin is not None:
        folder = Path(package.origin).parent / "lib"
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            path = folder / f"stardist2d{suffix}"
            if path.is_file():
                loader = importlib.machinery.ExtensionFileLoader("stardist.lib.stardist2d", str(path))
                spec = importlib.util.spec_from_loader(loader.name, loader)
                if spec is not None:
                    module = importlib.util.module_from_spec(spec)
                    loader.exec_module(module)
                    return module
    return require("stardist.lib.stardist2d", what="finding particles", extra="run")


def outlines(chosen: Candidates) -> NDArray[np.float64]:
    """Return the corners of each outline, (n, 2, rays) as rows and columns in pixels."""
    rays = chosen.distances.shape[1]
    angles = np.linspace(0, 2 * np.pi, rays, endpoint=False)
    away = chosen.distances[:, np.newaxis] * np.array([np.sin(angles), np.cos(angles)])
    corners: NDArray[np.float64] = chosen.points[..., np.newaxis] + away.astype(np.float32)
    return corners


def draw(chosen: Candidates, shape: tuple[int, int], *, factor: tuple[float, float]) -> NDArray[np.uint16]:
    """Draw the outlines as labels 1 to n, the most probable last, so that it lies on top.

    Parameters
    ----------
    chosen
        Outlines, the most probable first; in that order they are numbered.
    shape
        Rows and columns of the section.
    factor
        Rows and columns of the section for each pixel of the outlines.
    """
    if len(chosen.points) > MOST:
        raise InputError(f"a section with more than {MOST} particles is more than its labels can tell apart")
    labels = np.zeros(shape, np.uint16)
    scale = np.array(factor)
    corners = outlines(chosen) * scale[:, np.newaxis]
    for number in range(len(corners) - 1, -1, -1):
        box, covered = _covered(chosen.points[number], corners[number], scale, shape)
        labels[box][covered] = number + 1
    return labels


def _covered(
    centre: NDArray[np.int64],
    corners: NDArray[np.float64],
    scale: NDArray[np.float64],
    shape: tuple[int, int],
) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    """Return the box of an outline in a section, and which of its pixels lie inside or on the outline.

    A pixel lies in the sector between two rays from the centre, and so there is one edge to ask about: a
    general polygon would have to ask about all. With A and B the corners of the sector and P the pixel, it is
    covered where (B - A) x (P - A) >= 0.
    """
    first = np.clip(np.floor(corners.min(axis=1)), 0, shape).astype(int)
    last = np.clip(np.ceil(corners.max(axis=1)) + 1, 0, shape).astype(int)
    rows, columns = (
        np.arange(start, stop, dtype=np.float64) for start, stop in zip(first, last, strict=True)
    )
    rays = corners.shape[1]
    down = (rows / scale[0] - centre[0])[:, np.newaxis]
    angle = np.arctan2(down, columns / scale[1] - centre[1]) * (rays / (2 * np.pi))
    sector = np.floor(angle).astype(np.int64) % rays
    step = np.roll(corners, -1, axis=1) - corners
    rise, fall = step[0][sector], step[1][sector]
    edge = fall * (rows[:, np.newaxis] - corners[0][sector]) - rise * (columns - corners[1][sector])
    return (slice(first[0], last[0]), slice(first[1], last[1])), edge >= 0
