"""Sections of phantoms of many kinds, as the bundled models are trained on."""

from __future__ import annotations

import math
from collections.abc import Callable
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from electrodej.phantom import Phantom, make_slice

# Particles of the phantom's median size are 7.4 um across: with this voxel size 53 pixels.
SPACING = 0.14
DIAMETER = 7.4
SMALLEST, LARGEST = 28.0, 96.0
Job = tuple[Path, int, int, int]
VIEWS = ("xy", "xy", "xz", "yz")
# Nobody outlines a particle that is only grazed: its section is small beside it, and blurred all over.
GRAZED = 0.4


def write_sections(folder: Path, *, count: int, edge: int, seed: int, jobs: int = 2) -> None:
    """Write pairs of grey and label images into ``folder`` as `electrodej train` reads them."""
    _write_all(_write_diverse, folder, count, edge, seed, jobs)


def write_usual(folder: Path, *, count: int, edge: int, seed: int, jobs: int = 2) -> None:
    """Write sections of the usual look beside what is in ``folder``; they have the seeds from ``seed`` on."""
    _write_all(_write_usual, folder, count, edge, seed, jobs)


def _write_all(
    write: Callable[[Job], None], folder: Path, count: int, edge: int, seed: int, jobs: int
) -> None:
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with Pool(jobs) as pool:
        jobs_done = pool.imap_unordered(write, [(folder, number, edge, seed) for number in range(count)])
        for done, _ in enumerate(jobs_done, 1):
            if done % 40 == 0:
                print(f"  {done} of {count} sections", flush=True)


def section(number: int, *, edge: int, seed: int) -> tuple[Any, Any]:
    """Return grey values and outlines of one section; the number and the seed decide everything."""
    chance = np.random.default_rng([seed, number])
    phantom = make_slice((edge, edge), view=VIEWS[number % len(VIEWS)], jobs=1, **_options(chance))
    return phantom.grey[0], outlined(phantom)


def usual_section(seed: int, *, edge: int) -> tuple[Any, Any]:
    """Return a section of the phantom's default electrode and scan, whose look is that of a real slice."""
    phantom = make_slice((edge, edge), spacing=(SPACING,) * 3, seed=seed)
    return phantom.grey[0], outlined(phantom)


def outlined(phantom: Phantom) -> Any:
    """Return the outlines that a person would draw: those of particles cut well enough to be seen."""
    outlines, truth = phantom.outlines[0], phantom.truth
    area = np.bincount(outlines.ravel(), minlength=len(truth["label"]) + 1)
    across = 2 * np.sqrt(area / math.pi) * phantom.config.spacing[1]
    whole = 2 * np.cbrt(truth["semi_axis_1"] * truth["semi_axis_2"] * truth["semi_axis_3"])
    seen = np.zeros(len(area), bool)
    seen[truth["label"]] = across[truth["label"]] >= GRAZED * whole
    return np.where(seen[outlines], outlines, 0).astype(np.uint16)


def _write_diverse(job: Job) -> None:
    folder, number, edge, seed = job
    _write(folder, f"section-{number:04d}.tif", section(number, edge=edge, seed=seed))


def _write_usual(job: Job) -> None:
    folder, number, edge, seed = job
    _write(folder, f"usual-{number:04d}.tif", usual_section(seed + number, edge=edge))


def _write(folder: Path, name: str, pair: tuple[Any, Any]) -> None:
    for kind, image in zip(("images", "masks"), pair, strict=True):
        tifffile.imwrite(folder / kind / name, image)


def _options(chance: np.random.Generator) -> dict[str, Any]:
    """Draw an electrode and a scan about the phantom's own defaults, which are those of a real slice."""

    def some(low: float, high: float) -> float:
        return float(chance.uniform(low, high))

    across = math.exp(some(math.log(SMALLEST), math.log(LARGEST)))
    voxel = DIAMETER / across
    # The sharpness of a scan is measured in voxels more than in micrometres.
    coarser = max(1.0, voxel / 0.07) ** some(0.2, 0.8)
    blur = coarser * some(0.7, 1.3)
    binder = 91 + some(-15, 15)
    return {
        "spacing": (voxel,) * 3,
        "seed": int(chance.integers(2**31)),
        "solid_fraction": some(0.3, 0.55),
        "radius_sigma": some(0.12, 0.3),
        "radius_min": 1.5,
        "ellipticity": some(0.08, 0.2),
        "bumpiness": some(0.08, 0.2),
        "roughness": some(0.1, 0.35),
        "cohesion": some(0.2, 1.0),
        "cored_share": some(0.3, 0.66),
        "cracked_share": some(0.05, 0.2),
        "crackled_share": some(0.02, 0.1),
        "broken_share": some(0.0, 0.04),
        "core_size": some(0.15, 0.35),
        "fogged_share": some(0.0, 0.25),
        "debris": some(0.01, 0.08),
        "ghosts": some(0.02, 0.14),
        "pore_share": some(0.15, 0.5),
        "particle_grey": 184 + some(-20, 30),
        "binder_grey": binder,
        "pore_grey": binder - some(10, 40),
        "crack_grey": binder + some(-20, 15),
        "particle_spread": some(2, 10),
        "shade": some(0, 14),
        "particle_texture": some(3, 10),
        "binder_texture": some(6, 16),
        "seam": some(60, 100),
        "seam_width": 0.16 * max(1.0, coarser**0.6),
        "fringe": some(0, 10),
        "blur": (0.16 * blur, 0.085 * blur, 0.085 * blur),
        "noise": some(6, 16),
        "noise_length": (0.085 * coarser, 0.27 * coarser),
        "streaks": some(0, 4),
        "rings": some(0, 2.5),
        "unevenness": some(0, 11),
        "contrast": some(0.75, 1.15),
        "faint_sections": some(0.0, 0.04) if chance.random() < 0.25 else 0.0,
        "faint_depth": some(0.3, 0.6),
    }
