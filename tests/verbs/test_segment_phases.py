"""Segmenting files into phases: what comes out, going on after a stop, and what is refused."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from electrodej.errors import Cancelled, InputError, OutputError
from electrodej.run import Run
from electrodej.verbs import find
from electrodej.volume import open_volume, write_volume

SPACING = (0.1, 0.1, 0.1)
SHAPE = (7, 20, 24)


def segment_phases(image: Path, **options: Any) -> dict[str, Any]:
    """What the verb found, and its notes."""
    run = Run(**{name: options.pop(name) for name in ("progress", "jobs") if name in options})
    verb = find("segment phases")
    numbers = verb.run(verb.make(image=image, **options), run).numbers
    return {**numbers, "notes": run.notes}


def stop_at_once(done: float, total: float, stage: str) -> None:  # noqa: ARG001 - Progress's form
    raise Cancelled("stopped")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two tiny networks that were never trained, for the classes 2 and 7."""
    from electrodej.models import load_keras
    from electrodej.networks.semantic import Classes, UNetConfig, build_network
    from electrodej.networks.semantic.model import from_network, write_model

    folder = tmp_path_factory.mktemp("models")
    made = []
    for seed, name in enumerate(("one", "two")):
        load_keras("testing").utils.set_random_seed(seed)
        config = UNetConfig(n_filters=2, depth=1, dropout=0.4)
        model = from_network(
            build_network(config), config, Classes((2, 7), ("pore", "solid")), spacing=SPACING, name=name
        )
        (folder / name).mkdir()
        write_model(folder / name, model)
        made.append(folder / name)
    return made[0], made[1]


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    path = tmp_path / "grey.tif"
    image = np.random.default_rng(0).integers(0, 255, SHAPE, np.uint8)
    write_volume(path, image, spacing=SPACING)
    return path


def read(path: Path, spacing: Any = SPACING) -> np.ndarray[Any, Any]:
    with open_volume(path) as volume:
        assert volume.spacing == pytest.approx(spacing)
        return np.asarray(volume.read())


def test_phases_have_the_numbers_of_the_classes_and_go_with_the_maps(grey: Path, models: Any, tmp_path: Path):
    result = segment_phases(
        grey,
        model=models[0],
        out=tmp_path / "o.tif",
        probability=tmp_path / "p.tif",
        entropy=tmp_path / "e.tif",
    )
    phases = read(tmp_path / "o.tif")
    maps = [read(tmp_path / f"p_{name}.tif") for name in ("pore", "solid")]
    np.testing.assert_allclose(maps[0] + maps[1], 1, atol=1e-5)
    np.testing.assert_array_equal(phases, np.where(maps[0] >= maps[1], 2, 7))
    expected = -sum(each * np.log2(np.maximum(each, 1e-12)) for each in maps)
    np.testing.assert_allclose(read(tmp_path / "e.tif"), expected, atol=1e-5)
    shares = {entry["value"]: entry["share"] for entry in result["classes"]}
    assert shares == {2: pytest.approx((phases == 2).mean()), 7: pytest.approx((phases == 7).mean())}
    assert [note for note in result["notes"] if "too small" not in note and "slices" not in note] == []


@pytest.mark.slow
def test_several_networks_give_their_mean_their_disagreement_and_a_table_of_measures(
    grey: Path, models: Any, tmp_path: Path
):
    for number, model in enumerate(models):
        segment_phases(
            grey, model=model, out=tmp_path / f"{number}.tif", probability=tmp_path / f"p{number}.tif"
        )
    result = segment_phases(
        grey, model=models, out=tmp_path / "o.tif", probability=tmp_path / "p.tif",
        disagreement=tmp_path / "d.tif", spread=tmp_path / "t.csv",
    )  # fmt: skip
    mean = (read(tmp_path / "p0_pore.tif") + read(tmp_path / "p1_pore.tif")) / 2
    np.testing.assert_allclose(read(tmp_path / "p_pore.tif"), mean, atol=1e-5)
    disagreement = read(tmp_path / "d.tif")
    assert disagreement.min() >= 0
    assert 0 < disagreement.max() < 1
    with (tmp_path / "t.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["Image"] for row in rows] == ["one", "two"]
    for number, row in enumerate(rows):
        assert float(row["Share_pore"]) == pytest.approx((read(tmp_path / f"{number}.tif") == 2).mean())
    pore = next(row for row in result["spread"] if row["Measure"] == "Share_pore")
    shares = [float(row["Share_pore"]) for row in rows]
    assert (pore["Mean"], pore["SD"]) == pytest.approx((np.mean(shares), np.std(shares, ddof=1)))


@pytest.mark.slow
def test_passes_with_dropout_differ_and_are_the_same_for_a_seed(grey: Path, models: Any, tmp_path: Path):
    found = []
    for number, seed in enumerate((4, 4, 5)):
        segment_phases(
            grey, model=models[0], out=tmp_path / f"{number}.tif", dropout=3, seed=seed,
            disagreement=tmp_path / f"d{number}.tif",
        )  # fmt: skip
        found.append(read(tmp_path / f"d{number}.tif"))
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
    assert np.abs(found[0] - found[2]).max() > 1e-4
    assert found[0].max() > 1e-4


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was_and_gives_the_same(grey: Path, models: Any, tmp_path: Path):
    whole, parts = tmp_path / "whole.tif", tmp_path / "parts.tif"
    options: dict[str, Any] = {"model": models[0], "kept_slices": 2}
    segment_phases(grey, out=whole, entropy=tmp_path / "e0.tif", **options)

    def stop(done: float, total: float, stage: str) -> None:  # noqa: ARG001 - Progress's form
        if done / total > 0.6:
            raise Cancelled("stopped")

    options |= {"out": parts, "entropy": tmp_path / "e1.tif", "resume": True}
    with pytest.raises(Cancelled):
        segment_phases(grey, progress=stop, **options)
    assert not parts.exists()
    kept = sorted(path.name for path in (tmp_path / "parts.tif.run").glob("*.npz"))
    assert kept == ["slab-000000.npz", "slab-000002.npz"]
    with pytest.raises(InputError, match="another 'model'"):
        segment_phases(grey, **{**options, "model": models[1]})
    result = segment_phases(grey, **options)
    assert "went on from slice 4 of 7" in result["notes"]
    np.testing.assert_array_equal(read(parts), read(whole))
    np.testing.assert_allclose(read(tmp_path / "e1.tif"), read(tmp_path / "e0.tif"), atol=1e-5)
    assert not (tmp_path / "parts.tif.run").exists()


@pytest.fixture
def stopped(models: Any, tmp_path: Path) -> dict[str, Any]:
    """Options of a run that was stopped with a network that knows brighter particles."""
    from electrodej.inspection.looks import Look, write_look
    from electrodej.phantom import make_phantom

    model = shutil.copytree(models[0], tmp_path / "model")
    write_look(model, Look(name="model", bright=0.99))
    grey = tmp_path / "grey.tif"
    write_volume(grey, make_phantom((4, 96, 96), spacing=(0.28,) * 3, jobs=1).grey, spacing=SPACING)

    options = {"image": grey, "model": model, "out": tmp_path / "o.tif", "resume": True, "kept_slices": 2}
    with pytest.raises(Cancelled):
        segment_phases(**options, progress=stop_at_once)
    return options


@pytest.mark.slow
def test_a_stopped_run_goes_on_with_the_same_grey_levels_and_classes_only(stopped: dict[str, Any]):
    with pytest.raises(InputError, match="another 'levels'"):
        segment_phases(**stopped, as_is=True)
    settings = stopped["model"] / "semantic.json"
    settings.write_text(settings.read_text().replace("2,\n  7", "2,\n  9"))
    with pytest.raises(InputError, match="another 'classes'"):
        segment_phases(**stopped)


@pytest.mark.slow
def test_what_a_stopped_run_kept_and_was_damaged_is_said_and_foreign_folders_stay(
    grey: Path, models: Any, tmp_path: Path
):
    folder = tmp_path / "o.tif.run"
    folder.mkdir()
    (folder / "diary.txt").write_text("mine")
    with pytest.raises(OutputError, match="in the way"):
        segment_phases(grey, model=models[0], out=tmp_path / "o.tif", resume=True)
    assert (folder / "diary.txt").read_text() == "mine"

    other = tmp_path / "u.tif"
    with pytest.raises(Cancelled):
        segment_phases(grey, model=models[0], out=other, resume=True, progress=stop_at_once)
    (tmp_path / "u.tif.run" / "slab-000000.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="damaged"):
        segment_phases(grey, model=models[0], out=other, resume=True)


@pytest.mark.slow
def test_a_model_of_other_pixels_has_the_image_brought_to_them(grey: Path, models: Any, tmp_path: Path):
    result = segment_phases(grey, model=models[0], out=tmp_path / "o.tif", spacing=(0.4, 0.4, 0.4))
    assert result["look"]["enlarged"] == [pytest.approx(4)]
    assert any("0.1 um: the image is enlarged to 400%" in note for note in result["notes"])
    assert read(tmp_path / "o.tif", (0.4, 0.4, 0.4)).shape == SHAPE
    as_it_is = segment_phases(
        grey, model=models[0], out=tmp_path / "a.tif", spacing=(0.4, 0.4, 0.4), as_is=True
    )
    assert (as_it_is["look"]["enlarged"], as_it_is["notes"]) == ([1.0], [])
    by_hand = segment_phases(
        grey, model=models[0], out=tmp_path / "h.tif", spacing=(0.4, 0.4, 0.4), as_is=True, scale=4.0
    )
    assert by_hand["look"]["enlarged"] == [pytest.approx(4)]
    np.testing.assert_array_equal(
        read(tmp_path / "h.tif", (0.4, 0.4, 0.4)), read(tmp_path / "o.tif", (0.4, 0.4, 0.4))
    )


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(1, 3, 5), (1, 1, 1), (2, 1, 9)])
def test_images_smaller_than_the_network_s_step_and_single_slices(
    shape: tuple[int, int, int], models: Any, tmp_path: Path
):
    write_volume(
        tmp_path / "small.tif", np.arange(np.prod(shape), dtype=np.uint8).reshape(shape), spacing=SPACING
    )
    segment_phases(tmp_path / "small.tif", model=models[0], out=tmp_path / "o.tif")
    assert read(tmp_path / "o.tif").shape == shape


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"disagreement": "d.tif"}, "agrees with itself"),
        ({"spread": "t.csv", "dropout": 1}, "agrees with itself"),
        ({"resume": True, "view": "xz"}, "view xy"),
        ({"entropy": "o.tif"}, "same name"),
        ({"dropout": -1}, "dropout"),
        ({"tile": -8}, "tile"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    grey: Path,
    models: Any,
    tmp_path: Path,
    options: dict[str, Any],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said):
        segment_phases(grey, model=models[0], out="o.tif", **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grey.tif"]


def test_values_that_are_no_numbers_are_named_and_nothing_is_written(models: Any, tmp_path: Path):
    image = np.random.default_rng(0).random(SHAPE, np.float32)
    image[2, 3, 4] = np.nan
    write_volume(tmp_path / "nan.tif", image, spacing=SPACING)
    with pytest.raises(InputError, match="z=2, y=3, x=4"):
        segment_phases(tmp_path / "nan.tif", model=models[0], out=tmp_path / "o.tif")
    assert not (tmp_path / "o.tif").exists()


def test_a_damaged_model_is_said_in_a_sentence(grey: Path, models: Any, tmp_path: Path):
    folder = tmp_path / "model"
    folder.mkdir()
    for path in models[0].iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    settings = json.loads((folder / "semantic.json").read_text())
    del settings["class_ids"]
    (folder / "semantic.json").write_text(json.dumps(settings))
    with pytest.raises(InputError, match="damaged"):
        segment_phases(grey, model=folder, out=tmp_path / "o.tif")
