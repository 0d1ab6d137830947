"""The phase that a sample gives to the beam, from how it changed intensities on the way to the detector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from electrodej.tomography.scan import Frames

# keV times micrometres.
_HC = 1.239841984e-3
# Regularises CTF where its function is 0.
_FLOOR = 0.02
# A point of the filter is felt so many of its lengths away.
_REACH = 10.0


@dataclass(frozen=True)
class Optics:
    """The beam and the way to the detector.

    Attributes
    ----------
    pixel
        Edge of a pixel, um.
    energy
        keV.
    distance
        mm.
    delta_beta
        delta over beta of the material.
    """

    pixel: float
    energy: float
    distance: float
    delta_beta: float

    @property
    def length(self) -> float:
        """How far Paganin's filter smooths, in pixels: sqrt(lambda z delta / (4 pi beta))."""
        wave = _HC / self.energy
        return math.sqrt(wave * self.distance * 1e3 * self.delta_beta / (4 * math.pi)) / self.pixel

    @property
    def margin(self) -> int:
        """How many pixels around one its value depends on."""
        return math.ceil(_REACH * self.length) + 8

    def fresnel(self, shape: tuple[int, int]) -> NDArray[np.float64]:
        """Return pi lambda z |f|^2 at the frequencies of `scipy.fft.rfft2`."""
        from scipy.fft import fftfreq, rfftfreq

        rows, columns = fftfreq(shape[0], self.pixel)[:, None], rfftfreq(shape[1], self.pixel)[None, :]
        wave = _HC / self.energy
        return np.asarray(math.pi * wave * self.distance * 1e3 * (rows**2 + columns**2))


def paganin(intensity: Frames, optics: Optics) -> Frames:
    """Return line integrals of the attenuation by Paganin's method.

    -log(F^-1(F(I) / (1 + delta/beta pi lambda z |f|^2))), for a homogeneous material near the detector (D.
    Paganin and others, Journal of Microscopy 206 (2002) 33).

    Parameters
    ----------
    intensity
        Normalised, (pictures, rows, columns).
    """
    found = _filtered(intensity, optics, lambda chi: 1 / (1 + optics.delta_beta * chi))
    return np.asarray(-np.log(np.maximum(found, np.float32(1e-4))), np.float32)


def ctf(intensity: Frames, optics: Optics) -> Frames:
    """Return line integrals of the attenuation by the contrast transfer function of a homogeneous material.

    I - 1 = -(cos chi + delta/beta sin chi) mu T, for weak objects at any distance; inverted where the
    function is near 0 with a floor (P. Cloetens and others, Applied Physics Letters 75 (1999) 2912).
    """
    ratio = optics.delta_beta

    def inverse(chi: NDArray[np.float64]) -> NDArray[np.float64]:
        transfer = np.cos(chi) + ratio * np.sin(chi)
        return np.asarray(transfer / (transfer**2 + _FLOOR * np.minimum(1, chi)))

    return np.asarray(-_filtered(intensity - 1, optics, inverse), np.float32)


def _filtered(pictures: Frames, optics: Optics, transfer: Any) -> Frames:
    """Return pictures after a filter in Fourier space, with their edges continued."""
    from scipy.fft import irfft2, next_fast_len, rfft2

    _, rows, columns = pictures.shape
    pad = min(optics.margin, 4 * max(rows, columns))
    shape = (next_fast_len(rows + 2 * pad, real=True), next_fast_len(columns + 2 * pad, real=True))
    window = transfer(optics.fresnel(shape)).astype(np.float32)
    before = ((shape[0] - rows) // 2, (shape[1] - columns) // 2)
    widths = [(b, n - m - b) for n, m, b in zip(shape, (rows, columns), before, strict=True)]
    out = np.empty_like(pictures)
    for number, picture in enumerate(pictures):
        wide = irfft2(rfft2(np.pad(picture, widths, mode="edge")) * window, s=shape)
        out[number] = wide[before[0] : before[0] + rows, before[1] : before[1] + columns]
    return out
