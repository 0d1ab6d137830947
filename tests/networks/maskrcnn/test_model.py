"""A Mask R-CNN as people have it: weights by the layers' names, models, particles on images of any size."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile

from electrodej.errors import InputError
from electrodej.export import export_model
from electrodej.models.grey import normalise
from electrodej.models.info import ModelInfo
from electrodej.networks.maskrcnn import finding
from electrodej.networks.maskrcnn.finding import Finder
from electrodej.networks.maskrcnn.instances import Instances, draw
from electrodej.networks.maskrcnn.looking import Network, Seen
from electrodej.networks.maskrcnn.model import load_maskrcnn, load_parts, shape_of_weights, write_model
from electrodej.networks.maskrcnn.network import Parts, build, looking
from electrodej.networks.maskrcnn.place import PARTS, is_maskrcnn
from electrodej.networks.maskrcnn.shape import NetworkShape, Selection, published
from electrodej.networks.maskrcnn.weights import arrays_of, load_weights, read_weights, rounded, write_weights
from electrodej.networks.stardist.patches import without_small
from electrodej.phantom import make_slice
from electrodej.score import score_instances

INFO = ModelInfo(kind="maskrcnn", channels_out=2)
TINY = NetworkShape(pyramid=8, proposing=8, head=16, mask=8)


@pytest.fixture(scope="module")
def parts() -> Parts:
    return build(TINY)


@pytest.fixture(scope="module")
def written(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of chance, whose particles are many: what it says hardly ends at a threshold."""
    folder = tmp_path_factory.mktemp("models") / "mine"
    folder.mkdir()
    write_model(folder, parts, INFO)
    return folder


@pytest.fixture
def mine(written: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(written, tmp_path / "mine"))


@pytest.mark.slow
def test_weights_come_back_by_the_names_of_their_layers(parts: Parts, tmp_path: Path) -> None:
    write_weights(parts, tmp_path / "w.h5")
    other = build(TINY)
    done = load_weights(other, read_weights(tmp_path / "w.h5"), tmp_path / "w.h5")
    assert done.new == ()
    for name, layer in parts.layers().items():
        for one, two in zip(layer.get_weights(), other.layers()[name].get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.slow
def test_other_classes_keep_all_but_the_heads_that_depend_on_them(parts: Parts, tmp_path: Path) -> None:
    three = build(NetworkShape(classes=3, pyramid=8, proposing=8, head=16, mask=8))
    with pytest.raises(InputError, match=r"mrcnn_bbox_fc.*numbers of classes differ"):
        load_weights(three, arrays_of(parts), tmp_path)
    done = load_weights(three, arrays_of(parts), tmp_path, complete=False)
    assert set(done.new) == {"mrcnn_class_logits", "mrcnn_bbox_fc", "mrcnn_mask"}


@pytest.mark.slow
def test_a_layer_that_does_not_fit_is_named(parts: Parts, tmp_path: Path) -> None:
    other = build(NetworkShape(pyramid=16, proposing=8, head=16, mask=8))
    with pytest.raises(InputError, match=r"fpn_c5p5 has weights of the shapes 1 x 1 x 128 x 8, 8"):
        load_weights(other, arrays_of(parts), tmp_path, complete=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("text", "damaged or no HDF5 file"),
        ("other", "weights of another network"),
        ("nameless", "by their layers' names"),
        ("outside", "refers to another file"),
    ],
)
def test_files_that_are_no_such_weights_are_refused(damage: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mask_rcnn_mine.h5"
    if damage == "text":
        path.write_text("weights")
    else:
        with h5py.File(path, "w") as file:
            if damage != "nameless":
                file.attrs["layer_names"] = np.array([b"dense"])
                group = file.create_group("dense")
                group.attrs["weight_names"] = np.array([b"dense/kernel:0"])
                group.create_dataset("dense/kernel:0", data=np.zeros((2, 2)))
            if damage == "outside":
                file["far"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(InputError, match=words):
        load_maskrcnn(path)


def test_the_published_network_is_told_by_the_names_of_its_layers() -> None:
    names = ("conv1", "res5c_branch2c", "rpn_conv_shared")
    arrays: dict[str, Any] = {name: [] for name in names}
    arrays["mrcnn_class_logits"] = [np.zeros((1024, 81)), np.zeros(81)]
    assert shape_of_weights(arrays, Path("a.h5")) == published("resnet50", classes=81)
    arrays["res4w_branch2c"] = []
    assert shape_of_weights(arrays, Path("a.h5")) == published("resnet101", classes=81)


def test_a_network_that_no_settings_can_describe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights_best.h5").write_bytes(b"")
    (tmp_path / "maskrcnn.json").write_text(json.dumps({"backbone": "small", "pyramid": 10**9}))
    (tmp_path / "electrodej.json").write_text(
        '{"format": "electrodej-model", "version": 1, "kind": "maskrcnn"}'
    )
    assert is_maskrcnn(tmp_path)
    with pytest.raises(InputError, match="pyramid must be a whole number"):
        load_maskrcnn(tmp_path)


class _Discs(Finder):
    """Finds what is bright in a tile, in place of a network."""

    memory = 10**9

    def __init__(self, **options: Any) -> None:
        nothing: Any = None
        super().__init__(nothing, **options)

    def _look(self, part: Any) -> Seen:
        from scipy import ndimage

        if self.tile > self.memory:
            raise MemoryError
        pieces, count = ndimage.label(part > 0.5)
        rows = np.zeros((count, 6), np.float32)
        for number, (y, x) in enumerate(ndimage.find_objects(pieces)):
            box = np.array([y.start, x.start, y.stop - 1, x.stop - 1]) / (self.tile - 1)
            rows[number] = *box, 1, 0.9
        return Seen(*[np.zeros(0, np.float32)] * 6, detections=rows)

    def _masks(self, seen: Seen, boxes: Any, kinds: Any) -> Any:  # noqa: ARG002 - the finder's form
        return np.ones((len(boxes), 28, 28), np.float32)


@pytest.mark.parametrize(("shape", "count"), [((40, 50), 1), ((300, 420), 500), ((900, 700), 120)])
def test_every_particle_is_found_once_however_the_tiles_lie(shape: tuple[int, int], count: int) -> None:
    image = np.zeros(shape, np.float32)
    edge = 10 if count == 500 else 30
    places = [
        (y, x) for y in range(2, shape[0] - edge, edge + 4) for x in range(2, shape[1] - edge, edge + 4)
    ]
    for y, x in places[:count]:
        image[y : y + edge, x : x + edge] = 1
    found = _Discs(selection=Selection(most=1000), tile=512 if count == 500 else 256, say=print).find(image)
    labels, kept = draw(found, shape)
    assert len(kept) == min(count, len(places)) >= count * 0.9
    np.testing.assert_array_equal(labels > 0, image > 0)


def test_too_little_memory_means_smaller_tiles_and_is_said() -> None:
    said: list[str] = []
    image = np.zeros((600, 600), np.float32)
    image[250:330, 240:330] = 1
    finder = _Discs(tile=512, say=said.append)
    finder.memory = 256
    assert len(finder.find(image)) == 1
    assert finder.tile == 256
    assert "going on with 256 x 256" in said[0]
    finder.memory = 0
    with pytest.raises(InputError, match="not enough memory"):
        finder.find(image)


@pytest.mark.slow
def test_without_keras_and_all_that_training_needs_it_segments(tmp_path: Path) -> None:
    phantom = make_slice((192, 192), spacing=(0.14, 0.14, 0.14), seed=3)
    tifffile.imwrite(tmp_path / "grey.tif", phantom.grey[0])
    code = f"""
import sys
for name in ("keras", "tensorflow", "jax", "onnx", "h5py", "onnxruntime"):
    sys.modules[name] = None
from electrodej.verbs import do
done = do("segment particles", {str(tmp_path / "grey.tif")!r}, model="nmc-regions", spacing=(0.14,) * 3,
          out={str(tmp_path / "out.tif")!r}, explain={str(tmp_path / "steps")!r})
print(done.numbers["engine"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["OpenVINO"]
    assert len(list((tmp_path / "steps").iterdir())) == 4
    truth = without_small(phantom.outlines[0], 10).astype(np.uint16)
    assert score_instances(tifffile.imread(tmp_path / "out.tif"), truth).at(0.5).f1 > 0.7


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["openvino", "onnxruntime"])
def test_the_light_engines_find_what_keras_finds(engine: Any) -> None:
    if engine == "onnxruntime":
        pytest.importorskip("onnxruntime")
    image = normalise(make_slice((300, 256), spacing=(0.14, 0.14, 0.14), seed=4).grey[0], (1.0, 99.8))
    light, heavy = (
        Finder(
            (model := load_maskrcnn("nmc-regions", engine=each)).network,
            model.selection(),
            tile=320,
            say=print,
        )
        for each in (engine, "keras")
    )
    one, two = light.find(image), heavy.find(image)
    assert len(one) == len(two) > 10
    np.testing.assert_allclose(one.boxes, two.boxes, atol=5e-3)
    np.testing.assert_allclose(one.scores, two.scores, atol=1e-4)
    np.testing.assert_allclose(one.masks, two.masks, atol=1e-3)
    scores = score_instances(draw(one, (300, 256))[0], draw(two, (300, 256))[0])
    assert scores.at(0.9).f1 == 1


@pytest.mark.slow
def test_a_model_holds_its_weights_once_and_they_come_back_bit_for_bit(parts: Parts, mine: Path) -> None:
    assert {path.name for path in mine.iterdir()} == {*PARTS, "maskrcnn.json", "electrodej.json"}
    for name, layer in load_parts(mine).layers().items():
        for one, two in zip(layer.get_weights(), parts.layers()[name].get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)
    write_model(mine, parts, INFO, packed=True)
    kernel = load_parts(mine).layers()["fpn_p2"].get_weights()[0]
    wanted = rounded(parts.layers()["fpn_p2"].get_weights()[0]).astype(np.float32)
    np.testing.assert_array_equal(kernel, wanted)


@pytest.mark.slow
def test_a_model_of_an_earlier_version_runs_with_keras_and_is_refused_by_others(
    parts: Parts, mine: Path
) -> None:
    for name in PARTS:
        (mine / name).unlink()
    with pytest.raises(InputError, match=r"holds no weights .*pyramid.onnx"):
        load_maskrcnn(mine)
    write_weights(parts, mine / "weights_best.h5")
    assert load_maskrcnn(mine).network.engine == "Keras"
    with pytest.raises(InputError, match="only Keras runs"):
        load_maskrcnn(mine, engine="openvino")


def hostile(path: Path, kind: str) -> None:
    import onnx

    graph = onnx.load(path)
    if kind == "loop":
        graph.graph.node[0].op_type = "Loop"
    elif kind == "file":
        tensor = graph.graph.initializer[0]
        onnx.external_data_helper.set_external_data(tensor, "../../secret")
        tensor.ClearField("raw_data")
    else:
        dimension = graph.graph.output[0].type.tensor_type.shape.dim[3]
        dimension.dim_value = 7
    path.write_bytes(graph.SerializeToString())


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize(
    ("kind", "words"),
    [("loop", "do more than compute .*Loop"), ("file", "weights in another file"), ("other", "7 numbers")],
)
def test_a_part_that_acts_or_is_of_another_network_is_not_run(
    mine: Path, name: str, kind: str, words: str
) -> None:
    pytest.importorskip("onnx")
    hostile(mine / name, kind)
    with pytest.raises(InputError, match=r"not the one that was written with electrodej\.json"):
        load_maskrcnn(mine)
    about = mine / "electrodej.json"
    said = json.loads(about.read_text("utf-8"))
    said["onnx_sha256"][name] = hashlib.sha256((mine / name).read_bytes()).hexdigest()
    about.write_text(json.dumps(said))
    with pytest.raises(InputError, match=words):
        load_maskrcnn(mine)


def test_what_a_damaged_part_says_is_refused_or_nothing() -> None:
    class Odd:
        """An engine that gives numbers, but none that a network gives."""

        name = "odd"

        def __init__(self, values: Any) -> None:
            self.values, self.channels = values, values.shape[-1]

        def run(self, images: Any) -> Any:  # noqa: ARG002 - the form of an engine
            return self.values

    cells = sum((128 // stride) ** 2 for stride in (4, 8, 16, 32, 64))
    for value in (np.nan, np.inf, -np.inf, 1e30):
        heads = (
            Odd(np.full((1, 128, 1, 10), value, np.float32)),
            Odd(np.full((1, 448, 28, 2), value, np.float32)),
        )
        network = Network(TINY, Odd(np.full((1, 1, cells, TINY.told), value, np.float32)), *heads)
        with np.errstate(all="ignore"):
            Finder(network, tile=128, say=print).find(np.zeros((100, 90), np.float32))
    few = Network(TINY, Odd(np.zeros((1, 1, 5, TINY.told), np.float32)), *heads)
    with pytest.raises(InputError, match="a part of the network gives an array of the shape"):
        Finder(few, tile=128, say=print).find(np.zeros((100, 90), np.float32))


def test_export_says_why_fiji_cannot_run_it(mine: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Mask R-CNN.*segment particles.*Fiji's plugins.*three"):
        export_model(mine, tmp_path / "model.zip")


def test_particles_larger_than_what_tiles_share_are_whole_and_it_is_said() -> None:
    said: list[str] = []
    image = np.zeros((700, 700), np.float32)
    image[150:370, 200:420] = 1
    finder = _Discs(tile=256, say=said.append)
    found = finder.find(image)
    labels, kept = draw(found, (700, 700))
    assert len(kept) == 1
    np.testing.assert_array_equal(labels > 0, image > 0)
    assert (finder.tile, finder.shared) == (512, 256)
    assert len(said) == 1
    assert "larger than the 128 pixels" in said[0]
    # What no tile holds is said once, and the remedy with it.
    huge = np.zeros((1500, 1500), np.float32)
    huge[200:1300, 200:1300] = 1
    for _ in range(2):
        finder.find(huge)
    assert sum("give a smaller --scale" in line for line in said) == 1


@pytest.mark.slow
def test_the_network_gives_what_the_finder_takes(parts: Parts) -> None:
    chosen = Selection(considered=50, proposals=10, least=0.0, most=5)
    finder = Finder(looking(parts), chosen, tile=finding.SMALLEST, say=print)
    found = finder.find(np.random.default_rng(0).random((100, 90)).astype(np.float32))
    assert isinstance(found, Instances)
    assert found.masks.shape == (len(found), 28, 28)
    steps = finder.steps(np.zeros((100, 90), np.float32))
    assert steps.proposals.shape[1:] == (4,)
    assert len(steps.proposals) <= 10
    assert (np.diff(found.scores) <= 0).all()
