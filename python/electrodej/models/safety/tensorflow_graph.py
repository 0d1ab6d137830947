"""A saved model of TensorFlow looked through before it is loaded, without TensorFlow.

What is in the messages: tensorflow/core/protobuf/saved_model.proto, meta_graph.proto and
tensorflow/core/framework/graph.proto, node_def.proto, attr_value.proto, tensor.proto.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from electrodej.models.contract import INPUT, OUTPUT, SIGNATURE, TAG
from electrodej.models.safety.limits import MIB, MOST_CONSTANT_BYTES, MOST_NODES
from electrodej.models.safety.operations import CALLING, COMPUTING, HOLDING, RESTORING, SAVING
from electrodej.models.safety.wire import DamagedError, Message

_VARIABLES = frozenset(("VarHandleOp", "Variable", "VariableV2"))
_THROUGH = frozenset(("Identity", "PlaceholderWithDefault"))
_INIT_COLLECTIONS = ("saved_model_main_op", "legacy_init_op")
_INIT_SIGNATURE = "__saved_model_init_op"
# So begin the names of functions that TensorFlow makes, and no operation's.
_FUNCTION = "__"
_ELEMENT_BYTES = 8


@dataclass(frozen=True)
class Node:
    """An operation of a graph or of a function in it."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    calls: tuple[str, ...]
    constant_bytes: int


# The nodes of each function in a graph, by its name.
Functions: TypeAlias = dict[str, list[Node]]


@dataclass(frozen=True)
class SavedGraph:
    """What is known of a saved model.

    Attributes
    ----------
    graph
        The bytes of its ``GraphDef``.
    input, output
        The tensors that are fed and fetched, as ``name:0``.
    channels
        Of the output, where the signature says; or 0.
    has_variables
        Whether its weights lie in files beside it.
    """

    graph: bytes
    input: str
    output: str
    channels: int
    has_variables: bool


class RefusedError(ValueError):
    """The model does, or may do, more than compute; the message says what."""


def read_saved_model(content: bytes) -> SavedGraph:
    """Look through ``saved_model.pb`` and return what it holds.

    Raises
    ------
    RefusedError
        It holds what is not let through.
    DamagedError
        It is no such file.
    """
    metas = [meta for meta in Message(content).messages(2) if TAG in meta.message(1).texts(4)]
    if len(metas) != 1:
        raise RefusedError(f"it has {len(metas)} graphs with the tag {TAG!r}, and a model has one")
    meta = metas[0]
    refused = refused_in(meta)
    if refused:
        raise RefusedError(f"running it would do more than compute ({', '.join(refused)})")
    signatures = _map(meta, 5)
    if SIGNATURE not in signatures:
        raise RefusedError(f"the signature {SIGNATURE!r} is missing")
    source = _only(_map(signatures[SIGNATURE], 1), INPUT)
    target = _only(_map(signatures[SIGNATURE], 2), OUTPUT)
    lengths = [dimension.number(1) for dimension in target.message(3).messages(2)]
    nodes = _nodes(meta.message(2).messages(1))
    return SavedGraph(
        bytes(meta.part(2)),
        source.text(1),
        target.text(1),
        max(0, lengths[-1]) if lengths else 0,
        any(node.kind in _VARIABLES for node in nodes),
    )


def refused_in(meta: Message) -> list[str]:
    """Return what a ``MetaGraphDef`` holds that is not let through: names of operations, and other things."""
    graph = meta.message(2)
    nodes = _nodes(graph.messages(1))
    functions = {
        function.message(1).text(1): _nodes(function.messages(3)) for function in graph.message(2).messages(1)
    }
    every = [*nodes, *(node for inner in functions.values() for node in inner)]
    found = {name for name in functions if not name.startswith(_FUNCTION)}
    found |= _unlisted(every, functions, COMPUTING | HOLDING | CALLING | RESTORING | SAVING)
    if len(every) > MOST_NODES:
        found.add(f"{len(every)} operations")
    if meta.has(6):
        found.add("assets")
    size = sum(node.constant_bytes for node in every)
    if size > MOST_CONSTANT_BYTES:
        found.add(f"constants of {size // MIB} MiB")
    by_name = {node.name: node for node in nodes}
    fetched = [
        info.text(1)
        for name, signature in _map(meta, 5).items()
        if name != _INIT_SIGNATURE
        for info in _map(signature, 2).values()
    ]
    found |= _unlisted(_needed(by_name, fetched, functions), functions, COMPUTING | HOLDING | CALLING)
    started = [node.kind for node in _needed(by_name, _initialisation(meta), functions)]
    found |= {f"{kind} when it is loaded" for kind in started if kind != "NoOp"}
    found |= _refused_restoring(meta.message(3), by_name, functions)
    return sorted(found)


def _refused_restoring(saver: Message, by_name: dict[str, Node], functions: Functions) -> set[str]:
    """Return what loading the weights does beside reading them from the model's own folder."""
    restore = [saver.text(3)] if saver.text(3) else []
    needed = _needed(by_name, restore, functions)
    found = _unlisted(needed, functions, COMPUTING | HOLDING | CALLING | RESTORING)
    own = _plain(saver.text(1))
    for there in (by_name, *({node.name: node for node in inner} for inner in functions.values())):
        for node in there.values():
            if node.kind not in RESTORING or not any(node is each for each in needed):
                continue
            source = _plain(node.inputs[0]) if node.inputs else ""
            while source != own and source in there and there[source].kind in _THROUGH:
                source = _plain(there[source].inputs[0]) if there[source].inputs else ""
            # In a function the name of the file is an argument, which is no operation in it.
            if source != own and source in there:
                found.add(f"{node.kind} of another file")
    return found


def _initialisation(meta: Message) -> list[str]:
    names: list[str] = []
    collections = _map(meta, 4)
    for key in _INIT_COLLECTIONS:
        if key in collections:
            names += collections[key].message(1).texts(1)
    signatures = _map(meta, 5)
    if _INIT_SIGNATURE in signatures:
        names += [info.text(1) for info in _map(signatures[_INIT_SIGNATURE], 2).values()]
    return names


def _unlisted(nodes: Iterable[Node], functions: Functions, allowed: frozenset[str]) -> set[str]:
    return {node.kind for node in nodes if node.kind not in allowed and node.kind not in functions}


def _needed(by_name: dict[str, Node], wanted: list[str], functions: Functions) -> list[Node]:
    """Return the nodes that ``wanted`` depend on, and all nodes of the functions that these call."""
    found: dict[str, Node] = {}
    waiting = [_plain(name) for name in wanted]
    while waiting:
        name = waiting.pop()
        if name in found or name not in by_name:
            continue
        found[name] = by_name[name]
        waiting += [_plain(source) for source in by_name[name].inputs]
    needed, inside = list(found.values()), set[str]()
    called = [name for node in needed for name in (node.kind, *node.calls)]
    while called:
        name = called.pop()
        if name in inside or name not in functions:
            continue
        inside.add(name)
        needed += functions[name]
        called += [each for node in functions[name] for each in (node.kind, *node.calls)]
    return needed


def _nodes(messages: Iterable[Message]) -> list[Node]:
    return [_node(message) for message in messages]


def _node(message: Message) -> Node:
    calls: list[str] = []
    size = 0
    for value in _map(message, 5).values():
        inner = value.message(1)
        calls += [function.text(1) for function in (*value.messages(10), *inner.messages(9))]
        for tensor in (*value.messages(8), *inner.messages(8)):
            lengths = [max(0, dimension.number(1)) for dimension in tensor.message(2).messages(2)]
            size += _ELEMENT_BYTES * math.prod(lengths)
    return Node(message.text(1), message.text(2), tuple(message.texts(3)), tuple(calls), size)


def _map(message: Message, field: int) -> dict[str, Message]:
    return {entry.text(1): entry.message(2) for entry in message.messages(field)}


def _only(tensors: dict[str, Message], preferred: str) -> Message:
    if not tensors:
        raise DamagedError("the signature names no tensor")
    return tensors[preferred] if preferred in tensors else tensors[min(tensors)]


def _plain(name: str) -> str:
    return name.removeprefix("^").partition(":")[0]


def graphs_of(content: bytes) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the tags of each graph in ``saved_model.pb``, and what of it is not let through."""
    for meta in Message(content).messages(2):
        yield meta.message(1).texts(4), refused_in(meta)
