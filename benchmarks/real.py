"""How the bundled models do on real scans that people labelled, beside plain thresholds.

    python benchmarks/real.py FOLDER [--models FOLDER] [--out TABLE.md]

FOLDER holds pairs ``NAME_grey.tif`` with ``NAME_phases.tif`` (0 pore, 1 carbon and binder, 2 particle, 255
not labelled) or ``NAME_labels.tif`` (particles). Everything is found by the command line at its stored
settings, as a user would find it; nothing is trained or tuned on these images. Where people left particles
out, what is found besides is no mistake: name such images with ``--partly``, and only recall is printed for
them. Phases are also found on the image made smaller, because nobody knows the voxel size of a figure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from electrodej.score import InstanceSettings, score_instances, score_phases

NAMES = {0: "pore", 1: "binder", 2: "particle"}
THRESHOLDS = (0.5, 0.75)
# Nobody knows the voxel size of these images, but particles are not found without; this is the training's.
SPACING = "0.14,0.14,0.14"
# What is added to the command, and what the table says of it.
WAYS = {" --as-is": ("--as-is",), "": (), " --mirrored": ("--mirrored",)}
Image = NDArray[Any]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    image: str
    by: str
    measure: str
    score: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=Path, help="folder with the models, in place of the bundled ones")
    parser.add_argument("--partly", nargs="*", default=["libnet_section"], help="images labelled in part")
    parser.add_argument("--shrink", nargs="*", type=int, default=[1, 4], help="how much smaller, for phases")
    parser.add_argument("--out", type=Path, help="write the table here too")
    options = parser.parse_args()
    lines = ["| image | found by | measure | score |", "| --- | --- | --- | --- |"]
    print("\n".join(lines), flush=True)
    for row in _rows(options):
        lines.append(f"| {row.image} | {row.by} | {row.measure} | {row.score} |")
        print(lines[-1], flush=True)
    if len(lines) == 2:
        sys.exit(f"{options.folder} has no NAME_grey.tif")
    if options.out:
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(options: argparse.Namespace) -> Iterator[Row]:
    for path in sorted(options.folder.glob("*_grey.tif")):
        name = path.name.removesuffix("_grey.tif")
        grey = tifffile.imread(path)
        phases, labels = (path.with_name(f"{name}_{kind}.tif") for kind in ("phases", "labels"))
        if phases.is_file():
            yield from phase_rows(name, grey, tifffile.imread(phases), options)
        if labels.is_file():
            partly = name in options.partly
            yield from particle_rows(name, grey, tifffile.imread(labels), options, partly=partly)
        if not phases.is_file() and not labels.is_file():
            found = find(grey, "particles", model(options, "nmc-particles"))
            count = len(np.unique(found[found > 0]))
            yield Row(name, "nmc-particles", "particles found, nobody labelled it", str(count))


def phase_rows(name: str, grey: Image, truth: Image, options: argparse.Namespace) -> Iterator[Row]:
    """Judge phases: as the verb finds them, without its look first, and with all it can do."""
    from skimage.filters import threshold_multiotsu

    network = model(options, "nmc-phases")
    for shrink in options.shrink:
        small = smaller(grey, shrink)
        size = "" if shrink == 1 else f", 1/{shrink} of the size"
        rows = {"multi-Otsu": np.digitize(small, threshold_multiotsu(small, 3)).astype(np.uint8)}
        for by, more in WAYS.items():
            rows[f"nmc-phases{by}"] = find(small, "phases", network, *more)
        for by, found in rows.items():
            yield Row(name, by, f"mean IoU (pore, binder, particle){size}", phase_score(found, truth, shrink))


def phase_score(found: Image, truth: Image, shrink: int) -> str:
    """Return the mean and the single IoU of phases, brought back to the truth's size."""
    full = found.repeat(shrink, axis=0).repeat(shrink, axis=1)
    full = np.pad(full, [(0, max(0, n - m)) for n, m in zip(truth.shape, full.shape, strict=True)], "edge")
    full = full[: truth.shape[0], : truth.shape[1]].astype(np.uint8)
    scores = score_phases(full[np.newaxis], truth[np.newaxis].astype(np.uint8), names=NAMES, ignore=255)
    single = ", ".join(f"{entry.iou:.2f}" for entry in scores.classes)
    return f"{scores.mean_iou or 0.0:.3f} ({single})"


def particle_rows(
    name: str, grey: Image, truth: Image, options: argparse.Namespace, *, partly: bool
) -> Iterator[Row]:
    """Judge particles; where people left some out, by recall alone."""
    rows = {"Otsu and watershed": watershed(grey)}
    for network in ("nmc-particles", "nmc-regions"):
        for image, of in ((grey, ""), (np.asarray(grey.max() - grey), ", of the inverted image")):
            rows[network + of] = find(image, "particles", model(options, network))
    settings = InstanceSettings(thresholds=THRESHOLDS)
    for by, found in rows.items():
        scores = score_instances(found, truth.astype(np.uint16), settings=settings)
        for threshold in THRESHOLDS:
            at = scores.at(threshold)
            recall = f"{at.tp} of {at.tp + at.fn}"
            if partly:
                yield Row(name, by, f"particles found at IoU {threshold}", recall)
            else:
                yield Row(name, by, f"F1 at IoU {threshold} (found)", f"{at.f1:.3f} ({recall})")


def find(image: Image, what: str, name: str, *more: str) -> Image:
    """Return what the command line finds in an image."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "image.tif", Path(folder) / "found.tif"
        tifffile.imwrite(source, image)
        command = [sys.executable, "-m", "electrodej", "segment", what, str(source), "--model", name]
        command += ["--out", str(target), "--json", "--spacing", SPACING, *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stderr}")
        for note in json.loads(done.stdout).get("notes", []):
            print(f"{name}: {note}", file=sys.stderr)
        return np.squeeze(tifffile.imread(target))


def model(options: argparse.Namespace, name: str) -> str:
    """Return what `--model` takes."""
    return str(options.models / name) if options.models else name


def smaller(grey: Image, shrink: int) -> Image:
    """Return the means of blocks of pixels."""
    rows, columns = (size // shrink * shrink for size in grey.shape)
    blocks = grey[:rows, :columns].reshape(rows // shrink, shrink, columns // shrink, shrink)
    return np.rint(blocks.mean(axis=(1, 3))).astype(grey.dtype)


def watershed(grey: Image) -> Image:
    """Particles as one finds them without a model: Otsu's threshold, then a watershed of the distances."""
    from scipy import ndimage as ndi
    from skimage.feature import peak_local_max
    from skimage.filters import threshold_otsu
    from skimage.segmentation import watershed as flood

    smooth = ndi.gaussian_filter(grey.astype(np.float64), 2)
    solid = ndi.binary_fill_holes(smooth > threshold_otsu(smooth))
    distance = ndi.gaussian_filter(ndi.distance_transform_edt(solid), 2)
    seeds = np.zeros(grey.shape, np.int32)
    places = peak_local_max(distance, min_distance=8, labels=ndi.label(solid)[0])
    seeds[tuple(places.T)] = np.arange(1, len(places) + 1)
    return np.asarray(flood(-distance, seeds, mask=solid), np.uint16)


if __name__ == "__main__":
    main()
