"""A scan as a network wants it: inverted, brought to another size, normalised; only where it is read."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.inspection.found import Inspection, Plan
from electrodej.volume import Volume, check_grey
from electrodej.volume.units import VoxelSize

_WIDEST = 50.0
# Before an image is reduced it is smoothed by so much of the new voxel, so that nothing between is lost.
_SMOOTHING = 0.5


class Prepared(Volume):
    """Another volume, changed while it is read.

    Attributes
    ----------
    source
        What is read; it stays open until it is closed itself.
    plan
        What is done with it.

    Examples
    --------
    >>> from electrodej.volume import ArrayVolume
    >>> source = ArrayVolume(np.array([[[0, 50, 100]]], np.uint8), spacing=(0.1, 0.1, 0.1))
    >>> Prepared(source, Plan(invert=True, low=0, high=100))[:].tolist()
    [[[1.0, 0.5, 0.0]]]
    """

    def __init__(self, source: Volume, plan: Plan) -> None:
        if not (1 / _WIDEST <= plan.scale <= _WIDEST):
            raise InputError(f"an image is scaled by {1 / _WIDEST:g} to {_WIDEST:g}, not by {plan.scale:g}")
        if not plan.high > plan.low:
            raise InputError(f"{source.path} has one grey value; there is nothing to prepare")
        self.source, self.plan = source, plan
        # Slices are not made up where there is one.
        self._factors = tuple(1.0 if n == 1 else plan.scale for n in source.shape)
        shape = tuple(max(1, round(n * by)) for n, by in zip(source.shape, self._factors, strict=True))
        size = source.voxel_size
        if source.spacing is not None:
            z, y, x = (a / b for a, b in zip(source.spacing, self._factors, strict=True))
            size = VoxelSize(z, y, x)
        super().__init__(source.path, shape, np.dtype(np.float32), size, is_2d=source.is_2d)

    @property
    def changes(self) -> tuple[Callable[[Volume], Volume], ...]:
        """Those of the source, and the plan."""
        return *self.source.changes, functools.partial(Prepared, plan=self.plan)

    def _read(self, box: tuple[slice, slice, slice]) -> NDArray[np.float32]:
        if max(self._factors) == 1 and min(self._factors) == 1:
            return self._changed(self._grey(box))
        places = [
            (np.arange(part.start, part.stop) + 0.5) / by - 0.5
            for part, by in zip(box, self._factors, strict=True)
        ]
        widths = [_SMOOTHING / by if by < 1 else 0.0 for by in self._factors]
        outer = [
            slice(max(0, math.floor(at[0]) - _reach(width)), min(n, math.ceil(at[-1]) + 2 + _reach(width)))
            for at, width, n in zip(places, widths, self.source.shape, strict=True)
        ]
        grey = self._grey((outer[0], outer[1], outer[2]))
        if max(widths) > 0:
            from scipy.ndimage import gaussian_filter

            grey = gaussian_filter(grey, widths, mode="nearest", radius=[_reach(width) for width in widths])
        for axis, (at, part) in enumerate(zip(places, outer, strict=True)):
            grey = _between(grey, np.clip(at - part.start, 0, grey.shape[axis] - 1), axis)
        return self._changed(grey)

    def _grey(self, box: tuple[slice, slice, slice]) -> NDArray[np.float32]:
        return check_grey(self.source[box], self.path, start=box[0].start).astype(np.float32)

    def _changed(self, grey: NDArray[Any]) -> NDArray[np.float32]:
        """Return grey values in which low is 0 and high the gain; beyond, they go on on both sides."""
        plan = self.plan
        share = (grey - np.float32(plan.low)) * np.float32(1 / (plan.high - plan.low))
        return np.asarray(np.float32(plan.gain) * (1 - share if plan.invert else share), np.float32)


def prepare(volume: Volume, inspection: Inspection | Plan) -> Prepared:
    """Return a volume as an inspection says that it should be; see `Prepared`."""
    return Prepared(volume, inspection.plan if isinstance(inspection, Inspection) else inspection)


def _reach(width: float) -> int:
    return math.ceil(4 * width)


def _between(values: NDArray[np.float32], at: NDArray[np.float64], axis: int) -> NDArray[np.float32]:
    """Return values at places along an axis, linearly between neighbours."""
    low = np.floor(at).astype(np.intp)
    high = np.minimum(low + 1, values.shape[axis] - 1)
    shape = [-1 if number == axis else 1 for number in range(values.ndim)]
    share = (at - low).astype(np.float32).reshape(shape)
    first, second = values.take(low, axis), values.take(high, axis)
    return np.asarray(first + share * (second - first), np.float32)
