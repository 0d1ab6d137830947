"""Make what `test_libnet.py` compares with: LIBNet's own network, with weights that are made by a rule.

It runs where LIBNet does (Python 3.7, tensorflow 1.15.5, keras 2.3.1, h5py 2.10, scikit-image), with a
checkout of github.com/hijizhou/LIBNet, of which nothing is kept here but numbers::

    python tests/networks/maskrcnn/libnet_reference.py CHECKOUT

It writes ``data/libnet.npz``: the anchors, and what every step gives, from the stages of the backbone to the
masks. And ``data/libnet.h5``: LIBNet's weights as Keras 2 saves them, every array filled with one number of
its own and packed.
"""

import sys
import zlib
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data"
EDGE = 128
STAGES = ("res2c_out", "res3d_out", "res4f_out", "res5c_out")
LEVELS = ("fpn_p2", "fpn_p3", "fpn_p4", "fpn_p5", "fpn_p6")
# What the network chooses from and keeps: anchors, proposals, detections and their least score.
CHOSEN = {"considered": 600, "proposals": 60, "most": 20, "least": 0.75}
ANCHORS = (8, 16, 32, 64, 128)


def weight(name, shape):
    """Return chance weights, of a sensible size, of a name such as ``res2a_branch2a/kernel``."""
    chance = np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)
    layer, kind = name.split("/")
    drawn = chance.normal(size=shape)
    if kind == "kernel":
        inputs = np.prod(shape[:-1])
        # A transposed convolution has its outputs before its inputs.
        inputs = shape[-1] if "deconv" in layer else inputs
        # The picture's grey values reach 100 and more; what the heads say of boxes must stay finite, for
        # TensorFlow 1.15 ends in a segmentation fault where it crops boxes that are no numbers.
        damped = {
            "conv1": 0.01,
            "mrcnn_class_logits": -0.1,
            "rpn_class_raw": 0.4,
            "rpn_bbox_pred": 0.2,
            "mrcnn_bbox_fc": 0.2,
        }
        scale = np.sqrt(2.0 / inputs) * damped.get(layer, 1.0)
        return (drawn * scale).astype(np.float32)
    if kind == "gamma":
        # Added up over many blocks, what is looked at must not grow.
        return (np.full(shape, 0.3 if "branch2c" in layer else 1.0) + 0.1 * drawn).astype(np.float32)
    if kind == "moving_variance":
        return (1.0 + 0.2 * np.abs(drawn)).astype(np.float32)
    return (0.1 * drawn).astype(np.float32)


def constant(name):
    """Return the number that fills an array of ``libnet.h5``."""
    return np.float32(zlib.crc32(name.encode()) % 1000 / 1000.0 + 0.001)


def picture():
    """Return an image (Y, X, 3) of uint8: discs on a dark ground."""
    chance = np.random.RandomState(7)
    y, x = np.mgrid[:EDGE, :EDGE]
    grey = np.full((EDGE, EDGE), 40.0)
    for _ in range(8):
        radius = chance.uniform(6, 22)
        grey[(y - chance.uniform(0, EDGE)) ** 2 + (x - chance.uniform(0, EDGE)) ** 2 < radius**2] = (
            chance.uniform(120, 220)
        )
    grey = grey[..., None] + chance.normal(scale=8.0, size=(EDGE, EDGE, 3))
    return np.clip(grey, 0, 255).astype(np.uint8)


def main(checkout):
    """Run LIBNet."""
    import h5py

    sys.path.insert(0, checkout)
    from keras import backend
    from mrcnn import model as libnet
    from mrcnn.config import Config

    class Small(Config):
        NAME = "reference"
        BACKBONE = "resnet50"
        IMAGES_PER_GPU = 1
        NUM_CLASSES = 2
        IMAGE_MIN_DIM = IMAGE_MAX_DIM = EDGE
        RPN_ANCHOR_SCALES = ANCHORS
        PRE_NMS_LIMIT = CHOSEN["considered"]
        POST_NMS_ROIS_INFERENCE = CHOSEN["proposals"]
        DETECTION_MAX_INSTANCES = CHOSEN["most"]
        DETECTION_MIN_CONFIDENCE = CHOSEN["least"]

    network = libnet.MaskRCNN(mode="inference", config=Small(), model_dir="/tmp")
    keras_model = network.keras_model
    every = keras_model.weights
    backend.batch_set_value([(w, weight(w.name.split(":")[0], tuple(w.shape.as_list()))) for w in every])

    molded = libnet.mold_image(picture()[np.newaxis], network.config)
    window = np.array([[0, 0, EDGE, EDGE]])
    about = libnet.compose_image_meta(0, (EDGE, EDGE, 3), (EDGE, EDGE, 3), window[0], 1.0, np.zeros(2))
    anchors = network.get_anchors((EDGE, EDGE, 3)).astype(np.float32)
    kept = {"anchors": anchors}
    for name in STAGES + LEVELS:
        stage = keras_model.get_layer(name).output
        (seen,) = backend.function([keras_model.inputs[0]], [stage])([molded])
        kept[name] = seen[0, :, :, ::16]
    said = keras_model.predict([molded, about[np.newaxis], anchors[np.newaxis]])
    detections, kinds, moves, masks, proposals, scores, deltas = (each[0] for each in said)
    found = int((detections[:, 4] > 0).sum())
    kept.update(
        scores=scores[:, 1],
        deltas=deltas,
        proposals=proposals,
        probability=kinds,
        moves=moves,
        detections=detections[:found],
        masks=masks[:found, :, :, 1],
    )
    np.savez_compressed(DATA / "libnet.npz", **kept)

    backend.batch_set_value(
        [(w, np.full(tuple(w.shape.as_list()), constant(w.name.split(":")[0]))) for w in every]
    )
    whole = DATA / "whole.h5"
    keras_model.save_weights(str(whole))
    with h5py.File(str(whole), "r") as source, h5py.File(str(DATA / "libnet.h5"), "w") as target:
        _packed(source, target)
    whole.unlink()


def _packed(source, target):
    """Copy groups and attributes as they are, and arrays packed."""
    import h5py

    target.attrs.update(source.attrs.items())
    for name, entry in source.items():
        if isinstance(entry, h5py.Group):
            _packed(entry, target.create_group(name))
        else:
            target.create_dataset(name, data=entry[()], compression="gzip", compression_opts=9)


if __name__ == "__main__":
    main(sys.argv[1])
