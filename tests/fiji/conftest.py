"""Small images on disk and in ImageJ."""

import numpy as np
import pytest

from electrodej.volume import write_volume

CUBE = (0.5, 0.5, 0.5)


def write_pair(folder, *, side=12, spacing=CUBE):
    """A cube of 6 x 6 x 6 voxels, labelled 1, in grey values of 90."""
    labels = np.zeros((side,) * 3, np.uint16)
    labels[3:9, 3:9, 3:9] = 1
    write_volume(folder / "grey.tif", (labels * 90).astype(np.uint8), spacing=spacing)
    write_volume(folder / "labels.tif", labels, spacing=spacing, labels=True)
    return folder


@pytest.fixture
def pair(tmp_path):
    """A folder with grey.tif and labels.tif."""
    return write_pair(tmp_path)


@pytest.fixture
def opened(imagej, pair):
    """The same two as open images of ImageJ."""
    return {name: imagej.openImage(str(pair / f"{name}.tif")) for name in ("grey", "labels")}
