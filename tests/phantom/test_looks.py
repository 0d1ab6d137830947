"""Electrodes and scans other than the usual one: what is asked for is what is there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage as ndi

from electrodej.errors import InputError
from electrodej.phantom import (
    LOOKS,
    PhantomConfig,
    draw_config,
    look,
    make_phantom,
    make_slice,
    phantom_slabs,
)
from electrodej.phantom.detector import blurred, gaussian_taps, point_spreads
from electrodej.run import Run

BARE = {
    "cored_share": 0.0,
    "cracked_share": 0.0,
    "crackled_share": 0.0,
    "broken_share": 0.0,
    "fogged_share": 0.0,
    "debris": 0.0,
    "ghosts": 0.0,
}


@pytest.mark.parametrize("name", LOOKS)
def test_every_look_makes_an_image_with_truth(name):
    phantom = make_slice((96, 96), spacing=(0.2,) * 3, seed=1, look=name)
    assert phantom.grey.std() > 3
    assert phantom.outlines.max() > 0
    assert {1, 2} <= set(np.unique(phantom.phases))


def test_a_look_is_changed_by_what_is_given_beside_it():
    config = PhantomConfig.from_plain({"look": "calendered", "noise": 1.5, "seed": 4})
    assert (config.noise, config.seed) == (1.5, 4)
    assert config.solid_fraction == look("calendered")["solid_fraction"]
    back = config.changed({"look": "usual"})
    assert back.solid_fraction == PhantomConfig().solid_fraction
    assert back.seed == 4


def test_a_look_travels_in_a_configuration_file():
    config = PhantomConfig.from_json('{"look": "inverted", "shape": [1, 32, 32]}')
    assert config.inverted
    assert PhantomConfig.from_json(config.to_json()) == config


def test_an_unknown_look_names_the_one_that_was_meant():
    with pytest.raises(InputError, match="calendered"):
        make_slice((8, 8), look="calendared")


@pytest.mark.slow
@pytest.mark.parametrize("wanted", [0.65, 0.75, 0.85])
def test_pressed_electrodes_are_as_solid_as_asked(wanted):
    phantom = make_phantom((30, 90, 90), spacing=(0.6,) * 3, solid_fraction=wanted, bumpiness=0.05, seed=3)
    assert (phantom.outlines > 0).mean() == pytest.approx(wanted, abs=0.04)


def test_parting_opens_gaps_between_pressed_particles():
    how = {"spacing": (0.3,) * 3, "solid_fraction": 0.8, "seed": 3}
    shut = make_phantom((12, 90, 90), **how)
    open_ = make_phantom((12, 90, 90), parting=1.2, **how)

    def contact(outlines):
        one, other = outlines[:, :, :-1], outlines[:, :, 1:]
        return ((one != other) & (one > 0) & (other > 0)).mean()

    assert contact(open_.outlines) < 0.5 * contact(shut.outlines)
    # Particles draw back from each other; nothing is added to them, and no label changes hands.
    grown = (open_.outlines > 0) & (shut.outlines == 0)
    assert not grown.any()


@pytest.mark.slow
def test_crystals_have_the_volume_of_their_ellipsoid_and_flat_faces():
    how = {"spacing": (0.2,) * 3, "solid_fraction": 0.25, "cohesion": 0.0, "seed": 2, "roughness": 0.0}
    phantom = make_phantom((120,) * 3, faceted_share=1.0, bumpiness=0.0, **how, **BARE)
    truth = phantom.truth
    whole = np.flatnonzero(truth["touches_border"] == 0)
    ellipsoid = 4 / 3 * np.pi * truth["semi_axis_1"] * truth["semi_axis_2"] * truth["semi_axis_3"]
    assert len(whole) >= 3
    # The volume is set from 600 directions, which leaves some percent of chance.
    assert truth["volume"][whole] == pytest.approx(ellipsoid[whole], rel=0.12)


def test_crushed_particles_are_fragments_with_gaps():
    how = {"spacing": (0.15,) * 3, "seed": 5, "solid_fraction": 0.4}
    phantom = make_phantom((8, 120, 120), crushed_share=1.0, **how, **BARE)
    assert set(phantom.truth["kind"]) == {"crushed"}
    pieces, _ = ndi.label(phantom.labels > 0)
    outlines, _ = ndi.label(phantom.outlines > 0)
    assert pieces.max() > 3 * outlines.max()


def test_a_film_of_binder_covers_particles():
    how = {"spacing": (0.1,) * 3, "seed": 5, "pore_share": 0.95, "solid_fraction": 0.4}
    bare, filmed = (make_slice((200, 200), film=film, **how, **BARE) for film in (0.0, 0.4))
    inside = filmed.outlines[0] > 0
    beside = ndi.binary_dilation(inside, iterations=2) & ~inside
    assert (filmed.phases[0][beside] == 1).mean() > 0.8
    assert (bare.phases[0][beside] == 1).mean() < 0.2


def test_inverted_is_the_same_image_turned_over():
    how = {"spacing": (0.2,) * 3, "seed": 2}
    plain, turned = make_slice((60, 60), **how), make_slice((60, 60), inverted=True, **how)
    # Rounding takes halves up in both.
    assert np.abs(255 - plain.grey.astype(int) - turned.grey).max() <= 1
    assert np.array_equal(plain.phases, turned.phases)


def spread(image: np.ndarray, **how) -> np.ndarray:
    """What the instrument makes of an image, away from its edges."""
    config = PhantomConfig(spacing=(0.1,) * 3, blur=(0.0, 0.1, 0.1), **how)
    padded = np.pad(image, 60, mode="reflect")[np.newaxis].astype(np.float32)
    total = np.zeros(image.shape)
    for weight, sigma in point_spreads(config):
        part = blurred(padded, gaussian_taps(sigma, config.spacing))[0]
        cut = [(n - m) // 2 for n, m in zip(part.shape, image.shape, strict=True)]
        total += weight * part[cut[0] : cut[0] + image.shape[0], cut[1] : cut[1] + image.shape[1]]
    return total


@pytest.mark.parametrize("how", [{"halo": 1.5}, {"wedge": 1.0}, {"halo": 0.7, "wedge": 0.5}])
def test_an_even_grey_stays_as_it_is(how):
    assert spread(np.full((40, 40), 90.0), **how) == pytest.approx(90.0, abs=1e-3)


def test_phase_contrast_puts_a_bright_and_a_dark_rim_along_edges():
    edge = np.zeros((40, 120))
    edge[:, 60:] = 100
    seen = spread(edge, halo=1.5)[20]
    assert seen.max() > 110
    assert seen.min() < -10
    assert seen[[5, 110]] == pytest.approx([0, 100], abs=1)


def test_missing_projections_take_contrast_across_x_and_leave_it_across_y():
    # A period of 1.2 um, below the length over which contrast is lost.
    wave = 50 * np.sin(2 * np.pi * np.arange(96) / 12)
    across_x, across_y = np.tile(wave, (96, 1)), np.tile(wave[:, None], (1, 96))
    plain, x, y = spread(across_x), spread(across_x, wedge=1.0), spread(across_y, wedge=1.0)
    assert x.std() < 0.25 * plain.std()
    assert y.std() == pytest.approx(plain.std(), rel=0.05)


def test_slabs_of_a_pressed_electrode_join_to_the_whole():
    config = PhantomConfig.from_plain(
        {
            "look": "calendered",
            "shape": (14, 40, 44),
            "spacing": (0.3,) * 3,
            "halo": 0.8,
            "wedge": 0.5,
            "faceted_share": 0.3,
            "inverted": True,
        }
    )
    whole = make_phantom(config)
    slabs = list(phantom_slabs(config, thickness=5, run=Run(jobs=2)))
    for name in ("grey", "outlines", "phases"):
        assert np.array_equal(np.concatenate([getattr(slab, name) for slab in slabs]), getattr(whole, name))


def test_draws_are_wide_and_each_is_possible():
    drawn = [draw_config(seed, shape=(1, 64, 64)) for seed in range(300)]
    solid = np.array([config.solid_fraction for config in drawn])
    across = np.array([2 * config.radius_median / config.spacing[0] for config in drawn])
    assert solid.min() < 0.3
    assert solid.max() > 0.8
    assert across.min() < 30
    assert across.max() > 140
    assert 0.02 < np.mean([config.inverted for config in drawn]) < 0.3
    assert all(config.pore_grey < config.binder_grey < config.particle_grey for config in drawn)
    assert draw_config(7) == draw_config(7) != draw_config(8)
