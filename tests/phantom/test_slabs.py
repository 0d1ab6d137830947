"""The same voxels however they are made."""

from __future__ import annotations

import numpy as np
import pytest

from electrodej.errors import OutputError
from electrodej.phantom import Phantom, PhantomConfig, make_phantom, make_slice, phantom_slabs, write_phantom
from electrodej.run import Run
from electrodej.volume import open_volume

CONFIG = PhantomConfig(
    shape=(23, 40, 52),
    spacing=(0.3, 0.2, 0.25),
    seed=9,
    faint_sections=0.1,
    faint_slices=0.1,
    lost_slices=0.05,
)
NAMES = ("grey", "labels", "outlines", "phases")


@pytest.fixture(scope="module")
def whole() -> Phantom:
    return make_phantom(CONFIG, jobs=1)


def joined(thickness: int | None = None, **how: int) -> dict[str, np.ndarray]:
    slabs = list(phantom_slabs(CONFIG, thickness=thickness, run=Run(**how)))
    assert [slab.z0 for slab in slabs[1:]] == [slab.z1 for slab in slabs[:-1]]
    return {name: np.concatenate([getattr(slab, name) for slab in slabs]) for name in NAMES}


@pytest.mark.parametrize("how", [{"thickness": 1}, {"thickness": 7, "jobs": 3}, {"memory": 1}])
def test_slabs_join_to_the_whole_whatever_their_thickness_and_threads(whole: Phantom, how):
    parts = joined(**how)
    for name in NAMES:
        assert np.array_equal(parts[name], getattr(whole, name)), name


def test_same_seed_gives_the_same_phantom_and_another_seed_another(whole: Phantom):
    again = make_phantom(CONFIG)
    other = make_phantom(CONFIG, seed=10)
    assert all(np.array_equal(getattr(again, name), getattr(whole, name)) for name in NAMES)
    assert all(np.array_equal(again.truth[key], whole.truth[key]) for key in whole.truth)
    assert (other.outlines != whole.outlines).mean() > 0.2


@pytest.mark.slow
def test_one_slice_has_no_look_of_its_own():
    """A volume of one slice shows particle caps, matrix and noise as a slice of a thick one does."""
    thick = make_phantom((24, 200, 200), spacing=(0.25,) * 3, seed=1)
    thin = make_phantom((1, 200, 200), spacing=(0.25,) * 3, seed=2)
    assert thin.grey.std() == pytest.approx(thick.grey.std(), rel=0.1)
    assert (thin.outlines > 0).mean() == pytest.approx(0.5, abs=0.06)
    edge, middle = thick.grey[0], thick.grey[12]
    assert edge.std() == pytest.approx(middle.std(), rel=0.12)
    rim = np.concatenate([thick.grey[:, 0].ravel(), thick.grey[:, :, 0].ravel()])
    assert rim.std() == pytest.approx(thick.grey.std(), rel=0.12)


@pytest.mark.parametrize(("view", "thin"), [("xy", 0), ("xz", 1), ("yz", 2)])
def test_section_is_the_thin_phantom_laid_flat(view, thin):
    shape = [30, 44]
    shape.insert(thin, 1)
    flat = make_slice((30, 44), view=view, spacing=(0.3, 0.2, 0.25), seed=3)
    thick = make_phantom(tuple(shape), spacing=(0.3, 0.2, 0.25), seed=3)
    assert flat.grey.shape == (1, 30, 44)
    assert np.array_equal(flat.grey[0], np.squeeze(thick.grey, thin))
    assert np.array_equal(flat.outlines[0], np.squeeze(thick.outlines, thin))


def test_sixteen_bits_hold_the_same_image(whole: Phantom):
    fine = make_phantom(CONFIG, bits=16)
    assert fine.grey.dtype == np.uint16
    assert np.abs(fine.grey / 257.0 - whole.grey).max() <= 0.51


def test_files_hold_the_phantom_and_its_voxel_size(tmp_path, whole: Phantom):
    truth = write_phantom(tmp_path / "made", CONFIG, run=Run(memory=1, jobs=2))
    for name in NAMES:
        with open_volume(tmp_path / "made" / f"{name}.tif") as volume:
            assert np.array_equal(volume.read(), getattr(whole, name)), name
            assert volume.require_spacing() == pytest.approx(CONFIG.spacing)
    assert PhantomConfig.from_json((tmp_path / "made" / "phantom.json").read_text()) == CONFIG
    lines = (tmp_path / "made" / "truth.csv").read_text().splitlines()
    assert lines[0] == ",".join(truth)
    assert len(lines) == 1 + len(truth["label"])


def test_only_a_phantom_is_replaced_and_only_with_force(tmp_path):
    small = PhantomConfig(shape=(2, 16, 16), spacing=(0.5,) * 3)
    write_phantom(tmp_path / "made", small)
    with pytest.raises(OutputError, match="force"):
        write_phantom(tmp_path / "made", small)
    write_phantom(tmp_path / "made", small, run=Run(force=True))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(OutputError):
        write_phantom(tmp_path / "mine", small, run=Run(force=True))
    assert (tmp_path / "mine" / "notes.txt").read_text() == "keep"


def test_cancelling_leaves_nothing_behind(tmp_path):
    def stop(_done: float, _total: float, stage: str) -> None:
        if stage == "rendering":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_phantom(tmp_path / "made", CONFIG, run=Run(memory=1, progress=stop))
    assert list(tmp_path.iterdir()) == []
