"""How much of each particle's surface lies at which phase: against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.morphology import particle_contacts

NAMES = {0: "pore", 1: "binder", 2: "particle"}


def test_faces_count_by_their_area_in_what_they_touch():
    labels = np.zeros((3, 4, 5), np.uint16)
    phases = np.zeros(labels.shape, np.uint8)
    labels[1, 1, 1:3] = 70
    labels[1, 1, 3] = 9
    phases[labels > 0] = 2
    phases[0] = 1
    found = particle_contacts(labels, phases, spacing=(0.5, 1.0, 2.0), names=NAMES)
    assert found["Label"].tolist() == [9, 70]
    # Faces across z have an area of 2, across y 1, across x 0.5. The second particle is two voxels long.
    whole = np.array([2 * 2 + 2 * 1 + 2 * 0.5, 4 * 2 + 4 * 1 + 2 * 0.5])
    assert found["ContactBinder"] == pytest.approx(np.array([2, 4]) / whole)
    assert found["ContactParticle"] == pytest.approx(0.5 / whole)
    total = found["ContactBinder"] + found["ContactParticle"] + found["ContactPore"]
    assert total == pytest.approx(1)


def test_a_particle_that_fills_the_volume_has_no_surface():
    found = particle_contacts(np.ones((3, 3, 3), int), np.full((3, 3, 3), 2), spacing=(1, 1, 1))
    assert np.isnan(found["ContactParticle"]).all()


def test_different_shapes_are_refused():
    with pytest.raises(InputError, match="must be volumes of one shape"):
        particle_contacts(np.ones((3, 3, 3), int), np.ones((3, 3, 4), int), spacing=(1, 1, 1))
