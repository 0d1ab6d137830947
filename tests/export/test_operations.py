"""What TensorFlow 1.15 knows, and what a graph uses beyond it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from electrodej.export.make_operations import compact
from electrodej.export.operations import GRAPH_VERSION, LIST, known_operations, layer_of, unknown_to_tf115


def graph_with(op: str, name: str = "layer/op", **attributes: Any) -> Any:
    from tensorflow.core.framework import graph_pb2

    graph = graph_pb2.GraphDef()
    graph.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    node = graph.node.add(name=name, op=op, input=["x"])
    node.attr["T"].type = 1
    for key, value in attributes.items():
        node.attr[key].CopyFrom(value)
    return graph


def test_the_stored_list_is_that_of_tensorflow_1_15(tf115: Any) -> None:
    assert tf115.version == "1.15.0"
    assert gzip.decompress(compact(tf115.operations())) == gzip.decompress(LIST.read_bytes())


def test_the_list_tells_old_from_new() -> None:
    known = known_operations()
    assert len(known) > 1000
    assert {"Conv2D", "AddV2", "FusedBatchNormV3", "ResizeNearestNeighbor"} <= set(known)
    assert not {"ApproxTopK", "XlaConvV2", "StatelessRandomGetKey"} & set(known)
    assert "allowed_devices" not in {attribute.name for attribute in known["VarHandleOp"].attr}


def test_a_known_operation_is_fine() -> None:
    assert unknown_to_tf115(graph_with("Relu")) == []


def attribute(**value: Any) -> Any:
    from tensorflow.core.framework import attr_value_pb2

    return attr_value_pb2.AttrValue(**value)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: graph_with("ApproxTopK"), "has no operation 'ApproxTopK'"),
        (lambda: graph_with("Relu", novel=attribute(i=1)), "does not know the attribute 'novel' of Relu"),
        (lambda: graph_with("Relu", T=attribute(type=24)), "DT_FLOAT8_E5M2 are unknown"),
        (lambda: graph_with("Relu", T=attribute(type=7)), "does not take numbers of type DT_STRING"),
        (lambda: graph_with("AddV2"), "takes 2 inputs, and here it has 1"),
        (lambda: graph_with("MaxPool"), "'ksize' of MaxPool, which TensorFlow 1.15 needs, is missing"),
    ],
)
def test_what_it_does_not_know_is_named_with_its_layer(make: Callable[[], Any], reason: str) -> None:
    found = unknown_to_tf115(make())
    assert any(reason in str(entry) for entry in found), found
    assert {entry.layer for entry in found} == {"layer"}


def test_internal_attributes_are_nobodys_business() -> None:
    assert unknown_to_tf115(graph_with("Relu", _output_shapes=attribute(i=1))) == []


def test_nodes_inside_functions_are_looked_at() -> None:
    graph = graph_with("Relu")
    function = graph.library.function.add()
    function.signature.name = "inner"
    function.node_def.add(name="attention/new", op="ApproxTopK")
    assert [entry.layer for entry in unknown_to_tf115(graph)] == ["attention"]


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("functional_1/conv2d_3/convolution", "conv2d_3"),
        ("StatefulPartitionedCall/model_2/up/Resize", "up"),
        ("output", "output"),
    ],
)
def test_layer_of_a_node(name: str, layer: str) -> None:
    assert layer_of(name) == layer


def test_graphs_are_written_in_the_version_of_1_15(data: Any) -> None:
    import zipfile

    from tensorflow.core.protobuf import saved_model_pb2

    with zipfile.ZipFile(data / "care-keras-2.3.1" / "tf1.zip") as archive:
        model = saved_model_pb2.SavedModel.FromString(archive.read("saved_model.pb"))
    assert model.meta_graphs[0].graph_def.versions.producer == GRAPH_VERSION
