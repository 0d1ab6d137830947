"""The bioimage.io card of an exported model, with the test images that the format wants."""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from electrodej.export.onnx import OPSET
from electrodej.models.context import multiple
from electrodej.models.info import ModelInfo
from electrodej.options import Settings, Text, option

FORMAT_VERSION = "0.5.4"
_LONGEST_NAME = 64
_STARDIST = "https://doi.org/10.1007/978-3-030-00934-2_30"
_CARE = "https://doi.org/10.1038/s41592-018-0216-7"
_EPSILON = 1e-6
# What bioimage.io takes where a card says nothing, and the largest share of the output that it allows.
_USUAL_TOLERANCE, _SHARE = 1e-3, 0.01

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Authorship(Settings):
    """Who made a model, and what others may do with it."""

    authors: tuple[str, ...] = option(
        (),
        Text("NAME"),
        "author for the card; may be given several times",
        word="author",
        usual="unnamed",
        many=True,
    )
    licence: str = option("CC-BY-4.0", Text("SPDX"), "licence for the card")


def normalised(image: FloatArray, percentiles: tuple[float, float]) -> FloatArray:
    """Return the image (YXC or NYXC) with its low percentile at 0 and its high one at 1, as the card says.

    ``(image - low) / (high - low + 1e-6)``, the percentiles over Y and X, for each channel.
    """
    low, high = np.percentile(image, percentiles, axis=(-3, -2), keepdims=True)
    result: FloatArray = ((image - low) / (high - low + _EPSILON)).astype(np.float32)
    return result


def sample_image(info: ModelInfo) -> FloatArray:
    """Return a small grey image with blobs, the same each time, in 8-bit grey values (NYXC).

    It is no smaller than the least tile of the card, which bioimage.io asks of a test image.
    """
    side = max(multiple(64, info.size_divisor), _least_tile(info))
    y, x = np.mgrid[:side, :side] / side
    blobs = sum(
        np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 0.008) for cy, cx in ((0.3, 0.3), (0.6, 0.7), (0.8, 0.2))
    )
    image = np.rint(40 + 160 * np.clip(blobs, 0, 1))[None, :, :, None]
    return np.repeat(image, info.channels_in, axis=-1).astype(np.float32)


def npy_bytes(array: FloatArray) -> bytes:
    """Return an array as the bytes of an .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def card_for(info: ModelInfo, files: dict[str, tuple[str, bytes]], authorship: Authorship) -> str:
    """Return the text of ``rdf.yaml``.

    Parameters
    ----------
    info
        What is known of the model; ``context`` is None where it looks at the whole image.
    files
        Name and content of the files that the card refers to: "zip", "input", "output", "documentation", and
        "onnx" where there is one.
    authorship
        Who made the model.
    """
    return _as_yaml(
        {
            "format_version": FORMAT_VERSION,
            "type": "model",
            # Without it JDLL reads no card.
            "id": _id(info),
            "name": _name(info),
            "description": info.description or f"{info.kind} network for use in Fiji",
            "authors": [{"name": re.sub(r"[/\\]", " ", name)} for name in authorship.authors or ("unnamed",)],
            "license": authorship.licence,
            "cite": _citations(info),
            "tags": ["2d", "fiji", "battery", "tomography", info.kind],
            # By its name alone: JDLL, and with it DeepImageJ, takes nothing else.
            "documentation": files["documentation"][0],
            "inputs": [_input(info, files["input"])],
            "outputs": [_output(info, files["output"])],
            "weights": _weights(files),
            "config": {**_config(info), **_tolerance(files["output"][1])},
        }
    )


def _as_yaml(value: dict[str, Any]) -> str:
    import yaml

    # By way of JSON: what is there twice is written twice, which is easier to read than a reference.
    plain = json.loads(json.dumps(value))
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100))


def _weights(files: dict[str, tuple[str, bytes]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "onnx" in files:
        found["onnx"] = {
            **_file(files["onnx"]),
            "opset_version": OPSET,
            "parent": "tensorflow_saved_model_bundle",
        }
    found["tensorflow_saved_model_bundle"] = {**_file(files["zip"]), "tensorflow_version": "1.15"}
    return found


def _config(info: ModelInfo) -> dict[str, Any]:
    """Return what the format has no place for: StarDist's thresholds, as its own cards have them."""
    if info.kind != "stardist":
        return {}
    return {
        "stardist": {
            "thresholds": {"prob": info.probability_threshold, "nms": info.overlap_threshold},
            "config": {
                "n_dim": 2,
                "axes": "YXC",
                "n_channel_in": info.channels_in,
                "n_rays": info.rays,
                "grid": list(info.grid),
            },
        }
    }


def _tolerance(output: bytes) -> dict[str, Any]:
    """Return how far a test may be off, where the usual 0.001 is more than a hundredth of the test output."""
    largest = float(np.abs(np.load(io.BytesIO(output))).max(initial=0))
    if _SHARE * largest >= _USUAL_TOLERANCE:
        return {}
    allowed = {"absolute_tolerance": float(f"{0.9 * _SHARE * largest:.2g}")}
    return {"bioimageio": {"reproducibility_tolerance": [allowed]}}


def documentation_for(info: ModelInfo, zip_name: str) -> str:
    """Return the page that belongs to the card."""
    lines = [f"# {_name(info)}", "", info.description or f"A {info.kind} network.", "", "## Use in Fiji", ""]
    if info.kind == "stardist":
        lines += [
            f"`Plugins > StarDist > StarDist 2D`, model `Model (.zip) from File`, file `{zip_name}`,",
            f"probability threshold {info.probability_threshold}, overlap threshold",
            f"{info.overlap_threshold}, percentiles {info.percentiles[0]} and {info.percentiles[1]}.",
            "The macro beside the zip does this.",
        ]
    else:
        lines += [
            f"`Plugins > CSBDeep > Run your network`, file `{zip_name}`, percentiles {info.percentiles[0]} "
            f"and {info.percentiles[1]}. The macro beside the zip does this.",
        ]
    lines += [
        "",
        "## Validation",
        "",
        "Compare with the test images beside the card: `electrodej verify` runs the zip in TensorFlow 1.15.",
        "",
    ]
    return "\n".join(lines)


def _name(info: ModelInfo) -> str:
    plain = re.sub(r"[^A-Za-z0-9_\-() ]+", "-", info.name)[:_LONGEST_NAME].strip("- ")
    return plain if len(plain) >= 5 else f"{plain or 'model'} ({info.kind})"


def _id(info: ModelInfo) -> str:
    return re.sub(r"[^a-z0-9]+", "-", _name(info).lower()).strip("-")


def _citations(info: ModelInfo) -> list[dict[str, str]]:
    found = []
    if info.kind == "stardist":
        found.append(
            {
                "text": "Schmidt et al., Cell Detection with Star-convex Polygons, MICCAI 2018",
                "doi": _STARDIST,
            }
        )
    found.append(
        {"text": "Weigert et al., Content-aware image restoration, Nature Methods 2018", "doi": _CARE}
    )
    return [{"text": entry["text"], "doi": entry["doi"].removeprefix("https://doi.org/")} for entry in found]


def _file(file: tuple[str, bytes]) -> dict[str, str]:
    return {"source": file[0], "sha256": hashlib.sha256(file[1]).hexdigest()}


def _halo(info: ModelInfo) -> int:
    """Return how much of a tile's result is to be cut off at each side, so that tiles meet without a seam.

    As far as the network looks, and in whole steps of its sizes: tiles that begin between two steps are
    sampled at other places than the whole image is. 0 where that was not measured, or is the whole image.
    """
    return multiple(info.context or 0, info.size_divisor)


def _least_tile(info: ModelInfo) -> int:
    """Return the smallest side of a tile of which something is left."""
    return 2 * _halo(info) + info.size_divisor


def _input(info: ModelInfo, file: tuple[str, bytes]) -> dict[str, Any]:
    side = {"min": _least_tile(info), "step": info.size_divisor}
    return {
        "id": "input",
        "description": "grey image",
        "axes": [
            {"type": "batch"},
            {"type": "space", "id": "y", "size": side},
            {"type": "space", "id": "x", "size": side},
            {"type": "channel", "channel_names": _numbered("channel", info.channels_in)},
        ],
        "data": {"type": "float32"},
        "test_tensor": _file(file),
        "preprocessing": [
            {
                "id": "scale_range",
                "kwargs": {
                    "axes": ["y", "x"],
                    "min_percentile": info.percentiles[0],
                    "max_percentile": info.percentiles[1],
                    "eps": _EPSILON,
                },
            }
        ],
    }


def _output(info: ModelInfo, file: tuple[str, bytes]) -> dict[str, Any]:
    if info.kind == "stardist":
        names = ["probability", *_numbered("distance", info.channels_out - 1)]
    else:
        names = list(info.classes) or _numbered("channel", info.channels_out)
    halo = _halo(info)
    return {
        "id": "output",
        "description": "result of the network at the size of its input",
        "axes": [
            {"type": "batch"},
            *(
                {
                    "type": "space",
                    "id": name,
                    **({"halo": halo} if halo else {}),
                    "size": {"tensor_id": "input", "axis_id": name},
                }
                for name in ("y", "x")
            ),
            {"type": "channel", "channel_names": [re.sub(r"\W+", "_", name) for name in names]},
        ],
        "data": {"type": "float32"},
        "test_tensor": _file(file),
    }


def _numbered(word: str, count: int) -> list[str]:
    return [f"{word}{index}" for index in range(count)]
