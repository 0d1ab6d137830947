"""How far a network looks: measured on filters whose reach is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from electrodej.export.seam import measure_seam
from electrodej.models.context import Context, measure_context

Run = Callable[[np.ndarray], np.ndarray]


def box(reach_y: int, reach_x: int) -> Run:
    """A box filter that sees exactly so many pixels to each side."""
    return lambda image: ndimage.uniform_filter(
        image.astype(np.float64), (1, 2 * reach_y + 1, 2 * reach_x + 1, 1), mode="constant"
    ).astype(np.float32)


def shift(rows: int) -> Run:
    """Looks in one direction only, upwards."""
    return lambda image: np.pad(image, ((0, 0), (rows, 0), (0, 0), (0, 0)))[:, : image.shape[1]]


def pooled(factor: int) -> Run:
    """Largest of each block, repeated: looks as far as its block's other end."""

    def run(image: np.ndarray) -> np.ndarray:
        n, height, width, channels = image.shape
        blocks = image.reshape(n, height // factor, factor, width // factor, factor, channels).max((2, 4))
        return np.repeat(np.repeat(blocks, factor, 1), factor, 2)

    return run


@pytest.mark.parametrize(
    ("run", "divisor", "wanted"),
    [
        (box(7, 3), 1, 7),
        (box(3, 40), 1, 40),
        (shift(29), 1, 29),
        (lambda image: 2 * image, 1, 0),
        (pooled(8), 8, 7),
        (box(250, 1), 4, 250),
    ],
)
def test_context_is_the_reach_of_the_filter(run: Run, divisor: int, wanted: int) -> None:
    assert measure_context(run, channels=1, divisor=divisor) == Context(wanted, whole_image=False)


def test_a_mean_over_the_whole_image_has_no_end() -> None:
    def run(image: np.ndarray) -> np.ndarray:
        return image + image.mean((1, 2), keepdims=True)

    assert measure_context(run, channels=2).whole_image


@pytest.mark.parametrize("reach", [1, 40, 64])
def test_tiles_leave_no_seam_up_to_their_overlap(reach: int) -> None:
    seam = measure_seam(box(reach, 2), channels=1)
    assert seam.width == 0
    assert seam.error == pytest.approx(0, abs=1e-6)


def test_beyond_the_overlap_the_seam_is_as_wide_as_what_is_missing() -> None:
    # A pixel k from the seam sees 64 + k - 1 pixels to the other side of its tile's cut, and needs 100.
    seam = measure_seam(box(2, 100), channels=1)
    assert seam.width == 100 - 64
    assert 0 < seam.error <= seam.output_range
