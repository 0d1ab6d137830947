"""Slices of widely drawn electrodes with their phases, kept on the disk for recipes that were stopped."""

from __future__ import annotations

import os
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from sections import outlined

from electrodej.files import whole_file
from electrodej.phantom import LOOKS, Phantom, draw_config, make_slice

VIEWS = ("xy", "xz", "yz")
# Scans that are darker where there is more matter are turned over before a network sees them.
FIXED: dict[str, Any] = {"inverted": False}
# Voxels across a particle of the median size: what a network meets that is told no scale, or is given one.
ANY_SIZE, TRAINED_SIZE = (22.0, 170.0), (26.0, 110.0)
Across = tuple[float, float]
Job = tuple[Path, int, int, int, Across]


def wide_slice(number: int, *, edge: int, seed: int, across: Across = ANY_SIZE) -> Phantom:
    """Draw an electrode and a scan, and make a section of it; number and seed decide everything."""
    drawn = draw_config(seed * 1_000_003 + number, across=across).as_plain()
    del drawn["shape"]
    return make_slice((edge, edge), view=VIEWS[number % 3], jobs=1, **{**drawn, **FIXED})


def write_slices(folder: Path, *, count: int, edge: int, seed: int, across: Across = ANY_SIZE) -> None:
    """Write slices into ``folder``, those that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [
        (folder, number, edge, seed, across) for number in range(count) if not _path(folder, number).is_file()
    ]
    # Started anew, as a process that holds a network must not be doubled.
    with get_context("spawn").Pool(os.cpu_count() or 1) as pool:
        for done, _ in enumerate(pool.imap_unordered(_write, missing), 1):
            if done % 20 == 0:
                print(f"  {done} of {len(missing)} slices", flush=True)


def read_slices(folder: Path, count: int) -> list[dict[str, Any]]:
    """Read ``grey``, ``phases`` and ``outlines`` of the slices, (1, Y, X) each."""
    slices = []
    for number in range(count):
        with np.load(_path(folder, number)) as held:
            slices.append({name: held[name] for name in held.files})
    return slices


def held_out_looks(*, edge: int, seed: int, voxel: float) -> dict[str, Phantom]:
    """Return a section of every look, with a seed that nothing was trained on."""
    return {
        name: make_slice((edge, edge), spacing=(voxel,) * 3, seed=seed, look=name)
        for name, changes in LOOKS.items()
        if not changes.get("inverted")
    }


def held_out_wide(count: int, *, edge: int, seed: int, across: Across = ANY_SIZE) -> list[Phantom]:
    """Return wide draws with a seed that nothing was trained on."""
    return [wide_slice(number, edge=edge, seed=seed, across=across) for number in range(count)]


def _path(folder: Path, number: int) -> Path:
    return folder / f"slice-{number:04d}.npz"


def _write(job: Job) -> None:
    folder, number, edge, seed, across = job
    phantom = wide_slice(number, edge=edge, seed=seed, across=across)
    with whole_file(_path(folder, number)) as part, part.open("wb") as handle:
        np.savez_compressed(
            handle, grey=phantom.grey, phases=phantom.phases, outlines=outlined(phantom)[np.newaxis]
        )
