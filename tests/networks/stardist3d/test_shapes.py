"""Bodies against brute force: which are kept, and what is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from electrodej.networks.stardist3d.rays import make_rays
from electrodej.networks.stardist3d.shapes import Bodies, Drawn, choose


def covered(body, bodies, places):
    """Whether places (n, 3) lie in a body, by the triangle between whose rays each is; no tables."""
    rays = make_rays(bodies.distances.shape[1])
    away = (places - bodies.centres[body]) * np.array(bodies.spacing)
    far = np.linalg.norm(away, axis=1)
    shares = np.stack(
        [away @ np.linalg.inv(rays.directions[corners].T).T for corners in rays.triangles]
    )  # (triangles, n, 3)
    which = shares.min(axis=2).argmax(axis=0)
    weights = np.clip(shares[which, np.arange(len(places))], 0, None)
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
    reach = (bodies.distances[body][rays.triangles[which]] * weights).sum(axis=1)
    return far <= reach


def kept_by_force(bodies, overlap):
    """Which of bodies, the most probable first, remain; every pair compared on a fine lattice."""
    low = (bodies.centres - bodies.distances.max(axis=1)[:, None]).min(axis=0)
    high = (bodies.centres + bodies.distances.max(axis=1)[:, None]).max(axis=0)
    places = np.stack(
        np.meshgrid(*(np.arange(a, b, 1.0) for a, b in zip(low, high, strict=True)), indexing="ij"), -1
    )
    masks = [covered(body, bodies, places.reshape(-1, 3)) for body in range(len(bodies))]
    kept = []
    for body, mask in enumerate(masks):
        shares = [(mask & masks[other]).sum() / min(mask.sum(), masks[other].sum()) for other in kept]
        if all(share <= overlap for share in shares):
            kept.append(body)
    return kept


def drawn_bodies(count, seed):
    """Lumpy bodies that overlap by all shares."""
    chance = np.random.default_rng(seed)
    centres = chance.uniform(0, 16, (count, 3))
    distances = chance.uniform(4, 7, (count, 1)) * chance.uniform(0.8, 1.2, (count, 32))
    probability = np.sort(chance.random(count))[::-1].astype(np.float32)
    return Bodies(centres, probability, distances.astype(np.float32), (1.0, 1.0, 1.0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_bodies_are_kept_as_every_pair_compared_on_a_fine_lattice_says(seed):
    bodies = drawn_bodies(12, seed)
    chosen = choose(bodies, overlap=0.4)
    # The lattices differ: a pair within a few hundredths of the threshold may fall either way.
    surely = {tuple(bodies.centres[k]) for k in kept_by_force(bodies, 0.37)}
    perhaps = {tuple(bodies.centres[k]) for k in kept_by_force(bodies, 0.43)}
    found = {tuple(centre) for centre in chosen.centres}
    exact = {tuple(bodies.centres[k]) for k in kept_by_force(bodies, 0.4)}
    assert found == exact or surely != perhaps
    assert 1 < len(found) < 12


def test_of_two_that_overlap_much_the_more_probable_is_kept():
    near = Bodies(
        np.array([[10.0, 10, 10], [10, 10, 13], [10, 10, 40]]),
        np.array([0.6, 0.9, 0.7], np.float32),
        np.full((3, 32), 6.0, np.float32),
        (1.0, 1.0, 1.0),
    )
    assert choose(near, overlap=0.4).centres.tolist() == [[10, 10, 13], [10, 10, 40]]


def test_a_ball_is_drawn_as_a_ball_and_not_as_the_polyhedron_in_it():
    ball = Bodies(
        np.array([[15.0, 15, 15]]),
        np.ones(1, np.float32),
        np.full((1, 32), 12.0, np.float32),
        (1.0, 1.0, 1.0),
    )
    labels = Drawn(ball, (31, 31, 31)).slab(0, 31)
    z, y, x = np.indices(labels.shape) - 15
    assert np.array_equal(labels == 1, z**2 + y**2 + x**2 <= 144)


def test_drawing_at_another_size_and_with_long_voxels_keeps_the_volume():
    ball = Bodies(
        np.array([[7.0, 15, 15]]), np.ones(1, np.float32), np.full((1, 64), 12.0, np.float32), (2.0, 1.0, 1.0)
    )
    volume = 4 / 3 * np.pi * 12**3
    once = Drawn(ball, (15, 31, 31)).slab(0, 15)
    assert abs(np.count_nonzero(once) * 2 / volume - 1) < 0.03
    larger = Drawn(ball, (45, 62, 62), (3.0, 2.0, 2.0)).slab(0, 45)
    assert abs(np.count_nonzero(larger) * 2 / 12 / volume - 1) < 0.01
    middle = [float(places.mean()) for places in np.nonzero(larger)]
    assert np.allclose(middle, [7.5 * 3 - 0.5, 15.5 * 2 - 0.5, 15.5 * 2 - 0.5], atol=0.1)


def test_slabs_do_not_matter_and_a_voxel_of_two_is_that_ones_in_which_it_lies_deeper():
    bodies = drawn_bodies(9, 3)
    drawn = Drawn(bodies, (24, 24, 24))
    whole = drawn.slab(0, 24)
    assert np.array_equal(whole, np.concatenate([drawn.slab(0, 7), drawn.slab(7, 17)]))
    pair = Bodies(
        np.array([[6.0, 6, 5], [6, 6, 11]]),
        np.array([0.9, 0.8], np.float32),
        np.full((2, 32), 5.0, np.float32),
        (1.0, 1.0, 1.0),
    )
    row = Drawn(pair, (13, 13, 18)).slab(0, 13)[6, 6]
    assert row.tolist() == [1] * 9 + [2] * 8 + [0]
