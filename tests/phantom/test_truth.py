"""Labels, phases and the truth table, against each other and against geometry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage as ndi

from electrodej.phantom import TRUTH_COLUMNS, Phantom, PhantomConfig, make_phantom
from electrodej.phantom.packing import pack


def test_table_has_one_row_for_each_label_and_the_stated_columns(phantom: Phantom):
    labels = np.unique(phantom.outlines)
    assert list(phantom.truth) == list(TRUTH_COLUMNS)
    assert np.array_equal(phantom.truth["label"], labels[labels > 0])
    assert np.array_equal(phantom.truth["label"], np.arange(1, labels.max() + 1))
    assert len(phantom.truth_frame()) == labels.max()


def test_volumes_and_centroids_are_those_of_the_voxels(phantom: Phantom):
    truth, index = phantom.truth, phantom.truth["label"]
    voxel = np.prod(phantom.spacing)
    ones = np.ones(phantom.outlines.shape)
    filled = ndi.sum_labels(ones, phantom.outlines, index)
    raw = ndi.sum_labels(ones, phantom.labels, index)
    centroid = np.array(ndi.center_of_mass(ones, phantom.outlines, index)) * phantom.spacing
    assert truth["volume"] == pytest.approx(filled * voxel)
    assert truth["crack_volume"] == pytest.approx((filled - raw) * voxel)
    assert truth["damage"] == pytest.approx((filled - raw) / filled)
    assert truth["radius"] == pytest.approx(np.cbrt(filled * voxel * 3 / (4 * np.pi)))
    assert np.stack([truth["z"], truth["y"], truth["x"]], axis=1) == pytest.approx(centroid)


def test_border_flag_says_who_touches_a_face(phantom: Phantom):
    inner = np.zeros(phantom.outlines.shape, bool)
    inner[1:-1, 1:-1, 1:-1] = True
    touching = np.unique(phantom.outlines[~inner])
    assert np.array_equal(np.flatnonzero(phantom.truth["touches_border"]) + 1, touching[touching > 0])


def test_labels_are_the_outlines_without_cracks(phantom: Phantom):
    crack = phantom.phases == 3
    assert crack.any()
    assert (phantom.outlines[crack] > 0).all()
    assert np.array_equal(phantom.labels, np.where(crack, 0, phantom.outlines))


def test_phases_agree_with_labels(phantom: Phantom):
    assert (phantom.phases[phantom.labels > 0] == 2).all()
    loose = (phantom.phases == 2) & (phantom.outlines == 0)
    # Debris is material without a label: some, and little of the room between the particles.
    assert 0 < loose.sum() < 0.1 * (phantom.outlines == 0).sum()
    assert set(np.unique(phantom.phases)) == {0, 1, 2, 3}


def test_no_debris_leaves_all_material_labelled():
    phantom = make_phantom((12, 80, 80), spacing=(0.25,) * 3, debris=0.0)
    assert np.array_equal(phantom.phases == 2, phantom.labels > 0)


def test_pore_share_is_met():
    phantom = make_phantom((40, 160, 160), spacing=(0.4,) * 3, solid_fraction=0.0, debris=0.0, pore_share=0.3)
    # The field changes over 3.5 um: the volume of 16 x 64 x 64 um holds some 1500 independent places.
    assert (phantom.phases == 0).mean() == pytest.approx(0.3, abs=0.05)
    assert len(phantom.truth["label"]) == 0


@pytest.mark.parametrize("spacing", [(0.3, 0.3, 0.3), (0.3, 0.4, 0.5)])
def test_plain_particles_are_balls_of_their_stated_size_and_place(plain, spacing):
    shape = tuple(int(26 / step) for step in spacing)
    phantom = make_phantom(shape, spacing=spacing, solid_fraction=0.3, cohesion=0.0, seed=2, **plain)
    truth = phantom.truth
    whole = truth["touches_border"] == 0
    assert whole.sum() >= 5
    ball = 4 / 3 * np.pi * truth["semi_axis_1"] ** 3
    # A ball of 2.5 um radius or more on voxels of up to 0.5 um: a few percent.
    assert truth["volume"][whole] == pytest.approx(ball[whole], rel=0.03)
    for axis in "zyx":
        assert truth[axis][whole] == pytest.approx(truth[f"centre_{axis}"][whole], abs=0.08)
    assert truth["damage"].max() == 0
    assert set(truth["kind"]) == {"intact"}


def test_stated_axes_are_those_of_the_voxels(plain):
    plain["ellipticity"] = 0.25
    phantom = make_phantom((110,) * 3, spacing=(0.25,) * 3, solid_fraction=0.2, cohesion=0.0, seed=4, **plain)
    truth = phantom.truth
    checked = 0
    for row in np.flatnonzero(truth["touches_border"] == 0):
        if truth["semi_axis_1"][row] < 1.15 * truth["semi_axis_2"][row]:
            continue
        places = np.argwhere(phantom.outlines == truth["label"][row]) * 0.25
        values, vectors = np.linalg.eigh(np.cov(places.T))
        stated = [truth[f"semi_axis_{i}"][row] for i in (3, 2, 1)]
        assert np.sqrt(5 * values) == pytest.approx(stated, rel=0.04)
        direction = np.array([truth[f"axis_{axis}"][row] for axis in "zyx"])
        assert abs(direction @ vectors[:, 2]) > 0.98
        checked += 1
    assert checked >= 3


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [0.15, 0.35, 0.5])
def test_solid_fraction_is_reached(wanted):
    phantom = make_phantom((36, 100, 100), spacing=(0.55,) * 3, solid_fraction=wanted, seed=3)
    assert (phantom.outlines > 0).mean() == pytest.approx(wanted, abs=0.03)


def test_most_particles_touch_another():
    phantom = make_phantom((44, 84, 84), spacing=(0.4,) * 3, solid_fraction=0.5, seed=5)
    touching: set[int] = set()
    for axis in range(3):
        ahead = np.moveaxis(phantom.outlines, axis, 0)
        one, other = ahead[:-1], ahead[1:]
        met = (one != other) & (one > 0) & (other > 0)
        touching |= set(one[met].tolist()) | set(other[met].tolist())
    whole = phantom.truth["label"][phantom.truth["touches_border"] == 0]
    assert np.isin(whole, list(touching)).mean() > 0.8


def test_kinds_have_the_damage_they_are_named_for(phantom: Phantom):
    whole = phantom.truth["volume"] > 60
    damage = {
        kind: phantom.truth["damage"][whole & (phantom.truth["kind"] == kind)]
        for kind in ("intact", "cored", "cracked", "broken")
    }
    assert damage["intact"].max(initial=0) == 0
    for kind in ("cored", "cracked", "broken"):
        assert damage[kind].mean() > 0.002
    assert damage["broken"].mean() > damage["cracked"].mean()


def test_a_narrow_range_of_radii_fills_as_much_as_a_wide_one():
    """Most radii that are drawn lie outside it."""
    config = PhantomConfig(
        shape=(96, 128, 128), spacing=(0.14,) * 3, seed=3, solid_fraction=0.5,
        radius_min=3.69, radius_median=3.7, radius_max=3.71,
    )  # fmt: skip
    radii = pack(config).radii
    assert (radii.min() >= 3.69, radii.max() <= 3.71) == (True, True)
    # The box in which balls are packed has 1.4 of the largest radius more on each side.
    box = np.prod([0.14 * edge + 2 * 1.4 * 3.71 for edge in config.shape])
    ball = 4 / 3 * np.pi * 3.71**3
    filled = float((4 / 3 * np.pi * radii**3).sum())
    assert 0.5 * box - ball < filled <= 0.5 * box
