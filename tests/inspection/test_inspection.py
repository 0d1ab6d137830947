"""What the inspection says of scans good and bad, drawn here with known sizes, noise and blur."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import ndimage

from electrodej.errors import InputError, VoxelSizeError
from electrodej.inspection import (
    Look,
    Plan,
    Prepared,
    find_look,
    inspect,
    look_of,
    prepare,
    refuse_grey,
    write_look,
)
from electrodej.inspection.looks import known_look
from electrodej.inspection.scaling import scaling_of
from electrodej.run import Run
from electrodej.volume import ArrayVolume

SIZE = (0.1, 0.1, 0.1)


def discs(diameter, shape=(480, 480), *, noise=6.0, blur=1.0, seed=0):
    """Bright discs of grey 180 on 80 that do not touch, blurred and with noise."""
    random = np.random.default_rng(seed)
    pitch = diameter * 1.35
    image = np.full(shape, 80.0)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    for y in np.arange(pitch / 2, shape[0] + pitch, pitch):
        for x in np.arange(pitch / 2, shape[1] + pitch, pitch):
            at = np.array([y, x]) + random.uniform(-0.1, 0.1, 2) * diameter
            image[np.hypot(rows - at[0], columns - at[1]) < diameter / 2] = 180
    image = ndimage.gaussian_filter(image, blur) + random.normal(0, noise, shape)
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def topics(inspection, *severities):
    return {each.topic for each in inspection.findings if not severities or each.severity in severities}


@pytest.mark.slow
@pytest.mark.parametrize("diameter", [12, 30, 60, 110])
def test_particles_have_the_size_that_was_drawn(diameter):
    # Sections of real particles answer like discs a fifth smaller, which is allowed for.
    assert inspect(discs(diameter)).diameter == pytest.approx(1.2 * diameter, rel=0.25)


@pytest.mark.slow
@pytest.mark.parametrize("diameter", [20, 60])
def test_bright_and_dark_particles_are_told_apart(diameter):
    image = discs(diameter)
    assert (inspect(image).polarity, inspect(255 - image).polarity) == ("bright", "dark")
    assert inspect(255 - image).plan.invert


@pytest.mark.slow
@pytest.mark.parametrize("skew", [1.0, 2.5])
def test_a_scan_and_its_reverse_measure_the_same(skew):
    # Where few voxels are very bright, the reverse has few that are very dark.
    grey = np.rint(255 * (discs(30) / 255.0) ** skew)
    here, reverse = inspect(grey.astype(np.uint8)), inspect((255 - grey).astype(np.uint8))
    assert (here.polarity, reverse.polarity) == ("bright", "dark")
    for name in ("diameter", "contrast", "noise", "blur", "snr"):
        assert getattr(reverse, name) == pytest.approx(getattr(here, name), rel=1e-3), name
    shown = [prepare(ArrayVolume(image[None].astype(np.uint8), spacing=SIZE), seen)[:]
             for image, seen in ((grey, here), (255 - grey, reverse))]  # fmt: skip
    np.testing.assert_allclose(*shown, atol=1e-4)


def test_an_image_without_noise_has_no_rim_and_keeps_its_polarity():
    grey = np.full((128, 128), 40, np.uint8)
    rows, columns = np.mgrid[:128, :128]
    for y, x in ((32, 32), (32, 96), (96, 32), (96, 96)):
        grey[np.hypot(rows - y, columns - x) <= 22] = 200
        grey[y - 1 : y + 2, x - 12 : x + 12] = 40
    assert (inspect(grey).polarity, inspect(240 - grey).polarity) == ("bright", "dark")


def test_a_good_scan_raises_no_warning():
    assert not inspect(discs(50), spacing=SIZE).warned


@pytest.mark.parametrize("deviation", [4.0, 16.0])
def test_noise_is_that_which_was_added(deviation):
    inspection = inspect(discs(80, noise=deviation))
    grey_range = inspection.high - inspection.low
    assert inspection.noise * grey_range == pytest.approx(deviation, rel=0.15)
    assert inspection.snr == pytest.approx(100 / deviation, rel=0.2)


@pytest.mark.parametrize("sigma", [1.5, 3.0])
def test_blur_is_the_width_of_the_point_spread(sigma):
    found = inspect(discs(90, blur=sigma, noise=2.0)).blur
    assert found == pytest.approx(2.355 * sigma, rel=0.3)


def test_more_noise_than_contrast_is_a_problem():
    assert "noise" in topics(inspect(discs(50, noise=200)), "problem", "warning")


@pytest.mark.slow
def test_borders_as_wide_as_particles_are_told():
    assert "blur" in topics(inspect(discs(14, blur=4.0, noise=2.0)), "warning")


def test_streaks_are_told():
    image = discs(60).astype(float)
    image += np.random.default_rng(1).normal(0, 10, (480, 1))
    assert "lines" in topics(inspect(np.clip(image, 0, 255).astype(np.uint8)), "warning")


def test_rings_are_told():
    image = discs(60).astype(float)
    radius = np.hypot(*(np.mgrid[:480, :480] - 240.0)).astype(int)
    image += np.random.default_rng(1).normal(0, 12, radius.max() + 1)[radius]
    inspection = inspect(np.clip(image, 0, 255).astype(np.uint8))
    assert inspection.rings > 0.4 > inspection.streaks
    assert "lines" in topics(inspection, "warning")


@pytest.mark.slow
def test_blank_rims_are_told_and_do_not_disturb():
    image = discs(50)
    framed = np.pad(image, 70, constant_values=100)
    inspection = inspect(framed)
    assert "rims" in topics(inspection)
    assert inspection.polarity == "bright"
    assert inspection.diameter == pytest.approx(inspect(image).diameter, rel=0.25)


@pytest.mark.parametrize("value", [0, 117, 255])
def test_one_grey_value_is_nothing_to_see(value):
    (finding,) = inspect(np.full((8, 64, 64), value, np.uint8)).findings
    assert finding.severity == "problem"
    assert f"all voxels have the value {value}" in finding.text


def test_a_saturated_scan_is_told():
    image = np.clip(discs(50).astype(int) * 2, 0, 255).astype(np.uint8)
    assert "grey" in topics(inspect(image), "problem")


@pytest.mark.slow
def test_four_slices_are_few():
    inspection = inspect(np.stack([discs(50, seed=k) for k in range(4)]))
    assert any("only 4 slices" in each.text for each in inspection.findings)


@pytest.mark.slow
def test_particles_of_six_voxels_and_of_four_hundred_are_told():
    assert "size" in topics(inspect(discs(5, noise=2, blur=0.5)), "warning")
    assert "size" in topics(inspect(discs(400, (700, 700))), "warning")


def test_labels_are_no_grey_values():
    image = discs(50, noise=0)
    labels = ndimage.label(image > 130)[0].astype(np.uint16)
    with pytest.raises(InputError, match="looks like particle labels"):
        inspect(labels)
    with pytest.raises(InputError, match="looks like phases"):
        inspect((image > 130).astype(np.uint8) * 2)


def test_grey_values_are_no_labels():
    with pytest.raises(InputError, match="looks like grey values"):
        refuse_grey(discs(50))
    refuse_grey(ndimage.label(discs(50, noise=0) > 130)[0].astype(np.uint16))


def test_colours_and_movies_are_refused():
    with pytest.raises(InputError, match="colour picture"):
        inspect(np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(InputError, match="a movie or channels"):
        inspect(np.zeros((2, 3, 64, 64), np.uint8))


def test_nanometres_given_as_micrometres_are_found_out():
    with pytest.raises(VoxelSizeError, match=r"--spacing 0\.14,0\.14,0\.14"):
        inspect(discs(50), spacing=(140, 140, 140))
    with pytest.raises(VoxelSizeError, match=r"--spacing 0\.14,0\.14,0\.14"):
        inspect(discs(50), spacing=(0.00014, 0.00014, 0.00014))
    with pytest.raises(VoxelSizeError, match=r"metres.*--spacing 0\.14,0\.14,0\.14"):
        inspect(discs(50), spacing=(1.4e-7, 1.4e-7, 1.4e-7))


def test_a_voxel_size_that_makes_giants_of_particles_is_told():
    assert any("check the voxel size" in each.text for each in inspect(discs(60), spacing=(3, 3, 3)).findings)


def test_a_model_has_the_image_brought_to_its_size_and_says_so():
    image, look = discs(60), Look(name="mine", diameter=36.0)
    inspection = inspect(image, model=look)
    assert inspection.plan.scale == pytest.approx(0.5, rel=0.25)
    (told,) = [each.text for each in inspection.findings if each.topic == "size"]
    assert "is reduced to" in told
    assert f"{inspection.plan.scale:.0%}" in told
    assert inspect(image, model=Look(name="mine", diameter=inspection.diameter)).plan.scale == 1


def test_grey_values_unlike_the_training_are_told():
    look = Look(name="mine", diameter=60, quantiles=tuple(np.linspace(0.8, 1, 11)))
    assert "model" in topics(inspect(discs(60), model=look), "warning")


def test_findings_are_the_runs_notes_and_plain_json():
    run = Run()
    inspection = inspect(np.zeros((4, 64, 64), np.uint8), run=run)
    assert run.notes == [each.told for each in inspection.findings]
    assert run.notes[0].startswith("WARNING: all voxels have the value 0")
    plain = json.loads(json.dumps(inspection.as_plain(), allow_nan=False))
    assert plain["diameter"] is None
    assert plain["warned"] is True


def test_a_model_of_ones_own_has_its_look_by_its_name_too(tmp_path, monkeypatch):
    monkeypatch.setenv("ELECTRODEJ_MODELS", str(tmp_path))
    (tmp_path / "my-dark").mkdir()
    (tmp_path / "my-dark" / "electrodej.json").write_text("{}")
    look = Look(name="my-dark", diameter=40.0, particles="dark", quantiles=(0.0, 1.0))
    write_look(tmp_path / "my-dark", look)
    assert find_look("my-dark") == look
    assert find_look("no-such-model") is None


def test_a_voxel_of_no_size_is_refused_in_words():
    with pytest.raises(VoxelSizeError, match="must be a positive number"):
        inspect(np.zeros((2, 8, 8), np.uint8), spacing=(0, 0.1, 0.1))


def test_a_look_comes_back_from_a_models_folder(tmp_path):
    look = Look(name="mine", diameter=41.0, quantiles=(0.0, 0.5, 1.0))
    write_look(tmp_path, look)
    assert find_look(tmp_path) == look
    (tmp_path / "look.json").write_text("{")
    with pytest.raises(InputError, match="is damaged"):
        find_look(tmp_path)


@pytest.mark.slow
def test_a_look_is_learnt_from_training_images():
    images = [discs(diameter, seed=diameter) for diameter in (28, 30, 32)]
    look = look_of("mine", images, SIZE)
    assert look.diameter == pytest.approx(inspect(images[1]).diameter, rel=0.1)
    assert (look.particles, look.pixel) == ("bright", 0.1)
    # Of two greys, discs of 57 %: the lowest deciles are dark, the upper ones bright.
    assert look.quantiles[2] < 0.25
    assert look.quantiles[8] > 0.75
    for image in images:
        own = inspect(image, SIZE, look)
        assert (own.plan.scale, own.plan.invert, own.warned) == (1.0, False, False)
    larger = inspect(255 - discs(60), SIZE, look)
    assert larger.plan.invert
    assert larger.plan.scale == pytest.approx(0.5, rel=0.2)


@pytest.mark.slow
def test_a_look_says_nothing_that_training_images_do_not_agree_on():
    both = [discs(30), 255 - discs(30), discs(60)]
    look = look_of("mine", both, None)
    assert (look.particles, look.pixel) == ("unclear", None)
    assert not inspect(255 - discs(30), SIZE, look).plan.invert
    # Sizes within those that it was trained on stay as they are.
    assert inspect(discs(54), SIZE, look).plan.scale == 1.0
    assert look_of("mine", [np.zeros((64, 64), np.uint8)], None) is None


def test_a_look_whose_size_is_unknown_is_plain_json(tmp_path):
    write_look(tmp_path, Look(name="mine"))
    json.loads((tmp_path / "look.json").read_text(), parse_constant=pytest.fail)
    assert math.isnan(find_look(tmp_path).diameter)


@pytest.mark.parametrize("scale", [0.5, 0.37, 1.0, 1.8])
def test_a_prepared_volume_reads_the_same_in_parts(scale):
    random = np.random.default_rng(0)
    source = ArrayVolume(random.integers(0, 255, (23, 41, 52)).astype(np.uint8), spacing=SIZE)
    prepared = Prepared(source, Plan(scale=scale, low=10, high=200, invert=True))
    whole = prepared[:]
    assert whole.shape == prepared.shape
    assert np.allclose(prepared[3:7, 5:11, 2:9], whole[3:7, 5:11, 2:9], atol=1e-5)
    assert prepared.spacing == pytest.approx([length / scale for length in SIZE])


def test_a_slope_stays_a_slope_at_another_size():
    # A linear ramp is the same ramp at any size: value = position of the voxel's centre.
    ramp = np.broadcast_to(np.arange(64, dtype=np.float32), (64, 64, 64))
    for scale in (0.5, 2.0):
        line = Prepared(ArrayVolume(ramp, spacing=SIZE), Plan(scale=scale, low=0, high=1))[8, 8]
        wanted = (np.arange(line.size) + 0.5) / scale - 0.5
        assert np.allclose(line[8:-8], wanted[8:-8], atol=1e-3)


def test_prepare_does_what_the_inspection_says():
    image = discs(60)
    inspection = inspect(255 - image, model=Look(name="mine", diameter=36.0, particles="bright"))
    again = inspect(prepare(ArrayVolume(255 - image, spacing=SIZE), inspection))
    assert again.polarity == "bright"
    assert again.diameter == pytest.approx(36, rel=0.2)
    assert (again.low, again.high) == pytest.approx((0, 1), abs=0.15)
    assert not math.isnan(again.blur)


@pytest.mark.parametrize(("pixel", "scale"), [(0.1, 2.0), (None, 1.0)])
def test_where_nothing_but_noise_is_seen_only_the_voxel_size_counts(pixel: float | None, scale: float):
    look = Look(name="mine", diameter=46.0, pixel=0.05, by_blur=0.5, sharp=6.0)
    # Particles of five pixels and a blur of half a pixel, both made of noise, would enlarge it by ten.
    assert scaling_of(5.0, 0.5, pixel, look, snr=0.5).scale == scale
    assert scaling_of(5.0, 0.5, pixel, look, snr=20.0).scale > 5


@pytest.mark.parametrize(
    ("snr", "scale", "by"),
    [(1.6, 0.5, "voxels"), (4.0, math.sqrt(0.5 * 0.8), "both"), (6.4, 1.0, "particles")],
)
def test_the_more_noise_the_more_the_voxel_size_counts_beside_particles(snr: float, scale: float, by: str):
    """Halfway between sure and unsure it is the mean of the logarithms; a size that is near stays where it is
    sure."""
    look = Look(name="mine", diameter=24.0, pixel=0.28, near=1.68)
    found = scaling_of(30.0, 3.0, 0.14, look, snr=snr)
    assert found.scale == pytest.approx(scale)
    assert found.by == by


def test_noise_is_no_reason_to_enlarge_what_is_near():
    look = Look(name="mine", diameter=24.0, pixel=0.14, near=1.5)
    assert scaling_of(15.0, 3.0, 0.14, look, snr=4.0).scale == 1.0


def test_a_voxel_size_that_particles_contradict_is_doubted_only_where_they_are_seen():
    look = Look(name="mine", diameter=24.0, pixel=0.14)
    assert scaling_of(60.0, 3.0, 0.14, look, snr=8.0).contradicted
    assert not scaling_of(60.0, 3.0, 0.14, look, snr=3.0).contradicted


@pytest.mark.parametrize(
    ("diameter", "snr", "good"), [(80, 16.0, True), (80, 9.7, False), (39, 8.3, True), (39, 4.0, False)]
)
def test_noise_in_which_most_cracks_found_are_none_is_warned_of(diameter: int, snr: float, good: bool):
    """As precise as `benchmarks/crack_noise.py` has it: 0.62, 0.28, 0.77 and 0.34."""
    assert (snr >= known_look("nmc-cracks", None).least_snr(diameter)) is good
