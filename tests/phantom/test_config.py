from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from electrodej.errors import InputError, VoxelSizeError
from electrodej.phantom import PhantomConfig, make_phantom, make_slice, phantom_slabs


@given(
    shape=st.tuples(*[st.integers(1, 4000)] * 3),
    spacing=st.tuples(*[st.floats(0.01, 5)] * 3),
    seed=st.integers(0, 2**63 - 1),
    solid=st.floats(0, 0.55),
    bits=st.sampled_from([8, 16]),
)
def test_configuration_survives_json(shape, spacing, seed, solid, bits):
    config = PhantomConfig(shape=shape, spacing=spacing, seed=seed, solid_fraction=solid, bits=bits)
    assert PhantomConfig.from_json(config.to_json()) == config


def test_numpy_numbers_and_lists_become_plain():
    config = PhantomConfig(shape=[np.int64(3), 4, 5], seed=np.int32(7), spacing=np.array([0.1, 0.2, 0.3]))
    assert json.loads(config.to_json())["shape"] == [3, 4, 5]
    assert config == PhantomConfig(shape=(3, 4, 5), seed=7, spacing=(0.1, 0.2, 0.3))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shape", (0, 4, 4)),
        ("shape", (4, 4)),
        ("shape", (4.5, 4, 4)),
        ("seed", -1),
        ("seed", 2**63),
        ("bits", 12),
        ("solid_fraction", 0.7),
        ("solid_fraction", float("nan")),
        ("cored_share", 1.2),
        ("broken_share", 0.5),
        ("radius_median", 1.0),
        ("crack_width", (0.4, 0.1)),
        ("pore_grey", 300),
        ("noise", -1.0),
        ("crack_count", 0),
        ("debris", 0.49),
        ("blur", (0.1, -0.1, 0.1)),
        ("noise", "much"),
        ("noise", True),
    ],
)
def test_bad_values_are_refused_by_name(field, value):
    with pytest.raises(InputError, match=field.split("_")[0]):
        PhantomConfig(**{field: value})


def test_bad_voxel_size_is_a_voxel_size_error():
    with pytest.raises(VoxelSizeError, match="spacing"):
        PhantomConfig(spacing=(0.1, 0.0, 0.1))


def test_unknown_fields_are_refused():
    with pytest.raises(InputError, match="noize"):
        make_phantom((2, 8, 8), noize=3)
    with pytest.raises(InputError, match="noize"):
        PhantomConfig.from_json('{"noize": 3}')


def test_text_that_is_no_configuration_is_refused():
    with pytest.raises(InputError, match="JSON"):
        PhantomConfig.from_json("{")
    with pytest.raises(InputError, match="object"):
        PhantomConfig.from_json("[1]")


def test_unknown_view_and_thickness_are_refused():
    with pytest.raises(InputError, match="view"):
        make_slice((8, 8), view="zz")
    with pytest.raises(InputError, match="thickness"):
        next(phantom_slabs(PhantomConfig(shape=(2, 8, 8)), thickness=0))


def test_a_deeply_nested_configuration_is_one_line():
    with pytest.raises(InputError, match="is not JSON") as caught:
        PhantomConfig.from_json("[" * 100_000 + "]" * 100_000)
    assert "\n" not in str(caught.value)
