"""Scans of a known sample: projections with what goes wrong in them, as a tomograph writes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.errors import InputError
from electrodej.extras import require
from electrodej.files import whole_file
from electrodej.options import Choice, Number, Settings, Whole, option
from electrodej.run import Run
from electrodej.vocabulary import PathLike
from electrodej.workers import in_order

Image = NDArray[np.float32]

# Attenuation per um of pore, binder, material and crack, as of NMC at about 20 keV.
ATTENUATION = (0.0, 0.001, 0.02, 0.0)
_HC = 1.239841984e-3
_FLATS = 10
_SCAN = "scan"
# The sample is a pillar of this share of the volume's width, so that the detector sees all of it.
_PILLAR = 0.94


@dataclass(frozen=True, kw_only=True)
class ScanSettings(Settings):
    """How the sample is scanned, and what goes wrong."""

    angles: int = option(361, Whole(10, 20000), "projections", group=_SCAN)
    turn: int = option(180, Choice((180, 360)), "degrees from the first projection to the last", group=_SCAN)
    photons: float = option(
        10000.0, Number(0), "counts in a pixel without a sample, on which noise depends; 0 for no noise",
        group=_SCAN,
    )  # fmt: skip
    offset: float = option(
        0.0, Number(-10000, 10000), "of the axis from the detector's middle", unit="px", group=_SCAN
    )
    drift: float = option(
        0.02, Number(0, 0.5), "share by which the beam changes during the scan", group=_SCAN
    )
    rings: float = option(
        0.01, Number(0, 0.5), "share by which columns answer differently than in the flats", group=_SCAN
    )
    zingers: float = option(
        1e-5, Number(0, 0.01), "share of pixels that are hit by something else", group=_SCAN
    )
    energy: float = option(20.0, Number(1, 200), "of the beam", unit="keV", group=_SCAN)
    distance: float = option(
        0.0, Number(0, 10000), "to the detector, for phase contrast; 0 for none", unit="mm", group=_SCAN
    )
    delta_beta: float = option(100.0, Number(0), "delta over beta of the material", group=_SCAN)

    @classmethod
    def flawless(cls, **others: Any) -> ScanSettings:
        """Return a scan in which nothing goes wrong, but what is named.

        >>> ScanSettings.flawless(offset=2.0).rings
        0.0
        """
        return cls(**{"photons": 0.0, "drift": 0.0, "rings": 0.0, "zingers": 0.0, **others})


def attenuation_of(phases: NDArray[Any]) -> Image:
    """Return the attenuation per micrometre of a pillar cut out of a phantom's phases."""
    known = np.zeros(256, np.float32)
    known[: len(ATTENUATION)] = ATTENUATION
    _, height, width = phases.shape
    y, x = np.ogrid[:height, :width]
    inside = np.hypot(y - (height - 1) / 2, x - (width - 1) / 2) <= _PILLAR * min(height, width) / 2
    return np.asarray(known[phases] * inside, np.float32)


def project(image: Image, angles: NDArray[np.float64], run: Run, *, axis: float, columns: int) -> Image:
    """Return line integrals, (angles, z, columns), of an image (z, y, x) in its voxels' edges.

    Parameters
    ----------
    angles
        In degrees.
    axis
        The column that the axis falls on.
    columns
        Of the detector.
    """
    from electrodej.phantom.kernels.rays import ray_sums

    source = np.ascontiguousarray(image.transpose(1, 2, 0))

    def one(angle: float) -> Image:
        bins = np.empty((columns, len(image)), np.float32)
        ray_sums(source, math.cos(math.radians(angle)), math.sin(math.radians(angle)), axis, bins)
        return bins.T

    out = np.empty((len(angles), len(image), columns), np.float32)
    for number, lines in enumerate(in_order(one, angles.tolist(), jobs=run.cores)):
        out[number] = lines
        run.progress(number + 1, len(angles), "projecting")
    return out


def propagate(lines: Image, settings: ScanSettings, pixel: float) -> Image:
    """Return the intensity of one projection (rows, columns) at the detector, 1 without a sample.

    The wave exp(-(1/2 + i delta/(2 beta)) mu T) behind the sample is multiplied in Fourier space by
    exp(-i pi lambda z |f|^2), Fresnel's propagator.
    """
    if settings.distance == 0:
        return np.exp(-lines)
    from scipy.fft import fft2, fftfreq, ifft2

    pad = max(16, min(lines.shape) // 2)
    wide = np.pad(lines.astype(np.float64), pad, mode="edge")
    wave = np.exp(-(0.5 + 0.5j * settings.delta_beta) * wide)
    f = [fftfreq(n, pixel) for n in wide.shape]
    chi = math.pi * (_HC / settings.energy) * settings.distance * 1e3 * (f[0][:, None] ** 2 + f[1] ** 2)
    found = np.abs(ifft2(fft2(wave) * np.exp(-1j * chi))) ** 2
    return np.asarray(found[pad:-pad, pad:-pad], np.float32)


def write_scan(
    path: PathLike,
    image: Image,
    settings: ScanSettings,
    run: Run | None = None,
    *,
    pixel: float,
    seed: int = 0,
    columns: int | None = None,
) -> Path:
    """Write a scan of a sample as NXtomo.

    Parameters
    ----------
    path
        The file, .nxs.
    image
        Attenuation per micrometre, (z, y, x).
    settings
        Of the scan.
    pixel
        Voxel size and pixel size in micrometres.
    seed
        Of noise and of what goes wrong.
    columns
        Of the detector; as many as the image has by default.
    """
    run = run or Run()
    h5py = require("h5py", what="writing a scan", extra="tomo")
    width = columns or image.shape[2]
    axis = (width - 1) / 2 + settings.offset
    if not 0 < axis < width - 1:
        raise InputError(f"offset: {settings.offset:g} moves the axis off the detector of {width} columns")
    rng = np.random.default_rng(seed)
    angles = np.linspace(0, settings.turn, settings.angles)
    lines = project(image, angles, run, axis=axis, columns=width) * np.float32(pixel)
    camera = _Camera(settings, (image.shape[0], width), rng)
    keys = [2] * _FLATS + [1] * _FLATS + [0] * settings.angles + [1] * _FLATS
    turns = [0.0] * 2 * _FLATS + angles.tolist() + [float(settings.turn)] * _FLATS
    with whole_file(path, force=run.force) as part, h5py.File(part, "w") as file:
        data = _structure(file, settings, pixel, keys, turns, (len(keys), image.shape[0], width))
        for number, key in enumerate(keys):
            time = min(max((number - 2 * _FLATS + 0.5) / settings.angles, 0.0), 1.0)
            if key == 0:
                data[number] = camera.picture(propagate(lines[number - 2 * _FLATS], settings, pixel), time)
            else:
                data[number] = camera.flat(time) if key == 1 else camera.dark()
    return Path(path)


class _Camera:
    """What counts photons: its beam, its errors and its noise."""

    def __init__(self, settings: ScanSettings, shape: tuple[int, int], rng: np.random.Generator) -> None:
        from scipy.ndimage import gaussian_filter

        self.settings, self.rng, self.shape = settings, rng, shape
        full = settings.photons or 1e4
        self.full = full
        self.dark_level = 100.0
        patches = [
            gaussian_filter(rng.standard_normal(shape), max(shape) / 12, mode="wrap") for _ in range(2)
        ]
        patches = [patch / max(float(np.abs(patch).max()), 1e-12) for patch in patches]
        self.beam = 1 + 0.1 * patches[0] + 0.02 * rng.standard_normal(shape)
        self.drift = settings.drift * (0.5 + 0.5 * patches[1])
        # Columns that answer otherwise once the sample is in the beam.
        errors = np.where(rng.random(shape[1]) < 0.15, rng.standard_normal(shape[1]), 0.0)
        self.gain = 1 + settings.rings * errors[None, :] * (1 + 0.1 * rng.standard_normal(shape))

    def picture(self, intensity: Image, time: float) -> NDArray[np.uint16]:
        """Return counts of a projection."""
        counts = self._noisy(self._beam(time) * intensity * self.gain)
        hits = self.rng.random(self.shape) < self.settings.zingers
        counts[hits] += self.full * self.rng.uniform(0.5, 3, int(hits.sum()))
        return self._stored(counts)

    def flat(self, time: float) -> NDArray[np.uint16]:
        """Return counts of the beam alone."""
        return self._stored(self._noisy(self._beam(time)))

    def dark(self) -> NDArray[np.uint16]:
        """Return counts without the beam."""
        return self._stored(np.zeros(self.shape))

    def _beam(self, time: float) -> NDArray[np.float64]:
        return np.asarray(self.full * self.beam * (1 - self.drift * time))

    def _noisy(self, expected: NDArray[Any]) -> NDArray[np.float64]:
        if self.settings.photons == 0:
            return np.asarray(expected, np.float64)
        return np.asarray(self.rng.poisson(np.maximum(expected, 0)), np.float64)

    def _stored(self, counts: NDArray[np.float64]) -> NDArray[np.uint16]:
        return np.clip(np.rint(counts + self.dark_level), 0, 65535).astype(np.uint16)


def _structure(
    file: Any,
    settings: ScanSettings,
    pixel: float,
    keys: list[int],
    turns: list[float],
    shape: tuple[int, ...],
) -> Any:
    """Make the groups of an NXtomo file and return its pictures, to be written."""

    def group(parent: Any, name: str, kind: str) -> Any:
        made = parent.create_group(name)
        made.attrs["NX_class"] = kind
        return made

    def number(parent: Any, name: str, value: Any, unit: str) -> None:
        parent.create_dataset(name, data=value).attrs["units"] = unit

    file.attrs["default"] = "entry"
    entry = group(file, "entry", "NXentry")
    entry["definition"] = "NXtomo"
    instrument, sample = group(entry, "instrument", "NXinstrument"), group(entry, "sample", "NXsample")
    detector = group(instrument, "detector", "NXdetector")
    sample["name"] = "phantom"
    number(sample, "rotation_angle", np.asarray(turns), "deg")
    detector["image_key"] = np.asarray(keys, np.int32)
    number(detector, "x_pixel_size", pixel * 1e-6, "m")
    number(detector, "y_pixel_size", pixel * 1e-6, "m")
    number(detector, "distance", settings.distance * 1e-3, "m")
    number(group(entry, "beam", "NXbeam"), "incident_energy", settings.energy, "keV")
    data = detector.create_dataset("data", shape, np.uint16)
    group(entry, "data", "NXdata")["data"] = data
    return data
