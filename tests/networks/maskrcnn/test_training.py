"""Training a Mask R-CNN: stages, stops, what it starts from, and what it is told of bad input."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import pytest
import tifffile

from electrodej.errors import Cancelled, InputError
from electrodej.models.info import ModelInfo
from electrodej.networks.maskrcnn import finding
from electrodej.networks.maskrcnn.learning import Learner, compile_learner
from electrodej.networks.maskrcnn.model import load_parts, shape_of_weights, write_model
from electrodej.networks.maskrcnn.network import Parts, build
from electrodej.networks.maskrcnn.patches import fullest, inputs_of, prepare, validation_patches
from electrodej.networks.maskrcnn.place import PARTS
from electrodej.networks.maskrcnn.settings import MaskRCNNSettings
from electrodej.networks.maskrcnn.shape import NetworkShape, published
from electrodej.networks.maskrcnn.stages import free, stages_of
from electrodej.networks.maskrcnn.start import MIRROR, Published, begin, fetched, start_from
from electrodej.networks.maskrcnn.train import train_in_stages, train_maskrcnn
from electrodej.networks.maskrcnn.weights import write_weights
from electrodej.networks.training.run import RunSettings, TrainingRun
from electrodej.run import Run
from electrodej.verbs import do

TINY = NetworkShape(pyramid=8, proposing=8, head=16, mask=8)
SHORT = MaskRCNNSettings(
    epochs=3, steps=1, batch=1, patch=64, stages=("heads", "all"), boxes=8, most=8, validation=0.3
)


class Drawn(NamedTuple):
    """An image and its particles, as `read_pairs` gives them."""

    name: str
    grey: Any
    labels: Any
    spacing: Any = None


def squares(count: int, *, edge: int = 64, side: int = 14, seed: int = 0) -> Drawn:
    """Bright squares in rows, in noise."""
    labels = np.zeros((edge, edge), np.uint16)
    places = [(y, x) for y in range(2, edge - side, side + 3) for x in range(2, edge - side, side + 3)]
    for number, (y, x) in enumerate(places[:count], 1):
        labels[y : y + side, x : x + side] = number
    noise = np.random.default_rng(seed).normal(0, 8, labels.shape)
    return Drawn(f"squares {seed}", ((labels > 0) * 100 + 60 + noise).clip(0, 255).astype(np.uint8), labels)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "tiny"
    folder.mkdir()
    write_model(folder, build(TINY), ModelInfo(kind="maskrcnn", channels_out=2))
    return folder


@pytest.fixture(scope="module")
def pairs() -> list[Drawn]:
    return [squares(3 + number, seed=number) for number in range(4)]


def weights_of(parts: Parts) -> list[Any]:
    return [weight for layer in parts.layers().values() for weight in layer.get_weights()]


@pytest.fixture
def eagerly() -> Iterator[None]:
    """A few steps of a tiny network take less time than to compile it."""
    tensorflow = pytest.importorskip("tensorflow")
    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning")
def test_a_training_that_is_stopped_goes_on_in_its_stage_as_if_nothing_had_been(
    tiny: Path, pairs: list[Drawn], tmp_path: Path
) -> None:
    """Stopped behind the first stage and within the second, whose layers and optimizer are others."""
    every = [prepare(pair, SHORT) for pair in pairs]
    data = (every[:3], every[3:], 8)
    stages = stages_of(SHORT, "small", begun=True)
    assert [(stage.name, stage.last) for stage in stages] == [("heads", 1), ("all", 3)]

    def train(name: str, *, until: float = 9.0, resume: bool = False) -> Parts:
        def stop(done: float, total: float, stage: str) -> None:  # noqa: ARG001 - the form of a progress
            if done > until:
                raise Cancelled("enough")

        trained = TrainingRun(
            tmp_path / name, RunSettings(epochs=3, checkpoint_seconds=0), facts={}, resume=resume
        )
        parts = begin(start_from(tiny, None), Run(), mixed=False)
        train_in_stages(trained, parts, stages, data, SHORT, Run(progress=stop))
        return parts

    whole = weights_of(train("whole"))
    for name, until in (("behind", 1.2), ("within", 2.2)):
        with pytest.raises(Cancelled):
            train(name, until=until)
        for one, two in zip(whole, weights_of(train(name, resume=True)), strict=True):
            np.testing.assert_allclose(one, two, atol=1e-5)


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning")
def test_a_model_is_trained_from_a_folder_of_images_and_segments(
    tiny: Path, pairs: list[Drawn], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    for name, what in (("images", "grey"), ("masks", "labels")):
        (data / name).mkdir(parents=True)
        for number, pair in enumerate(pairs):
            tifffile.imwrite(data / name / f"{number}.tif", getattr(pair, what))
    done = do(
        "train maskrcnn",
        data,
        out=tmp_path / "model",
        init=tiny,
        spacing=(0.28, 0.28, 0.28),
        epochs=1,
        steps=1,
        batch=1,
        patch=64,
        stages="heads",
        most=8,
        boxes=8,
    )
    assert done.numbers["epochs"] == 1
    names = {entry.name for entry in (tmp_path / "model").iterdir()}
    assert {"look.json", "curves.png", "history.csv", "maskrcnn.json", *PARTS} <= names
    assert not [name for name in names if name.endswith(".h5")]
    assert not (tmp_path / "model.run").exists()
    told = json.loads((tmp_path / "model" / "training.json").read_text("utf-8"))
    assert told["stages"] == {"heads": 1}
    before, after = load_parts(tiny).layers(), load_parts(tmp_path / "model").layers()

    def moved(name: str) -> bool:
        both = zip(before[name].get_weights(), after[name].get_weights(), strict=True)
        return any(bool(np.any(one != two)) for one, two in both)

    assert moved("rpn_conv_shared")
    assert not moved("small_stem")
    assert not moved("small4a_first")
    tifffile.imwrite(tmp_path / "grey.tif", pairs[0].grey)
    found = do(
        "segment particles",
        tmp_path / "grey.tif",
        model=tmp_path / "model",
        spacing=(0.28, 0.28, 0.28),
        out=tmp_path / "found.tif",
    )
    assert found.numbers["model"] == str(tmp_path / "model")
    assert found.numbers["engine"] == "OpenVINO"
    assert tifffile.imread(tmp_path / "found.tif").shape == pairs[0].grey.shape


@pytest.mark.slow
def test_in_half_precision_the_loss_is_scaled() -> None:
    import keras

    learner = Learner(build(TINY), boxes=2, seed=0)
    compile_learner(learner, 1e-3, mixed=True)
    assert isinstance(learner.optimizer, keras.optimizers.LossScaleOptimizer)
    compile_learner(learner, 1e-3)
    assert not isinstance(learner.optimizer, keras.optimizers.LossScaleOptimizer)


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning")
def test_half_precision_learns_finite_numbers(tiny: Path, pairs: list[Drawn], tmp_path: Path) -> None:
    settings = SHORT.changed({"epochs": 1, "stages": ("all",), "mixed_precision": True})
    trained = train_maskrcnn(pairs, tmp_path / "model", settings, init=tiny)
    assert trained.epochs == (1, 1)
    for weight in weights_of(load_parts(tmp_path / "model")):
        assert weight.dtype == np.float32
        assert np.isfinite(weight).all()


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
# TensorFlow warns that its data sets stay graphs where the rest runs eagerly, as is asked for here.
@pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning")
def test_while_it_is_watched_notes_go_where_all_notes_go(
    tiny: Path,
    pairs: list[Drawn],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    looked, tiles = finding.look, []

    def little(network: Any, image: Any, selection: Any) -> Any:
        tiles.append(image.shape[1])
        if tiles == [256]:
            raise MemoryError
        return looked(network, image, selection)

    monkeypatch.setattr(finding, "look", little)
    run = Run(watch=lambda look: look(np.zeros((256, 256), np.uint8)))
    train_maskrcnn(pairs, tmp_path / "m", SHORT.changed({"epochs": 1, "stages": ("all",)}), run, init=tiny)
    assert "the memory did not do for tiles of 256 x 256 pixels; going on with 128 x 128" in run.notes
    assert capsys.readouterr().out == ""


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
@pytest.mark.filterwarnings("ignore:Even though the `tf.config:UserWarning")
def test_too_little_memory_names_what_to_lower(tiny: Path, pairs: list[Drawn], tmp_path: Path) -> None:
    def full(done: float, total: float, stage: str) -> None:  # noqa: ARG001 - the form of a progress
        if stage.startswith("training"):
            raise MemoryError

    with pytest.raises(InputError, match=r"not enough memory .* 1 patches of 64 pixels; give fewer --boxes"):
        train_maskrcnn(pairs, tmp_path / "m", SHORT, Run(progress=full), init=tiny)


def test_each_stage_frees_its_layers() -> None:
    layers = build(TINY).layers()

    def learn(stage: str) -> set[str]:
        free(layers, stage)
        return {name for name, layer in layers.items() if layer.trainable}

    heads, upper = learn("heads"), learn("4+")
    assert {name.partition("_")[0] for name in heads} == {"fpn", "rpn", "mrcnn"}
    assert {name[:6] for name in upper - heads} == {"small4", "small5"}
    assert learn("all") == set(layers)


def test_epochs_are_divided_among_the_stages() -> None:
    settings = MaskRCNNSettings(epochs=160, learning_rate=1e-3)
    found = stages_of(settings, "resnet101", begun=True)
    # As the published training does it.
    assert [stage.name for stage in found] == ["heads", "4+", "all"]
    assert [stage.last for stage in found] == [40, 120, 160]
    assert [stage.rate for stage in found] == pytest.approx([1e-3, 1e-3, 1e-4])
    assert [stage.name for stage in stages_of(settings, "small", begun=False)] == ["all"]
    few = MaskRCNNSettings(epochs=3, stages=("heads", "4+", "all"))
    assert [(stage.first, stage.last) for stage in stages_of(few, "small", begun=True)] == [
        (0, 1),
        (1, 2),
        (2, 3),
    ]


def test_one_particle_and_an_image_smaller_than_a_patch_are_learnt_from() -> None:
    settings = MaskRCNNSettings(patch=128)
    example = prepare(squares(1, edge=40), settings)
    assert example.image.shape == (128, 128)
    assert not example.image[40:].any()
    assert fullest([example], 128) == 32
    inputs, _ = validation_patches([example], TINY, 128, 4)
    assert inputs["classes"].tolist() == [[1, 0, 0, 0]]
    assert inputs["boxes"][0, 0] * 127 == pytest.approx([2, 2, 15, 15], abs=1e-3)


def test_all_of_500_particles_in_a_patch_are_learnt_from() -> None:
    crowd = squares(500, edge=256, side=8)
    example = prepare(crowd, MaskRCNNSettings(least_diameter=0))
    count = int(crowd.labels.max())
    assert count > 480
    most = fullest([example], 256)
    inputs = inputs_of([(example.image, example.labels)], TINY, most, np.random.default_rng(0))
    assert inputs["classes"].sum() == count
    assert len(np.unique(inputs["labels"])) == count + 1


def test_what_nobody_knows_is_not_shown() -> None:
    pair = squares(4)
    labels = pair.labels.astype(np.int32)
    labels[30:] = -1
    example = prepare(Drawn("half", pair.grey, labels), MaskRCNNSettings(patch=64))
    assert not example.image[30:].any()
    assert example.labels.min() == 0
    assert example.image[:30].any()


def test_a_start_that_is_no_mask_rcnn_is_refused(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nmc-particles is no Mask R-CNN; start from coco"):
        start_from("nmc-particles", None)
    with pytest.raises(InputError, match=r"backbone small, and --backbone says resnet50"):
        start_from(tiny, "resnet50")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.attrs["layer_names"] = np.array([b"dense"])
        file.create_group("dense").attrs["weight_names"] = np.array([], "S1")
    with pytest.raises(InputError, match=r"other.h5 holds the weights of another network"):
        start_from(tmp_path / "other.h5", None)
    assert start_from(tiny, None).shape == TINY
    assert start_from(None, "resnet50").shape.backbone == "resnet50"


@pytest.mark.slow
def test_weights_of_other_classes_leave_the_heads_to_chance_and_it_is_said(tmp_path: Path) -> None:
    three = build(NetworkShape(classes=3, pyramid=8, proposing=8, head=16, mask=8))
    folder = tmp_path / "three"
    folder.mkdir()
    write_model(folder, three, ModelInfo(kind="maskrcnn", channels_out=3))
    said: list[str] = []
    parts = begin(start_from(folder, None), Run(hear=said.append), mixed=False)
    assert "start by chance: mrcnn_bbox_fc, mrcnn_class_logits, mrcnn_mask" in said[0]
    np.testing.assert_array_equal(
        parts.layers()["small_stem"].get_weights()[0], three.layers()["small_stem"].get_weights()[0]
    )


def test_a_file_of_a_backbone_alone_is_a_start_and_no_model() -> None:
    arrays: dict[str, Any] = {name: [] for name in ("conv1", "res5c_branch2c")}
    assert shape_of_weights(arrays, Path("a.h5"), backbones=True) == published("resnet50")
    with pytest.raises(InputError, match="rpn_conv_shared"):
        shape_of_weights(arrays, Path("a.h5"))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which its files can be fetched."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_published_weights_are_fetched_once_and_only_what_was_published(
    served: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    folder, address = served
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    write_weights(build(TINY), folder / "mine.h5")
    content = (folder / "mine.h5").read_bytes()
    mine = Published("mine.h5", address, hashlib.md5(content).hexdigest(), "small")
    path = fetched(mine)
    assert path.read_bytes() == content
    (folder / "mine.h5").unlink()
    assert fetched(mine) == path
    # Another file under the name of COCO's weights, and none under that of ImageNet's.
    monkeypatch.setenv(MIRROR, address)
    (folder / "mask_rcnn_coco.h5").write_bytes(content)
    with pytest.raises(InputError, match=r"cannot be had from .*mask_rcnn_coco.*--init FILE"):
        begin(start_from("coco", None), Run(), mixed=False)
    monkeypatch.setenv(MIRROR, (folder / "nowhere").as_uri())
    with pytest.raises(InputError, match=r"cannot be had from .*resnet50_.*--init FILE") as refused:
        begin(start_from("imagenet", None), Run(), mixed=False)
    assert "\n" not in str(refused.value)
    assert capsys.readouterr().out == ""
