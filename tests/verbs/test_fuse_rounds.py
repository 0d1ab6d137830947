"""Rounds: the model learns from what three views found together, and looks again."""

from __future__ import annotations

import numpy as np
import pytest

from electrodej.errors import Cancelled, InputError, OutputError
from electrodej.inspection import known_look, look_first
from electrodej.models import load_folder
from electrodej.models.bundled import find_model
from electrodej.networks.stardist.model import load_stardist
from electrodej.phantom import make_phantom
from electrodej.run import Run
from electrodej.verbs import do
from electrodej.verbs.fuse.rounds import Found, learn
from electrodej.verbs.fuse.settings import RoundSettings
from electrodej.verbs.fuse.views import Looking, Network
from electrodej.volume import open_volume, write_volume

pytestmark = pytest.mark.slow

SPACING = (0.14, 0.14, 0.14)


@pytest.fixture(scope="module")
def grey(tmp_path_factory):
    """A small electrode in which the bundled model finds particles."""
    phantom = make_phantom((64, 80, 80), spacing=SPACING, seed=3)
    return write_volume(tmp_path_factory.mktemp("rounds") / "grey.tif", phantom.grey, spacing=SPACING)


# A training of seconds; how good it makes the model is not what is tested.
SHORT = {"epochs": 1, "steps": 2, "patch": 64, "batch": 1, "sections": 2}


def fuse_image(image, **options):
    return do("fuse", image, **{**SHORT, **options}).numbers


def weights(model):
    return load_folder(find_model(model))[0].get_weights()


def test_the_model_learns_goes_on_when_it_was_stopped_and_is_kept(grey, tmp_path):
    out, stages = tmp_path / "p.tif", []

    def stop_at(wanted):
        def stop(_done, _total, stage):
            stages.append(stage)
            if stage.startswith(wanted):
                raise Cancelled("cancelled")

        return stop

    taught = tmp_path / "p_views" / "round-1" / "p_model"
    for stage, is_taught in (("round 1: yz view", False), ("xz view", True)):
        with pytest.raises(Cancelled):
            fuse_image(
                grey, model="nmc-particles", out=out, rounds=1, progress=stop_at(stage), resume=bool(stages)
            )
        assert taught.is_dir() == is_taught
    stopped = next(n for n, stage in enumerate(stages) if stage.startswith("round 1: yz view"))
    assert not any(stage.startswith("round 1: xy view") for stage in stages[stopped:])
    learnt_first = weights(taught)
    with pytest.raises(InputError, match="another 'rounds'"):
        fuse_image(grey, model="nmc-particles", out=out, resume=True)
    result = fuse_image(grey, model="nmc-particles", out=out, rounds=1, resume=True)
    learnt = tmp_path / "p_model"
    assert result["model_learnt"] == str(learnt)
    assert result["particles"] > 0
    with open_volume(out) as labels:
        assert labels.read().max() == result["particles"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "p.tif",
        "p_agreement.csv",
        "p_agreement.json",
        "p_model",
    ]
    assert all(np.array_equal(*pair) for pair in zip(learnt_first, weights(learnt), strict=True))
    before, after = load_stardist("nmc-particles"), load_stardist(learnt)
    assert after.info.spacing == before.info.spacing
    assert after.info.name == "p_model"
    assert after.info.description.startswith("nmc-particles, trained further")
    assert after.info.percentiles == before.info.percentiles
    assert any(
        not np.array_equal(old, new)
        for old, new in zip(weights("nmc-particles"), weights(learnt), strict=True)
    )


def test_a_model_that_is_there_is_found_out_before_the_work(grey, tmp_path):
    (tmp_path / "p_model").mkdir()
    (tmp_path / "p_model" / "mine.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(OutputError, match="p_model"):
            fuse_image(grey, model="nmc-particles", out=tmp_path / "p.tif", rounds=1, force=force)
    assert [path.name for path in tmp_path.iterdir()] == ["p_model"]


def test_a_zip_cannot_be_taught(grey, tmp_path):
    zipped = find_model("nmc-particles") / "model.zip"
    with pytest.raises(InputError, match="its folder, not its zip"):
        fuse_image(grey, model=zipped, out=tmp_path / "p.tif", rounds=1)
    assert list(tmp_path.iterdir()) == []


def test_where_views_agree_on_nothing_nothing_is_learnt(grey, tmp_path):
    (tmp_path / "agreement.csv").write_text("Label,Volume,Agreement\n1,5,0.33\n2,5,0.49\n")
    found = Found(grey, tmp_path / "agreement.csv", [grey] * 3)
    network = Network("nmc-particles", 1)
    with open_volume(grey) as image:
        ready = look_first(image, [known_look("nmc-particles", None)], as_is=True, run=Run())
        looking = Looking(ready, None)
        with pytest.raises(InputError, match="nothing to learn from"):
            learn(looking, found, network, tmp_path / "m", RoundSettings(), Run())
    assert not (tmp_path / "m").exists()
