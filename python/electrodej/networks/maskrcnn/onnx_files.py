"""The network as three ONNX files, which engines run that start in a second; they hold its only weights.

Each takes one image and gives one, as all networks here do. The pyramid gives a row for each cell of P2 to
P6, level after level: its features, then scores and deltas of its anchors. The heads take what is seen in
boxes as a strip, one box below the other.

Weights lie in a file as Keras has them, by the names of their layers, and are put into ONNX's order where an
engine loads them: what a training writes comes back bit for bit.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from electrodej.errors import InputError
from electrodej.models.contract import INPUT
from electrodej.models.safety.wire import DamagedError, Message
from electrodej.networks.maskrcnn.onnx_graph import Writing
from electrodej.networks.maskrcnn.place import CLASSES, MASKS, PYRAMID
from electrodej.networks.maskrcnn.shape import BLOCKS, CLASS_POOL, MASK_EDGE, MASK_POOL, NetworkShape
from electrodej.networks.maskrcnn.weights import Arrays

# What weights are kept as, by ONNX's number for it.
_KINDS: dict[int, str] = {1: "<f4", 10: "<f2"}


def onnx_files(shape: NetworkShape, arrays: Arrays) -> dict[str, bytes]:
    """Return the files of a network by their names.

    ``arrays`` are the weights of all its layers. What is in half precision stays so in the file, and is
    computed with in single precision.
    """
    return {
        PYRAMID: _pyramid(shape, Writing(arrays)),
        CLASSES: _classes(shape, Writing(arrays)),
        MASKS: _masks(shape, Writing(arrays)),
    }


def read_onnx_weights(path: Path) -> Arrays:
    """Return the weights in one of the files, by the names of their layers.

    Raises
    ------
    electrodej.errors.InputError
        It is damaged, or no such file.
    """
    found: Arrays = {}
    try:
        for tensor in Message(path.read_bytes()).message(7).messages(5):
            layer, parted, number = tensor.text(8).rpartition("/")
            if not parted:
                continue  # a constant
            if int(number) != len(found.setdefault(layer, [])):
                raise ValueError(f"weights of {layer} are missing")
            values = np.frombuffer(bytes(tensor.part(9)), _KINDS[tensor.number(2)])
            found[layer].append(values.reshape(tensor.numbers(1)))
    except (DamagedError, KeyError, RecursionError, ValueError) as error:
        raise InputError(f"{path} is damaged, or no part of a Mask R-CNN of ours ({error})") from error
    return found


def _pyramid(shape: NetworkShape, written: Writing) -> bytes:
    stages = _small(written) if shape.backbone == "small" else _resnet(written, BLOCKS[shape.backbone])
    levels = [written.convolved(stages[3], "fpn_c5p5")]
    for number in (4, 3, 2):
        beside = written.convolved(stages[number - 2], f"fpn_c{number}p{number}")
        levels.insert(0, written.add("Add", [written.repeated(levels[0], (2, 2)), beside]))
    levels = [written.same(level, f"fpn_p{number}") for number, level in enumerate(levels, 2)]
    levels.append(written.pooled(levels[-1], 1))
    rows = []
    for level in levels:
        seen = written.relu(written.same(level, "rpn_conv_shared"))
        told = [level, *(written.convolved(seen, name) for name in ("rpn_class_raw", "rpn_bbox_pred"))]
        here = written.ordered(written.add("Concat", told, axis=1), [0, 2, 3, 1])
        rows.append(written.shaped(here, [0, 1, -1, shape.told]))
    return written.finished(
        written.add("Concat", rows, axis=2),
        ["N", "Y", "X", shape.channels],
        ["N", 1, "cells", shape.told],
    )


def _small(written: Writing) -> list[str]:
    x = written.relu(
        written.normalised(written.same(written.image(), "small_stem", stride=2), "small_stem_norm")
    )
    levels = []
    for stage, count in enumerate(BLOCKS["small"], 2):
        for number in range(count):
            name, stride = f"small{stage}{chr(ord('a') + number)}", 2 if number == 0 else 1
            inner = written.same(x, f"{name}_first", stride=stride)
            inner = written.relu(written.normalised(inner, f"{name}_first_norm"))
            inner = written.normalised(written.same(inner, f"{name}_second"), f"{name}_second_norm")
            beside = written.convolved(x, f"{name}_beside", stride=2) if number == 0 else x
            x = written.relu(written.add("Add", [inner, beside]))
        levels.append(x)
    return levels


def _resnet(written: Writing, blocks: tuple[int, ...]) -> list[str]:
    x = written.convolved(written.image(), "conv1", stride=2, pads=(3, 3))
    x = written.pooled(written.relu(written.normalised(x, "bn_conv1")), 3, pads=(0, 1))
    levels = []
    for stage, count in enumerate(blocks, 2):
        for number in range(count):
            name = f"{stage}{chr(ord('a') + number)}_branch"
            stride = 2 if number == 0 and stage > 2 else 1
            inner, beside = x, x
            for branch, step in (("2a", stride), ("2b", 1), ("2c", 1)):
                inner = written.same(inner, f"res{name}{branch}", stride=step)
                inner = written.normalised(inner, f"bn{name}{branch}")
                inner = inner if branch == "2c" else written.relu(inner)
            if number == 0:
                beside = written.normalised(written.same(x, f"res{name}1", stride=stride), f"bn{name}1")
            x = written.relu(written.add("Add", [inner, beside]))
        levels.append(x)
    return levels


def _norm(shape: NetworkShape) -> str:
    return "norm" if shape.backbone == "small" else "bn"


def _classes(shape: NetworkShape, written: Writing) -> bytes:
    x = written.shaped(INPUT, [-1, CLASS_POOL * CLASS_POOL * shape.pyramid])
    x = written.shaped(written.dense(x, "mrcnn_class_conv1"), [-1, shape.head, 1, 1])
    x = written.relu(written.normalised(x, f"mrcnn_class_{_norm(shape)}1"))
    x = written.relu(
        written.normalised(written.convolved(x, "mrcnn_class_conv2"), f"mrcnn_class_{_norm(shape)}2")
    )
    x = written.shaped(x, [-1, shape.head])
    both = written.add(
        "Concat", [written.dense(x, "mrcnn_class_logits"), written.dense(x, "mrcnn_bbox_fc")], axis=1
    )
    channels = 5 * shape.classes
    return written.finished(
        written.shaped(both, [1, -1, 1, channels]),
        ["N", "Y", CLASS_POOL, shape.pyramid],
        ["N", "boxes", 1, channels],
    )


def _masks(shape: NetworkShape, written: Writing) -> bytes:
    x = written.ordered(written.shaped(INPUT, [-1, MASK_POOL, MASK_POOL, shape.pyramid]), [0, 3, 1, 2])
    for number in range(1, 5):
        x = written.same(x, f"mrcnn_mask_conv{number}")
        x = written.relu(written.normalised(x, f"mrcnn_mask_{_norm(shape)}{number}"))
    x = written.convolved(written.relu(written.doubled(x, "mrcnn_mask_deconv")), "mrcnn_mask")
    x = written.shaped(written.ordered(x, [0, 2, 3, 1]), [1, -1, MASK_EDGE, shape.classes])
    return written.finished(x, ["N", "Y", MASK_POOL, shape.pyramid], ["N", "rows", MASK_EDGE, shape.classes])
