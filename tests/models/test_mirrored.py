"""A network that is also asked about mirror images."""

from __future__ import annotations

import numpy as np

from electrodej.models.engines.mirrored import Mirrored


class Right:
    """A network that says what lies one pixel to the left, and one below."""

    name, channels = "right", 2

    def run(self, images):
        return np.concatenate([np.roll(images, 1, axis=2), np.roll(images, -1, axis=1)], axis=-1)


def test_what_depends_on_directions_becomes_the_mean_of_both():
    image = np.random.default_rng(0).random((1, 6, 8, 1)).astype(np.float32)
    found = Mirrored(Right()).run(image)
    sides = (np.roll(image, 1, axis=2) + np.roll(image, -1, axis=2)) / 2
    ends = (np.roll(image, 1, axis=1) + np.roll(image, -1, axis=1)) / 2
    np.testing.assert_allclose(found, np.concatenate([sides, ends], axis=-1), rtol=1e-6)
