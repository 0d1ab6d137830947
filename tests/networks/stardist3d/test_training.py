"""Training on a folder of volumes, and finding particles with what comes of it, through the verbs."""

from __future__ import annotations

import json

import numpy as np
import pytest

from electrodej.errors import Cancelled, InputError, UsageError
from electrodej.run import Run
from electrodej.verbs import do, find
from electrodej.volume import open_volume, write_volume

pytest.importorskip("keras")
SPACING = (0.3, 0.3, 0.3)


def balls(seed):
    """Bright balls in the dark, and their labels."""
    chance = np.random.default_rng(seed)
    labels = np.zeros((32, 32, 32), np.uint16)
    places = np.indices(labels.shape).T
    for number, corner in enumerate(np.ndindex(2, 2, 2), start=1):
        centre = np.array(corner) * 16 + 7.5 + chance.uniform(-1, 1, 3)
        labels[(((places - centre) ** 2).sum(-1) <= chance.uniform(5, 6.5) ** 2).T] = number
    grey = np.where(labels > 0, 180, 60) + chance.normal(0, 8, labels.shape)
    return grey.astype(np.uint8), labels


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("volumes")
    for number in range(3):
        for kind, image in zip(("images", "masks"), balls(number), strict=True):
            (folder / kind).mkdir(exist_ok=True)
            labels = kind == "masks"
            write_volume(folder / kind / f"v{number}.tif", image, spacing=SPACING, labels=labels)
    return folder


@pytest.mark.slow
def test_a_model_trained_by_the_verb_is_read_by_the_other_one(data, tmp_path):
    out = tmp_path / "model"
    how = {"epochs": 1, "steps": 2, "batch": 1, "patch": 16, "filters": 4, "depth": 1, "rays": 24}
    trained = do("train stardist", data, out=out, dimensions=3, **how)
    assert trained.numbers["training_images"] == 2
    assert json.loads((out / "solid.json").read_text())["rays"] == 24
    assert json.loads((out / "electrodej.json").read_text())["spacing"] == list(SPACING)
    found = do(
        "segment particles", data / "images" / "v0.tif", model=out, as_is=True, out=tmp_path / "found.tif"
    )
    with open_volume(tmp_path / "found.tif") as labels:
        assert labels.shape == (32, 32, 32)
        assert labels.spacing == SPACING
        assert labels.read().max() == found.numbers["particles"]
    with pytest.raises(InputError, match="no model of volumes"):
        do("train stardist", data, out=tmp_path / "other", init="nmc-particles", dimensions=3, **how)


@pytest.mark.slow
def test_a_stopped_training_goes_on_with_the_same_voxel_size_only(data, tmp_path):
    def stop(done, total, stage):
        if stage.startswith("training") and done >= total:
            raise Cancelled("stopped")

    how = {"epochs": 1, "steps": 2, "batch": 1, "patch": 16, "filters": 4, "depth": 1, "rays": 24}
    how |= {"data": data, "out": tmp_path / "model", "dimensions": 3}
    verb = find("train stardist")
    with pytest.raises(Cancelled):
        verb.run(verb.make(**how), Run(progress=stop))
    with pytest.raises(InputError, match="another 'plan'"):
        verb.run(verb.make(**how, resume=True, spacing=(0.9, 0.3, 0.3)), Run())
    with pytest.raises(InputError, match="another 'spacing'"):
        verb.run(verb.make(**how, resume=True, spacing=(0.36, 0.3, 0.3)), Run())
    assert verb.run(verb.make(**how, resume=True), Run()).numbers["epochs"] == 1


def test_what_is_for_sections_is_refused(data, tmp_path):
    with pytest.raises(UsageError, match="--blank"):
        do("train stardist", data, out=tmp_path / "m", dimensions=3, blank=0.5)
    with pytest.raises(UsageError, match="--refine"):
        do("segment particles", data / "images" / "v0.tif", refine=2, out=tmp_path / "o.tif")


@pytest.mark.parametrize(("depth", "said"), [(4, "0.56 um thin"), (40, "know such images")])
def test_why_nothing_was_found_is_asked(tmp_path, depth, said):
    write_volume(tmp_path / "dark.tif", np.full((depth, 40, 40), 90, np.uint8), spacing=(0.14,) * 3)
    run = Run()
    verb = find("segment particles")
    options = verb.make(
        image=tmp_path / "dark.tif", model="nmc-particles-3d", as_is=True, out=tmp_path / "o.tif"
    )
    assert verb.run(options, run).numbers["particles"] == 0
    assert any("no particle was found" in note and said in note for note in run.notes)
