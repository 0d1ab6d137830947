"""How fast images are read, as ratios to a peer reading the same bytes in the same run.

Above 1 is faster than the peer. Each figure is the best of several turns, taken in turn with the peer's,
with the file in the system's cache: what is measured is what this library adds.

    python benchmarks/reading.py
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
import zarr

from electrodej.volume import open_volume, write_volume

SHAPE = (256, 512, 512)
TURNS = 7


def best_of(ours: Callable[[], Any], peer: Callable[[], Any], turns: int = TURNS) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(turns):
        for call, list_ in zip((ours, peer), times, strict=True):
            start = time.perf_counter()
            call()
            list_.append(time.perf_counter() - start)
    return min(times[0]), min(times[1])


def report(name: str, ours: Callable[[], Any], peer: Callable[[], Any], turns: int = TURNS) -> None:
    mine, theirs = best_of(ours, peer, turns)
    print(f"{name:58s} {theirs / mine:6.2f}   (ours {mine * 1e3:8.2f} ms, peer {theirs * 1e3:8.2f} ms)")


def random_boxes(count: int, size: int) -> list[tuple[slice, slice, slice]]:
    rng = np.random.default_rng(0)
    corners = rng.integers(0, np.array(SHAPE) - size, (count, 3))
    return [tuple(slice(int(n), int(n) + size) for n in corner) for corner in corners]  # type: ignore[misc]


def contiguous(folder: Path, stack: np.ndarray[Any, Any]) -> None:
    path = write_volume(folder / "grey.tif", stack, spacing=(0.07, 0.07, 0.07))
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages[0].dataoffsets[0]
    mapped = tifffile.memmap(path, mode="r")
    boxes = random_boxes(50, 64)
    with open_volume(path) as volume:
        report(
            "slabs of 32 slices / np.fromfile",
            lambda: [volume[z : z + 32] for z in range(0, SHAPE[0], 32)],
            lambda: [
                np.fromfile(path, np.uint8, 32 * SHAPE[1] * SHAPE[2], offset=offset + z * SHAPE[1] * SHAPE[2])
                for z in range(0, SHAPE[0], 32)
            ],
        )
        report(
            "slabs of 32 slices / tifffile memmap, copied",
            lambda: [volume[z : z + 32] for z in range(0, SHAPE[0], 32)],
            lambda: [np.array(mapped[z : z + 32]) for z in range(0, SHAPE[0], 32)],
        )
        report(
            "50 boxes of 64^3 / tifffile memmap, copied",
            lambda: [volume[box] for box in boxes],
            lambda: [np.array(mapped[box]) for box in boxes],
        )


def compressed(folder: Path, labels: np.ndarray[Any, Any]) -> None:
    path = write_volume(folder / "labels.tif", labels, spacing=(1, 1, 1), labels=True)
    plain = write_volume(folder / "plain.tif", labels, spacing=(1, 1, 1), labels=True, compression="none")
    with open_volume(path) as volume, open_volume(plain) as raw:
        report("labels, deflate, whole / tifffile.imread", volume.read, lambda: tifffile.imread(path), 3)
        report("labels, deflate, whole / the same uncompressed", volume.read, raw.read, 3)
    print(f"{'labels, deflate: size / uncompressed':58s} {path.stat().st_size / plain.stat().st_size:6.3f}")


def chunked(folder: Path, stack: np.ndarray[Any, Any]) -> None:
    path = write_volume(folder / "grey.zarr", stack, spacing=(1, 1, 1))
    array = zarr.open_group(str(path), mode="r")["0"]
    boxes = random_boxes(20, 64)
    with open_volume(path) as volume:
        report(
            "OME-Zarr, slabs of 64 / zarr-python",
            lambda: [volume[z : z + 64] for z in range(0, SHAPE[0], 64)],
            lambda: [array[z : z + 64] for z in range(0, SHAPE[0], 64)],
            3,
        )
        report(
            "OME-Zarr, 20 boxes of 64^3 / zarr-python",
            lambda: [volume[box] for box in boxes],
            lambda: [array[box] for box in boxes],
            3,
        )


def opening(folder: Path) -> None:
    def sparse(name: str, shape: tuple[int, int, int]) -> Path:
        with tifffile.TiffWriter(folder / name, bigtiff=True) as writer:
            writer.write(shape=shape, dtype=np.uint8, photometric="minisblack", metadata=None)
        return folder / name

    large, few = sparse("large.tif", (2500, 2000, 2000)), sparse("few.tif", (2500, 20, 20))
    report(
        "opening 10 GB of 2500 pages / 1 MB of 2500 pages",
        lambda: open_volume(large).close(),
        lambda: open_volume(few).close(),
    )
    report(
        "opening 10 GB of 2500 pages / tifffile, series[0]",
        lambda: open_volume(large).close(),
        lambda: tifffile_series(large),
    )


def tifffile_series(path: Path) -> tuple[int, ...]:
    with tifffile.TiffFile(path) as tif:
        return tif.series[0].shape


def main() -> None:
    rng = np.random.default_rng(0)
    stack = rng.integers(0, 255, SHAPE, dtype=np.uint8)
    blocks = rng.integers(0, 300, [n // 32 for n in SHAPE], dtype=np.uint16)
    labels = np.kron(blocks, np.ones((32, 32, 32), np.uint16))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        contiguous(folder, stack)
        compressed(folder, labels)
        chunked(folder, stack)
        opening(folder)


if __name__ == "__main__":
    main()
