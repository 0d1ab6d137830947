"""From a Keras model to a graph of constants: inference only, any image size, every layer named."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from electrodej.errors import InputError
from electrodej.export.own_operations import in_own_operations
from electrodej.models.layer_names import all_layers, layer_names

# Layers carry these names while they are traced: no name scope of Keras or TensorFlow looks like them.
_MARK = "Layer{:05d}Mark"
_MARKED = re.compile(r"Layer(\d{5})Mark(_\d+)*$")


def flexible(model: Any) -> Any:
    """Return the model for images of any height and width, sharing the weights.

    Some layers are said in fewer operations, see `electrodej.export.own_operations`. All others are the
    model's own.

    Parameters
    ----------
    model
        A functional Keras model with one NHWC input.

    Raises
    ------
    electrodej.errors.InputError
        A layer needs images of one size.
    """
    import keras

    channels = model.inputs[0].shape[-1]
    image = keras.Input((None, None, channels), name="input")
    try:
        return keras.models.clone_model(model, input_tensors=image, clone_function=in_own_operations)
    except Exception as error:
        raise InputError(
            f"the model cannot take images of any size ({_first_line(error)}); "
            "Fiji gives it tiles of different sizes, so build it without layers that need one size"
        ) from error


def freeze(model: Any) -> Any:
    """Return the inference graph of a model as a ``GraphDef`` of constants.

    Its input is the node ``input``, its output the node ``output``; every other name starts with the name of
    its layer. Names that Keras gave by counting are counted anew, so that the same model gives the same graph
    however many models the process has seen.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    names = layer_names(model)
    channels = model.inputs[0].shape[-1]
    with _marked(all_layers(model)):
        function = tf.function(lambda image: model(image, training=False), autograph=False)
        traced = function.get_concrete_function(tf.TensorSpec([None, None, None, channels], name="input"))
        frozen = convert_variables_to_constants_v2(traced)
    graph = frozen.graph.as_graph_def()
    source = frozen.inputs[0].op.name
    target = _behind_identities(graph, frozen.outputs[0].name)
    return _renamed(graph, names, source=source, target=target)


def _behind_identities(graph: Any, name: str) -> str:
    nodes = {node.name: node for node in graph.node}
    while (node := nodes[name.partition(":")[0]]).op == "Identity":
        name = node.input[0]
    return name


@contextlib.contextmanager
def _marked(layers: list[Any]) -> Iterator[None]:
    former = [layer.name for layer in layers]
    try:
        for index, layer in enumerate(layers):
            layer.name = _MARK.format(index)
        yield
    finally:
        for layer, name in zip(layers, former, strict=True):
            layer.name = name


def _renamed(graph: Any, names: list[str], *, source: str, target: str) -> Any:
    """Return the graph with the layers' names instead of the marks, and the contract's two at the ends."""
    from tensorflow.core.framework import graph_pb2

    new = {source: "input"}
    taken = {"input", "output"}
    for node in graph.node:
        if node.name != source:
            new[node.name] = _free(_plain_name(node.name, names), taken)
            taken.add(new[node.name])
    renamed = graph_pb2.GraphDef()
    renamed.library.CopyFrom(graph.library)
    for node in graph.node:
        copy = renamed.node.add()
        copy.CopyFrom(node)
        copy.name = new[node.name]
        copy.input[:] = [_renamed_input(name, new) for name in node.input]
    # The contract wants a node of this name whose first result is the output.
    end = renamed.node.add(name="output", op="Identity")
    end.input.append(_renamed_input(target, new))
    end.attr["T"].type = 1  # DT_FLOAT
    return renamed


def _plain_name(name: str, names: list[str]) -> str:
    parts = name.split("/")
    for position, part in enumerate(parts):
        match = _MARKED.match(part)
        if match:
            parts[position] = names[int(match[1])]
    marked = [position for position, part in enumerate(name.split("/")) if _MARKED.match(part)]
    return "/".join(parts[marked[0] :]) if marked else "/".join(parts)


def _free(name: str, taken: set[str]) -> str:
    free, count = name, 0
    while free in taken:
        count += 1
        free = f"{name}_again{count}"
    return free


def _renamed_input(name: str, new: dict[str, str]) -> str:
    control = name.startswith("^")
    plain, colon, port = name.removeprefix("^").partition(":")
    return ("^" if control else "") + new[plain] + colon + port


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
