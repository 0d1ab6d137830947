"""Small volumes of phantoms of every kind, brought to the size that a model of volumes is trained at."""

from __future__ import annotations

import os
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from electrodej.phantom import LOOKS, draw_config, make_phantom

# With this voxel a particle of 10 um is 36 voxels across.
VOXEL = 0.28
# Voxels across a particle of the median size, in widely drawn electrodes. What a volume costs goes by how
# many particles are packed in it: with smaller ones, packing a dense one takes minutes.
ACROSS = (13.0, 48.0)
# Scans that are darker where there is more matter are turned over before a network sees them.
FIXED: dict[str, Any] = {"inverted": False}
USUAL = tuple(name for name, changes in LOOKS.items() if not changes.get("inverted"))
Job = tuple[Path, int, int, int]


def write_volumes(folder: Path, *, count: int, edge: int, seed: int, jobs: int | None = None) -> None:
    """Write ``count`` volumes into ``folder``, those that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    make_phantom((4, 16, 16), spacing=(VOXEL,) * 3, jobs=1)  # compiled once, not by every process
    missing = [
        (folder, number, edge, seed) for number in range(count) if not path_of(folder, number).is_file()
    ]
    with get_context("spawn").Pool(jobs or os.cpu_count() or 1) as pool:
        # The large ones first, so that no process is left alone with one at the end.
        missing.sort(key=lambda job: -_finer(job[1]))
        for done, _ in enumerate(pool.imap_unordered(_write, missing), 1):
            if done % 8 == 0:
                print(f"  {done} of {len(missing)} volumes", flush=True)


def read_volumes(folder: Path) -> list[tuple[str, Any, Any]]:
    """Read name, grey values and outlines of all volumes in a folder."""
    found = []
    for path in sorted(folder.glob("volume-*.npz")):
        with np.load(path) as held:
            found.append((path.stem, held["grey"], held["outlines"]))
    return found


def volume(number: int, *, edge: int, seed: int) -> tuple[Any, Any]:
    """Return grey values and outlines of a volume; the number and the seed decide everything.

    Every third one is of a look by its name, the others are drawn widely.
    """
    finer = _finer(number)
    shape = (edge * finer,) * 3
    if number % 3 == 0:
        config = {
            "look": USUAL[number // 3 % len(USUAL)],
            "spacing": (VOXEL / finer,) * 3,
            "seed": seed * 1009 + number,
        }
        phantom = make_phantom(shape, jobs=1, **config)
    else:
        across = ACROSS[0] * finer, ACROSS[1] * finer
        drawn = draw_config(seed * 1_000_003 + number, across=across, shape=shape, **FIXED)
        phantom = make_phantom(drawn, jobs=1)
    return coarser(phantom.grey, finer), middles(phantom.outlines, finer).astype(np.uint16)


def coarser(grey: Any, finer: int) -> Any:
    """Return the means of blocks of voxels."""
    if finer == 1:
        return grey
    z, y, x = (length // finer for length in grey.shape)
    blocks = grey.reshape(z, finer, y, finer, x, finer)
    return np.round(blocks.mean((1, 3, 5), dtype=np.float32)).astype(grey.dtype)


def middles(labels: Any, finer: int) -> Any:
    """Return the labels at the middles of blocks of voxels."""
    return labels[finer // 2 :: finer, finer // 2 :: finer, finer // 2 :: finer]


def path_of(folder: Path, number: int) -> Path:
    """Return where a volume lies."""
    return folder / f"volume-{number:04d}.npz"


def _finer(number: int) -> int:
    """By how much finer a volume is scanned than it is trained on."""
    return 2 if number % 3 == 0 else 1


def _write(job: Job) -> None:
    folder, number, edge, seed = job
    grey, outlines = volume(number, edge=edge, seed=seed)
    part = folder / f"part-{number:04d}.npz"
    np.savez_compressed(part, grey=grey, outlines=outlines)
    part.rename(path_of(folder, number))
