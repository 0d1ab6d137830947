"""How much of each particle's surface lies at which phase: against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from electrodej.errors import InputError
from electrodej.morphology import ContactCounts, particle_contacts

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


def test_phases_as_imagej_keeps_them_in_32_bit_float_count_alike():
    labels = np.zeros((2, 3, 4), np.uint16)
    labels[0, 1, 1:3] = 5
    phases = np.arange(24).reshape(labels.shape) % 2
    whole, floats = (
        particle_contacts(labels, phases.astype(kind), spacing=(1, 1, 1)) for kind in (np.uint8, np.float32)
    )
    assert list(whole) == list(floats)
    assert floats["ContactClass1"] == whole["ContactClass1"]
    with pytest.raises(InputError, match="whole numbers"):
        particle_contacts(labels, phases + np.float32(0.5), spacing=(1, 1, 1))


def test_different_shapes_are_refused():
    with pytest.raises(InputError, match="must be volumes of one shape"):
        particle_contacts(np.ones((3, 3, 3), int), np.ones((3, 3, 4), int), spacing=(1, 1, 1))


def brute_force(labels: np.ndarray, phases: np.ndarray, spacing: tuple[float, ...]) -> dict[int, dict]:
    """Every voxel of every particle looks at its six neighbours."""
    found: dict[int, dict] = {}
    for place in np.argwhere(labels):
        own = labels[tuple(place)]
        areas = found.setdefault(int(own), {})
        for axis in range(3):
            for step in (-1, 1):
                other = place.copy()
                other[axis] += step
                if not 0 <= other[axis] < labels.shape[axis] or labels[tuple(other)] == own:
                    continue
                there = labels[tuple(other)]
                kind = "Particle" if there else int(phases[tuple(other)])
                areas[kind] = areas.get(kind, 0) + np.prod(spacing) / spacing[axis]
    return found


def test_contacts_are_those_that_every_voxel_finds_by_itself():
    rng = np.random.default_rng(4)
    labels = rng.choice([0, 0, 3, 4, 900], (9, 8, 7)).astype(np.uint16)
    phases = rng.choice([0, 1, 255], labels.shape).astype(np.uint8)
    spacing = (0.5, 1.0, 2.0)
    exact = brute_force(labels, phases, spacing)
    found = particle_contacts(labels, phases, spacing=spacing, names=NAMES)
    for row, label in enumerate(found["Label"].tolist()):
        whole = sum(exact[label].values())
        for name, kind in (("ContactPore", 0), ("ContactBinder", 1), ("ContactParticle", "Particle")):
            assert found[name][row] == pytest.approx(exact[label].get(kind, 0) / whole)


def test_slabs_and_particles_without_a_row_change_nothing():
    rng = np.random.default_rng(5)
    labels = rng.choice([0, 0, 3, 4, 900], (9, 8, 7)).astype(np.uint16)
    phases = rng.choice([0, 1], labels.shape).astype(np.uint8)
    whole = particle_contacts(labels, phases, spacing=(1, 1, 1), names=NAMES)
    some = ContactCounts(np.array([3, 900]), (0, 1), spacing=(1, 1, 1))
    for z0, z1 in ((0, 1), (1, 5), (5, 9)):
        some.add(labels[z0:z1], phases[z0:z1])
    found = some.columns(NAMES)
    for name in ("ContactPore", "ContactBinder", "ContactParticle"):
        assert found[name] == pytest.approx(whole[name][[0, 2]])
