from __future__ import annotations

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.fusion.material import Material
from electrodej.phantom import make_phantom
from electrodej.volume import ArrayVolume

SPACING = (0.14, 0.14, 0.14)


@pytest.fixture(scope="module")
def phantom():
    return make_phantom((40, 96, 96), spacing=SPACING, seed=5)


def test_intact_material_is_what_the_phantom_calls_so(phantom):
    material = Material(ArrayVolume(phantom.grey, spacing=SPACING), spacing=SPACING)
    found = material.mask(0, 40) & (phantom.outlines > 0)
    truth = phantom.labels > 0
    dice = 2 * np.count_nonzero(found & truth) / (np.count_nonzero(found) + np.count_nonzero(truth))
    outlines = 2 * np.count_nonzero(truth) / (np.count_nonzero(phantom.outlines) + np.count_nonzero(truth))
    assert dice > 0.97
    assert dice > outlines


def test_slabs_make_no_difference(phantom):
    material = Material(ArrayVolume(phantom.grey, spacing=SPACING), spacing=SPACING)
    whole = material.mask(0, 40)
    parts = np.concatenate([material.mask(0, 7), material.mask(7, 1), material.mask(8, 32)])
    assert np.array_equal(whole, parts)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_scale_of_the_grey_values_makes_no_difference(phantom, dtype):
    scaled = phantom.grey.astype(dtype) * dtype(1 if dtype is np.uint8 else 100)
    masks = [
        Material(ArrayVolume(values, spacing=SPACING), spacing=SPACING).mask(10, 5)
        for values in (phantom.grey, scaled)
    ]
    assert np.mean(masks[0] != masks[1]) < 1e-3


def test_a_volume_of_one_grey_value_is_refused():
    flat = ArrayVolume(np.full((4, 5, 6), 7, np.uint8), spacing=SPACING)
    with pytest.raises(InputError, match="one grey value"):
        Material(flat, spacing=SPACING)
