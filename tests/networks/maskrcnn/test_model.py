"""A Mask R-CNN as people have it: weights by the layers' names, models, particles on images of any size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile

from electrodej.errors import InputError
from electrodej.networks.maskrcnn import finding
from electrodej.networks.maskrcnn.finding import Finder
from electrodej.networks.maskrcnn.instances import Instances, draw
from electrodej.networks.maskrcnn.model import load_maskrcnn, shape_of_weights
from electrodej.networks.maskrcnn.network import Parts, build
from electrodej.networks.maskrcnn.place import is_maskrcnn
from electrodej.networks.maskrcnn.shape import NetworkShape, Selection, published
from electrodej.networks.maskrcnn.weights import load_weights, write_weights

TINY = NetworkShape(pyramid=8, proposing=8, head=16, mask=8)


@pytest.fixture(scope="module")
def parts() -> Parts:
    return build(TINY)


@pytest.mark.slow
def test_weights_come_back_by_the_names_of_their_layers(parts: Parts, tmp_path: Path) -> None:
    write_weights(parts, tmp_path / "w.h5")
    other = build(TINY)
    done = load_weights(other, tmp_path / "w.h5")
    assert done.new == ()
    for name, layer in parts.layers().items():
        for one, two in zip(layer.get_weights(), other.layers()[name].get_weights(), strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.slow
def test_other_classes_keep_all_but_the_heads_that_depend_on_them(parts: Parts, tmp_path: Path) -> None:
    write_weights(parts, tmp_path / "w.h5")
    three = build(NetworkShape(classes=3, pyramid=8, proposing=8, head=16, mask=8))
    with pytest.raises(InputError, match=r"mrcnn_bbox_fc.*numbers of classes differ"):
        load_weights(three, tmp_path / "w.h5")
    done = load_weights(three, tmp_path / "w.h5", complete=False)
    assert set(done.new) == {"mrcnn_class_logits", "mrcnn_bbox_fc", "mrcnn_mask"}


@pytest.mark.slow
def test_a_layer_that_does_not_fit_is_named(parts: Parts, tmp_path: Path) -> None:
    write_weights(parts, tmp_path / "w.h5")
    other = build(NetworkShape(pyramid=16, proposing=8, head=16, mask=8))
    with pytest.raises(InputError, match=r"fpn_c5p5 has weights of the shapes 1 x 1 x 128 x 8, 8"):
        load_weights(other, tmp_path / "w.h5", complete=False)


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

    def _look(self, part: Any) -> dict[str, Any]:
        from scipy import ndimage

        if self.tile > self.memory:
            raise MemoryError
        pieces, count = ndimage.label(part > 0.5)
        rows = np.zeros((1, max(count, 1), 6), np.float32)
        for number, (y, x) in enumerate(ndimage.find_objects(pieces)):
            box = np.array([y.start, x.start, y.stop - 1, x.stop - 1]) / (self.tile - 1)
            rows[0, number] = *box, 1, 0.9
        return {"detections": rows, "levels": []}

    def _masks(self, levels: Any, boxes: Any, kinds: Any) -> Any:  # noqa: ARG002 - the finder's form
        return np.ones((len(boxes), 28, 28), np.float32)


@pytest.mark.parametrize(("shape", "count"), [((40, 50), 1), ((300, 420), 500), ((900, 700), 120)])
def test_every_particle_is_found_once_however_the_tiles_lie(
    parts: Parts, shape: tuple[int, int], count: int
) -> None:
    image = np.zeros(shape, np.float32)
    edge = 10 if count == 500 else 30
    places = [
        (y, x) for y in range(2, shape[0] - edge, edge + 4) for x in range(2, shape[1] - edge, edge + 4)
    ]
    for y, x in places[:count]:
        image[y : y + edge, x : x + edge] = 1
    found = _Discs(parts, Selection(most=1000), tile=512 if count == 500 else 256).find(image)
    labels, kept = draw(found, shape)
    assert len(kept) == min(count, len(places)) >= count * 0.9
    np.testing.assert_array_equal(labels > 0, image > 0)


def test_too_little_memory_means_smaller_tiles_and_is_said(parts: Parts) -> None:
    said: list[str] = []
    image = np.zeros((600, 600), np.float32)
    image[250:330, 240:330] = 1
    finder = _Discs(parts, tile=512, say=said.append)
    finder.memory = 256
    assert len(finder.find(image)) == 1
    assert finder.tile == 256
    assert "going on with 256 x 256" in said[0]
    finder.memory = 0
    with pytest.raises(InputError, match="not enough memory"):
        finder.find(image)


def test_without_keras_a_person_is_told_what_to_install(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "grey.tif", np.arange(64, dtype=np.uint8).reshape(8, 8))
    code = f"""
import sys
sys.modules["keras"] = None
from electrodej.errors import MissingExtraError
from electrodej.verbs import do
try:
    do("segment particles", {str(tmp_path / "grey.tif")!r}, model="nmc-regions", spacing=(0.1, 0.1, 0.1),
       out={str(tmp_path / "out.tif")!r})
except MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "electrodej[train]" in done.stdout


def test_particles_larger_than_what_tiles_share_are_whole_and_it_is_said(parts: Parts) -> None:
    said: list[str] = []
    image = np.zeros((700, 700), np.float32)
    image[150:370, 200:420] = 1
    finder = _Discs(parts, tile=256, say=said.append)
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
    finder = Finder(parts, Selection(considered=50, proposals=10, least=0.0, most=5), tile=finding.SMALLEST)
    found = finder.find(np.random.default_rng(0).random((100, 90)).astype(np.float32))
    assert isinstance(found, Instances)
    assert found.masks.shape == (len(found), 28, 28)
    steps = finder.steps(np.zeros((100, 90), np.float32))
    assert steps["proposals"].shape == (1, 10, 4)
    assert (np.diff(found.scores) <= 0).all()
