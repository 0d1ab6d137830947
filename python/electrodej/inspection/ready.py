"""What every verb does before a network sees a scan: look at it, say what will be done, and do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from electrodej.inspection.found import Inspection, Plan
from electrodej.inspection.look import check_voxels, inspect
from electrodej.inspection.looks import Look
from electrodej.inspection.prepared import Prepared
from electrodej.run import Run
from electrodej.vocabulary import VIEWS, Spacing, View, across
from electrodej.volume import Volume


@dataclass(frozen=True)
class Ready:
    """A scan as networks are to see it.

    Attributes
    ----------
    source
        The scan.
    volume
        The scan, inverted where its particles are dark; of the same shape.
    plan
        How it is changed while it is read; None where it is not.
    pixels
        For each network the edge of the pixels that it is to be shown, in micrometres; None: as they are.
    seen
        For each network what was seen; empty where nobody looked.
    """

    source: Volume
    volume: Volume
    plan: Plan | None
    pixels: tuple[float | None, ...]
    seen: tuple[Inspection, ...] = ()

    def gain(self, low: float, high: float, number: int = 0) -> float:
        """Return by what grey values are multiplied once ``low`` is scaled to 0 and ``high`` to 1."""
        if not self.seen or self.seen[number].plan.gain == 1 or not high > low:
            return 1.0
        plan = self.seen[number].plan
        # Of the volume's own values, which are scaled already where it is changed while it is read.
        bright = plan.bright if self.plan is not None else plan.low + plan.bright * (plan.high - plan.low)
        return plan.gain * plan.bright * (high - low) / max(bright - low, 1e-6 * (high - low))

    def scales(self, number: int = 0) -> dict[View, float]:
        """Return by what the sections of each view are enlarged for a network, below 1 reduced."""
        size, pixel = self.volume.require_spacing(), self.pixels[number]
        return {
            view: 1.0 if pixel is None else min(across(size, axis)) / pixel for axis, view in enumerate(VIEWS)
        }

    def as_plain(self) -> dict[str, Any]:
        """Return what was done, as JSON has it."""
        return {
            "looked_at": bool(self.seen),
            "inverted": self.plan is not None and self.plan.invert,
            "enlarged": [self.scales(number)["xy"] for number in range(len(self.pixels))],
            "warned": any(seen.warned for seen in self.seen),
        }


def look_first(
    volume: Volume,
    looks: Sequence[Look],
    run: Run,
    *,
    scale: float | None = None,
    as_is: bool = False,
    masks: bool = False,
) -> Ready:
    """Look at a sample of a scan, tell what is seen and done, and return the scan as networks want it.

    Parameters
    ----------
    volume
        The scan, open, with its voxel size known.
    looks
        What is known of each network.
    scale
        Enlarge its sections by this, whatever is seen.
    as_is
        Neither look nor change anything, but for ``scale``.
    masks
        Whether an image of a few values is in order, as it is for a watershed.
    run
        Told of everything that is done or not to be trusted.

    Raises
    ------
    electrodej.errors.InputError
        The scan cannot be what it is given as, see `electrodej.inspection.inspect`.
    """
    size = volume.require_spacing()
    own = None if scale is None else min(size[1:]) / scale
    if as_is:
        return Ready(volume, volume, None, (own,) * len(looks))
    check_voxels(size, str(volume.path))
    seen = tuple(inspect(volume, size, look, masks=masks, scale=scale) for look in looks)
    for each in seen:
        run.note(*(finding.told for finding in each.findings))
    pixels = tuple(_pixel(size, each.plan.scale) if own is None else own for each in seen)
    first = seen[0]
    if not first.plan.invert:
        return Ready(volume, volume, None, pixels, seen)
    plan = Plan(invert=True, low=first.plan.low, high=first.plan.high)
    return Ready(volume, Prepared(volume, plan), plan, pixels, seen)


def _pixel(size: Spacing, scale: float) -> float | None:
    return None if scale == 1 else min(size[1:]) / scale
