"""Make the small old models in this folder, and what the programs of their time answer.

Run with Python 3.7, tensorflow 1.15.5, keras 2.3.1, csbdeep 0.8.2, stardist 0.9.2 for the whole set, or with
tensorflow 2.15, Keras 2.15 for the model named on the command line alone. See README.md beside this file.
"""

import json
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SIZES = ((32, 48), (64, 32))


def randomise(model, seed):
    """Give every weight a value, so that biases and batch statistics count too."""
    random = np.random.RandomState(seed)
    values = []
    for weight in model.get_weights():
        fan_in = max(1, int(np.prod(weight.shape[:-1])))
        if weight.ndim == 4:
            values.append(random.normal(0, np.sqrt(2.0 / fan_in), weight.shape))
        else:
            values.append(random.uniform(0.1, 0.3, weight.shape))
    model.set_weights(values)


def answers(path):
    """Return what a zip answers in this TensorFlow, for images of two sizes."""
    import tensorflow as tf

    found = {}
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(str(path)) as archive:
        archive.extractall(folder)
        with tf.compat.v1.Session(graph=tf.Graph()) as session:
            meta = tf.compat.v1.saved_model.load(session, ["serve"], folder)
            signature = meta.signature_def["serving_default"]
            source, target = signature.inputs["input"].name, signature.outputs["output"].name
            channels = signature.inputs["input"].tensor_shape.dim[-1].size
            for height, width in SIZES:
                random = np.random.RandomState(height * 1000 + width)
                image = random.uniform(0, 1, (1, height, width, channels)).astype(np.float32)
                found[f"input_{height}x{width}"] = image
                found[f"output_{height}x{width}"] = session.run(target, {source: image})
    return found


def stardist(name, with_thresholds, **options):
    from stardist.models import Config2D, StarDist2D

    config = Config2D(train_batch_size=1, unet_n_filter_base=4, net_conv_after_unet=8, **options)
    model = StarDist2D(config, name=name, basedir=str(HERE))
    randomise(model.keras_model, 7)
    model.keras_model.save_weights(str(HERE / name / "weights_best.h5"))
    if with_thresholds:
        (HERE / name / "thresholds.json").write_text(json.dumps({"prob": 0.625, "nms": 0.3}))
    return model


def care(name, **options):
    from csbdeep.models import CARE, Config

    model = CARE(Config("YX", 1, 1, unet_n_depth=2, unet_n_first=4, **options), name=name, basedir=str(HERE))
    randomise(model.keras_model, 11)
    model.keras_model.save_weights(str(HERE / name / "weights_best.h5"))
    return model


def keep(model, name):
    path = HERE / name / "tf1.zip"
    model.export_TF(str(path))
    np.savez_compressed(str(HERE / name / "tf1.npz"), **answers(path))


def main():
    for path in HERE.iterdir():
        if path.is_dir() and (len(sys.argv) == 1 or path.name in sys.argv[1:]):
            shutil.rmtree(str(path))
    if sys.argv[1:] == ["stardist-keras-2.15"]:
        model = stardist("stardist-keras-2.15", False, n_rays=6, grid=(2, 2), unet_n_depth=1)
        image = np.random.RandomState(3).uniform(0, 1, (1, 32, 48, 1)).astype(np.float32)
        prob, dist = model.keras_model.predict(image)
        np.savez_compressed(
            str(HERE / "stardist-keras-2.15" / "keras.npz"), input=image, prob=prob, dist=dist
        )
        return
    keep(
        stardist("stardist-keras-2.3.1", True, n_rays=6, grid=(2, 2), unet_n_depth=2), "stardist-keras-2.3.1"
    )
    keep(
        stardist(
            "stardist-grid41-keras-2.3.1", False, n_rays=5, grid=(4, 1), unet_n_depth=1, unet_batch_norm=True
        ),
        "stardist-grid41-keras-2.3.1",
    )
    keep(care("care-keras-2.3.1", probabilistic=True), "care-keras-2.3.1")


if __name__ == "__main__":
    main()
