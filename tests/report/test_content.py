"""What a report refuses to be made of."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from electrodej.errors import InputError, VoxelSizeError


def test_shapes_that_differ_are_refused(content):
    with pytest.raises(InputError, match=r"12 x 30 x 40.*11 x 30 x 40"):
        replace(content, labels=content.labels[:11])


def test_image_without_labels_is_refused(content):
    with pytest.raises(InputError, match="neither"):
        replace(content, labels=None)


@pytest.mark.parametrize("spacing", [None, (0.1, 0.1), (0.1, 0.0, 0.1), (0.1, float("nan"), 0.1)])
def test_missing_or_senseless_voxel_size_is_refused(content, spacing):
    with pytest.raises(VoxelSizeError, match="voxel size"):
        replace(content, spacing=spacing)


def test_columns_of_different_length_are_named(content):
    with pytest.raises(InputError, match=r"Volume .*3 rows.*Extra .*2"):
        replace(content, table={"Volume": np.zeros(3), "Extra": np.zeros(2)})


def test_images_of_four_axes_and_empty_ones_are_refused(content):
    with pytest.raises(InputError, match="2 or 3 axes, not 4"):
        replace(content, grey=np.zeros((1, 2, 3, 4)), labels=np.zeros((1, 2, 3, 4), int))
    with pytest.raises(InputError, match="empty"):
        replace(content, grey=np.zeros((0, 3, 4)), labels=np.zeros((0, 3, 4), int))


def test_importing_the_room_loads_neither_jinja_nor_matplotlib():
    heavy = "{'jinja2', 'matplotlib', 'imagecodecs'}"
    program = f"import sys, electrodej.report; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
