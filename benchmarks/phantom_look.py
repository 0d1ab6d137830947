"""How like a real slice is a phantom: pictures, curves and distances.

    python benchmarks/phantom_look.py GREY.tif [LABELS.tif] [--out FOLDER] [--docs FOLDER]

GREY is a real nano-tomography slice that stays on your disk; LABELS are the particles a person drew on it.
``--out`` gets a picture of both side by side and the curves; ``--docs`` gets the pictures of the
documentation, which show the phantom and the real slice's statistics but none of its pixels. Each distance is
printed beside the distance of two phantoms that differ in nothing but their seed.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from electrodej.phantom import PhantomConfig, make_slice

Image = NDArray[np.float64]
QUANTILES = (5, 25, 50, 75, 95)
SMALLEST_DRAWN = 19.0
"""Pixels across; nobody drew a smaller section on the real slice."""


@dataclass(frozen=True)
class Look:
    """What is compared of an image."""

    grey: Image
    inside: NDArray[np.bool_] | None
    diameters: Image
    frequencies: Image
    power: Image
    material_correlation: Image
    matrix_correlation: Image


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("grey", type=Path)
    parser.add_argument("labels", type=Path, nargs="?")
    parser.add_argument(
        "--spacing", type=float, default=0.14, help="um that a pixel of the real slice is taken for"
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--view", choices=["xy", "xz", "yz"], default="xy")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--docs", type=Path)
    options = parser.parse_args()

    real_grey = tifffile.imread(options.grey).astype(np.float64)
    rows = np.flatnonzero(real_grey.std(axis=1) > 20)
    crop = slice(rows[0] + 3, rows[-1] - 2)
    real_labels = tifffile.imread(options.labels)[crop] if options.labels else None
    real = look(real_grey[crop], real_labels)
    phantoms, slices = [], []
    for seed in range(options.seeds):
        phantom = make_slice(
            real.grey.shape,
            view=options.view,
            spacing=(options.spacing,) * 3,
            seed=PhantomConfig().seed + seed,
        )
        slices.append(phantom)
        phantoms.append(look(phantom.grey[0].astype(np.float64), phantom.outlines[0]))
    report(real, phantoms)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        side_by_side(real, phantoms[0], options.out / "side-by-side.png")
        curves(real, phantoms, options.out / "curves.png")
    if options.docs:
        curves(real, phantoms, options.docs / "phantom-statistics.png")
        gallery(options.spacing, options.docs / "phantom-slice.png")


def look(grey: Image, labels: NDArray[np.integer] | None) -> Look:
    """Measure an image."""
    from scipy import ndimage as ndi

    smooth = ndi.gaussian_filter(grey, 2.0)
    material = ndi.binary_erosion(smooth > 165, iterations=3)
    matrix = ndi.binary_erosion(smooth < 125, iterations=2)
    diameters = np.zeros(0)
    if labels is not None:
        areas = np.bincount(labels.ravel())[1:]
        diameters = np.sqrt(4 * areas / np.pi)
        diameters = diameters[diameters >= SMALLEST_DRAWN]
    frequencies, power = spectrum(grey)
    return Look(
        grey=grey,
        inside=None if labels is None else labels > 0,
        diameters=diameters,
        frequencies=frequencies,
        power=power,
        material_correlation=correlation(grey, material),
        matrix_correlation=correlation(grey, matrix),
    )


def spectrum(grey: Image) -> tuple[Image, Image]:
    """Power per frequency (cycles per pixel), averaged over directions, of the windowed image."""
    window = np.hanning(grey.shape[0])[:, None] * np.hanning(grey.shape[1])
    field = (grey - grey.mean()) * window
    power = np.abs(np.fft.rfft2(field)) ** 2 / (window**2).sum()
    fy, fx = np.fft.fftfreq(grey.shape[0])[:, None], np.fft.rfftfreq(grey.shape[1])
    radius = np.hypot(fy, fx)
    edges = np.geomspace(0.006, 0.5, 25)
    band = np.digitize(radius.ravel(), edges)
    total = np.bincount(band, power.ravel(), minlength=len(edges) + 1)
    count = np.bincount(band, minlength=len(edges) + 1)
    return np.sqrt(edges[1:] * edges[:-1]), (total / np.maximum(count, 1))[1 : len(edges)]


def correlation(grey: Image, mask: NDArray[np.bool_], reach: int = 16) -> Image:
    """Covariance of the grey level inside the mask at 0, 1, 2... pixels along y and x."""
    field = np.where(mask, grey - grey[mask].mean(), 0.0)
    weight = mask.astype(np.float64)
    out = []
    for step in range(reach):
        pairs = 0.0
        total = 0.0
        for axis in range(2):
            ahead = [slice(None)] * 2
            behind = [slice(None)] * 2
            ahead[axis], behind[axis] = slice(step, None), slice(None, grey.shape[axis] - step)
            total += float((field[tuple(ahead)] * field[tuple(behind)]).sum())
            pairs += float((weight[tuple(ahead)] * weight[tuple(behind)]).sum())
        out.append(total / pairs)
    return np.array(out)


def distances(one: Look, other: Look) -> dict[str, float]:
    """How far two looks are apart; each in its own unit."""
    from scipy.stats import wasserstein_distance as moved

    result = {"histogram, grey levels moved": moved(one.grey.ravel(), other.grey.ravel())}
    if one.inside is not None and other.inside is not None:
        result["histogram inside"] = moved(one.grey[one.inside], other.grey[other.inside])
        result["histogram outside"] = moved(one.grey[~one.inside], other.grey[~other.inside])
        result["section diameter, px moved"] = moved(one.diameters, other.diameters)
    gap = np.log10(one.power) - np.log10(other.power)
    result["spectrum, rms decades"] = float(np.sqrt((gap**2).mean()))
    result["texture of material, rms grey"] = texture_gap(
        one.material_correlation, other.material_correlation
    )
    result["texture of matrix, rms grey"] = texture_gap(one.matrix_correlation, other.matrix_correlation)
    return result


def texture_gap(one: Image, other: Image) -> float:
    """Root mean square difference of two structure functions, as grey levels."""
    rise_one, rise_other = np.sqrt(2 * (one[0] - one[1:])), np.sqrt(2 * (other[0] - other[1:]))
    return float(np.sqrt(((rise_one - rise_other) ** 2).mean()))


def report(real: Look, phantoms: list[Look]) -> None:
    """Print figures of both, and the distances."""
    for name, one in [("real", real), *((f"phantom {i}", phantom) for i, phantom in enumerate(phantoms))]:
        print(f"{name:10s}", facts(one))
    yard = distances(phantoms[0], phantoms[1]) if len(phantoms) > 1 else {}
    from_real = [distances(real, phantom) for phantom in phantoms]
    for key in from_real[0]:
        mean = np.mean([row[key] for row in from_real])
        print(
            f"{key:32s} real to phantom {mean:6.3f}   phantom to phantom {yard.get(key, float('nan')):6.3f}"
        )


def facts(one: Look) -> str:
    """Quantiles, sizes, slope of the spectrum."""
    parts = []
    if one.inside is not None:
        for word, values in (("in", one.grey[one.inside]), ("out", one.grey[~one.inside])):
            parts.append(word + " " + "/".join(f"{q:.0f}" for q in np.percentile(values, QUANTILES)))
        parts.append("px " + "/".join(f"{q:.0f}" for q in np.percentile(one.diameters, (10, 50, 90))))
        parts.append(f"labelled {one.inside.mean():.2f}")
    else:
        parts.append("all " + "/".join(f"{q:.0f}" for q in np.percentile(one.grey, QUANTILES)))
    use = (one.frequencies > 0.02) & (one.frequencies < 0.3)
    slope = np.polyfit(np.log10(one.frequencies[use]), np.log10(one.power[use]), 1)[0]
    parts.append(f"slope {slope:.2f}")
    for word, values in (("material", one.material_correlation), ("matrix", one.matrix_correlation)):
        parts.append(f"{word} sd {np.sqrt(values[0]):.1f}")
        parts.append("corr " + " ".join(f"{v:.2f}" for v in (values / values[0])[[1, 2, 3, 5, 8, 12]]))
    return "  ".join(parts)


def side_by_side(real: Look, phantom: Look, path: Path) -> None:
    """The two images next to each other, at the same scale and grey levels."""
    from PIL import Image as Picture

    gap = np.full((real.grey.shape[0], 12), 255.0)
    both = np.concatenate([real.grey, gap, phantom.grey], axis=1).astype(np.uint8)
    picture = Picture.fromarray(both)
    picture.resize((both.shape[1] * 2, both.shape[0] * 2), Picture.Resampling.BILINEAR).save(path)


def gallery(spacing: float, path: Path) -> None:
    """A phantom's grey, outlines and phases, and a section across it; nothing of the real slice."""
    from PIL import Image as Picture

    across = make_slice((420, 420), spacing=(spacing,) * 3, seed=PhantomConfig().seed)
    along = make_slice((420, 420), view="xz", spacing=(spacing,) * 3, seed=PhantomConfig().seed + 1)
    random = np.random.default_rng(0)
    colours = random.integers(70, 255, (int(across.outlines.max()) + 1, 3)).astype(np.uint8)
    colours[0] = 0
    phase_colours = np.array([(20, 20, 30), (95, 95, 105), (235, 195, 80), (205, 50, 50)], dtype=np.uint8)
    panels = [
        np.repeat(across.grey[0][..., None], 3, axis=2),
        colours[across.outlines[0]],
        phase_colours[across.phases[0]],
        np.repeat(along.grey[0][..., None], 3, axis=2),
    ]
    gap = np.full((420, 8, 3), 255, dtype=np.uint8)
    row = [part for panel in panels for part in (panel, gap)][:-1]
    Picture.fromarray(np.concatenate(row, axis=1)).save(path, optimize=True)


def curves(real: Look, phantoms: list[Look], path: Path) -> None:
    """Histograms, spectra, sizes and textures of the real slice (line) and the phantoms (band of seeds)."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 4, figsize=(15, 3.4), layout="constrained")
    levels = np.arange(0, 257, 4)
    for number, one in enumerate([real, *phantoms]):
        style = {"color": "black", "lw": 2.0} if number == 0 else {"color": "tab:orange", "lw": 1.0}
        name = {0: "real slice", 1: "phantoms"}.get(number)
        share, _ = np.histogram(one.grey, levels, density=True)
        panels[0].plot(levels[:-1] + 2, share, label=name, **style)
        panels[1].loglog(one.frequencies, one.power, **style)
        sizes = np.sort(one.diameters)
        if len(sizes):
            panels[2].plot(sizes, np.linspace(0, 1, len(sizes)), **style)
        for values, dash in ((one.material_correlation, "-"), (one.matrix_correlation, "--")):
            panels[3].plot(values / values[0], dash, **style)
    panels[0].set(title="grey levels", xlabel="grey", ylabel="share per level")
    panels[0].legend(frameon=False)
    panels[1].set(title="power spectrum", xlabel="cycles per pixel")
    panels[2].set(title="particle sections", xlabel="diameter, px", ylabel="cumulated share")
    panels[3].set(title="texture (- material, -- matrix)", xlabel="distance, px", ylabel="correlation")
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
