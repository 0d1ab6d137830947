"""Filters and reconstruction beside scikit-image and algotom, on simulated scans, in one run.

    python benchmarks/tomo.py

The sample is a pillar cut out of a phantom, 257 x 257 pixels a slice, 361 projections over half a turn,
10,000 photons a pixel; its attenuation is the truth. Errors are root mean square over the standard deviation
of the truth (NRMSE) within the pillar, and SSIM of scikit-image. ``python benchmarks/tomo.py quick`` takes 5
scans instead of 20 for the axis; names of parts (slices, axis, memory, rings, thickness, seams, filters,
astra, particles) do these alone.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers.timed import timed

from electrodej.machine import GIB
from electrodej.phantom import ScanSettings, attenuation_of, make_phantom, write_scan
from electrodej.run import Run
from electrodej.tomography import (
    Centre,
    Optics,
    Reconstruction,
    TomographySettings,
    open_scan,
    paganin,
    reconstruct_rows,
)
from electrodej.tomography.normalise import line_integrals

# Odd, because scikit-image's axis is the middle of a pixel: so no image has to be shifted, and so smoothed.
EDGE, ROWS, ANGLES, PIXEL = 257, 8, 361, 0.14
LARGE = 512
PHANTOMS = (12, 21, 22, 23)
# As many as a slab has.
SLAB = 32
Image = NDArray[Any]
INSIDE = np.hypot(*(np.mgrid[:EDGE, :EDGE] - (EDGE - 1) / 2)) < 0.45 * EDGE


def cpu(work: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    """Seconds of processor time: others may use the machine."""
    start = time.process_time()
    for _ in range(times):
        found = work()
    return (time.process_time() - start) / times, found


def errors(found: Image, truth: Image) -> tuple[float, float]:
    """NRMSE and SSIM."""
    from skimage.metrics import structural_similarity

    spread = float(truth[:, INSIDE].std())
    rmse = float(np.sqrt(np.mean((found - truth)[:, INSIDE] ** 2)))
    span = float(truth.max() - truth.min())
    alike = [
        structural_similarity(a * INSIDE, b * INSIDE, data_range=span)
        for a, b in zip(found, truth, strict=True)
    ]
    return rmse / spread, float(np.mean(alike))


def scan_of(folder: Path, truth: Image, seed: int = 0, **settings: Any) -> Path:
    path = folder / "scan.nxs"
    given = ScanSettings(**{"angles": ANGLES, **settings})
    return write_scan(path, truth, given, pixel=PIXEL, seed=seed, run=Run(force=True))


def axis(folder: Path, truth: Image, scans: int) -> None:
    """The axis in scans with noise, drift, rings and zingers, each of another offset and seed."""
    rng = np.random.default_rng(7)
    off = []
    for seed in range(scans):
        offset = float(rng.uniform(-6, 6))
        path = scan_of(folder, truth[:3], seed, offset=offset, zingers=1e-4)
        work = Reconstruction.of(open_scan(path), TomographySettings())
        off.append(abs(work.centre.column - (EDGE - 1) / 2 - offset))
    good = sum(each <= 0.25 for each in off)
    print(f"axis within 0.25 pixel: {good} of {scans}; the worst is {max(off):.3f} off (limit: all)")


def slices(folder: Path, truth: Image) -> None:
    """Our back-projection beside scikit-image's and algotom's, each with the window that suits it best."""
    from algotom.rec.reconstruction import dfi_reconstruction, fbp_reconstruction
    from skimage.transform import iradon

    path = scan_of(folder, truth, 1, rings=0, zingers=0)
    scan = open_scan(path)
    middle = (EDGE - 1) / 2
    bare = TomographySettings(centre=str(middle), rings=0)
    lines = line_integrals(scan, (0, ROWS), bare, None)
    turns = np.radians(scan.angles)

    def ours(window: str = "ramp", **more: Any) -> Image:
        chosen = TomographySettings(centre=str(middle), rings=0, window=window, **more)
        return reconstruct_rows(lines, scan.angles, centre=Centre(middle), settings=chosen, pixel=PIXEL)

    def skimage(window: str = "ramp") -> Image:
        # Its angles turn the other way.
        return np.stack(
            [iradon(lines[:, row].T, theta=-scan.angles, filter_name=window) / PIXEL for row in range(ROWS)]
        )

    def algotom(window: str | None = None) -> Image:
        return np.stack(
            [
                fbp_reconstruction(
                    lines[:, row], middle, angles=turns, ratio=None, filter_name=window, apply_log=False,
                    gpu=False, ncore=1,
                ) / PIXEL
                for row in range(ROWS)
            ]
        )  # fmt: skip

    def fourier() -> Image:
        return (
            np.stack(
                [
                    dfi_reconstruction(
                        lines[:, row], middle, angles=turns, ratio=None, apply_log=False, ncore=1
                    )
                    for row in range(ROWS)
                ]
            )
            / PIXEL
        )

    best = {}
    for name, tries in (
        ("ours", [lambda w=w: ours(w) for w in ("ramp", "shepp-logan", "cosine", "hamming", "hann")]),
        (
            "scikit-image",
            [lambda w=w: skimage(w) for w in ("ramp", "shepp-logan", "cosine", "hamming", "hann")],
        ),
        ("algotom fbp", [lambda w=w: algotom(w) for w in (None, "hann")]),
        ("algotom dfi", [fourier]),
    ):
        # Programs differ in which way an image is up.
        made = [each() for each in tries]
        scores = [min(errors(one, truth), errors(one[:, ::-1], truth)) for one in made]
        best[name] = (min(each[0] for each in scores), max(each[1] for each in scores))
        print(f"  {name:14} NRMSE {best[name][0]:.4f}, SSIM {best[name][1]:.4f}")
    for name in list(best)[1:]:
        print(
            f"NRMSE ours / {name}: {best['ours'][0] / best[name][0]:.3f} (limit 1), "
            f"SSIM ours / {name}: {best['ours'][1] / best[name][1]:.3f} (limit 1)"
        )
    many = np.tile(lines, (1, SLAB // ROWS, 1))
    mine, _ = cpu(lambda: reconstruct_rows(many, scan.angles, centre=Centre(middle), settings=bare), 3)
    mine /= SLAB
    theirs, _ = cpu(lambda: iradon(lines[:, 0].T, theta=scan.angles), 3)
    print(f"speed, iradon / ours, processor time a slice: {theirs / mine:.1f} (at least 10)")
    algotom()
    theirs, _ = cpu(algotom)
    theirs /= ROWS
    print(f"speed, algotom fbp / ours, processor time a slice: {theirs / mine:.1f}")


def rings(folder: Path, truth: Image) -> None:
    """What rings leave: the difference to the same scan without them."""
    for method in ("median", "vo"):
        left = {}
        for width in (0, 5):
            pair = []
            for strength in (0.0, 0.03):
                scan = open_scan(scan_of(folder, truth, 3, rings=strength, photons=0, zingers=0))
                chosen = TomographySettings(centre=str((EDGE - 1) / 2), rings=width, ring_method=method)
                pair.append(Reconstruction.of(scan, chosen).slab(0, ROWS))
            left[width] = float(np.std((pair[1] - pair[0])[:, INSIDE]))
            if width and method == "median":
                plain = TomographySettings(centre=str((EDGE - 1) / 2), rings=0)
                scan = open_scan(scan_of(folder, truth, 3, rings=0.0, photons=0, zingers=0))
                harm = float(np.std((pair[0] - Reconstruction.of(scan, plain).slab(0, ROWS))[:, INSIDE]))
                print(f"what {method} takes off a scan without rings: {harm / left[0]:.3f} of the rings")
        print(f"rings, before / after, by {method}: {left[0] / left[5]:.2f}")


def thickness() -> None:
    """Paganin on the propagated wave of a homogeneous bump of known thickness."""
    from electrodej.phantom.scan import propagate

    optics = Optics(pixel=0.5, energy=20, distance=5, delta_beta=100)
    y, x = np.mgrid[:256, :256] - 127.5
    known = 40 * np.exp(-(y**2 + x**2) / (2 * 30.0**2))
    given = ScanSettings(energy=20, distance=5, delta_beta=100)
    seen = propagate((0.005 * known).astype(np.float32), given, 0.5)
    found = paganin(seen[None], optics)[0] / 0.005
    print(f"Paganin, worst error: {np.abs(found - known).max() / known.max():.2%} (limit 2 %)")


def seams(folder: Path, truth: Image) -> None:
    scan = open_scan(scan_of(folder, truth, 4))
    work = Reconstruction.of(scan, TomographySettings(centre=str((EDGE - 1) / 2)))
    parts = np.concatenate([work.slab(0, 3), work.slab(3, ROWS)])
    print(f"seams, slabs and whole apart by {np.abs(parts - work.slab(0, ROWS)).max():g} (limit 0)")


def memory(folder: Path) -> None:
    """Reconstruct a scan of 512 rows x 721 angles x 512 columns in a process of its own; print its peak."""
    import h5py

    rows = 8
    truth = attenuation_of(make_phantom((rows, LARGE, LARGE), spacing=(PIXEL,) * 3, seed=13).phases)
    path = scan_of(folder, truth, 6, angles=721)
    place = "entry/instrument/detector/data"
    with h5py.File(path, "r+") as file:  # the same rows again and again
        few = file[place]
        shape = (few.shape[0], LARGE, few.shape[2])
        many = file.create_dataset("whole", shape, few.dtype, chunks=(1, LARGE, few.shape[2]))
        for number in range(len(few)):
            many[number] = np.tile(few[number], (LARGE // rows, 1))
        del file[place]
        file.move("whole", place)
    work = f"""
import resource
from electrodej.verbs import do
do("reconstruct", {str(path)!r}, out={str(folder / "large.zarr")!r}, type="uint8", centre="255.5")
result = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
"""
    found = timed("", work)
    print(
        f"512^3 from 721 projections, the whole process: {found['result'] / GIB:.2f} GiB (limit 4), "
        f"{found['wall']:.0f} s, {found['cpu']:.0f} s of processor time"
    )


def filters() -> None:
    """Non-local means beside scikit-image's in three dimensions, at the same windows."""
    from skimage.restoration import denoise_nl_means

    from electrodej.filters import filtered, read_steps
    from electrodej.volume import ArrayVolume

    image = np.random.default_rng(0).normal(100, 10, (12, 96, 96)).astype(np.float32)
    chain = filtered(ArrayVolume(image, spacing=(1, 1, 1)), read_steps("nlm:strength=8:reach=3px"))
    chain[:1]
    mine, _ = cpu(lambda: chain[:])
    theirs, _ = cpu(lambda: denoise_nl_means(image, 3, 3, h=8, sigma=10))
    print(f"speed, scikit-image's nlm / ours, processor time: {theirs / mine:.1f} (at least 3)")


def astra(folder: Path, truth: Image) -> None:
    """Slices by ASTRA's algorithms for CPUs, where it is installed, beside ours."""
    if importlib.util.find_spec("astra") is None:
        print("ASTRA is not installed: not tried")
        return
    scan = open_scan(scan_of(folder, truth, 1, rings=0, zingers=0))
    for engine, method in (("own", "fbp"), ("astra", "fbp"), ("own", "sirt"), ("astra", "sirt")):
        chosen = TomographySettings(centre=str((EDGE - 1) / 2), rings=0, engine=engine, method=method)
        spent, found = cpu(lambda chosen=chosen: Reconstruction.of(scan, chosen).slab(0, 1))
        nrmse, alike = errors(found, truth[:1])
        print(f"  {engine:6} {method:5} NRMSE {nrmse:.4f}, SSIM {alike:.4f}, {spent:.1f} s", flush=True)


def particles(folder: Path) -> None:
    """The bundled network's particles on reconstructed scans, and on ideal images of the same pillars."""
    found = [_scores(folder, seed) for seed in PHANTOMS]
    for seed, scores in zip(PHANTOMS, found, strict=True):
        told = ", ".join(f"{name} {score:.3f}" for name, score in scores.items())
        print(f"F1 of particles in a slice of phantom {seed} (IoU 0.5): {told}", flush=True)
    means = {name: float(np.mean([each[name] for each in found])) for name in found[0]}
    told = ", ".join(f"{name} {score:.3f}" for name, score in means.items())
    print(f"F1 of particles, mean of {len(found)} phantoms: {told}; better is made after nlm")


def _scores(folder: Path, seed: int) -> dict[str, float]:
    from electrodej.verbs import do
    from electrodej.volume import open_volume, write_volume

    spacing = (PIXEL,) * 3
    made = make_phantom((16, EDGE, EDGE), spacing=spacing, seed=seed)
    truth = attenuation_of(made.phases)
    whole = np.where(INSIDE, made.outlines, 0)[8].astype(np.uint16)
    known = write_volume(folder / "known.tif", whole, spacing=spacing, labels=True, force=True)
    grey = np.uint8(20 + 200 * truth / float(truth.max()))
    write_volume(folder / "ideal.tif", grey, spacing=spacing, force=True)
    scan = scan_of(folder, truth, seed)
    do("reconstruct", scan, out=folder / "made.tif", type="uint8", force=True)
    do("filter", folder / "made.tif", steps="nlm:strength=0.8n", out=folder / "better.tif", force=True)
    scores = {}
    for name in ("ideal", "made", "better"):
        with open_volume(folder / f"{name}.tif") as image:
            middle = write_volume(folder / "middle.tif", image[8], spacing=spacing, force=True)
        do("segment particles", middle, model="nmc-particles", out=folder / "labels.tif", force=True)
        with open_volume(folder / "labels.tif") as labels:
            inside = np.where(INSIDE, labels[0], 0)
        cut = write_volume(folder / "cut.tif", inside, spacing=spacing, labels=True, force=True)
        scores[name] = do("score", cut, known).numbers["thresholds"][0]["f1"]
    return scores


def main(arguments: list[str]) -> None:
    scans = 5 if "quick" in arguments else 20
    truth = attenuation_of(make_phantom((ROWS, EDGE, EDGE), spacing=(PIXEL,) * 3, seed=11).phases)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        parts: dict[str, Callable[[], None]] = {
            "slices": lambda: slices(folder, truth),
            "axis": lambda: axis(folder, truth, scans),
            "memory": lambda: memory(folder),
            "rings": lambda: rings(folder, truth),
            "thickness": thickness,
            "seams": lambda: seams(folder, truth),
            "filters": filters,
            "astra": lambda: astra(folder, truth),
            "particles": lambda: particles(folder),
        }
        wanted = [name for name in parts if name in arguments] or list(parts)
        for name in wanted:
            parts[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
