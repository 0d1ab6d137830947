"""Operations that do more than compute, in a graph from anybody. They are found before anything is run."""

from __future__ import annotations

import re
from typing import Any

from electrodej.export.operations import known_operations

# Files, processes, the network, Python, other devices: by name, because TensorFlow does not mark them all.
_ACTING = re.compile(
    r"File|Record|Reader|Save|Checkpoint|PyFunc|Rpc|Debug|Summary|Remap|Dataset|Iterator|Server|Send|Recv"
    r"|Queue|Barrier|Print|Abort|Compile|Launch|Restore|TPU|Xla|Sdca|Logging|Audit|Lookup.*Import"
)
# State that a network may have: its weights, and chance in layers that are switched off.
_HARMLESS_STATE = re.compile(
    r"(VarHandleOp|VariableV2|Variable|ReadVariableOp|Assign.*|IsVariableInitialized|VarIsInitializedOp"
    r"|Placeholder.*|Random.*|TruncatedNormal|ParameterizedTruncatedNormal|Multinomial|Assert"
    r"|StatefulPartitionedCall|NoOp)$"
)
_RESTORING = re.compile(r"(RestoreV2|Restore|RestoreSlice)$")
_INIT_COLLECTIONS = ("saved_model_main_op", "legacy_init_op")
_INIT_SIGNATURE = "__saved_model_init_op"


def acting_operations(meta: Any) -> list[str]:
    """Return names of the operations that loading or running a ``MetaGraphDef`` would act with.

    Looked at is what the outputs, the initialisation and the restoring of the variables need, functions
    included. Reading the variables' own files is no act when they are restored.
    """
    functions = {function.signature.name: function for function in meta.graph_def.library.function}
    wanted = [info.name for signature in meta.signature_def.values() for info in signature.outputs.values()]
    wanted += _initialisation(meta)
    found = {node.op for node in _needed(meta.graph_def, wanted, functions) if _acts(node.op, functions)}
    restore = [meta.saver_def.restore_op_name] if meta.saver_def.restore_op_name else []
    for node in _needed(meta.graph_def, restore, functions):
        if _acts(node.op, functions) and not _RESTORING.match(node.op):
            found.add(node.op)
    return sorted(found)


def _initialisation(meta: Any) -> list[str]:
    names: list[str] = []
    for key in _INIT_COLLECTIONS:
        if key in meta.collection_def:
            names += list(meta.collection_def[key].node_list.value)
    if _INIT_SIGNATURE in meta.signature_def:
        names += [info.name for info in meta.signature_def[_INIT_SIGNATURE].outputs.values()]
    return names


def _needed(graph: Any, names: list[str], functions: dict[str, Any]) -> list[Any]:
    """Return the nodes that ``names`` depend on, and all nodes of the functions that these call."""
    nodes = {node.name: node for node in graph.node}
    found: list[Any] = []
    seen: set[str] = set()
    waiting = [name.removeprefix("^").partition(":")[0] for name in names]
    called: list[str] = []
    while waiting:
        name = waiting.pop()
        if name in seen or name not in nodes:
            continue
        seen.add(name)
        found.append(nodes[name])
        called += _calls(nodes[name], functions)
        waiting += [source.removeprefix("^").partition(":")[0] for source in nodes[name].input]
    inside: set[str] = set()
    while called:
        name = called.pop()
        if name in inside:
            continue
        inside.add(name)
        for node in functions[name].node_def:
            found.append(node)
            called += _calls(node, functions)
    return found


def _calls(node: Any, functions: dict[str, Any]) -> list[str]:
    names = [node.op]
    for value in node.attr.values():
        names.append(value.func.name)
        names += [function.name for function in value.list.func]
    return [name for name in names if name in functions]


def _acts(operation: str, functions: dict[str, Any]) -> bool:
    if operation in functions:
        return False  # its nodes are looked at
    if _ACTING.search(operation):
        return True
    definition = known_operations().get(operation)
    return definition is not None and definition.is_stateful and not _HARMLESS_STATE.match(operation)
