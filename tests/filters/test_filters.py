"""Filters against mathematics, SciPy and scikit-image, and slabs against the whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, median_filter
from skimage.restoration import denoise_tv_chambolle

from electrodej.cli import main
from electrodej.errors import Cancelled, InputError
from electrodej.filters import STEPS, filter_volume, filtered, noise_level, read_steps
from electrodej.run import Run
from electrodej.verbs import do
from electrodej.volume import ArrayVolume, open_volume, write_volume

SPACING = (0.2, 0.1, 0.1)
# Small enough to be quick, and with margins that several slabs share.
QUICK = {
    "diffusion": "diffusion:rounds=3",
    "tv": "tv:rounds=4",
    "nlm": "nlm:reach=2px",
    "clahe": "clahe:tile=8px",
}


@pytest.fixture(scope="module")
def noisy() -> np.ndarray:
    rng = np.random.default_rng(0)
    blobs = (gaussian_filter(rng.standard_normal((17, 40, 37)), 4) > 0) * 100.0 + 80
    return (blobs + rng.normal(0, 10, blobs.shape)).astype(np.float32)


def chain(image, text, *, flat=False, spacing=SPACING):
    return filtered(ArrayVolume(image, spacing=spacing), read_steps(text), flat=flat)


@pytest.mark.slow
@pytest.mark.parametrize("flat", [False, True], ids=["3d", "slices"])
@pytest.mark.parametrize("name", STEPS)
def test_slabs_have_the_same_bytes_as_the_whole(noisy, name, flat):
    volume = chain(noisy, QUICK.get(name, name), flat=flat)
    whole = volume[:]
    assert whole.shape == noisy.shape
    assert np.abs(whole - noisy).max() > 0
    for z0, z1 in ((0, 3), (3, 4), (4, 11), (11, 17)):
        np.testing.assert_array_equal(volume[z0:z1], whole[z0:z1])


def test_a_chain_in_slabs_has_the_same_bytes_as_the_whole(noisy):
    volume = chain(noisy, "median:radius=2px,gaussian:sigma=0.1um,nlm:reach=2px,unsharp")
    whole = volume[:]
    np.testing.assert_array_equal(volume[8:10], whole[8:10])
    np.testing.assert_array_equal(volume[:2, 5:9, 3:4], whole[:2, 5:9, 3:4])


def test_lengths_in_um_follow_the_voxel_size(noisy):
    expected = gaussian_filter(noisy, (1.0, 2.0, 2.0), mode="nearest")
    np.testing.assert_allclose(chain(noisy, "gaussian:sigma=0.2um")[:], expected, atol=1e-3)
    np.testing.assert_allclose(chain(noisy, "gaussian:sigma=200nm")[:], expected, atol=1e-3)


def test_median_takes_a_ball(noisy):
    cross = np.zeros((3, 3, 3), bool)
    cross[1, 1, :] = cross[1, :, 1] = cross[:, 1, 1] = True
    expected = median_filter(noisy, footprint=cross, mode="nearest")
    np.testing.assert_array_equal(chain(noisy, "median:radius=1px")[:], expected)


def test_nonlocal_means_weighs_by_the_difference_of_patches():
    image = np.random.default_rng(1).uniform(0, 50, (1, 13, 13)).astype(np.float32)
    noise = noise_level(image)
    found = chain(image, "nlm:strength=20:patch=1px:reach=2px", spacing=(1, 1, 1))[0, 6, 6]
    windows = np.lib.stride_tricks.sliding_window_view(image[0].astype(float), (3, 3))
    apart = ((windows[3:8, 3:8] - windows[5, 5]) ** 2).mean(axis=(2, 3))
    weights = np.exp(-np.maximum(apart - 2 * noise**2, 0) / 20**2)
    assert found == pytest.approx((weights * image[0, 4:9, 4:9]).sum() / weights.sum(), rel=1e-3)


def test_total_variation_is_scikit_images(noisy):
    expected = denoise_tv_chambolle(noisy, weight=5, eps=0, max_num_iter=6)
    np.testing.assert_allclose(chain(noisy, "tv:strength=5:rounds=6")[:], expected, atol=1e-3)


def test_bilateral_weighs_by_distance_and_grey():
    rng = np.random.default_rng(1)
    image = rng.uniform(0, 50, (1, 9, 9)).astype(np.float32)
    found = chain(image, "bilateral:sigma=1px:strength=20", spacing=(1, 1, 1))[0, 4, 4]
    y, x = np.mgrid[-3:4, -3:4]
    part = image[0, 1:8, 1:8]
    weights = np.exp(-(y**2 + x**2) / 2 - (part - image[0, 4, 4]) ** 2 / (2 * 20**2))
    assert found == pytest.approx((weights * part).sum() / weights.sum(), rel=1e-4)


def test_diffusion_keeps_the_mean_and_a_strong_edge():
    image = np.zeros((1, 32, 32), np.float32)
    image[..., 16:] = 1000
    image += np.random.default_rng(0).normal(0, 2, image.shape).astype(np.float32)
    found = chain(image, "diffusion:strength=10:rounds=20", spacing=(1, 1, 1))[0]
    assert found.mean() == pytest.approx(image.mean(), rel=1e-5)
    assert found[:, :12].std() < image[0, :, :12].std() / 2
    assert found[:, 16:].mean() - found[:, :16].mean() == pytest.approx(1000, rel=0.01)


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("name", ["nlm", "median", "bilateral", "diffusion", "tv", "gaussian"])
def test_smoothing_brings_the_image_nearer_to_the_truth(name, flat):
    truth = np.full((9, 48, 48), 80.0, np.float32)
    truth[:, :, 24:] = 200
    image = truth + np.random.default_rng(2).normal(0, 10, truth.shape).astype(np.float32)
    found = chain(image, name, flat=flat, spacing=(1, 1, 1))[:]
    assert np.abs(found - truth).mean() < 0.75 * np.abs(image - truth).mean()


def test_rings_are_taken_away_about_their_axis():
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:128, :128]
    radius = np.hypot(y - 60, x - 66)
    blobs = (gaussian_filter(rng.standard_normal((128, 128)), 6) > 0) * 100.0
    gains = rng.normal(0, 8, 200)
    rings = np.interp(radius, np.arange(200), gains) * (radius > 3)
    image = (blobs + rings + rng.normal(0, 3, blobs.shape)).astype(np.float32)
    found = chain(image[None], "rings:y=60:x=66", spacing=(1, 1, 1))[0]
    far = radius > 10
    before, after = (np.std((one - blobs)[far]) for one in (image, found))
    assert after < 0.7 * before


@pytest.mark.parametrize("along", ["x", "y"])
def test_stripes_are_taken_away(along):
    rng = np.random.default_rng(4)
    blobs = (gaussian_filter(rng.standard_normal((96, 96)), 6) > 0) * 100.0
    lines = rng.normal(0, 10, 96)
    image = blobs + (lines[:, None] if along == "x" else lines[None, :])
    found = chain(image[None].astype(np.float32), f"stripes:along={along}", spacing=(1, 1, 1))[0]
    assert np.std(found - blobs) < 0.4 * np.std(image - blobs)


def test_cupping_is_taken_off():
    y, x = np.mgrid[:64, :64]
    cup = ((y - 31.5) ** 2 + (x - 31.5) ** 2) / 50
    image = np.stack([100 + cup, 50 + 2 * cup]).astype(np.float32)
    found = chain(image, "radial", spacing=(1, 1, 1))[:]
    assert found.std(axis=(1, 2)).max() < 0.02 * image.std(axis=(1, 2)).min()
    np.testing.assert_allclose(found.mean(axis=(1, 2)), image.mean(axis=(1, 2)), rtol=1e-4)


def test_slices_are_made_alike():
    rng = np.random.default_rng(5)
    plane = rng.uniform(0, 100, (64, 64))
    gains, offsets = rng.uniform(0.7, 1.3, 8), rng.uniform(-20, 20, 8)
    image = (plane * gains[:, None, None] + offsets[:, None, None]).astype(np.float32)
    found = chain(image, "normalise", spacing=(1, 1, 1))[:]
    assert found.mean(axis=(1, 2)).std() < 0.01 * image.mean(axis=(1, 2)).std()
    assert found.std(axis=(1, 2)).std() < 0.01 * image.std(axis=(1, 2)).std()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("meidan", "median"),
        ("median:radius", "radius"),
        ("median:raduis=1px", "radius"),
        ("median:radius=1n", "radius"),
        ("median:radius=-1px", "radius"),
        ("nlm:strength=1um", "strength"),
        ("gaussian:sigma=nan", "sigma"),
        ("diffusion:rounds=0", "rounds"),
        ("nlm:strength=1n:strength=2n", "strength is given twice"),
        ("nlm,,median", "nothing between"),
        ("", "nlm"),
    ],
)
def test_wrong_steps_are_named(text, named):
    with pytest.raises(InputError, match=named):
        read_steps(text)


def test_a_radius_that_is_no_radius_is_refused(noisy):
    with pytest.raises(InputError, match="median: 100um is 1e"):
        chain(noisy, "median:radius=100um")


def test_steps_are_shown_as_they_are_typed():
    text = "nlm:strength=1n:reach=2px,median:radius=0.5um"
    assert ",".join(step.text for step in read_steps(text)) == text


def test_files_keep_type_and_voxel_size_and_little_memory_changes_nothing(noisy, tmp_path: Path):
    grey = write_volume(tmp_path / "grey.tif", noisy.astype(np.uint8), spacing=SPACING)
    steps = "median:radius=2px,nlm:reach=2px"
    do("filter", grey, steps=steps, out=tmp_path / "whole.tif", jobs=1)
    do("filter", grey, steps=steps, out=tmp_path / "slabs.zarr", jobs=2, memory=2**18)
    with open_volume(tmp_path / "whole.tif") as whole, open_volume(tmp_path / "slabs.zarr") as slabs:
        assert whole.dtype == slabs.dtype == np.uint8
        assert whole.spacing == pytest.approx(SPACING)
        np.testing.assert_array_equal(whole[:], slabs[:])


def test_a_single_image_is_filtered(tmp_path: Path):
    image = write_volume(tmp_path / "slice.tif", np.eye(32, dtype=np.uint16) * 500, spacing=(1, 1, 1))
    do("filter", image, steps="median", out=tmp_path / "out.tif")
    with open_volume(tmp_path / "out.tif") as found:
        assert found.is_2d
        assert found[0].dtype == np.uint16


@pytest.mark.slow
def test_the_preview_tells_noise_before_and_after(noisy, tmp_path: Path, capsys):
    grey = write_volume(tmp_path / "grey.tif", noisy, spacing=SPACING)
    words = ["--steps", "gaussian", "--preview", str(tmp_path / "see.png"), "--quiet"]
    assert main(["filter", str(grey), *words]) == 0
    assert "noise" in capsys.readouterr().out
    assert (tmp_path / "see.png").read_bytes().startswith(b"\x89PNG")
    found = do("filter", grey, steps="gaussian", preview=tmp_path / "two.png").numbers
    assert found["noise_after"] < 0.7 * found["noise_before"]
    assert not (tmp_path / "out.tif").exists()


def test_the_preview_of_an_image_without_noise_says_so(tmp_path: Path, capsys):
    grey = write_volume(tmp_path / "grey.tif", np.full((1, 48, 48), 90, np.uint8), spacing=SPACING)
    words = ["--steps", "median", "--preview", str(tmp_path / "see.png"), "--quiet"]
    assert main(["filter", str(grey), *words]) == 0
    assert "no noise -> no noise" in capsys.readouterr().out


def test_clahe_leaves_a_slice_with_little_contrast_with_little(noisy):
    """A slice of one grey and a trace of noise, among others; it became noise from end to end."""
    image = noisy[:5].copy()
    image[2] = np.random.default_rng(1).normal(120, 0.5, image[2].shape)
    image[4] = 120
    found = chain(image, "clahe:tile=8px")[:]
    assert found[2].std() < 2
    assert (found[4] == 120).all()
    assert found[0].std() > 0.5 * image[0].std()


def test_neither_out_nor_preview_is_wrong_usage(noisy, tmp_path: Path):
    grey = write_volume(tmp_path / "grey.tif", noisy, spacing=SPACING)
    assert main(["filter", str(grey), "--quiet"]) == 2


def test_nan_and_wrong_steps_end_with_one_line(noisy, tmp_path: Path, capsys):
    noisy = noisy.copy()
    noisy[9, 3, 4] = np.nan
    grey = write_volume(tmp_path / "grey.tif", noisy, spacing=SPACING)
    out = ["--out", str(tmp_path / "out.tif"), "--quiet"]
    assert main(["filter", str(grey), "--steps", "gaussian", *out]) == 1
    assert "z=9, y=3, x=4" in capsys.readouterr().err
    assert main(["filter", str(grey), "--steps", "gaussian:sigma=1n", *out]) == 2
    assert "sigma" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["grey.tif"]


def test_a_stop_leaves_nothing(noisy, tmp_path: Path):
    def stop(_done: float, _total: float, stage: str) -> None:
        if stage == "filtering":
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        filter_volume(
            ArrayVolume(noisy, spacing=SPACING),
            read_steps("gaussian"),
            tmp_path / "out.tif",
            run=Run(progress=stop, memory=2**20),
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes(tmp_path, cluster):
    """In slabs with margins; each worker finds out for itself how noisy the image is."""
    grey = np.random.default_rng(2).normal(100, 12, (23, 20, 24)).clip(0, 255).astype(np.uint8)
    write_volume(tmp_path / "grey.tif", grey, spacing=(0.1, 0.1, 0.1))
    steps, few = "median:radius=1px,nlm:strength=0.8n:reach=2px,normalise", 2**19
    here, there = tmp_path / "here.tif", tmp_path / "there.tif"
    do("filter", tmp_path / "grey.tif", steps=steps, out=here, memory=few)
    do(
        "filter", tmp_path / "grey.tif", steps=steps, out=there, memory=few,
        scheduler=cluster.scheduler_address,
    )  # fmt: skip
    with open_volume(here) as one, open_volume(there) as other:
        np.testing.assert_array_equal(one.read(), other.read())
    with pytest.raises(InputError, match="no file"):
        do("filter", grey, steps="median", spacing=(1, 1, 1), out=tmp_path / "no.tif", scheduler="a:1")


def test_a_filter_that_changes_nothing_is_noted(noisy, tmp_path: Path):
    flat = np.full(noisy.shape, 7, np.float32)
    run = Run()
    volume = ArrayVolume(flat, spacing=SPACING)
    filter_volume(volume, read_steps("median:radius=2px"), tmp_path / "flat.tif", run=run)
    assert any("median" in note and "nothing" in note for note in run.notes)
    run = Run()
    filter_volume(
        ArrayVolume(noisy, spacing=SPACING), read_steps("median:radius=2px"), tmp_path / "n.tif", run=run
    )
    assert not any("nothing" in note for note in run.notes)
