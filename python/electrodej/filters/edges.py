"""Filters that take noise away and keep edges: non-local means, bilateral, diffusion, total variation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from electrodej.errors import InputError
from electrodej.filters.quantities import Length, Level, Quantity
from electrodej.filters.smooth import in_voxels, whole_reach
from electrodej.filters.step import Filter, Grey, Place, Step
from electrodej.options import Whole, option

_MOST_WINDOW = 15.0
# Where an image has no noise at all, levels of noise are parts of a grey.
_LEAST_NOISE = 1e-6


def _greys(level: Quantity, noise: float) -> float:
    return max(level.in_greys(noise), _LEAST_NOISE)


@dataclass(frozen=True, kw_only=True)
class NonLocal(Step):
    """The mean of voxels whose surroundings look alike."""

    name: ClassVar[str] = "nlm"
    summary: ClassVar[str] = "non-local means: the mean of voxels whose surroundings look alike"
    strength: Any = option(
        Quantity(0.6, "n"), Level(), "how far surroundings may differ; more takes away more"
    )
    patch: Any = option(Quantity(1, "px"), Length(), "half the edge of what is compared")
    reach: Any = option(Quantity(4, "px"), Length(), "how far away voxels are compared")

    def prepare(self, place: Place) -> Filter:
        from electrodej.filters.kernels.nonlocal_means import nonlocal_means

        patch = whole_reach(in_voxels(self.patch, place, _MOST_WINDOW))
        reach = whole_reach(in_voxels(self.reach, place, _MOST_WINDOW))
        if max(reach) == 0:
            raise InputError(f"reach: {self.reach} is less than a voxel; give more")
        noise = place.noise()
        width = _greys(self.strength, noise)
        pad = [(p + r, p + r) for p, r in zip(patch, reach, strict=True)]

        def apply(grey: Grey, _: int) -> Grey:
            out = np.empty_like(grey)
            padded = np.pad(grey, pad, mode="reflect" if _is_wide(grey, pad) else "edge")
            nonlocal_means(padded, out, patch, reach, np.float32(1 / width**2), np.float32(2 * noise**2))
            return out

        return Filter(apply, pad[0][0], copies=3)


def _is_wide(grey: Grey, pad: list[tuple[int, int]]) -> bool:
    """Whether the array can be mirrored at its sides."""
    return all(n > p for n, (p, _) in zip(grey.shape, pad, strict=True))


@dataclass(frozen=True, kw_only=True)
class Bilateral(Step):
    """The mean of near voxels of like grey values."""

    name: ClassVar[str] = "bilateral"
    summary: ClassVar[str] = "the mean of near voxels with like grey values"
    sigma: Any = option(Quantity(1.5, "px"), Length(), "how near: a standard deviation")
    strength: Any = option(Quantity(2, "n"), Level(), "how like: a standard deviation")

    def prepare(self, place: Place) -> Filter:
        from electrodej.filters.kernels.bilateral import bilateral

        sigmas = in_voxels(self.sigma, place, _MOST_WINDOW / 2)
        reach = tuple(int(np.ceil(2.5 * sigma)) for sigma in sigmas)
        width = _greys(self.strength, place.noise())
        axes = [
            np.exp(-(np.arange(-n, n + 1) ** 2) / (2 * max(sigma, 1e-6) ** 2))
            for n, sigma in zip(reach, sigmas, strict=True)
        ]
        weights = np.einsum("i,j,k->ijk", *axes).astype(np.float32)

        def apply(grey: Grey, _: int) -> Grey:
            out = np.empty_like(grey)
            padded = np.pad(grey, [(n, n) for n in reach], mode="edge")
            bilateral(padded, out, weights, np.float32(1 / (2 * width**2)))
            return out

        return Filter(apply, reach[0], copies=3)


@dataclass(frozen=True, kw_only=True)
class Diffusion(Step):
    """Grey values flow to their neighbours, less where they differ much."""

    name: ClassVar[str] = "diffusion"
    summary: ClassVar[str] = "anisotropic diffusion: greys flow to neighbours, less where they differ much"
    strength: Any = option(Quantity(2, "n"), Level(), "the difference that halves the flow")
    rounds: int = option(8, Whole(1, 200), "how often")

    def prepare(self, place: Place) -> Filter:
        from electrodej.filters.kernels.diffusion import diffuse

        width = _greys(self.strength, place.noise())
        least = min(place.spacing[1:] if place.is_2d else place.spacing)
        shares = [(least / edge) ** 2 for edge in place.spacing]
        if place.is_2d:
            shares[0] = 0.0
        # The explicit scheme is stable while the weights of all neighbours sum to 1 at most.
        flow = np.array(shares, np.float32) * np.float32(0.5 / sum(shares))

        def apply(grey: Grey, _: int) -> Grey:
            return diffuse(np.ascontiguousarray(grey), flow, np.float32(1 / width**2), self.rounds)

        return Filter(apply, 0 if place.is_2d else self.rounds, copies=3)


@dataclass(frozen=True, kw_only=True)
class TotalVariation(Step):
    """The image of least total variation near the given one."""

    name: ClassVar[str] = "tv"
    summary: ClassVar[str] = "total variation (Chambolle): flat regions with sharp borders"
    strength: Any = option(Quantity(2, "n"), Level(), "how flat")
    rounds: int = option(30, Whole(1, 500), "steps of the solver")

    def prepare(self, place: Place) -> Filter:
        from skimage.restoration import denoise_tv_chambolle

        weight = _greys(self.strength, place.noise())

        def apply(grey: Grey, _: int) -> Grey:
            # Without a tolerance all slabs do the same steps, and none shows.
            def done(part: Grey) -> Any:
                return denoise_tv_chambolle(part, weight=weight, eps=0, max_num_iter=self.rounds)

            found = np.stack([done(part) for part in grey]) if place.is_2d else done(grey)
            return np.asarray(found, np.float32)

        # Each step looks one voxel further.
        return Filter(apply, 0 if place.is_2d else self.rounds, copies=12)
