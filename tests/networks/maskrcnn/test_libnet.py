"""LIBNet's own network and its file of weights (see libnet_reference.py) against ours."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from electrodej.models.engines.openvino import OpenVinoEngine
from electrodej.networks.maskrcnn.anchors import anchors
from electrodej.networks.maskrcnn.looking import Network, look, masks_of
from electrodej.networks.maskrcnn.model import shape_of_weights
from electrodej.networks.maskrcnn.network import Parts, build, looking
from electrodej.networks.maskrcnn.onnx_files import onnx_files
from electrodej.networks.maskrcnn.shape import MEAN_PIXEL, STRIDES, Selection, published
from electrodej.networks.maskrcnn.weights import arrays_of, load_weights, read_weights

_spec = importlib.util.spec_from_file_location(
    "libnet_reference", Path(__file__).parent / "libnet_reference.py"
)
assert _spec is not None
assert _spec.loader is not None
libnet: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(libnet)

# A ResNet-50 is built twice, and its 180 MB of weights are read.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def parts() -> Parts:
    return build(published("resnet50"))


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    with np.load(libnet.DATA / "libnet.npz") as arrays:
        return dict(arrays)


def test_libnets_file_goes_into_its_layers_by_their_names(parts: Parts) -> None:
    path = Path(libnet.DATA / "libnet.h5")
    assert shape_of_weights(read_weights(path), path) == published("resnet50")
    assert load_weights(parts, read_weights(path), path).new == ()
    for name, layer in parts.layers().items():
        for weight in layer.weights:
            wanted = libnet.constant(f"{name}/{weight.name}")
            assert float(np.ptp(weight.numpy())) == 0
            assert float(weight.numpy().flat[0]) == pytest.approx(wanted, abs=1e-7), name


@pytest.fixture(scope="module")
def drawn(parts: Parts) -> Parts:
    """The network with the reference's chance weights."""
    for name, layer in parts.layers().items():
        layer.set_weights([libnet.weight(f"{name}/{w.name}", tuple(w.shape)) for w in layer.weights])
    return Parts(replace(published("resnet50"), anchors=tuple(map(float, libnet.ANCHORS))), *parts.models)


@pytest.fixture(scope="module")
def image() -> Any:
    return libnet.picture()[np.newaxis].astype(np.float32) - np.array(MEAN_PIXEL, np.float32)


def same(found: Any, wanted: Any) -> None:
    """Values are equal to 1e-4 of what is usual among them."""
    scale = max(1.0, float(np.abs(wanted).mean()))
    assert found.shape == wanted.shape
    np.testing.assert_allclose(np.asarray(found) / scale, wanted / scale, atol=1e-4, rtol=1e-4)


def test_the_backbone_gives_what_libnets_gives(drawn: Parts, image: Any, reference: dict[str, Any]) -> None:
    stages = keras.Model(
        drawn.features.inputs, [drawn.features.get_layer(name).output for name in libnet.STAGES]
    )
    for name, found in zip(libnet.STAGES, stages.predict_on_batch(image), strict=True):
        same(found[0, :, :, ::16], reference[name])


def in_openvino(parts: Parts) -> Network:
    shape = parts.shape
    files = onnx_files(shape, arrays_of(parts)).values()
    channels = shape.told, 5 * shape.classes, shape.classes
    engines = (
        OpenVinoEngine(file, "onnx", channels=each) for file, each in zip(files, channels, strict=True)
    )
    return Network(shape, *engines)


@pytest.mark.parametrize("network", [looking, in_openvino])
def test_every_step_behind_the_backbone_gives_what_libnets_gives(
    network: Any, drawn: Parts, image: Any, reference: dict[str, Any]
) -> None:
    seeing = network(drawn)
    seen = look(seeing, image, Selection(**libnet.CHOSEN))
    first = 0
    for name, stride in zip(libnet.LEVELS, STRIDES, strict=True):
        edge = libnet.EDGE // stride
        level = seen.cells[first : first + edge * edge].reshape(edge, edge, -1)
        same(level[:, :, ::16], reference[name])
        first += edge * edge
    # LIBNet fills up with boxes of nothing.
    count = len(seen.proposals)
    assert not reference["proposals"][count:].any()
    same(seen.scores, reference["scores"])
    same(seen.deltas, reference["deltas"])
    for name, found in (
        ("proposals", seen.proposals),
        ("probability", seen.probability),
        ("moves", seen.moves),
    ):
        same(found, reference[name][:count])
    found = seen.detections
    assert len(found) >= 5
    same(found, reference["detections"])
    masks = masks_of(seeing, seen, found[:, :4], np.ones(len(found), np.intp), (libnet.EDGE, libnet.EDGE))
    same(masks, reference["masks"])


def test_anchors_are_libnets(reference: dict[str, Any]) -> None:
    shape = replace(published("resnet50"), anchors=tuple(map(float, libnet.ANCHORS)))
    found = anchors(shape, libnet.EDGE, libnet.EDGE)
    np.testing.assert_allclose(found, reference["anchors"], atol=1e-6)
