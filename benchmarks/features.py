"""How fast the feature pipeline is, as ratios to its peers in the same run.

    python benchmarks/features.py              S and L, the peers, memory
    python benchmarks/features.py --quick      S only, without the slowest peers
    python benchmarks/features.py --scaling    cost for each voxel from 256^3 to 1024^3
    python benchmarks/features.py --big DIR    1324 x 1985 x 492 voxels on disk, with its peak memory

S is 256^3 voxels with particles of radius 8-16, L is 384^3 with radius 25-45, all with cracks, so that
closing them has work to do. Times are the best of several; run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.run import Run

Array = NDArray[Any]
VOXEL = 0.07
SPACING = (VOXEL, VOXEL, VOXEL)


def packed_balls(size: int, radii: tuple[float, float], *, seed: int = 0) -> tuple[Array, Array]:
    """Grey and labels: balls that do not overlap, each with a planar crack from its middle outward."""
    rng = np.random.default_rng(seed)
    labels = np.zeros((size,) * 3, np.uint16)
    grey = rng.integers(20, 80, size=(size,) * 3, dtype=np.uint8)
    centres, sizes = np.zeros((0, 3)), np.zeros(0)
    for radius in np.sort(rng.uniform(*radii, size=20 * size**3 // int(4 * np.mean(radii) ** 3)))[::-1]:
        for _ in range(20):
            centre = rng.uniform(0, size, 3)
            if not len(sizes) or (np.linalg.norm(centres - centre, axis=1) > 0.97 * (sizes + radius)).all():
                centres, sizes = np.vstack([centres, centre]), np.append(sizes, radius)
                _paint(grey, labels, len(sizes), centre, radius, rng)
                break
        if len(sizes) >= _count(size, radii):
            break
    return grey, labels


def _count(size: int, radii: tuple[float, float]) -> int:
    """As many particles in a volume as in S and L: 560 and 150."""
    return round((560 * (size / 256) ** 3) if radii[1] < 20 else (150 * (size / 384) ** 3))


def _paint(grey: Array, labels: Array, label: int, centre: Array, radius: float, rng: Any) -> None:
    low = np.maximum(np.floor(centre - radius), 0).astype(int)
    high = np.minimum(np.ceil(centre + radius) + 1, labels.shape).astype(int)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    z, y, x = (np.arange(a, b) - c for a, b, c in zip(low, high, centre, strict=True))
    z, y, x = z[:, None, None], y[None, :, None], x[None, None, :]
    normal, along = np.linalg.qr(rng.normal(size=(3, 2)))[0].T
    off = normal[0] * z + normal[1] * y + normal[2] * x
    out = along[0] * z + along[1] * y + along[2] * x
    ball = z**2 + y**2 + x**2 <= radius**2
    crack = (np.abs(off) < rng.uniform(0.5, 0.12 * radius)) & (out > rng.uniform(-0.5, 0.5) * radius)
    mine = ball & ~crack & (labels[box] == 0)
    labels[box][mine] = label
    grey[box][mine] = np.clip(rng.normal(170, 20, size=int(mine.sum())), 1, 255).astype(np.uint8)


def best(function: Callable[[], Any], repeats: int) -> float:
    """Seconds of the fastest of some calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def line(name: str, voxels: int, seconds: float, ours: float | None = None, target: float = 0) -> None:
    """One line: rate and, for a peer, how many times faster we are."""
    text = f"  {name:44}{voxels / seconds / 1e6:10.2f} Mvoxel/s"
    if ours is not None:
        text += f"   we are {seconds / ours:8.1f} times as fast" + (
            f"   (target {target:g})" if target else ""
        )
    print(text, flush=True)


def oracle() -> ModuleType:
    """The literal program of the tests."""
    path = Path(__file__).parents[1] / "tests" / "features" / "oracle" / "reference.py"
    spec = importlib.util.spec_from_file_location("features_reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def literal(grey: Array, labels: Array, *, closing: str, every: int) -> float:
    """Seconds of the literal program for all particles, from every n-th of them, scaled by their boxes."""
    program = oracle()
    boxes = list(program.particle_boxes(labels))
    room = [np.prod([s.stop - s.start + 22 for s in box]) for _, box in boxes]
    start = time.perf_counter()
    for label, box in boxes[::every]:
        program.particle(grey, labels, label, box, spacing=SPACING, radius=0.7, closing=closing)
    return (time.perf_counter() - start) * sum(room) / sum(room[::every])


def edt_closing(labels: Array, radius: float) -> None:
    """Closing alone of all particles with the `edt` library on one thread."""
    import edt
    from scipy import ndimage

    pad = int(radius) + 1
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        raw = np.pad(labels[box] == label, pad)
        wide = edt.edt(~raw, parallel=1) <= radius
        edt.edt(wide, parallel=1) > radius  # noqa: B015


def compare_basic(grey: Array, labels: Array) -> None:
    """`basic` against the two libraries that also do (some of) it in one pass."""
    import cc3d
    from skimage.measure import regionprops_table

    from electrodej.features import features

    print("attributes='basic' (count, centroid, box, axes, grey mean and deviation)")
    ours = best(lambda: features(grey, labels, spacing=SPACING, attributes="basic"), 5)
    line("electrodej", labels.size, ours)
    one = best(lambda: features(grey, labels, spacing=SPACING, attributes="basic", run=Run(jobs=1)), 5)
    line("electrodej, one thread", labels.size, one)
    names = ("label", "area", "centroid", "bbox", "inertia_tensor_eigvals", "intensity_mean", "intensity_std")
    peer = best(lambda: regionprops_table(labels, grey, properties=names), 1)
    line("scikit-image regionprops_table", labels.size, peer, ours, 5)
    line("cc3d.statistics (no grey, no axes)", labels.size, best(lambda: cc3d.statistics(labels), 3), ours, 2)


def compare_porespy(grey: Array, labels: Array) -> None:
    """PoreSpy is not among our dependencies; it is compared where it happens to be installed.

    It takes so long that both get a corner of the volume with few particles, and both rates are that
    corner's.
    """
    if importlib.util.find_spec("porespy") is None:
        print("  PoreSpy regionprops_3D: left out; pip install porespy into this environment adds it")
        return
    from porespy.metrics import props_to_DataFrame, regionprops_3D
    from skimage.segmentation import relabel_sequential

    corner = (slice(0, 96),) * 3
    few, shades = relabel_sequential(labels[corner])[0], grey[corner].copy()
    ours = best(lambda: measured(shades, few, "all"), 3)
    # Its measures are worked out when they are asked for, here all that are numbers.
    theirs = best(lambda: props_to_DataFrame(regionprops_3D(few)), 1)
    line(f"electrodej, everything, a corner of 96^3 ({few.max()} particles)", few.size, ours)
    line("PoreSpy regionprops_3D, the same corner", few.size, theirs, ours, 50)


def compare_threads(grey: Array, labels: Array) -> None:
    """One thread and two in turn, so that both see the same of what else the machine does.

    On a busy machine the times say little, because threads wait for a core and, worse, for one another
    while the one that has the interpreter waits for a core. The processor time says what two threads would
    gain on free cores: as much as they do not need more of it.
    """
    times: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for _ in range(4):
        for jobs, found in times.items():
            start, cpu = time.perf_counter(), time.process_time()
            measured(grey, labels, "damage", jobs)
            found.append((time.perf_counter() - start, time.process_time() - cpu))
    (one, one_cpu), (two, two_cpu) = (map(min, zip(*found, strict=True)) for found in times.values())
    print(
        f"  two threads are {one / two:.2f} times as fast as one, for {two_cpu / one_cpu:.2f} times the "
        f"processor time (one thread has a core {100 * one_cpu / one:.0f} % of the time)"
    )


def compare_again(grey: Array, labels: Array, every: float) -> None:
    """Measuring again after a particle was deleted, against measuring everything."""
    from electrodej.features import features

    kept: dict[str, Any] = {}
    features(grey, labels, spacing=SPACING, run=Run(kept=kept))
    corrected, times = labels.copy(), []
    for label in np.unique(labels)[5:30:8]:
        corrected[corrected == label] = 0
        start = time.perf_counter()
        features(grey, corrected, spacing=SPACING, run=Run(kept=kept))
        times.append(time.perf_counter() - start)
    print(
        f"  again after a correction: {kept['features'].renewed} particles measured anew, "
        f"{min(times) / every:.2f} of the time for everything (limit 0.5)"
    )


def compare(name: str, size: int, radii: tuple[float, float], *, quick: bool) -> None:
    """All comparisons on one volume."""
    from electrodej.features import features

    grey, labels = packed_balls(size, radii)
    particles = len(np.unique(labels)) - 1
    print(f"\n{name}: {size}^3 voxels, {particles} particles, {100 * (labels > 0).mean():.0f} % labelled")
    features(grey[:48, :48, :48].copy(), labels[:48, :48, :48].copy(), spacing=SPACING)
    read = best(lambda: (int(grey.max()), int(labels.max())), 3)
    damage = best(lambda: features(grey, labels, spacing=SPACING, attributes="damage"), 3)
    every = best(lambda: features(grey, labels, spacing=SPACING), 2)
    line("electrodej, the 21 attributes and Damage", labels.size, damage)
    line("electrodej, everything", labels.size, every)
    compare_threads(grey, labels)
    compare_again(grey, labels, every)
    print(f"  a bare read of both volumes is {100 * read / damage:.1f} % of the time")
    if name == "S":
        step = 8 if quick else 1
        line(
            "literal program, distance transforms",
            labels.size,
            literal(grey, labels, closing="distance", every=step),
            damage,
            15,
        )
        line(
            "literal program, explicit balls (1 in 64)",
            labels.size,
            literal(grey, labels, closing="ball", every=64),
            damage,
            1000,
        )
    else:
        line(
            "closing alone with edt, one thread",
            labels.size,
            best(lambda: edt_closing(labels, 10), 1),
            damage,
            3,
        )
        compare_porespy(grey, labels)
    compare_basic(grey, labels)


def tiled(times: int) -> tuple[Array, Array]:
    """S repeated along each axis, with labels of their own."""
    grey, labels = packed_balls(256, (8, 16))
    most = int(labels.max())
    grey, labels = np.tile(grey, (times,) * 3), np.tile(labels.astype(np.uint32), (times,) * 3)
    for number, corner in enumerate(np.ndindex((times,) * 3)):
        part = labels[tuple(slice(256 * c, 256 * c + 256) for c in corner)]
        part[part > 0] += number * most
    return grey, labels


def scaling() -> None:
    """Cost for each voxel against the size of the volume, same particles."""
    base = 0.0
    for times in (1, 2, 4):
        grey, labels = tiled(times)
        runs = []
        for _ in range(5 if times < 4 else 2):
            start, cpu = time.perf_counter(), time.process_time()
            measured(grey, labels, "damage")
            runs.append((time.process_time() - cpu, time.perf_counter() - start))
        # Processor time, which tells less of what else the machine does.
        cost = 1e9 * min(runs)[0] / labels.size
        base = base or cost
        rate = labels.size / min(seconds for _, seconds in runs) / 1e6
        print(
            f"  {256 * times:5}^3 {rate:8.1f} Mvoxel/s, {cost:.1f} ns of processor time for a voxel, "
            f"{cost / base:.2f} of that at 256^3 (target 1.2)",
            flush=True,
        )


def measured(grey: Array, labels: Array, attributes: str, jobs: int | None = None) -> Any:
    """The table."""
    from electrodej.features import features

    return features(grey, labels, spacing=SPACING, attributes=attributes, run=Run(jobs=jobs))


_BIG = """
import sys, time, psutil, threading
from electrodej.features import features
from electrodej.volume import open_volume
peak, stop, me = [0], threading.Event(), psutil.Process()
def watch():
    while not stop.wait(0.05):
        peak[0] = max(peak[0], me.memory_info().rss)
threading.Thread(target=watch, daemon=True).start()
start = time.perf_counter()
with open_volume(sys.argv[1]) as grey, open_volume(sys.argv[2]) as labels:
    table = features(grey, labels, spacing=labels.require_spacing(), attributes="all", memory=2 * 2**30)
seconds = time.perf_counter() - start
start = time.perf_counter()
with open_volume(sys.argv[1]) as grey, open_volume(sys.argv[2]) as labels:
    for volume in (grey, labels):
        for _ in volume.slabs():
            pass
read = time.perf_counter() - start
stop.set()
n = labels.shape[0] * labels.shape[1] * labels.shape[2]
print(f"  {len(table)} particles, {n / seconds / 1e6:.1f} Mvoxel/s ({seconds:.0f} s), peak memory "
      f"{peak[0] / 2**30:.2f} GiB (target 4), a bare read is {100 * read / seconds:.0f} % of the time")
"""


def big(folder: Path) -> None:
    """The reference volume's size, from files, everything measured, in a process of its own."""
    from electrodej.volume import VolumeWriter

    shape = (1324, 1985, 492)
    names = [folder / "grey.tif", folder / "labels.tif"]
    if not all(name.exists() for name in names):
        grey, labels = packed_balls(256, (8, 16))
        grey = np.tile(grey, (1, 8, 2))[:, : shape[1], : shape[2]]
        most = int(labels.max())
        flat = np.zeros((256, *shape[1:]), np.uint16)
        for number, (y, x) in enumerate(np.ndindex(8, 2)):
            part = flat[:, 256 * y : 256 * y + 256, 256 * x : 256 * x + 256]
            tile = labels[:, : part.shape[1], : part.shape[2]].astype(np.uint16)
            part[...] = np.where(tile > 0, tile + number * most, 0)
        with (
            VolumeWriter(names[0], shape, np.uint8, spacing=SPACING) as first,
            VolumeWriter(names[1], shape, np.uint16, spacing=SPACING) as second,
        ):
            for number, z in enumerate(range(0, shape[0], 256)):
                depth = min(256, shape[0] - z)
                first.write(z, grey[:depth])
                second.write(z, np.where(flat > 0, flat + number * 16 * most, 0).astype(np.uint16)[:depth])
    subprocess.run([sys.executable, "-c", _BIG, *map(os.fspath, names)], check=True)


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--big", type=Path, metavar="DIR")
    options = parser.parse_args()
    if options.scaling:
        scaling()
    elif options.big:
        big(options.big)
    else:
        compare("S", 256, (8, 16), quick=options.quick)
        if not options.quick:
            compare("L", 384, (25, 45), quick=False)


if __name__ == "__main__":
    main()
